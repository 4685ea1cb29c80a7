//! The outbox: every notification is a row before it is sent, and stays one until it is accepted or
//! parked.
//!
//! Whoever sends a row holds it for a time, so that of several instances one sends it; a row whose
//! holder died is anybody's again when that time is over. Of the rows of one incident and route only
//! the earliest is ever given out: order is kept whoever sends.

use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;
use tokio::sync::watch;

use super::change;
use super::error::StoreError;
use super::lock::{Lock, lock};
use super::open::{Dialect, Store, Transaction};
use crate::incident::Change;
use crate::mention::{Timestamp, millis};

/// A notification to be sent, held by whoever took it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its row.
    pub(super) seq: i64,
    /// What to tell.
    pub change: Change,
    /// When it was to be told: when it was put into the outbox, or when its time had come.
    pub due_at: Timestamp,
    /// Which try this is, from 1 on.
    pub attempt: u32,
    /// When the first try began.
    pub first_try_at: Timestamp,
}

/// A notification that was given up.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// Its row; names it in [`Store::retry_parked`].
    pub seq: i64,
    /// The route.
    pub route: String,
    /// What was to be told.
    pub change: Change,
    /// When it was given up.
    pub parked_at: Timestamp,
    /// How many tries there were.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
}

/// How many notifications of a route are where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteCounts {
    /// The route.
    pub route: String,
    /// Due, and neither accepted nor parked yet.
    pub pending: u64,
    /// Their time has not come: of a route that tells later, or while people are silenced.
    pub waiting: u64,
    /// Given up, and kept.
    pub parked: u64,
    /// Since when the oldest of those that are pending has been due.
    pub oldest_pending: Option<Timestamp>,
}

const DELIVERED: &str = "delivered";
const PARKED: &str = "parked";

/// Takes the earliest row that is due, of an incident of which none before it waits.
macro_rules! take {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET held_by = $1, held_until = $2, attempts = attempts + 1, \
             first_try_at = COALESCE(first_try_at, $3), \
             planned_at = CASE WHEN attempts = 0 THEN due_at ELSE planned_at END \
             WHERE seq = (SELECT o.seq FROM outbox o WHERE o.route = $4 AND o.state = 'pending' \
             AND o.due_at <= $3 AND (o.held_until IS NULL OR o.held_until <= $3) \
             AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.route = o.route \
             AND e.incident_id = o.incident_id AND e.state = 'pending' AND (e.sequence < o.sequence \
             OR e.sequence = o.sequence AND e.seq < o.seq)) ORDER BY o.seq LIMIT 1",
            $lock,
            ") RETURNING seq, change, planned_at, attempts, first_try_at"
        )
    };
}

/// Ends those rows, a list in JSON, that are `$rows`.
macro_rules! end {
    ($rows:literal) => {
        concat!(
            "UPDATE outbox SET state = $1, reason = $2, ended_at = $3, held_by = NULL, \
             held_until = NULL WHERE state <> 'delivered' AND seq IN (",
            $rows,
            ")"
        )
    };
}

impl Store {
    /// Changes when something has been put into the outbox by this process.
    pub fn posted(&self) -> watch::Receiver<u64> {
        self.posted.subscribe()
    }

