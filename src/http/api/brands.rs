//! Brands, and what they are counted by.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::fault::{Fault, Path, Problem, Query};
use super::model::{At, BrandNow, Brands, Series};
use crate::desk::{Desk, Stretch};
use crate::incident::{Measure, Severity};

/// The watched brands.
#[utoipa::path(
    get, path = "/brands", tag = "brands",
    responses((status = 200, description = "The brands, as they are configured.", body = Brands))
)]
pub async fn list(State(desk): State<Desk>) -> Result<Json<Brands>, Fault> {
    let open = desk.open().await?;
    let items = desk.plan().brands.iter().map(|brand| {
        let of_it = open.iter().filter(|it| it.incident.brand == brand.name);
        let worst = of_it.clone().map(|it| it.incident.severity).max();
        BrandNow {
            name: brand.name.clone(),
            market: brand.market.clone(),
            open_incidents: u32::try_from(of_it.count()).unwrap_or(u32::MAX),
            severity: worst.map(Severity::name),
        }
    });
    Ok(Json(Brands { items: items.collect() }))
}

/// What of a brand is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What is counted; mentions without.
    #[param(schema_with = measures)]
    measure: Option<String>,
    /// How much of the past: `6h` (every five minutes; the default), `24h` (every quarter of an hour) or `7d`
    /// (every hour).
    #[param(schema_with = stretches)]
    range: Option<String>,
}

fn measures() -> utoipa::openapi::Object {
    choice(Measure::ALL.map(Measure::name))
}

fn stretches() -> utoipa::openapi::Object {
    choice(Stretch::ALL.map(Stretch::name))
}

fn choice<const N: usize>(names: [&'static str; N]) -> utoipa::openapi::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .enum_values(Some(names))
        .build()
}

/// A measure of a brand over time, against what is typical.
#[utoipa::path(
    get, path = "/brands/{brand}/series", tag = "brands",
    params(("brand" = String, Path, description = "Its name."), Wanted),
    responses(
        (status = 200, description = "The series; each point is the hour that ends there.", body = Series),
        (status = 400, description = "A parameter is none.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such brand is watched.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn series(
    State(desk): State<Desk>,
    Path(brand): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Series>, Fault> {
    let name = wanted.measure.as_deref().unwrap_or(Measure::Mentions.name());
    let measure = Measure::ALL.into_iter().find(|it| it.name() == name).ok_or_else(|| {
        Fault::bad(format!("measure: write one of {}", Measure::ALL.map(Measure::name).join(", ")))
    })?;
    let range = wanted.range.as_deref().map_or(Some(Stretch::default()), Stretch::named);
    let range = range.ok_or_else(|| Fault::bad("range: write \"6h\", \"24h\" or \"7d\""))?;
    let points = desk.series(&brand, measure, range).await?;
    let points = points.into_iter().map(|point| At {
        at: point.at,
        observed: point.observed,
        lower: point.typical.map(|it| it.lower),
        expected: point.typical.map(|it| it.expected),
        upper: point.typical.map(|it| it.upper),
    });
    let points = points.collect();
    Ok(Json(Series { brand, measure: measure.name(), window_seconds: 3_600, points }))
}
