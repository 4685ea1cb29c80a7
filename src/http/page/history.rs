//! What has been, page after page.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::card::Card;
use super::guard::query_value;
use super::{ASSETS, Shown};
use crate::desk::Desk;
use crate::http::api::{after, cursor};
use crate::source::wall_clock;
use crate::store::IncidentFilter;

/// Incidents on a page of the history.
const HISTORY: u32 = 50;

/// Which part of the history somebody wants to see.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    brand: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage<'a> {
    assets: &'a str,
    notice: Option<&'a str>,
    brand: Option<String>,
    rows: Vec<Card>,
    next: Option<String>,
}

pub async fn history(State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> Shown {
    let brand = wanted.brand.filter(|it| !it.is_empty());
    let filter = IncidentFilter {
        brand: brand.clone(),
        open: None,
        after: wanted.cursor.as_deref().and_then(after),
        limit: HISTORY,
    };
    let found = desk.incidents(&filter).await?;
    let (zone, now) = (&desk.plan().time_zone, wall_clock());
    let last = found.last().filter(|_| found.len() as u32 == HISTORY);
    let next = last.map(|it| {
        let cursor = cursor(it.incident.detected_at, it.incident.id);
        let of_brand =
            brand.as_deref().map_or(String::new(), |it| format!("brand={}&", query_value(it)));
        format!("{of_brand}cursor={cursor}")
    });
    let rows = found.iter().map(|it| Card::of(it, zone, now)).collect();
    Ok(Html(HistoryPage { assets: &ASSETS, notice: desk.notice(), brand, rows, next }.render()?))
}
