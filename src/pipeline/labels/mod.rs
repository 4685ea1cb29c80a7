//! What a replay finds, judged by what is known to have happened.
//!
//! The known is a set of labelled windows `[from, to)` of event time for each brand. Two rules:
//!
//! - An incident **hits** a window of its brand if it was *detected* in it.
//! - An incident that was detected before a window and is still open when the window begins is
//!   **early**: neither a hit nor false. It cannot have been raised by what the window labels, so it
//!   earns nothing (a detector that is always on hits nothing); and who labels may have begun late, so
//!   it costs nothing.
//!
//! Every other incident of a brand that the labels name is **false**. From these:
//!
//! - precision = hits / (hits + false), incidents;
//! - recall = windows hit / windows;
//! - time to detect = from a window's begin to the first detection in it;
//! - false pages per week = false incidents of all labelled brands / weeks replayed.
//!
//! So a window counts once however often it is hit, and every incident counts once however long it
//! lasts. Tatbul et al., *Precision and Recall for Time Series* (NeurIPS 2018), weigh the overlap of
//! ranges instead; people are woken by the detection, not by the overlap. To credit a whole window
//! row by row for one hit in it ("point adjustment") flatters any detector, even a random one: Kim et
//! al., *Towards a Rigorous Evaluation of Time-Series Anomaly Detection* (AAAI 2022).

mod file;

use std::collections::BTreeMap;
use std::time::Duration;

pub use file::LabelsError;

use crate::incident::{Incident, Subject};
use crate::mention::Timestamp;

const WEEK_MILLIS: f64 = 604_800_000.0;

/// A stretch of event time in which something is known to have happened to a brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelledWindow {
    /// Its begin, in the window: when a person could first have seen something.
    pub from: Timestamp,
    /// Its end, no more in the window.
    pub to: Timestamp,
}

/// The labelled windows of each brand that is judged, in order, without overlap. A brand without
/// windows is one to which nothing happened; a brand that is not there is not judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    brands: BTreeMap<String, Vec<LabelledWindow>>,
}

/// What an incident is, by the labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Detected in a window.
    Hit,
    /// Detected before a window and still open when it began.
    Early,
    /// Neither: a false page.
    False,
    /// Of a brand that is not labelled, or of the feed.
    NotJudged,
}

impl Verdict {
    /// `hit`, `early`, `false` or `not judged`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Early => "early",
            Self::False => "false",
            Self::NotJudged => "not judged",
        }
    }
}

/// What became of a labelled window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// An incident was detected in it.
    Hit {
        /// The first such detection.
        detected_at: Timestamp,
        /// From the window's begin to that detection.
        time_to_detect: Duration,
    },
    /// No incident was detected in it.
    Missed,
    /// It lies outside of what was replayed, and does not count.
    Outside,
}

/// A labelled window with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedWindow {
    /// Whose it is.
    pub brand: String,
    /// As it was labelled.
    pub window: LabelledWindow,
    /// What became of it.
    pub found: Found,
    /// Whether only a part of it was replayed: it is judged by that part, and its time to detect
    /// begins with the replay.
    pub partly: bool,
}

/// Incidents and windows of one brand, or of all, counted. Windows outside of what was replayed and
/// incidents that are not judged are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Labelled windows.
    pub windows: u64,
    /// Windows that an incident hit.
    pub windows_hit: u64,
    /// Incidents that hit a window.
    pub hits: u64,
    /// Incidents that were open when a window began, and hit none.
    pub early: u64,
    /// Incidents that are false pages.
    pub false_pages: u64,
    /// Times to detect of the windows hit, ascending.
    times: Vec<Duration>,
}

/// What the labels say of a replay.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judgement {
    /// Verdicts on the incidents, in their order.
    pub verdicts: Vec<Verdict>,
    /// Every labelled window, by brand and time.
    pub windows: Vec<JudgedWindow>,
    /// Every labelled brand, by name.
    pub brands: Vec<(String, Tally)>,
    /// All labelled brands together.
    pub total: Tally,
    /// Weeks replayed: from the first mention counted to the last.
    pub weeks: f64,
}