    /// Takes the next notification of `route` that is due at `now`, and holds it for `hold`.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn take(
        &self,
        route: &str,
        now: Timestamp,
        hold: Duration,
    ) -> Result<Option<Delivery>, StoreError> {
        let statement = match self.dialect {
            Dialect::Sqlite => take!(""),
            Dialect::Postgres => take!(" FOR UPDATE OF o SKIP LOCKED"),
        };
        self.within(async {
            let mut transaction = self.begin_to_take(route).await?;
            let row = sqlx::query(statement)
                .bind(&*self.holder)
                .bind(now.plus_millis(millis(hold)).as_millis())
                .bind(now.as_millis())
                .bind(route)
                .fetch_optional(transaction.connection()?)
                .await?;
            transaction.commit().await?;
            row.as_ref().map(delivery).transpose()
        })
        .await
    }

    /// Begins a transaction that alone takes of `route`: of two at once each would see nothing of what the other
    /// takes, and one could take what comes after it.
    pub(super) async fn begin_to_take(&self, route: &str) -> Result<Transaction, StoreError> {
        let mut transaction = self.begin().await?;
        let name = format!("route {route}");
        lock(transaction.connection()?, self.dialect, &name, Lock::Alone).await?;
        Ok(transaction)
    }

    /// When the next notification of `route` is due; `None` when none waits.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn next_due(&self, route: &str) -> Result<Option<Timestamp>, StoreError> {
        self.within(async {
            // Rows that wait for an earlier one of their incident are due when that is over.
            let row = sqlx::query(
                "SELECT MIN(CASE WHEN o.held_until > o.due_at THEN o.held_until ELSE o.due_at END) \
                 AS due FROM outbox o WHERE o.route = $1 AND o.state = 'pending' \
                 AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.route = o.route AND \
                 e.incident_id = o.incident_id AND e.state = 'pending' AND (e.sequence < o.sequence \
                 OR e.sequence = o.sequence AND e.seq < o.seq))",
            )
            .bind(route)
            .fetch_one(&self.pool)
            .await?;
            Ok(row.try_get::<Option<i64>, _>("due")?.map(Timestamp::from_millis))
        })
        .await
    }

    /// The receiver has accepted all of `deliveries`.
    ///
    /// # Errors
    ///
    /// When the store fails; until it is told, the notifications are sent again.
    pub async fn accepted(
        &self,
        deliveries: &[Delivery],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.end(deliveries, DELIVERED, None, now).await
    }

    /// It is given up, and kept: see [`Store::parked`].
    ///
    /// # Errors
    ///
    /// When the store fails; until it is told, the notification is sent again.
    pub async fn park(
        &self,
        delivery: &Delivery,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.end(std::slice::from_ref(delivery), PARKED, Some(reason), now).await
    }

    async fn end(
        &self,
        deliveries: &[Delivery],
        state: &str,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Whoever held it, it has been accepted; what has been accepted is not parked.
        let statement = match self.dialect {
            Dialect::Sqlite => end!("SELECT value FROM json_each($4)"),
            Dialect::Postgres => {
                end!("SELECT CAST(json_array_elements_text(CAST($4 AS json)) AS BIGINT)")
            }
        };
        let rows: Vec<i64> = deliveries.iter().map(|delivery| delivery.seq).collect();
        self.within(async {
            sqlx::query(statement)
                .bind(state)
                .bind(reason)
                .bind(now.as_millis())
                .bind(serde_json::json!(rows).to_string())
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    /// It is tried again at `due`.
    ///
    /// # Errors
    ///
    /// When the store fails; then it is tried again when nobody holds it any more.
    pub async fn put_back(&self, delivery: &Delivery, due: Timestamp) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
                "UPDATE outbox SET due_at = $1, held_by = NULL, held_until = NULL \
                 WHERE seq = $2 AND state = 'pending' AND held_by = $3",
            )
            .bind(due.as_millis())
            .bind(delivery.seq)
            .bind(&*self.holder)
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Lets go of whatever this process holds: it sends no more.
    ///
    /// # Errors
    ///
    /// When the store fails; then others may send it when its time is over.
    pub async fn let_go(&self) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
                "UPDATE outbox SET held_by = NULL, held_until = NULL \
                 WHERE state = 'pending' AND held_by = $1",
            )
            .bind(&*self.holder)
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// How many notifications are where at `now`, for each route that has any.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn outbox_counts(&self, now: Timestamp) -> Result<Vec<RouteCounts>, StoreError> {
        self.within(async {
            let rows = sqlx::query(
                "SELECT route, \
                 CAST(SUM(CASE WHEN state = 'pending' AND since IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT) AS pending, \
                 CAST(SUM(CASE WHEN state = 'pending' AND since IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS waiting, \
                 CAST(SUM(CASE WHEN state = 'parked' THEN 1 ELSE 0 END) AS BIGINT) AS parked, \
                 MIN(since) AS oldest FROM \
                 (SELECT route, state, CASE WHEN state <> 'pending' THEN NULL \
                 WHEN attempts > 0 THEN planned_at WHEN due_at <= $1 THEN due_at END AS since \
                 FROM outbox WHERE state IN ('pending', 'parked')) AS counted \
                 GROUP BY route ORDER BY route",
            )
            .bind(now.as_millis())
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(counts).collect()
        })
        .await
    }

    /// The notifications that were given up, latest first, `most` of them.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn parked(&self, most: u32) -> Result<Vec<Parked>, StoreError> {
        self.within(async {
            let rows = sqlx::query(
                "SELECT seq, route, change, ended_at, attempts, reason FROM outbox \
                 WHERE state = $1 ORDER BY ended_at DESC, seq DESC LIMIT $2",
            )
            .bind(PARKED)
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(parked).collect()
        })
        .await
    }

    /// Sends what was given up on its way again: row `seq`, or all of them. Returns how many.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn retry_parked(&self, seq: Option<i64>, now: Timestamp) -> Result<u64, StoreError> {
        let retried = self
            .within(async {
                let done = sqlx::query(
                    "UPDATE outbox SET state = 'pending', due_at = $1, attempts = 0, \
                     first_try_at = NULL, ended_at = NULL, reason = NULL \
                     WHERE state = 'parked' AND (seq = $2 OR $2 = 0)",
                )
                .bind(now.as_millis())
                .bind(seq.unwrap_or(0))
                .execute(&self.pool)
                .await?;
                Ok(done.rows_affected())
            })
            .await?;
        self.posted.send_modify(|count| *count += 1);
        Ok(retried)
    }

    /// Forgets what ended well before `before`, but for what people were told of incidents that are
    /// still open. Returns how many.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget_delivered(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let done = sqlx::query(
                "DELETE FROM outbox WHERE state IN ('delivered', 'superseded') AND ended_at < $1 \
                 AND incident_id NOT IN (SELECT id FROM incidents WHERE state <> 'resolved')",
            )
            .bind(before.as_millis())
            .execute(&self.pool)
            .await?;
            Ok(done.rows_affected())
        })
        .await
    }
}

