//! Which message of a channel is of which incident, for channels whose messages change.

use sqlx::Row;
use uuid::Uuid;

use super::error::StoreError;
use super::open::Store;

impl Store {
    /// What `route` has [remembered](Self::remember_message) of the message that tells of `incident`.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn message(&self, route: &str, incident: Uuid) -> Result<Option<String>, StoreError> {
        self.within(async {
            let row =
                sqlx::query("SELECT place FROM messages WHERE route = $1 AND incident_id = $2")
                    .bind(route)
                    .bind(incident.to_string())
                    .fetch_optional(&self.pool)
                    .await?;
            Ok(row.map(|row| row.try_get("place")).transpose()?)
        })
        .await
    }

    /// Remembers `place`, in the channel's own words, as where `route` tells of `incident` from now on.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn remember_message(
        &self,
        route: &str,
        incident: Uuid,
        place: &str,
    ) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
                "INSERT INTO messages (route, incident_id, place) VALUES ($1, $2, $3) \
                 ON CONFLICT (route, incident_id) DO UPDATE SET place = excluded.place",
            )
            .bind(route)
            .bind(incident.to_string())
            .bind(place)
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }
}
