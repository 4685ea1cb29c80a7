//! When people want to hear nothing: what begins and ends silences, and what follows for what waits.

use sqlx::AnyConnection;
use uuid::Uuid;

use super::error::StoreError;
use crate::incident::{Act, Incident, Response};
use crate::mention::Timestamp;

/// The end of the year 9999: an incident that people call a false alarm is silenced as long as it lasts.
const FOR_GOOD: Timestamp = Timestamp::from_millis(253_402_300_799_000);

/// Begins and ends silences as `response` asks for.
pub(super) async fn silence(
    connection: &mut AnyConnection,
    response: &Response,
    incident: &Incident,
) -> Result<(), StoreError> {
    match response.act {
        Act::Silence { until } => begin_silence(connection, response, incident, None, until).await,
        Act::FalseAlarm => {
            begin_silence(connection, response, incident, Some(incident.id), FOR_GOOD).await
        }
        Act::Unsilence => end_silences(connection, response, incident, false).await,
        Act::Real => end_silences(connection, response, incident, true).await,
        Act::Acknowledge | Act::Note { .. } => Ok(()),
    }
}

/// Nothing as severe as `incident`, as it was seen, is told until then: of it alone, or of its brand. What waits in the
/// outbox and has not been tried waits as well.
async fn begin_silence(
    connection: &mut AnyConnection,
    response: &Response,
    incident: &Incident,
    alone: Option<Uuid>,
    until: Timestamp,
) -> Result<(), StoreError> {
    let alone = alone.map(|id| id.to_string());
    let severity = i64::from(response.silences_up_to(incident.severity).rank());
    sqlx::query(
        "INSERT INTO silences (id, brand, incident_id, severity, until) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(response.id.to_string())
    .bind(&incident.brand)
    .bind(&alone)
    .bind(severity)
    .bind(until.as_millis())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE outbox SET due_at = $1 WHERE state = 'pending' AND attempts = 0 AND due_at < $1 \
         AND severity <= $2 AND NOT EXISTS (SELECT 1 FROM outbox l WHERE l.route = outbox.route \
         AND l.incident_id = outbox.incident_id AND l.state = 'pending' AND l.severity > $2 \
         AND l.seq > outbox.seq) AND incident_id IN \
         (SELECT id FROM incidents WHERE brand = $3 AND (CAST($4 AS TEXT) IS NULL OR id = $4))",
    )
    .bind(until.as_millis())
    .bind(severity)
    .bind(&incident.brand)
    .bind(&alone)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the silences of the incident's brand, or that of it `alone`. What waited for their end is told when
/// its route has it, and whatever else is still silent is over.
async fn end_silences(
    connection: &mut AnyConnection,
    response: &Response,
    incident: &Incident,
    alone: bool,
) -> Result<(), StoreError> {
    let of_brand = sqlx::query("DELETE FROM silences WHERE brand = $1 AND incident_id IS NULL");
    let of_it = sqlx::query("DELETE FROM silences WHERE brand = $1 AND incident_id = $2");
    let id = incident.id.to_string();
    let ended =
        if alone { of_it.bind(&incident.brand).bind(id) } else { of_brand.bind(&incident.brand) };
    ended.execute(&mut *connection).await?;
    sqlx::query(
        "UPDATE outbox SET due_at = COALESCE((SELECT MAX(CASE WHEN s.until > outbox.planned_at \
         THEN s.until ELSE outbox.planned_at END) FROM silences s WHERE s.brand = $1 \
         AND s.until > $2 AND s.severity >= outbox.severity \
         AND (s.incident_id IS NULL OR s.incident_id = outbox.incident_id)), outbox.planned_at) \
         WHERE state = 'pending' AND attempts = 0 AND due_at > $2 \
         AND incident_id IN (SELECT id FROM incidents WHERE brand = $1)",
    )
    .bind(&incident.brand)
    .bind(response.at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
