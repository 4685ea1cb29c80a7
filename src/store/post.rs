//! How a change comes into the outbox: when it is due on each route, and what it makes needless.
//!
//! What has not been tried and waits for its time (a route that tells later, a silence) gives way to
//! what is newer of the same incident, and keeps its place in time: so whoever is told late is told
//! once, how things stand then. An end is told to those who were told that it began.

use sqlx::{AnyConnection, Row};

use super::change;
use super::error::StoreError;
use super::open::Store;
use super::responses::{Reception, reception};
use crate::incident::{Change, State};
use crate::mention::Timestamp;

/// Above every severity.
const AN_END: i64 = 99;

/// A route that a change is told on, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// The route.
    pub route: String,
    /// When it may be told, at the earliest; `None`: at once.
    pub due_at: Option<Timestamp>,
    /// Whether it is told only while nobody has taken the incident.
    pub until_acknowledged: bool,
}

impl Carrier {
    /// `route`, at once.
    pub fn now(route: impl Into<String>) -> Self {
        Self { route: route.into(), due_at: None, until_acknowledged: false }
    }
}

/// When something is told.
struct Due {
    /// By its route.
    planned_at: Timestamp,
    /// That, or when a silence is over.
    due_at: Timestamp,
}

/// What of an incident waits for its time on a route.
#[derive(Default)]
struct Waiting {
    /// Its place in time, which what is newer takes.
    planned_at: Option<Timestamp>,
    /// Whether nobody is told once somebody has taken the incident.
    until_acknowledged: bool,
}

/// Puts `change` into the outbox for each of `carriers`, as people want to hear of its incident; once,
/// however often it is called. Who has taken the incident is told with it.
pub(super) async fn post(
    connection: &mut AnyConnection,
    carriers: &[Carrier],
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_over = change.incident.state == State::Resolved;
    if carriers.is_empty() && !is_over {
        return Ok(());
    }
    let reception = reception(connection, &change.incident, now).await?;
    let mut told = change.clone();
    told.incident.acknowledged.clone_from(&reception.acknowledged);
    let json = change::write(&told)?;
    for carrier in carriers {
        if is_known(connection, &carrier.route, change).await? {
            continue;
        }
        let waiting = supersede(connection, &carrier.route, change, now).await?;
        let told = was_told(connection, &carrier.route, change).await?;
        if let Some(due) = due(carrier, change, &waiting, told, &reception, now) {
            insert(connection, carrier, change, &json, &due, now).await?;
        }
    }
    if is_over {
        drop_what_is_over(connection, change, now).await?;
    }
    Ok(())
}

/// Nobody is told later that an incident began which is over: not on routes either that do not carry its
/// end.
async fn drop_what_is_over(
    connection: &mut AnyConnection,
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET state = 'superseded', ended_at = $1 WHERE incident_id = $2 \
         AND change_id <> $3 AND state = 'pending' AND attempts = 0 AND due_at > $1",
    )
    .bind(now.as_millis())
    .bind(change.incident.id.to_string())
    .bind(change.id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// When `change` is told, if at all.
fn due(
    carrier: &Carrier,
    change: &Change,
    waiting: &Waiting,
    told: bool,
    reception: &Reception,
    now: Timestamp,
) -> Option<Due> {
    let at_once = Due { planned_at: now, due_at: now };
    let is_end = matches!(change.incident.state, State::Acknowledged | State::Resolved);
    if is_end && told {
        return Some(at_once);
    }
    let taken = carrier.until_acknowledged && (is_end || reception.acknowledged.is_some());
    if taken || is_end && waiting.until_acknowledged {
        return None;
    }
    let silenced = reception.silenced_until(change.incident.severity);
    if is_end {
        // Whoever hears of things in the morning hears what was over by then, too; what began and ended
        // while people were silenced they do not.
        let is_taken = change.incident.state == State::Acknowledged;
        let planned_at = waiting.planned_at.filter(|at| *at > now || is_taken)?;
        let silenced = silenced.filter(|_| is_taken);
        let due_at = silenced.map_or(planned_at, |until| until.max(planned_at));
        return Some(Due { planned_at, due_at });
    }
    let by_route = carrier.due_at.unwrap_or(now);
    let planned_at = waiting.planned_at.map_or(by_route, |at| at.min(by_route));
    let due_at = silenced.map_or(planned_at, |until| until.max(planned_at));
    Some(Due { planned_at, due_at })
}

async fn is_known(
    connection: &mut AnyConnection,
    route: &str,
    change: &Change,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM outbox WHERE route = $1 AND change_id = $2")
        .bind(route)
        .bind(change.id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// What waits for its time gives way to `change`, which is newer.
async fn supersede(
    connection: &mut AnyConnection,
    route: &str,
    change: &Change,
    now: Timestamp,
) -> Result<Waiting, StoreError> {
    let rows = sqlx::query(
        "UPDATE outbox SET state = 'superseded', ended_at = $1 WHERE route = $2 \
         AND incident_id = $3 AND state = 'pending' AND attempts = 0 AND due_at > $1 \
         RETURNING planned_at, until_acknowledged",
    )
    .bind(now.as_millis())
    .bind(route)
    .bind(change.incident.id.to_string())
    .fetch_all(connection)
    .await?;
    let mut waiting = Waiting::default();
    for row in rows {
        let planned_at = Timestamp::from_millis(row.try_get("planned_at")?);
        waiting.planned_at = Some(waiting.planned_at.map_or(planned_at, |it| it.min(planned_at)));
        waiting.until_acknowledged |= row.try_get::<i64, _>("until_acknowledged")? != 0;
    }
    Ok(waiting)
}

/// Whether the incident has been told on `route`, or is being told.
async fn was_told(
    connection: &mut AnyConnection,
    route: &str,
    change: &Change,
) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT 1 FROM outbox WHERE route = $1 AND incident_id = $2 AND state <> 'superseded' LIMIT 1",
    )
    .bind(route)
    .bind(change.incident.id.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}

/// How severe it is, for silences: no silence puts off an end.
fn rank(change: &Change) -> i64 {
    match change.incident.state {
        State::Acknowledged | State::Resolved => AN_END,
        _ => i64::from(change.incident.severity.rank()),
    }
}

async fn insert(
    connection: &mut AnyConnection,
    carrier: &Carrier,
    change: &Change,
    json: &str,
    due: &Due,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO outbox (route, change_id, incident_id, sequence, change, state, created_at, \
         planned_at, due_at, severity, until_acknowledged, attempts) \
         VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $9, $10, 0) \
         ON CONFLICT (route, change_id) DO NOTHING",
    )
    .bind(&carrier.route)
    .bind(change.id.to_string())
    .bind(change.incident.id.to_string())
    .bind(i64::from(change.sequence))
    .bind(json)
    .bind(now.as_millis())
    .bind(due.planned_at.as_millis())
    .bind(due.due_at.as_millis())
    .bind(rank(change))
    .bind(i64::from(carrier.until_acknowledged))
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// Puts `change` into the outbox for each of `carriers`; once, however often it is called.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn post(
        &self,
        change: &Change,
        carriers: &[Carrier],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.within(async {
            let mut transaction = self.begin().await?;
            post(transaction.connection()?, carriers, change, now).await?;
            transaction.commit().await?;
            Ok(())
        })
        .await?;
        self.posted.send_modify(|count| *count += 1);
        Ok(())
    }
}
