//! What each page shows.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Html;
use serde::Deserialize;
use uuid::Uuid;

use super::ASSETS;
use super::card::Card;
use super::drawn::{Drawn, behind};
use super::fault::{PageFault, Path};
use super::guard::query_value;
use crate::chart::Chart;
use crate::desk::{Desk, DeskError, Stretch, drawn_by};
use crate::http::Caller;
use crate::http::api::{after, cursor};
use crate::incident::{Act, Change, Measure, Response, State as Stands};
use crate::mention::Timestamp;
use crate::notify::story::{self, Quote, Story};
use crate::source::wall_clock;
use crate::store::{Event, IncidentFilter, Standing};

/// Brands whose charts stand on the first page; those with open incidents come first.
const MOST_DRAWN: usize = 12;
/// Incidents on a page of the history.
const HISTORY: u32 = 50;

type Shown = Result<Html<String>, PageFault>;

#[derive(Template)]
#[template(path = "now.html")]
struct NowPage<'a> {
    assets: &'a str,
    open: usize,
    list: String,
    brands: String,
}

pub async fn now(State(desk): State<Desk>, Extension(caller): Extension<Caller>) -> Shown {
    let open = desk.open().await?;
    let brands = draw_brands(&desk, &open).await?;
    let list = OpenPart::of(&desk, &open, &caller).render()?;
    Ok(Html(NowPage { assets: &ASSETS, open: open.len(), list, brands }.render()?))
}

#[derive(Template)]
#[template(path = "open.html")]
struct OpenPart {
    cards: Vec<Card>,
    may_act: bool,
}

