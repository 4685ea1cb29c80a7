//! What `replay --labels` says: for people, and for scripts.

use std::time::Duration;

use comfy_table::Cell;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::config::show_duration;
use crate::detect::Plan;
use crate::mention::Timestamp;
use crate::pipeline::{Found, JudgedWindow, Judgement, Tally};

use super::table::{moment, right, table};

/// What stands where there is no number.
const NONE: &str = "-";

/// Two tables, of windows and of brands, and the figures in words.
pub(super) fn text(judgement: &Judgement, plan: &Plan) -> String {
    let mut parts = vec![brands(judgement), figures(judgement, plan)];
    if !judgement.windows.is_empty() {
        parts.insert(0, windows(judgement, &plan.time_zone));
    }
    parts.join("\n\n")
}

fn windows(judgement: &Judgement, zone: &TimeZone) -> String {
    let mut table = table(vec!["brand", "labelled from", "to", "detected", "time to detect"]);
    for JudgedWindow { brand, window, found, partly } in &judgement.windows {
        let (mut detected, time) = match found {
            Found::Hit { detected_at, time_to_detect } => {
                (moment(*detected_at, zone), show_duration(*time_to_detect))
            }
            Found::Missed => ("missed".to_owned(), NONE.to_owned()),
            Found::Outside => ("not replayed".to_owned(), NONE.to_owned()),
        };
        if *partly {
            detected.push_str(" (partly replayed)");
        }
        table.add_row([
            brand,
            &moment(window.from, zone),
            &moment(window.to, zone),
            &detected,
            &time,
        ]);
    }
    table.trim_fmt()
}

fn brands(judgement: &Judgement) -> String {
    let mut table = table(vec![
        "brand",
        "windows",
        "hit",
        "incidents",
        "false",
        "early",
        "median time to detect",
    ]);
    let all = std::iter::once(("all", &judgement.total));
    let each = judgement.brands.iter().map(|(brand, tally)| (brand.as_str(), tally));
    for (name, tally) in each.chain(all) {
        table.add_row([
            Cell::new(name),
            right(tally.windows),
            right(tally.windows_hit),
            right(tally.incidents()),
            right(tally.false_pages),
            right(tally.early),
            right(told(tally.median_time_to_detect())),
        ]);
    }
    table.trim_fmt()
}

fn figures(judgement: &Judgement, plan: &Plan) -> String {
    let total = &judgement.total;
    let part = |share: Option<f64>| share.map_or(NONE.to_owned(), |it| format!("{it:.2}"));
    let rate = judgement.false_pages_per_week();
    let mut text = format!(
        "precision {} (hits {}, false {}), recall {} ({} of {} windows)\n\
         time to detect: median {}, worst {}\n\
         false pages per week: {} ({} in {:.2} weeks); the budget is {} for {}",
        part(total.precision()),
        total.hits,
        total.false_pages,
        part(total.recall()),
        total.windows_hit,
        total.windows,
        told(total.median_time_to_detect()),
        told(total.worst_time_to_detect()),
        part(rate),
        total.false_pages,
        judgement.weeks,
        plan.sensitivity.false_pages_per_week,
        if plan.brands.len() == 1 {
            "one brand".to_owned()
        } else {
            format!("all {} brands", plan.brands.len())
        },
    );
    let unlabelled = unlabelled(judgement, plan);
    if judgement.not_judged() > 0 || !unlabelled.is_empty() {
        text.push_str(&format!("\nincidents not judged: {}", judgement.not_judged()));
    }
    if !unlabelled.is_empty() {
        text.push_str(&format!("; without labels: {}", unlabelled.join(", ")));
    }
    text
}

fn told(time: Option<Duration>) -> String {
    time.map_or(NONE.to_owned(), show_duration)
}

fn unlabelled<'p>(judgement: &Judgement, plan: &'p Plan) -> Vec<&'p str> {
    let labelled = |name: &str| judgement.brands.iter().any(|(brand, _)| brand == name);
    plan.brands.iter().map(|brand| brand.name.as_str()).filter(|name| !labelled(name)).collect()
}

/// The line of `--json` that comes after the incidents.
pub(super) fn json<'j>(judgement: &'j Judgement, plan: &'j Plan) -> impl Serialize + 'j {
    Line {
        labels: Labels {
            total: Counts::of(&judgement.total),
            false_pages_per_week: judgement.false_pages_per_week(),
            false_pages_per_week_budget: plan.sensitivity.false_pages_per_week,
            weeks: judgement.weeks,
            not_judged: judgement.not_judged(),
            without_labels: unlabelled(judgement, plan),
            brands: judgement.brands.iter().map(Brand::of).collect(),
            windows: judgement.windows.iter().map(Window::of).collect(),
        },
    }
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    labels: Labels<'a>,
}

#[derive(Debug, Serialize)]
struct Labels<'a> {
    #[serde(flatten)]
    total: Counts,
    false_pages_per_week: Option<f64>,
    false_pages_per_week_budget: f64,
    weeks: f64,
    not_judged: u64,
    without_labels: Vec<&'a str>,
    brands: Vec<Brand<'a>>,
    windows: Vec<Window<'a>>,
}

/// Figures of one brand, or of all; `null` where there is nothing to divide by.
#[derive(Debug, Serialize)]
struct Counts {
    precision: Option<f64>,
    recall: Option<f64>,
    median_seconds_to_detect: Option<f64>,
    worst_seconds_to_detect: Option<f64>,
    windows: u64,
    windows_hit: u64,
    incidents: u64,
    hits: u64,
    early: u64,
    #[serde(rename = "false")]
    false_pages: u64,
}

impl Counts {
    fn of(tally: &Tally) -> Self {
        Self {
            precision: tally.precision(),
            recall: tally.recall(),
            median_seconds_to_detect: tally.median_time_to_detect().map(|it| it.as_secs_f64()),
            worst_seconds_to_detect: tally.worst_time_to_detect().map(|it| it.as_secs_f64()),
            windows: tally.windows,
            windows_hit: tally.windows_hit,
            incidents: tally.incidents(),
            hits: tally.hits,
            early: tally.early,
            false_pages: tally.false_pages,
        }
    }
}

#[derive(Debug, Serialize)]
struct Brand<'a> {
    brand: &'a str,
    #[serde(flatten)]
    counts: Counts,
}

impl<'a> Brand<'a> {
    fn of((brand, tally): &'a (String, Tally)) -> Self {
        Self { brand, counts: Counts::of(tally) }
    }
}

#[derive(Debug, Serialize)]
struct Window<'a> {
    brand: &'a str,
    from: Timestamp,
    to: Timestamp,
    found: &'static str,
    partly_replayed: bool,
    detected_at: Option<Timestamp>,
    seconds_to_detect: Option<f64>,
}

impl<'a> Window<'a> {
    fn of(judged: &'a JudgedWindow) -> Self {
        let (found, detected_at, time) = match judged.found {
            Found::Hit { detected_at, time_to_detect } => {
                ("hit", Some(detected_at), Some(time_to_detect.as_secs_f64()))
            }
            Found::Missed => ("missed", None, None),
            Found::Outside => ("not_replayed", None, None),
        };
        Self {
            brand: &judged.brand,
            from: judged.window.from,
            to: judged.window.to,
            found,
            partly_replayed: judged.partly,
            detected_at,
            seconds_to_detect: time,
        }
    }
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;
