//! What people do about incidents: kept, and what follows for those who are told.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::change;
use super::error::StoreError;
use super::lock::{Lock, lock};
use super::open::{Dialect, Store};
use super::post::{Carrier, post};
use super::silences::silence;
use crate::detect::{Mark, MarkedAs};
use crate::incident::{Acknowledgement, Act, Change, Incident, Response, Severity, State};
use crate::mention::Timestamp;

/// What became of a response.
#[derive(Debug, Clone, PartialEq)]
pub enum Responded {
    /// It is kept, and has its effect.
    Done,
    /// It had been given before, and counted then.
    Known,
    /// Nothing was to be done: the incident is over, or another has taken it.
    Moot,
}

/// A silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Silence {
    /// The most severe that is silenced, by [`Severity::rank`].
    severity: i64,
    until: Timestamp,
}

/// How people want to hear of an incident.
#[derive(Debug, Default)]
pub(super) struct Reception {
    /// Who has taken it.
    pub acknowledged: Option<Acknowledgement>,
    silences: Vec<Silence>,
}

impl Reception {
    /// Until when people want to hear nothing that is as severe as this.
    pub(super) fn silenced_until(&self, severity: Severity) -> Option<Timestamp> {
        let rank = i64::from(severity.rank());
        self.silences.iter().filter(|it| it.severity >= rank).map(|it| it.until).max()
    }
}

/// How people want to hear of `incident` at `now`.
pub(super) async fn reception(
    connection: &mut AnyConnection,
    incident: &Incident,
    now: Timestamp,
) -> Result<Reception, StoreError> {
    let row = sqlx::query("SELECT acknowledged_by, acknowledged_at FROM incidents WHERE id = $1")
        .bind(incident.id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let acknowledged = row.as_ref().map(acknowledgement).transpose()?.flatten();
    let rows = sqlx::query(
        "SELECT severity, until FROM silences WHERE brand = $1 AND until > $2 \
         AND (incident_id IS NULL OR incident_id = $3)",
    )
    .bind(&incident.brand)
    .bind(now.as_millis())
    .bind(incident.id.to_string())
    .fetch_all(connection)
    .await?;
    let silence = |row: &AnyRow| {
        let until = Timestamp::from_millis(row.try_get("until")?);
        Ok::<_, StoreError>(Silence { severity: row.try_get("severity")?, until })
    };
    let silences = rows.iter().map(silence).collect::<Result<_, _>>()?;
    Ok(Reception { acknowledged, silences })
}

/// Who has taken the incident of `row`.
pub(super) fn acknowledgement(row: &AnyRow) -> Result<Option<Acknowledgement>, StoreError> {
    let by: Option<String> = row.try_get("acknowledged_by")?;
    let at: Option<i64> = row.try_get("acknowledged_at")?;
    Ok(by.zip(at).map(|(by, at)| Acknowledgement { by, at: Timestamp::from_millis(at) }))
}

impl Store {
    /// Keeps `response` and does what it asks for, at once and as one; `carriers` says who is told that
    /// somebody has taken the incident.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoIncident`] when there is no such incident; otherwise when the store fails, and
    /// then it may or may not have been kept: give it again.
    pub async fn respond(
        &self,
        response: &Response,
        carriers: impl Fn(&Change) -> Vec<Carrier>,
    ) -> Result<Responded, StoreError> {
        let responded = match self.respond_once(response, &carriers).await {
            // Who takes two locks may have to let another go first.
            Err(failure) if failure.is_transient() => {
                self.respond_once(response, &carriers).await?
            }
            responded => responded?,
        };
        self.posted.send_modify(|count| *count += 1);
        Ok(responded)
    }

    async fn respond_once(
        &self,
        response: &Response,
        carriers: impl Fn(&Change) -> Vec<Carrier>,
    ) -> Result<Responded, StoreError> {
        self.within(async {
            let mut transaction = self.begin().await?;
            let connection = transaction.connection()?;
            self.have_the_brand(connection, response.incident).await?;
            let (latest, taken) = self.hold(connection, response.incident).await?;
            let is_known = is_known(connection, response).await?;
            let is_moot = match response.act {
                Act::Acknowledge => taken.is_some() || latest.incident.state == State::Resolved,
                Act::FalseAlarm | Act::Real => {
                    last_mark(connection, response.incident).await?.as_deref()
                        == Some(response.act.name())
                }
                _ => false,
            };
            let responded = if is_known {
                Responded::Known
            } else if is_moot {
                Responded::Moot
            } else if !keep(connection, response, &latest.incident).await? {
                Responded::Known
            } else {
                // Whoever was not told yet is told before it is silent.
                if response.act.acknowledges() && taken.is_none() {
                    take(connection, response, &latest, &carriers).await?;
                }
                silence(connection, response, &latest.incident).await?;
                Responded::Done
            };
            transaction.commit().await?;
            Ok(responded)
        })
        .await
    }

    /// Nobody else tells of the incident's brand, or silences it, until this transaction ends: what is
    /// being told must not miss a silence that is being made, nor one that is being ended.
    async fn have_the_brand(
        &self,
        connection: &mut AnyConnection,
        incident: Uuid,
    ) -> Result<(), StoreError> {
        let row = sqlx::query("SELECT brand FROM incidents WHERE id = $1")
            .bind(incident.to_string())
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(StoreError::NoIncident(incident))?;
        let brand: String = row.try_get("brand")?;
        lock(connection, self.dialect, &brand, Lock::Alone).await
    }

    /// The latest change of an incident that nobody else changes until this transaction ends, and who
    /// has taken it.
    async fn hold(
        &self,
        connection: &mut AnyConnection,
        incident: Uuid,
    ) -> Result<(Change, Option<Acknowledgement>), StoreError> {
        let statement = match self.dialect {
            // It has one writer at a time: a write makes this one it.
            Dialect::Sqlite => {
                "UPDATE incidents SET id = id WHERE id = $1 \
                 RETURNING change, acknowledged_by, acknowledged_at"
            }
            Dialect::Postgres => {
                "SELECT change, acknowledged_by, acknowledged_at FROM incidents WHERE id = $1 FOR UPDATE"
            }
        };
        let row = sqlx::query(statement)
            .bind(incident.to_string())
            .fetch_optional(connection)
            .await?
            .ok_or(StoreError::NoIncident(incident))?;
        Ok((change::read(&row, &format!("incident {incident}"))?, acknowledgement(&row)?))
    }

    /// What has been marked since the response numbered `after`, and the last one's number.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn marks_after(&self, after: i64) -> Result<(Vec<Mark>, i64), StoreError> {
        self.within(async {
            let rows = sqlx::query(
                "SELECT seq, incident_id, brand, monitor, act, said_at FROM responses \
                 WHERE seq > $1 AND act IN ('false_alarm', 'real') ORDER BY seq",
            )
            .bind(after)
            .fetch_all(&self.pool)
            .await?;
            let last = match rows.last() {
                Some(row) => row.try_get("seq")?,
                None => after,
            };
            Ok((rows.iter().map(mark).collect::<Result<_, _>>()?, last))
        })
        .await
    }

    /// Forgets silences that ended before `now`. Returns how many.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget_silences(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let done = sqlx::query("DELETE FROM silences WHERE until <= $1")
                .bind(now.as_millis())
                .execute(&self.pool)
                .await?;
            Ok(done.rows_affected())
        })
        .await
    }
}

