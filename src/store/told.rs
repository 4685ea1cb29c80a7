//! What routes have told of incidents that are not over.

use sqlx::Row;
use uuid::Uuid;

use super::change;
use super::error::StoreError;
use super::open::Store;
use crate::incident::{Change, State};
use crate::mention::Timestamp;

impl Store {
    /// What `route` has told of the incidents that are open, and of those of which it has told something
    /// since `since`: the changes of one incident in a row, in their order. What was told so long ago that
    /// it has been [forgotten](Self::forget_delivered) is not among it.
    ///
    /// # Errors
    ///
    /// When the store fails, or holds a newer version's.
    pub async fn told(&self, route: &str, since: Timestamp) -> Result<Vec<Change>, StoreError> {
        self.within(async {
            let rows = sqlx::query(
                "SELECT o.change FROM outbox o WHERE o.route = $1 AND o.state = 'delivered' \
                 AND (EXISTS \
                 (SELECT 1 FROM incidents i WHERE i.id = o.incident_id AND i.state <> $3) \
                 OR o.incident_id IN (SELECT l.incident_id FROM outbox l WHERE l.route = $1 \
                 AND l.state = 'delivered' AND l.ended_at >= $2)) \
                 ORDER BY o.incident_id, o.sequence, o.seq",
            )
            .bind(route)
            .bind(since.as_millis())
            .bind(State::Resolved.name())
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(|row| change::read(row, "what has been told")).collect()
        })
        .await
    }

    /// The change of `incident` that `route` has told last; `None` when it has told none, or has
    /// [forgotten](Self::forget_delivered) it.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn told_last(&self, route: &str, incident: Uuid) -> Result<Option<Uuid>, StoreError> {
        self.within(async {
            let row = sqlx::query(
                "SELECT change_id FROM outbox WHERE route = $1 AND incident_id = $2 \
                 AND state = 'delivered' ORDER BY sequence DESC, seq DESC LIMIT 1",
            )
            .bind(route)
            .bind(incident.to_string())
            .fetch_optional(&self.pool)
            .await?;
            let id: Option<String> = row.map(|row| row.try_get("change_id")).transpose()?;
            Ok(id.and_then(|id| Uuid::parse_str(&id).ok()))
        })
        .await
    }
}