pub(super) fn delivery(row: &AnyRow) -> Result<Delivery, StoreError> {
    let first_try_at: i64 = row.try_get("first_try_at")?;
    Ok(Delivery {
        seq: row.try_get("seq")?,
        change: change(row)?,
        due_at: Timestamp::from_millis(row.try_get("planned_at")?),
        attempt: small(row.try_get("attempts")?),
        first_try_at: Timestamp::from_millis(first_try_at),
    })
}

fn parked(row: &AnyRow) -> Result<Parked, StoreError> {
    Ok(Parked {
        seq: row.try_get("seq")?,
        route: row.try_get("route")?,
        change: change(row)?,
        parked_at: Timestamp::from_millis(row.try_get("ended_at")?),
        attempts: small(row.try_get("attempts")?),
        reason: row.try_get("reason")?,
    })
}

fn counts(row: &AnyRow) -> Result<RouteCounts, StoreError> {
    let count = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
    Ok(RouteCounts {
        route: row.try_get("route")?,
        pending: count("pending")?,
        waiting: count("waiting")?,
        parked: count("parked")?,
        oldest_pending: row.try_get::<Option<i64>, _>("oldest")?.map(Timestamp::from_millis),
    })
}

fn change(row: &AnyRow) -> Result<Change, StoreError> {
    let seq: i64 = row.try_get("seq")?;
    change::read(row, &format!("notification {seq}"))
}

fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
