//! `groundswell replay --report`: one page that needs nothing else, with the incidents that would have paged and
//! their charts.

use std::collections::BTreeMap;
use std::path::Path;

use askama::Template;
use uuid::Uuid;

use super::Failure;
use crate::desk::{chart_of, drawn_by};
use crate::detect::Plan;
use crate::http::{Drawn, sign, style};
use crate::incident::{Change, Incident, Measure, State};
use crate::mention::{BrandIndex, Timestamp};
use crate::notify::story::{Quote, Story};
use crate::pipeline::{Replayed, Verdict};
use crate::shard::{SeriesRange, Shard};

/// Incidents that have a chart; what comes after is told without.
const MOST_CHARTS: usize = 200;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// The calm that is shown before an incident.
const BEFORE: i64 = 6 * HOUR;
/// Points of a chart, about.
const POINTS: i64 = 200;

/// What is gathered while mentions pass.
pub struct Gathered {
    charts: BTreeMap<Uuid, Drawn>,
}

/// What the page shows.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'a str,
    told: String,
    lines: Vec<&'a str>,
    incidents: Vec<Told>,
    brands: Vec<Drawn>,
}

/// An incident, told.
struct Told {
    severity: &'static str,
    sign: &'static str,
    story: Story,
    verdict: Option<&'static str>,
    sources: Vec<String>,
    chart: Option<Drawn>,
    quotes: Vec<Quote>,
}

impl Gathered {
    pub const fn new() -> Self {
        Self { charts: BTreeMap::new() }
    }

    /// An incident has changed: at its end it is drawn, while the minutes of it are known.
    pub fn hear(&mut self, change: &Change, shard: &Shard, plan: &Plan) {
        if change.incident.state == State::Resolved {
            self.draw(&change.incident, shard, plan);
        }
    }

    /// Draws `incident` as `shard` now knows it.
    fn draw(&mut self, incident: &Incident, shard: &Shard, plan: &Plan) {
        let Some(brand) = index_of(&incident.brand, plan) else { return };
        let Some(until) = shard.watermark() else { return };
        if self.charts.len() >= MOST_CHARTS {
            return;
        }
        let from = incident.onset.plus_millis(-BEFORE);
        let range = range(from, until);
        let measure = drawn_by(incident);
        let points = shard.series(brand, measure, range);
        let chart = chart_of(&incident.brand, measure, range, &points, [incident], &plan.time_zone);
        self.charts.insert(incident.id, Drawn::of(&chart, &incident.id.to_string()));
    }

    /// Writes the page to `file`. `shard` is as it was at the end; `summary` says what was read, `verdicts`
    /// what the labels say of the incidents.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn write(
        mut self,
        file: &Path,
        (replayed, shard): (&Replayed, &Shard),
        summary: &str,
        verdicts: Option<&[Verdict]>,
        plan: &Plan,
    ) -> Result<(), Failure> {
        for incident in replayed.incidents.iter().filter(|it| it.state != State::Resolved) {
            self.draw(incident, shard, plan);
        }
        let brands = draw_brands(replayed, shard, plan);
        let incidents = replayed.incidents.iter().enumerate();
        let incidents = incidents.map(|(at, incident)| {
            let verdict = verdicts.and_then(|it| it.get(at)).map(|it| it.name());
            self.tell(incident, verdict, plan)
        });
        let mut lines = summary.lines().map(str::trim);
        let page = Page {
            told: lines.next().unwrap_or_default().to_owned(),
            lines: lines.collect(),
            style: style(),
            incidents: incidents.collect(),
            brands,
        };
        let html = page.render().map_err(Failure::other)?;
        std::fs::write(file, html).map_err(|error| {
            Failure::other(format_args!(
                "cannot write the report to {}: {error}; name a file in a folder that is there and may \
                 be written to",
                file.display()
            ))
        })
    }

    fn tell(&mut self, incident: &Incident, verdict: Option<&'static str>, plan: &Plan) -> Told {
        let mut opened = incident.clone();
        // The headline says what it was, not that it is over.
        if opened.state == State::Resolved {
            opened.state = State::Opened;
        }
        let change = Change { id: Uuid::nil(), sequence: 0, incident: opened };
        let mut story = Story::of(&change, &plan.time_zone);
        Told {
            severity: incident.severity.name(),
            sign: sign(incident.severity),
            verdict,
            sources: story.carriers.lines(),
            quotes: std::mem::take(&mut story.quotes),
            story,
            chart: self.charts.remove(&incident.id),
        }
    }
}

/// Every brand's mentions over all of it, with its incidents.
fn draw_brands(replayed: &Replayed, shard: &Shard, plan: &Plan) -> Vec<Drawn> {
    let Some((from, until)) = replayed.span else { return Vec::new() };
    let range = SeriesRange { from, until, step: std::time::Duration::from_secs(3_600) };
    let brands = plan.brands.iter().enumerate().take(MOST_CHARTS);
    let drawn = brands.map(|(at, brand)| {
        let index = BrandIndex(u32::try_from(at).unwrap_or(u32::MAX));
        let points = shard.series(index, Measure::Mentions, range);
        let of_it = replayed.incidents.iter().filter(|it| it.brand == brand.name);
        let zone = &plan.time_zone;
        let chart = chart_of(&brand.name, Measure::Mentions, range, &points, of_it, zone);
        Drawn::of(&chart, &format!("brand-{at}"))
    });
    drawn.collect()
}

/// Whole minutes from `from` to `until`, about [`POINTS`] of them.
fn range(from: Timestamp, until: Timestamp) -> SeriesRange {
    let minutes = (until.millis_since(from) / MINUTE / POINTS).max(1);
    let steps = [1, 5, 15, 60].into_iter().find(|step| *step >= minutes).unwrap_or(60);
    SeriesRange { from, until, step: std::time::Duration::from_secs(60 * steps as u64) }
}

fn index_of(brand: &str, plan: &Plan) -> Option<BrandIndex> {
    let at = plan.brands.iter().position(|it| it.name == brand)?;
    u32::try_from(at).ok().map(BrandIndex)
}