/// Judges `incidents`, found in `span` (event time of the first and the last mention counted; `None`:
/// nothing was), by `labels`. The order of incidents is of no consequence.
pub fn judge(
    labels: &Labels,
    incidents: &[Incident],
    span: Option<(Timestamp, Timestamp)>,
) -> Judgement {
    let mut judgement = Judgement {
        verdicts: incidents.iter().map(|incident| labels.verdict(incident, span)).collect(),
        weeks: span.map_or(0.0, |(from, to)| to.millis_since(from) as f64 / WEEK_MILLIS),
        ..Judgement::default()
    };
    for (brand, windows) in &labels.brands {
        let own: Vec<usize> =
            (0..incidents.len()).filter(|&i| is_of(&incidents[i], brand)).collect();
        let mut tally = Tally::default();
        own.iter().for_each(|&i| tally.add_incident(judgement.verdicts[i]));
        for window in windows {
            let detections = own.iter().map(|&i| incidents[i].detected_at);
            let judged = window.judged(brand, detections, span);
            tally.add_window(judged.found);
            judgement.windows.push(judged);
        }
        judgement.total.merge(&tally);
        judgement.brands.push((brand.clone(), tally));
    }
    judgement
}

fn is_of(incident: &Incident, brand: &str) -> bool {
    incident.subject == Subject::Brand && incident.brand == brand
}

impl Labels {
    fn verdict(&self, incident: &Incident, span: Option<(Timestamp, Timestamp)>) -> Verdict {
        let own = self.brands.get(&incident.brand).filter(|_| is_of(incident, &incident.brand));
        let Some(windows) = own else { return Verdict::NotJudged };
        let was_open = |window: &LabelledWindow| {
            incident.detected_at < window.from
                && incident.resolved_at.is_none_or(|at| at > window.from)
                && span.is_some_and(|span| window.overlaps(span))
        };
        if windows.iter().any(|window| window.holds(incident.detected_at)) {
            Verdict::Hit
        } else if windows.iter().any(was_open) {
            Verdict::Early
        } else {
            Verdict::False
        }
    }
}

impl LabelledWindow {
    fn holds(self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn overlaps(self, (first, last): (Timestamp, Timestamp)) -> bool {
        self.from <= last && self.to > first
    }

    fn judged(
        self,
        brand: &str,
        detections: impl Iterator<Item = Timestamp>,
        span: Option<(Timestamp, Timestamp)>,
    ) -> JudgedWindow {
        let seen = span.filter(|&span| self.overlaps(span));
        let begin = seen.map_or(self.from, |(first, _)| self.from.max(first));
        let found = match detections.filter(|&at| self.holds(at)).min() {
            Some(detected_at) => {
                let waited = u64::try_from(detected_at.millis_since(begin)).unwrap_or(0);
                Found::Hit { detected_at, time_to_detect: Duration::from_millis(waited) }
            }
            None if seen.is_some() => Found::Missed,
            None => Found::Outside,
        };
        let partly = seen.is_some_and(|(first, last)| self.from < first || self.to > last);
        JudgedWindow { brand: brand.to_owned(), window: self, found, partly }
    }
}

impl Tally {
    fn add_incident(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Hit => self.hits += 1,
            Verdict::Early => self.early += 1,
            Verdict::False => self.false_pages += 1,
            Verdict::NotJudged => {}
        }
    }

    fn add_window(&mut self, found: Found) {
        self.windows += u64::from(found != Found::Outside);
        if let Found::Hit { time_to_detect, .. } = found {
            self.windows_hit += 1;
            self.times.push(time_to_detect);
            self.times.sort_unstable();
        }
    }

    fn merge(&mut self, other: &Self) {
        self.windows += other.windows;
        self.windows_hit += other.windows_hit;
        self.hits += other.hits;
        self.early += other.early;
        self.false_pages += other.false_pages;
        self.times.extend(&other.times);
        self.times.sort_unstable();
    }

    /// Incidents judged: hits, early and false ones.
    pub const fn incidents(&self) -> u64 {
        self.hits + self.early + self.false_pages
    }

    /// The part of the incidents that hit a window, 0..=1, early ones left out; `None` without any.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.hits, self.hits + self.false_pages)
    }

    /// The part of the windows that were hit, 0..=1; `None` without any.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.windows_hit, self.windows)
    }

    /// The median time to detect of the windows hit; of an even number, the mean of the middle two.
    pub fn median_time_to_detect(&self) -> Option<Duration> {
        let upper = *self.times.get(self.times.len() / 2)?;
        let lower = *self.times.get((self.times.len() - 1) / 2)?;
        Some((lower + upper) / 2)
    }

    /// The longest time to detect of the windows hit.
    pub fn worst_time_to_detect(&self) -> Option<Duration> {
        self.times.last().copied()
    }
}

impl Judgement {
    /// False pages of all labelled brands together, per week replayed; `None` when no time passed.
    pub fn false_pages_per_week(&self) -> Option<f64> {
        (self.weeks > 0.0).then(|| self.total.false_pages as f64 / self.weeks)
    }

    /// Incidents that are not judged.
    pub fn not_judged(&self) -> u64 {
        self.verdicts.iter().filter(|&&it| it == Verdict::NotJudged).count() as u64
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests;
