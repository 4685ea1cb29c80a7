//! One brand: each of its measures against what is typical.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;

use super::charts::{ChartsPart, Ranged, Tab, path_segment, tabs};
use super::fault::{PageFault, Path};
use super::{ASSETS, Shown};
use crate::desk::{Desk, Stretch};

#[derive(Template)]
#[template(path = "brand.html")]
struct BrandPage<'a> {
    assets: &'a str,
    notice: Option<&'a str>,
    redraw_every: u64,
    name: &'a str,
    market: Option<&'a str>,
    path: String,
    tabs: Vec<Tab>,
    range: &'static str,
    charts: String,
}

pub async fn brand(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Query(ranged): Query<Ranged>,
) -> Shown {
    let stretch = ranged.stretch();
    let charts = draw_measures(&desk, &name, stretch).await?;
    let brand = desk.brand(&name)?;
    let page = BrandPage {
        assets: &ASSETS,
        notice: desk.notice(),
        redraw_every: desk.redraw_every(),
        name: &brand.name,
        market: brand.market.as_deref(),
        path: path_segment(&name),
        tabs: tabs(stretch),
        range: stretch.name(),
        charts,
    };
    Ok(Html(page.render()?))
}

pub async fn brand_charts(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Query(ranged): Query<Ranged>,
) -> Shown {
    Ok(Html(draw_measures(&desk, &name, ranged.stretch()).await?))
}

async fn draw_measures(desk: &Desk, name: &str, stretch: Stretch) -> Result<String, PageFault> {
    Ok(ChartsPart::of(&desk.charts(name, stretch).await?).render()?)
}
