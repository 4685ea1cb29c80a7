//! Incidents, and what has happened to them.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::fault::{Fault, Path, Problem, Query};
use super::model::{Events, Happened, IncidentNow, Incidents, Mentions};
use crate::desk::Desk;
use crate::mention::Timestamp;
use crate::store::IncidentFilter;

/// Incidents on a page, unless it is said how many.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

/// Which incidents are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Of this brand alone.
    brand: Option<String>,
    /// `open`, or `resolved`; both without.
    #[param(schema_with = states)]
    state: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Those after the page that gave this `next`.
    #[param(pattern = "^[0-9]{1,15}[.][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    cursor: Option<String>,
}

fn states() -> utoipa::openapi::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .enum_values(Some(["open", "resolved"]))
        .build()
}

/// Incidents, latest detection first.
#[utoipa::path(
    get, path = "/incidents", tag = "incidents", params(Wanted),
    responses(
        (status = 200, description = "A page of incidents.", body = Incidents),
        (status = 400, description = "A parameter is none.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(desk): State<Desk>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Incidents>, Fault> {
    let filter = filter(wanted)?;
    let found = desk.incidents(&filter).await?;
    let last = found.last().filter(|_| found.len() as u32 == filter.limit);
    let next = last.map(|it| cursor(it.incident.detected_at, it.incident.id));
    Ok(Json(Incidents { items: found.into_iter().map(Into::into).collect(), next }))
}

/// The incident.
#[utoipa::path(
    get, path = "/incidents/{id}", tag = "incidents",
    params(("id" = Uuid, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The incident as it stands.", body = ref("#/components/schemas/Incident")),
        (status = 400, description = "That is no id.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such incident.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    State(desk): State<Desk>,
    Path(id): Path<Uuid>,
) -> Result<Json<IncidentNow>, Fault> {
    Ok(Json(desk.incident(id).await?.into()))
}

/// What has happened to the incident, and what was done about it.
#[utoipa::path(
    get, path = "/incidents/{id}/events", tag = "incidents",
    params(("id" = Uuid, Path, description = "The incident's id.")),
    responses(
        (status = 200, description = "What has happened, in order.", body = Events),
        (status = 400, description = "That is no id.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such incident.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn events(State(desk): State<Desk>, Path(id): Path<Uuid>) -> Result<Json<Events>, Fault> {
    let known = desk.incident(id).await?;
    let events = desk.events(known.incident.id).await?;
    Ok(Json(Events { items: events.into_iter().map(Happened::from).collect() }))
}

/// Mentions that speak for what was said of the brand since the incident's onset.
#[utoipa::path(
    get, path = "/incidents/{id}/mentions", tag = "incidents",
    params(("id" = Uuid, Path, description = "The incident's id.")),
    responses(
        (status = 200, description = "Up to fifty mentions of the last hours, latest first.", body = Mentions),
        (status = 400, description = "That is no id.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such incident.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn mentions(
    State(desk): State<Desk>,
    Path(id): Path<Uuid>,
) -> Result<Json<Mentions>, Fault> {
    let incident = desk.incident(id).await?;
    Ok(Json(Mentions { items: desk.mentions(&incident).await? }))
}

fn filter(wanted: Wanted) -> Result<IncidentFilter, Fault> {
    let open = match wanted.state.as_deref() {
        None => None,
        Some("open") => Some(true),
        Some("resolved") => Some(false),
        Some(_) => return Err(Fault::bad("state: write \"open\" or \"resolved\"")),
    };
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Fault::bad(format!("limit: write a number from 1 to {LARGEST_PAGE}")));
    }
    let after = wanted.cursor.as_deref().map(|cursor| {
        after(cursor).ok_or_else(|| Fault::bad("cursor: take it from `next` of another page"))
    });
    Ok(IncidentFilter { brand: wanted.brand, open, after: after.transpose()?, limit })
}

/// Names the place after an incident.
pub fn cursor(detected_at: Timestamp, id: Uuid) -> String {
    format!("{}.{id}", detected_at.as_millis())
}

/// The place that `cursor` names.
pub fn after(cursor: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = cursor.split_once('.')?;
    Some((Timestamp::from_millis(at.parse().ok()?), id.parse().ok()?))
}
