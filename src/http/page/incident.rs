//! One incident: what is told of it, what has happened to it, its chart and its mentions.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Html;
use uuid::Uuid;

use super::card::Card;
use super::charts::{ChartsPart, Ranged, Tab, path_segment, tabs};
use super::fault::{PageFault, Path};
use super::{ASSETS, Shown};
use crate::desk::{Desk, DeskError, Stretch};
use crate::http::Caller;
use crate::incident::{Act, Change, Response, State as Stands};
use crate::mention::Timestamp;
use crate::notify::story::{self, Quote, Story};
use crate::source::wall_clock;
use crate::store::{Event, Standing};

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage<'a> {
    assets: &'a str,
    notice: Option<&'a str>,
    redraw_every: u64,
    path: String,
    is_nameless: bool,
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
        notice: desk.notice(),
        redraw_every: desk.redraw_every(),
        path: path_segment(&standing.incident.brand),
        is_nameless: caller.is_nameless(),
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
        Event::Changed { state, severity, .. } => return changed(state, severity),
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

/// What mentions have made of it.
fn changed(state: &str, severity: &str) -> String {
    match state {
        "opened" => format!("noticed: {severity}"),
        "escalated" => format!("more severe: {severity}"),
        "updated" => format!("worse, and still {severity}"),
        "resolved" => "over".to_owned(),
        other => format!("{other} ({severity})"),
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
