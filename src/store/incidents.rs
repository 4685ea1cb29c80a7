//! Incidents as people see them: how each stands, what has happened to it, and what was done about it.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::change;
use super::error::StoreError;
use super::open::Store;
use super::partition::PartitionKey;
use super::responses::acknowledgement;
use crate::detect::MarkedAs;
use crate::incident::{Acknowledgement, Act, Change, Incident, Response, State};
use crate::mention::Timestamp;

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its latest change, with who has taken it.
    pub incident: Incident,
    /// How many times it has changed, but for the first, and what people did about it: another number
    /// is another standing.
    pub version: Version,
    /// Until when no more is told of it, unless it becomes more severe.
    pub silenced_until: Option<Timestamp>,
    /// What people say it was; the latest word counts.
    pub marked: Option<MarkedAs>,
    /// The partition that it is counted in; shows where its brand's state lies.
    pub partition: PartitionKey,
}

/// Changes of an incident, and responses to it, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The latest change's sequence.
    pub sequence: u32,
    /// The latest response's number among all; 0 without.
    pub response: i64,
}

/// Something that has happened to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Mentions changed it.
    Changed {
        /// In event time.
        at: Timestamp,
        /// What happened, as [`State::name`] has it.
        state: String,
        /// How severe it was then, as [`Severity::name`](crate::incident::Severity::name) has it.
        severity: String,
    },
    /// A person did something about it.
    Answered(Response),
}

impl Event {
    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Changed { at, .. } => *at,
            Self::Answered(response) => response.at,
        }
    }
}

/// Which incidents are asked for, latest detection first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Of this brand alone.
    pub brand: Option<String>,
    /// Only those that are open, or only those that are over.
    pub open: Option<bool>,
    /// Only those after this one, which was the last of those before.
    pub after: Option<(Timestamp, Uuid)>,
    /// No more than these.
    pub limit: u32,
}

/// What is asked of an incident, whichever are wanted.
const STANDING: &str = "SELECT i.id, i.change, i.sequence, i.consumer_group, i.topic, i.number, \
     i.acknowledged_by, i.acknowledged_at, \
     (SELECT MAX(s.until) FROM silences s WHERE s.brand = i.brand AND s.until > $1 \
     AND s.severity >= i.severity \
     AND (s.incident_id IS NULL OR s.incident_id = i.id)) AS silenced_until, \
     (SELECT r.act FROM responses r WHERE r.incident_id = i.id AND r.act IN ('false_alarm', 'real') \
     ORDER BY r.seq DESC LIMIT 1) AS marked, \
     (SELECT COALESCE(MAX(r.seq), 0) FROM responses r WHERE r.incident_id = i.id) AS response \
     FROM incidents i";

impl Store {
    /// The incidents that `filter` asks for, as they stand at `now`, latest detection first. One that a
    /// newer version has written is left out.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn incidents(
        &self,
        filter: &IncidentFilter,
        now: Timestamp,
    ) -> Result<Vec<Standing>, StoreError> {
        let (before, last) = filter.after.unzip();
        let statement = format!(
            "{STANDING} WHERE (CAST($2 AS TEXT) IS NULL OR i.brand = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR (i.state <> 'resolved') = ($3 = 'open')) \
             AND (i.detected_at < $4 OR i.detected_at = $4 AND i.id < $5) \
             ORDER BY i.detected_at DESC, i.id DESC LIMIT $6"
        );
        self.within(async {
            let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(now.as_millis())
                .bind(filter.brand.as_deref())
                .bind(filter.open.map(|open| if open { "open" } else { "over" }))
                .bind(before.map_or(i64::MAX, Timestamp::as_millis))
                .bind(last.map_or_else(String::new, |id| id.to_string()))
                .bind(i64::from(filter.limit))
                .fetch_all(&self.pool)
                .await?;
            Ok(rows.iter().filter_map(|row| standing(row).ok()).collect())
        })
        .await
    }

    /// The incident `id` as it stands at `now`, if there is one.
    ///
    /// # Errors
    ///
    /// When the store fails, or a newer version has written it.
    pub async fn incident(&self, id: Uuid, now: Timestamp) -> Result<Option<Standing>, StoreError> {
        self.within(async {
            let statement = format!("{STANDING} WHERE i.id = $2");
            let row = sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(now.as_millis())
                .bind(id.to_string())
                .fetch_optional(&self.pool)
                .await?;
            row.as_ref().map(standing).transpose()
        })
        .await
    }

    /// What has happened to the incident `id`, in order.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn events(&self, id: Uuid) -> Result<Vec<Event>, StoreError> {
        self.within(async {
            let changes = sqlx::query(
                "SELECT at, state, severity FROM incident_changes WHERE incident_id = $1 \
                 ORDER BY sequence",
            )
            .bind(id.to_string())
            .fetch_all(&self.pool)
            .await?;
            let responses = sqlx::query(
                "SELECT id, act, said_by, said_at, until, note FROM responses \
                 WHERE incident_id = $1 ORDER BY seq",
            )
            .bind(id.to_string())
            .fetch_all(&self.pool)
            .await?;
            let mut events = changes.iter().map(changed).collect::<Result<Vec<_>, _>>()?;
            for row in &responses {
                events.extend(response(row, id)?.map(Event::Answered));
            }
            events.sort_by_key(Event::at);
            Ok(events)
        })
        .await
    }

    /// The latest change of `incident`, whoever has told it, if it is open.
    ///
    /// # Errors
    ///
    /// When the store fails, or holds a newer version's.
    pub async fn latest_of(&self, incident: Uuid) -> Result<Option<Change>, StoreError> {
        self.within(async {
            let row = sqlx::query("SELECT change FROM incidents WHERE id = $1 AND state <> $2")
                .bind(incident.to_string())
                .bind(State::Resolved.name())
                .fetch_optional(&self.pool)
                .await?;
            row.map(|row| change::read(&row, &format!("incident {incident}"))).transpose()
        })
        .await
    }

    /// Forgets incidents that are resolved and have not changed since `before`, with all that happened
    /// to them. Returns how many.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget_resolved(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let mut transaction = self.begin().await?;
            let connection = transaction.connection()?;
            let done = sqlx::query("DELETE FROM incidents WHERE state = $1 AND updated_at < $2")
                .bind(State::Resolved.name())
                .bind(before.as_millis())
                .execute(&mut *connection)
                .await?;
            if done.rows_affected() > 0 {
                for of_them in ["incident_changes", "messages", "responses", "silences"] {
                    let statement = format!(
                        "DELETE FROM {of_them} WHERE incident_id NOT IN (SELECT id FROM incidents)"
                    );
                    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *connection).await?;
                }
            }
            transaction.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }
}

