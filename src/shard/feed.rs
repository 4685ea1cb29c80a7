//! A dead feed told apart from quiet brands.

use std::f64::consts::LN_2;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::baseline::{Baseline, Bucket, Expected, Learnt, Scale, Shape, Slot, tail};
use crate::detect::{BuiltIn, Plan};
use crate::incident::{
    Change, Direction, Evidence, Incident, Measure, Severity, Signal, Subject, Tracker,
};
use crate::window::{Pane, SlidingCounter};

use super::brand::{TYPICAL_Z, Tick};
use super::watch::Watch;

/// Feeds deliver in batches: a shorter silence is never held against one.
const LEAST_SILENCE_MS: i64 = 10 * 60_000;
/// A feed of so few mentions that a week of silence is no surprise is dead after a week all the same.
const DEAD_AFTER_MS: i64 = 7 * 86_400_000;

/// What a feed is expected to hold that falls silent before anything is known of it.
const NOTHING_KNOWN: Expected = Expected::count(0.0, 0.0);

/// Everything that arrives in one partition, for whatever brand or none.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Feed {
    #[serde(skip)]
    name: String,
    mentions: SlidingCounter,
    baseline: Baseline,
    /// Index of the window whose restlessness is taken for that of a silence.
    #[serde(skip)]
    hour: usize,
    tracker: Tracker,
    /// The first of the hours, in hours since the Unix epoch, that have lain above the typical band
    /// ever since.
    risen_since: Option<i64>,
    /// Whether a mention has come since the last tick, into whatever pane.
    arrived: bool,
    /// Whether mentions have come again, while the incident is open.
    back: bool,
}

impl Feed {
    pub(super) fn new(name: &str, plan: &Plan, watch: &Watch, end: Pane) -> Self {
        let hour = watch.durations.iter().position(|duration| duration.as_secs() >= 3_600);
        Self {
            name: name.to_owned(),
            mentions: SlidingCounter::new(end, &watch.windows, watch.retained, watch.ahead),
            baseline: baseline(plan, watch),
            hour: hour.unwrap_or(0),
            tracker: Tracker::default(),
            risen_since: None,
            arrived: false,
            back: false,
        }
    }

    /// What is typical of it, which is saved beside the rest.
    pub(super) const fn learnt(&self) -> &Learnt {
        self.baseline.learnt()
    }

    /// Whether that has changed since this was last asked.
    pub(super) const fn has_learnt(&mut self) -> bool {
        self.baseline.has_learnt()
    }

    /// The feed that this, saved without what it has `learnt`, was, with the settings of `fresh`;
    /// `None` when it cannot have been one.
    pub(super) fn resume(self, learnt: Learnt, fresh: Self) -> Option<Self> {
        let mentions = self.mentions.resume(&fresh.mentions)?;
        let baseline = self.baseline.resume(learnt, &fresh.baseline)?;
        Some(Self { name: fresh.name, hour: fresh.hour, mentions, baseline, ..self })
    }

    /// Forgets that it was saved.
    #[cfg(test)]
    pub(super) const fn unsave(&mut self) {
        self.baseline.unsave();
    }

    /// Where its panes are.
    pub(super) const fn end(&self) -> Pane {
        self.mentions.end()
    }

    /// Counts a mention. Returns `false` when its pane is no longer held.
    pub(super) fn count(&mut self, pane: Pane) -> bool {
        let counted = self.mentions.add(pane, 1);
        self.arrived |= counted;
        counted
    }

    /// Mentions in the first open pane, which is about to close.
    pub(super) fn closing(&self) -> u64 {
        u64::from(self.mentions.get(self.mentions.end()))
    }

    /// Whether nothing is left in any window.
    pub(super) fn is_empty(&self) -> bool {
        self.mentions.is_empty()
    }

    pub(super) fn incident(&self) -> Option<&Incident> {
        self.tracker.incident()
    }

    pub(super) fn latest(&self) -> Option<Change> {
        self.tracker.latest()
    }

    pub(super) fn has_rhythm_before(&self, hour: i64) -> bool {
        self.baseline.has_rhythm_before(hour)
    }

    pub(super) fn close(&mut self) {
        self.mentions.close();
    }

    /// Judges the silence that `exposure` shows; `calm` says that no brand has an open incident.
    /// Returns whether the feed is dead.
    pub(super) fn tick(&mut self, tick: &Tick<'_>, calm: bool, changes: &mut Vec<Change>) -> bool {
        let arrived = std::mem::take(&mut self.arrived);
        if self.tracker.incident().is_some() {
            // One mention that gets through ends no outage: a silence too long to be chance may
            // follow at once.
            self.back = arrived || self.back && self.silence(tick).is_none();
            if self.tracker.settle(tick.at, self.back, tick.plan.sensitivity.resolve_after) {
                changes.extend(self.tracker.resolve(tick.at, self.evidence(tick)));
            }
            return !self.back;
        }
        if calm {
            self.settle(tick);
        }
        let Some(signal) = self.silence(tick) else {
            return false;
        };
        let onset = tick.watch.start_of(tick.end - tick.exposure.silent() as Pane);
        let mut incident = Incident::open(
            (Subject::Feed, &self.name, None),
            &signal,
            std::slice::from_ref(&signal),
            onset,
        );
        incident.severity = Severity::Warning;
        changes.push(self.tracker.open(incident));
        self.back = false;
        true
    }