impl OpenPart {
    fn of(desk: &Desk, open: &[Standing], caller: &Caller) -> Self {
        let (zone, now) = (&desk.plan().time_zone, wall_clock());
        let cards = open.iter().map(|it| Card::of(it, zone, now)).collect();
        Self { cards, may_act: caller.may_act() }
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

/// How much of the past somebody wants to see.
#[derive(Debug, Default, Deserialize)]
pub struct Ranged {
    range: Option<String>,
}

impl Ranged {
    fn stretch(&self) -> Stretch {
        self.range.as_deref().and_then(Stretch::named).unwrap_or_default()
    }
}

struct Tab {
    name: &'static str,
    chosen: bool,
}

fn tabs(chosen: Stretch) -> Vec<Tab> {
    Stretch::ALL.map(|it| Tab { name: it.name(), chosen: it == chosen }).into()
}

#[derive(Template)]
#[template(path = "brand.html")]
struct BrandPage<'a> {
    assets: &'a str,
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

#[derive(Template)]
#[template(path = "charts.html")]
struct ChartsPart {
    behind: Option<String>,
    charts: Vec<Drawn>,
}

impl ChartsPart {
    fn of(charts: &[Chart]) -> Self {
        let now = wall_clock();
        Self {
            behind: charts.iter().find_map(|chart| behind(chart, now)),
            charts: charts.iter().map(|it| Drawn::of(it, it.measure.name())).collect(),
        }
    }
}

async fn draw_measures(desk: &Desk, name: &str, stretch: Stretch) -> Result<String, PageFault> {
    Ok(ChartsPart::of(&desk.charts(name, stretch).await?).render()?)
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage<'a> {
    assets: &'a str,
    id: Uuid,
    brand: &'a str,
    severity: &'static str,
    caller: &'a str,
    may_act: bool,
    over: bool,
    told: String,
    more: String,
    tabs: Vec<Tab>,
    range: &'static str,
    chart: String,
    mentions: String,
}

pub async fn incident(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<Uuid>,
    Query(ranged): Query<Ranged>,
) -> Shown {
    let (standing, stretch) = (desk.incident(id).await?, ranged.stretch());
    let page = IncidentPage {
        assets: &ASSETS,
        id,
        brand: &standing.incident.brand,
        severity: standing.incident.severity.name(),
        caller: caller.person(),
        may_act: caller.may_act(),
        over: standing.incident.state == Stands::Resolved,
        told: tell(&desk, &standing)?,
        more: tell_more(&desk, &standing).await?,
        tabs: tabs(stretch),
        range: stretch.name(),
        chart: draw(&desk, &standing, stretch).await?,
        mentions: quote(&desk, &standing).await?,
    };
    Ok(Html(page.render()?))
}

pub async fn told(State(desk): State<Desk>, Path(id): Path<Uuid>) -> Shown {
    let standing = desk.incident(id).await?;
    Ok(Html(tell(&desk, &standing)?))
}

pub async fn more(State(desk): State<Desk>, Path(id): Path<Uuid>) -> Shown {
    let standing = desk.incident(id).await?;
    Ok(Html(tell_more(&desk, &standing).await?))
}

pub async fn incident_chart(
    State(desk): State<Desk>,
    Path(id): Path<Uuid>,
    Query(ranged): Query<Ranged>,
) -> Shown {
    let standing = desk.incident(id).await?;
    Ok(Html(draw(&desk, &standing, ranged.stretch()).await?))
}

pub async fn mentions(State(desk): State<Desk>, Path(id): Path<Uuid>) -> Shown {
    let standing = desk.incident(id).await?;
    Ok(Html(quote(&desk, &standing).await?))
}

#[derive(Template)]
#[template(path = "told.html")]
struct ToldPart {
    card: Card,
    story: Story,
}

#[derive(Template)]
#[template(path = "more.html")]
struct MorePart {
    story: Story,
    has_sources: bool,
    events: Vec<Happened>,
}

struct Happened {
    at: Timestamp,
    when: String,
    what: String,
}

fn story_of(desk: &Desk, standing: &Standing) -> Story {
    let incident = standing.incident.clone();
    let change = Change { id: Uuid::nil(), sequence: standing.version.sequence, incident };
    Story::of(&change, &desk.plan().time_zone)
}

/// What must be read first.
fn tell(desk: &Desk, standing: &Standing) -> Result<String, PageFault> {
    let card = Card::of(standing, &desk.plan().time_zone, wall_clock());
    Ok(ToldPart { card, story: story_of(desk, standing) }.render()?)
}

async fn tell_more(desk: &Desk, standing: &Standing) -> Result<String, PageFault> {
    let (zone, now) = (&desk.plan().time_zone, wall_clock());
    let events = desk.events(standing.incident.id).await?;
    let story = story_of(desk, standing);
    let carriers = &story.carriers;
    let has_sources =
        carriers.origin.is_some() || carriers.lead.is_some() || !carriers.kinds.is_empty();
    let happened = events.iter().rev().map(|event| Happened {
        at: event.at(),
        when: story::short_moment(event.at(), now, zone),
        what: what(event, now, zone),
    });
    let events = happened.collect();
    Ok(MorePart { has_sources, story, events }.render()?)
}

/// What has happened, in words.
fn what(event: &Event, now: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    let Response { by, act, .. } = match event {
        Event::Changed { state, severity, .. } => return format!("{state} ({severity})"),
        Event::Answered(response) => response,
    };
    let by = story::person(by);
    match act {
        Act::Acknowledge => format!("{by} has taken it"),
        Act::Silence { until } => {
            format!("{by} has silenced the brand until {}", story::short_moment(*until, now, zone))
        }
        Act::Unsilence => format!("{by} has ended the silence"),
        Act::FalseAlarm => format!("{by} says that it is a false alarm"),
        Act::Real => format!("{by} says that it is real"),
        Act::Note { text } => format!("{by}: {text}"),
    }
}

#[derive(Template)]
#[template(source = "<p class=\"problem\">{{ why }}</p>", ext = "html")]
struct NoChart<'a> {
    why: &'a str,
}

async fn draw(desk: &Desk, standing: &Standing, stretch: Stretch) -> Result<String, PageFault> {
    match desk.chart_of(standing, stretch).await {
        Ok(chart) => Ok(ChartsPart::of(&[chart]).render()?),
        // A feed has no series of its own, and a brand may no longer be watched.
        Err(DeskError::NoBrand) => Ok(NoChart { why: "There is no chart of this." }.render()?),
        // Whatever is wrong with its chart, the incident must be seen, and something done about it.
        Err(failure) => Ok(NoChart { why: &failure.to_string() }.render()?),
    }
}

#[derive(Template)]
#[template(path = "mentions.html")]
struct MentionsPart {
    quotes: Vec<Quote>,
}

async fn quote(desk: &Desk, standing: &Standing) -> Result<String, PageFault> {
    let mentions = desk.mentions(standing).await?;
    let (zone, now) = (&desk.plan().time_zone, wall_clock());
    let quotes = mentions.iter().map(|it| story::quote(it, now, zone)).collect();
    Ok(MentionsPart { quotes }.render()?)
}

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
    Ok(Html(HistoryPage { assets: &ASSETS, brand, rows, next }.render()?))
}

/// `text` as one segment of a path.
fn path_segment(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => url.push(byte.into()),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_is_one_segment_whatever_its_name() {
        assert_eq!(path_segment("AC/DC & Söhne?"), "AC%2FDC%20%26%20S%C3%B6hne%3F");
        assert_eq!(query_value("a b&c=d"), "a+b%26c%3Dd");
    }
}