async fn is_known(connection: &mut AnyConnection, response: &Response) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM responses WHERE id = $1")
        .bind(response.id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// What an incident was last said to be.
async fn last_mark(
    connection: &mut AnyConnection,
    incident: Uuid,
) -> Result<Option<String>, StoreError> {
    let row = sqlx::query(
        "SELECT act FROM responses WHERE incident_id = $1 AND act IN ('false_alarm', 'real') \
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(incident.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| row.try_get("act")).transpose()?)
}

/// Keeps `response`; `false` when it is there already.
async fn keep(
    connection: &mut AnyConnection,
    response: &Response,
    incident: &Incident,
) -> Result<bool, StoreError> {
    let (until, note) = match &response.act {
        Act::Silence { until } => (Some(until.as_millis()), None),
        Act::Note { text } => (None, Some(text.as_str())),
        _ => (None, None),
    };
    let done = sqlx::query(
        "INSERT INTO responses (id, incident_id, brand, monitor, act, said_by, said_at, until, note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
    )
    .bind(response.id.to_string())
    .bind(incident.id.to_string())
    .bind(&incident.brand)
    .bind(incident.leading_monitor())
    .bind(response.act.name())
    .bind(&response.by)
    .bind(response.at.as_millis())
    .bind(until)
    .bind(note)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Somebody has taken the incident: those who were told of it hear who, and nobody else is woken.
async fn take(
    connection: &mut AnyConnection,
    response: &Response,
    latest: &Change,
    carriers: impl Fn(&Change) -> Vec<Carrier>,
) -> Result<(), StoreError> {
    let incident = latest.incident.id.to_string();
    sqlx::query("UPDATE incidents SET acknowledged_by = $1, acknowledged_at = $2 WHERE id = $3")
        .bind(&response.by)
        .bind(response.at.as_millis())
        .bind(&incident)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE outbox SET state = 'superseded', ended_at = $1 WHERE incident_id = $2 \
         AND state = 'pending' AND attempts = 0 AND until_acknowledged = 1",
    )
    .bind(response.at.as_millis())
    .bind(&incident)
    .execute(&mut *connection)
    .await?;
    let by = Acknowledgement { by: response.by.clone(), at: response.at };
    let change = latest.acknowledged(response.id, by);
    if latest.incident.state == State::Resolved {
        return Ok(());
    }
    post(connection, &carriers(&change), &change, response.at).await
}

fn mark(row: &AnyRow) -> Result<Mark, StoreError> {
    let act: String = row.try_get("act")?;
    let incident: String = row.try_get("incident_id")?;
    Ok(Mark {
        at: Timestamp::from_millis(row.try_get("said_at")?),
        brand: row.try_get("brand")?,
        monitor: row.try_get("monitor")?,
        verdict: if act == Act::Real.name() { MarkedAs::Real } else { MarkedAs::FalseAlarm },
        incident: Uuid::parse_str(&incident).ok(),
    })
}
