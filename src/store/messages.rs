//! Which message of a channel is of which incident, for channels whose messages change.

use std::collections::BTreeMap;

use sqlx::Row;
use uuid::Uuid;

use super::error::StoreError;
use super::open::{Dialect, Store};

impl Store {
    /// What `route` has [remembered](Self::remember_messages) of the message that tells of each of `incidents`.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn messages(
        &self,
        route: &str,
        incidents: &[Uuid],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let statement = match self.dialect {
            Dialect::Sqlite => {
                "SELECT incident_id, place FROM messages WHERE route = $1 \
                 AND incident_id IN (SELECT value FROM json_each($2))"
            }
            Dialect::Postgres => {
                "SELECT incident_id, place FROM messages WHERE route = $1 \
                 AND incident_id IN (SELECT json_array_elements_text(CAST($2 AS json)))"
            }
        };
        self.within(async {
            let rows = sqlx::query(statement)
                .bind(route)
                .bind(serde_json::json!(incidents).to_string())
                .fetch_all(&self.pool)
                .await?;
            let mut known = BTreeMap::<String, String>::new();
            for row in rows {
                known.insert(row.try_get("incident_id")?, row.try_get("place")?);
            }
            Ok(incidents.iter().map(|it| known.remove(&it.to_string())).collect())
        })
        .await
    }

    /// Remembers each place, in the channel's own words, as where `route` tells of the incident from now on: of
    /// all or of none.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn remember_messages(
        &self,
        route: &str,
        places: &BTreeMap<Uuid, String>,
    ) -> Result<(), StoreError> {
        let statement = match self.dialect {
            // Without a condition SQLite takes the conflict for one of a join.
            Dialect::Sqlite => {
                "INSERT INTO messages (route, incident_id, place) \
                 SELECT $1, key, value FROM json_each($2) WHERE true \
                 ON CONFLICT (route, incident_id) DO UPDATE SET place = excluded.place"
            }
            Dialect::Postgres => {
                "INSERT INTO messages (route, incident_id, place) \
                 SELECT $1, key, value FROM json_each_text(CAST($2 AS json)) \
                 ON CONFLICT (route, incident_id) DO UPDATE SET place = excluded.place"
            }
        };
        self.within(async {
            sqlx::query(statement)
                .bind(route)
                .bind(serde_json::json!(places).to_string())
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }
}