/// Keeps the latest change of an incident, and that there was this one; one that is older than what is
/// known changes nothing. Who took it has taken what it was before it became more severe.
pub(super) async fn write(
    connection: &mut AnyConnection,
    PartitionKey { group, topic, number }: &PartitionKey,
    change: &Change,
) -> Result<(), StoreError> {
    let incident = &change.incident;
    sqlx::query(
        "INSERT INTO incidents (id, consumer_group, topic, number, subject, brand, state, sequence, \
         detected_at, updated_at, change, severity) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, sequence = excluded.sequence, \
         updated_at = excluded.updated_at, change = excluded.change, severity = excluded.severity, \
         detected_at = excluded.detected_at, acknowledged_by = \
         CASE WHEN excluded.state = 'escalated' THEN NULL ELSE incidents.acknowledged_by END \
         WHERE incidents.sequence < excluded.sequence",
    )
    .bind(incident.id.to_string())
    .bind(group)
    .bind(topic)
    .bind(i64::from(*number))
    .bind(incident.subject.name())
    .bind(&incident.brand)
    .bind(incident.state.name())
    .bind(i64::from(change.sequence))
    .bind(incident.detected_at.as_millis())
    .bind(incident.updated_at.as_millis())
    .bind(change::write(change)?)
    .bind(i64::from(incident.severity.rank()))
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO incident_changes (incident_id, sequence, state, severity, at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (incident_id, sequence) DO NOTHING",
    )
    .bind(incident.id.to_string())
    .bind(i64::from(change.sequence))
    .bind(incident.state.name())
    .bind(incident.severity.name())
    .bind(incident.updated_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

fn standing(row: &AnyRow) -> Result<Standing, StoreError> {
    let id: String = row.try_get("id")?;
    let change = change::read(row, &format!("incident {id}"))?;
    let acknowledged: Option<Acknowledgement> = acknowledgement(row)?;
    let marked: Option<String> = row.try_get("marked")?;
    let number: i64 = row.try_get("number")?;
    Ok(Standing {
        incident: Incident { acknowledged, ..change.incident },
        version: Version { sequence: change.sequence, response: row.try_get("response")? },
        silenced_until: row
            .try_get::<Option<i64>, _>("silenced_until")?
            .map(Timestamp::from_millis),
        marked: marked
            .map(|it| if it == Act::Real.name() { MarkedAs::Real } else { MarkedAs::FalseAlarm }),
        partition: PartitionKey {
            group: row.try_get("consumer_group")?,
            topic: row.try_get("topic")?,
            number: i32::try_from(number).unwrap_or_default(),
        },
    })
}

fn changed(row: &AnyRow) -> Result<Event, StoreError> {
    Ok(Event::Changed {
        at: Timestamp::from_millis(row.try_get("at")?),
        state: row.try_get("state")?,
        severity: row.try_get("severity")?,
    })
}

/// The response of `row`; none when a newer version knows more that can be done.
fn response(row: &AnyRow, incident: Uuid) -> Result<Option<Response>, StoreError> {
    let (id, act): (String, String) = (row.try_get("id")?, row.try_get("act")?);
    let until = row.try_get::<Option<i64>, _>("until")?.map(Timestamp::from_millis);
    let note: Option<String> = row.try_get("note")?;
    let act = match (act.as_str(), until, note) {
        ("acknowledge", ..) => Act::Acknowledge,
        ("silence", Some(until), _) => Act::Silence { until },
        ("unsilence", ..) => Act::Unsilence,
        ("false_alarm", ..) => Act::FalseAlarm,
        ("real", ..) => Act::Real,
        ("note", _, Some(text)) => Act::Note { text },
        _ => return Ok(None),
    };
    let by = row.try_get("said_by")?;
    let at = Timestamp::from_millis(row.try_get("said_at")?);
    Ok(Uuid::parse_str(&id).ok().map(|id| Response { id, incident, by, at, act, shown: None }))
}
