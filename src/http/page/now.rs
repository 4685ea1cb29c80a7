//! The first page: what is open, and each brand against what is typical of it.

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::Html;

use super::card::Card;
use super::charts::path_segment;
use super::drawn::{Drawn, behind};
use super::fault::PageFault;
use super::{ASSETS, Shown};
use crate::desk::{Desk, Stretch, drawn_by};
use crate::http::Caller;
use crate::incident::Measure;
use crate::source::wall_clock;
use crate::store::Standing;

/// Brands whose charts stand on the first page; those with open incidents come first.
const MOST_DRAWN: usize = 12;

#[derive(Template)]
#[template(path = "now.html")]
struct NowPage<'a> {
    assets: &'a str,
    notice: Option<&'a str>,
    redraw_every: u64,
    open: usize,
    list: String,
    brands: String,
}

pub async fn now(State(desk): State<Desk>, Extension(caller): Extension<Caller>) -> Shown {
    let open = desk.open().await?;
    let brands = draw_brands(&desk, &open).await?;
    let list = OpenPart::of(&desk, &open, &caller).render()?;
    let page = NowPage {
        assets: &ASSETS,
        notice: desk.notice(),
        redraw_every: desk.redraw_every(),
        open: open.len(),
        list,
        brands,
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "open.html")]
struct OpenPart {
    cards: Vec<Card>,
    may_act: bool,
    /// Whether whoever looks has to say who they are.
    is_nameless: bool,
}

impl OpenPart {
    fn of(desk: &Desk, open: &[Standing], caller: &Caller) -> Self {
        let (zone, now) = (&desk.plan().time_zone, wall_clock());
        let cards = open.iter().map(|it| Card::of(it, zone, now)).collect();
        Self { cards, may_act: caller.may_act(), is_nameless: caller.is_nameless() }
    }
}

pub async fn open(State(desk): State<Desk>, Extension(caller): Extension<Caller>) -> Shown {
    let open = desk.open().await?;
    Ok(Html(OpenPart::of(&desk, &open, &caller).render()?))
}

#[derive(Template)]
#[template(path = "brands.html")]
struct BrandsPart {
    brands: Vec<BrandChart>,
    others: Vec<Named>,
}

struct BrandChart {
    name: String,
    path: String,
    behind: Option<String>,
    drawn: Result<Drawn, String>,
}

struct Named {
    name: String,
    path: String,
}

pub async fn brands(State(desk): State<Desk>) -> Shown {
    let open = desk.open().await?;
    Ok(Html(draw_brands(&desk, &open).await?))
}

async fn draw_brands(desk: &Desk, open: &[Standing]) -> Result<String, PageFault> {
    let of = |name: &str| open.iter().find(|it| it.incident.brand == name);
    let mut names: Vec<&str> = desk.plan().brands.iter().map(|it| it.name.as_str()).collect();
    names.sort_by_key(|name| of(name).is_none());
    let (drawn, others) = names.split_at(names.len().min(MOST_DRAWN));
    let mut brands = Vec::with_capacity(drawn.len());
    for (at, &name) in drawn.iter().enumerate() {
        let measure = of(name).map_or(Measure::Mentions, |it| drawn_by(&it.incident));
        let chart = desk.chart(name, measure, Stretch::default()).await;
        let chart = chart.map_err(|failure| failure.to_string());
        brands.push(BrandChart {
            name: name.to_owned(),
            path: path_segment(name),
            behind: chart.as_ref().ok().and_then(|it| behind(it, wall_clock())),
            drawn: chart.map(|it| Drawn::of(&it, &format!("brand-{at}"))),
        });
    }
    let others = others.iter().map(|&it| Named { name: it.to_owned(), path: path_segment(it) });
    Ok(BrandsPart { brands, others: others.collect() }.render()?)
}