    /// Learns the hour of `panes`, which lay in `slot`, unless it lies above the typical band: that
    /// is some brand's crisis, and taught as usual it would make a silence of every quiet night. A
    /// rise that lasts is the new level.
    pub(super) fn learn(&mut self, panes: Range<Pane>, slot: Slot, tick: &Tick<'_>) {
        let hour = tick.watch.hour_of(panes.start);
        let count = self.mentions.sum_between(panes.start, panes.end) as f64;
        let part = tick.exposure.hour(panes, slot);
        let held = self.baseline.has_rhythm_before(hour)
            && self
                .baseline
                .expect(self.hour, &[part])
                .is_some_and(|expected| expected.z(count) > TYPICAL_Z);
        self.baseline.learn(Bucket::new(hour, part, count, held));
        if !held {
            self.risen_since = None;
            return;
        }
        let since = *self.risen_since.get_or_insert(hour);
        let lasting = tick.plan.baseline.level_shift_after.as_secs() / 3_600;
        if u64::try_from(hour - since).is_ok_and(|hours| hours >= lasting) {
            self.baseline.accept_level_since(since);
            self.risen_since = None;
        }
    }

    /// Forgets what is typical.
    pub(super) fn relearn(&mut self, plan: &Plan, watch: &Watch) {
        self.baseline = baseline(plan, watch);
        self.risen_since = None;
    }

    pub(super) fn reset_to(&mut self, end: Pane) {
        self.mentions.reset_to(end);
    }

    /// Learns how restless hours are while no brand has an incident: a crisis is no restlessness of
    /// the feed that would excuse a silence.
    fn settle(&mut self, tick: &Tick<'_>) {
        let panes = tick.watch.windows[self.hour];
        let shape = &tick.shapes[self.hour];
        if tick.end.rem_euclid(panes as Pane) == 0
            && tick.is_watched(self.hour)
            && let Some(expected) = self.baseline.expect(self.hour, shape)
        {
            let hour = tick.watch.hour_of(tick.end - 1);
            self.baseline.settle(self.hour, hour, &expected, self.mentions.sum(self.hour) as f64);
        }
    }

    /// The signal of a silence too long to be chance.
    fn silence(&self, tick: &Tick<'_>) -> Option<Signal> {
        let silent = tick.exposure.silent();
        if silent == 0 {
            return None;
        }
        let silent_ms = silent as i64 * tick.watch.pane_ms;
        let shape = tick.exposure.silent_shape();
        let known = self.baseline.expect(self.hour, &shape);
        let z = self.z_of_nothing(&shape);
        let surprising = known.is_some_and(|expected| {
            silent_ms >= LEAST_SILENCE_MS
                && expected.mean >= tick.plan.sensitivity.min_excess
                && z <= -tick.watch.feed_z_limit
        });
        if !surprising && silent_ms < DEAD_AFTER_MS {
            return None;
        }
        let expected = known.unwrap_or(NOTHING_KNOWN);
        let (lower, upper) = expected.band(TYPICAL_Z);
        Some(Signal {
            monitor: BuiltIn::FeedSilent.name().to_owned(),
            measure: Measure::Mentions,
            direction: Direction::Down,
            window_seconds: u64::try_from(silent_ms / 1_000).unwrap_or(0),
            at: tick.at,
            observed: 0.0,
            expected: expected.mean,
            lower,
            upper,
            z,
            return_days: None,
        })
    }

    /// z of a silence in the panes of `shape`. Each hour is restless by itself: were one draw of the
    /// rate to hold for all of them, no silence of a restless feed would ever be long enough.
    fn z_of_nothing(&self, shape: &Shape) -> f64 {
        let hours = shape.iter().filter_map(|&part| self.baseline.expect(self.hour, &[part]));
        let ln_p: f64 = hours.map(|expected| expected.ln_nothing()).sum();
        -tail::z_of_upper_tail(ln_p - LN_2)
    }

    fn evidence(&self, tick: &Tick<'_>) -> Evidence {
        let onset = self.tracker.incident().map(|incident| tick.watch.pane_of(incident.onset));
        let mentions = onset.map_or(0, |from| self.mentions.sum_between(from, tick.end));
        Evidence { mentions, ..Evidence::default() }
    }
}

/// A baseline that knows nothing.
fn baseline(plan: &Plan, watch: &Watch) -> Baseline {
    Baseline::new(Scale::Count, &plan.baseline, plan.time.pane, &watch.durations)
}
