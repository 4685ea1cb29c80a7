//! What is due of many incidents at once.

use std::time::Duration;

use sqlx::Row;

use super::error::StoreError;
use super::open::{Dialect, Store};
use super::outbox::{Delivery, delivery};
use crate::mention::{Timestamp, millis};

/// Takes all that are due, of incidents of which nothing is being sent: `$5` at most, none before an earlier one of its incident.
macro_rules! take_all {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET held_by = $1, held_until = $2, attempts = attempts + 1, \
             first_try_at = COALESCE(first_try_at, $3), \
             planned_at = CASE WHEN attempts = 0 THEN due_at ELSE planned_at END \
             WHERE seq IN (SELECT o.seq FROM outbox o WHERE o.route = $4 AND o.state = 'pending' \
             AND o.due_at <= $3 AND (o.held_until IS NULL OR o.held_until <= $3) \
             AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.route = o.route \
             AND e.incident_id = o.incident_id AND e.state = 'pending' AND (e.sequence < o.sequence \
             OR e.sequence = o.sequence AND e.seq < o.seq) \
             AND (e.due_at > $3 OR e.held_until > $3)) ORDER BY o.sequence, o.seq LIMIT $5",
            $lock,
            ") RETURNING seq, change, planned_at, attempts, first_try_at"
        )
    };
}

impl Store {
    /// As [`Self::take`], of all that are due, `most` at a time, in their order.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn take_all(
        &self,
        route: &str,
        now: Timestamp,
        hold: Duration,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let statement = match self.dialect {
            Dialect::Sqlite => take_all!(""),
            Dialect::Postgres => take_all!(" FOR UPDATE OF o SKIP LOCKED"),
        };
        self.within(async {
            let mut transaction = self.begin_to_take(route).await?;
            let rows = sqlx::query(statement)
                .bind(&*self.holder)
                .bind(now.plus_millis(millis(hold)).as_millis())
                .bind(now.as_millis())
                .bind(route)
                .bind(i64::from(most))
                .fetch_all(transaction.connection()?)
                .await?;
            transaction.commit().await?;
            let mut taken: Vec<Delivery> =
                rows.iter().map(delivery).collect::<Result<_, StoreError>>()?;
            taken.sort_by_key(|delivery| (delivery.change.sequence, delivery.seq));
            Ok(taken)
        })
        .await
    }

    /// Of how many incidents something is due on `route` at `now`, and not being sent.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn incidents_due(&self, route: &str, now: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let row = sqlx::query(
                "SELECT COUNT(DISTINCT o.incident_id) AS due FROM outbox o WHERE o.route = $1 \
                 AND o.state = 'pending' AND o.due_at <= $2 \
                 AND (o.held_until IS NULL OR o.held_until <= $2) \
                 AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.route = o.route \
                 AND e.incident_id = o.incident_id AND e.state = 'pending' AND (e.sequence < o.sequence \
                 OR e.sequence = o.sequence AND e.seq < o.seq) \
                 AND (e.due_at > $2 OR e.held_until > $2))",
            )
            .bind(route)
            .bind(now.as_millis())
            .fetch_one(&self.pool)
            .await?;
            Ok(row.try_get::<i64, _>("due")?.unsigned_abs())
        })
        .await
    }
}
