//! A post that is worth telling by itself, whatever the windows show.

use std::collections::VecDeque;

use crate::attribute::sample;
use crate::detect::{alone_severity, weight};
use crate::incident::{Change, Direction, Incident, Measure, Sample, Severity, Signal, Subject};
use crate::mention::{Classified, Timestamp};
use crate::window::Pane;

use super::brand::{BrandState, Tick};
use super::since::SinceOnset;

/// The monitor's name in the incident of a single mention.
const SINGLE: &str = "single-mention";
/// How long an author's further severe mentions are no news.
const AUTHOR_MS: i64 = 86_400_000;
/// Authors remembered for it, a brand; beyond that the one heard longest ago is forgotten.
const AUTHORS: usize = 64;

/// A post, and why it is told.
#[derive(Debug)]
pub(super) struct Post {
    pub signal: Signal,
    pub severity: Severity,
    pub onset: Timestamp,
    pub sample: Sample,
}

/// Who has been heard of within the last day.
#[derive(Debug, Default)]
pub(super) struct Heard {
    authors: VecDeque<(Timestamp, String)>,
}

impl Heard {
    /// Whether `author` has been heard of within a day before `at`. An author nobody knows never
    /// has.
    fn again(&mut self, author: Option<&str>, at: Timestamp) -> bool {
        self.authors.retain(|known| at.millis_since(known.0) < AUTHOR_MS);
        let Some(author) = author else { return false };
        if self.authors.iter().any(|known| known.1 == author) {
            return true;
        }
        if self.authors.len() == AUTHORS {
            self.authors.pop_front();
        }
        self.authors.push_back((at, author.to_owned()));
        false
    }
}

impl BrandState {
    /// Judges a mention by itself, at once. While an incident is open there is never more
    /// than one page, and one lasts for `resolve_after` at least: that bounds the pages, because a
    /// budget of false ones cannot be computed for what has no baseline.
    pub(super) fn judge_alone(
        &mut self,
        tick: &Tick<'_>,
        classified: &Classified<'_>,
        changes: &mut Vec<Change>,
    ) {
        let Some(min_audience) = tick.plan.sensitivity.min_audience else { return };
        let Some(severity) = alone_severity(weight(classified), min_audience) else { return };
        // Nothing is told before the panes that are closed already.
        let at = classified.mention.created_at.max(tick.at);
        let sample = sample(classified);
        if self.heard.again(sample.author.as_deref(), at) {
            self.case_mut(Direction::Up).tracker.disturb();
            return;
        }
        let signal = Signal {
            monitor: SINGLE.to_owned(),
            measure: Measure::Audience,
            direction: Direction::Up,
            window_seconds: 0,
            at,
            observed: sample.audience as f64,
            expected: 0.0,
            lower: 0.0,
            upper: min_audience,
            z: 0.0,
        };
        let onset = classified.mention.created_at;
        self.tell(tick, Post { signal, severity, onset, sample }, changes);
    }

    /// Tells a post: opens an incident of it, or shows it in the one that is open.
    pub(super) fn tell(&mut self, tick: &Tick<'_>, post: Post, changes: &mut Vec<Change>) {
        let side = Direction::Up;
        let Post { signal, severity, onset, sample } = post;
        let case = self.case_mut(side);
        case.post = Some(sample);
        if case.tracker.incident().is_some() {
            case.tracker.observe(std::slice::from_ref(&signal));
            case.tracker.disturb();
            let Some(incident) = self.case(side).tracker.incident() else { return };
            let evidence = self.evidence(tick, side, incident);
            let tracker = &mut self.case_mut(side).tracker;
            match tracker.escalate(signal.at, severity, evidence.clone()) {
                Some(change) => changes.push(change),
                None => tracker.refresh(evidence),
            }
            return;
        }
        let from = tick.watch.pane_of(onset);
        let subject = (Subject::Brand, self.brand.name.as_str(), self.brand.market.as_deref());
        let mut incident = Incident::open(subject, &signal, std::slice::from_ref(&signal), onset);
        incident.severity = severity;
        let watched = tick.exposure.slots_between(from, tick.end).count() as Pane;
        self.case_mut(side).since_onset = SinceOnset::new(from, &self.counters, watched);
        let mut evidence = self.evidence(tick, side, &incident);
        // Its pane is not closed yet, and it is there.
        evidence.mentions = evidence.mentions.max(1);
        incident.show(evidence);
        changes.push(self.begin(tick, side, incident, from));
    }
}
