//! One brand within one partition: its counts, what is typical for it, its open incident.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::attribute::Attribution;
use crate::baseline::{Baseline, Bucket, Learnt, Part, Shape, Slot};
use crate::detect::{
    Brand, BuiltIn, Feedback, Mark, Plan, Reading, Record, Tally, Trigger, Verdict, in_units,
    is_follow,
};
use crate::incident::{Change, Direction, Incident, Signal};
use crate::mention::{Classified, Timestamp};
use crate::window::{Pane, SlidingCounter};

use super::activation::Topics;
use super::advocates::Community;
use super::case::{Case, Resolved};
use super::exposure::Exposure;
use super::post::Posts;
use super::since::Counts;
use super::watch::{Check, Limits, Watch};

/// Mentions come first, among what is counted ([`Watch::tallies`]) and what is read of it
/// ([`Watch::measures`]).
pub(super) const MENTIONS: usize = 0;
/// The typical band shown to people: 19 of 20 windows lie inside.
pub(super) const TYPICAL_Z: f64 = 2.0;

/// A tick: the panes before `end` are closed.
pub(super) struct Tick<'a> {
    pub plan: &'a Plan,
    pub watch: &'a Watch,
    pub exposure: &'a Exposure,
    /// Shapes of [`Watch::windows`].
    pub shapes: &'a [Shape],
    pub end: Pane,
    pub at: Timestamp,
    /// Whether nothing is known of any brand now.
    pub feed_dead: bool,
}

impl<'a> Tick<'a> {
    /// The moment `at`, in the pane that is open since those before `end` have been closed: nothing
    /// is read of windows. What is older comes now.
    pub(super) fn between(
        plan: &'a Plan,
        watch: &'a Watch,
        exposure: &'a Exposure,
        end: Pane,
        at: Timestamp,
    ) -> Self {
        let at = at.max(watch.start_of(end));
        Self { plan, watch, exposure, shapes: &[], end, at, feed_dead: false }
    }

    /// How much of the open pane has passed.
    pub(super) fn open_part(&self) -> f64 {
        let passed = self.at.millis_since(self.watch.start_of(self.end));
        (passed as f64 / self.watch.pane_ms as f64).clamp(0.0, 1.0)
    }

    /// Whether the feed was alive through (nearly) the whole of the window.
    pub(super) fn is_watched(&self, window: usize) -> bool {
        let watched: f64 = self.shapes[window].iter().map(|part| part.exposure).sum();
        watched >= 0.9 * self.watch.windows[window] as f64
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BrandState {
    #[serde(skip)]
    pub(super) brand: Brand,
    /// In the order of [`Watch::tallies`].
    pub(super) counters: Vec<SlidingCounter>,
    /// Whether there has ever been any, in the order of [`Watch::tallies`].
    has: Vec<bool>,
    /// How much else there was to watch when the limits were last set.
    others: usize,
    /// In the order of [`Watch::measures`], that of mentions first.
    pub(super) baselines: Vec<Baseline>,
    #[serde(skip)]
    pub(super) limits: Limits,
    /// In the order of [`Watch::checks`].
    triggers: Vec<Trigger>,
    /// In the order of [`Watch::checks`].
    pub(super) records: Vec<Record>,
    /// In the order of [`Watch::checks`]: what people have said of the monitor's incidents.
    feedback: Vec<Feedback>,
    pub(super) attribution: Attribution,
    pub(super) posts: Posts,
    pub(super) topics: Topics,
    pub(super) community: Community,
    /// By side: a fall and a rise of the same brand are two things to tell.
    pub(super) cases: [Case; 2],
    /// By measure: hours of incidents, which are kept but not learnt from.
    pub(super) held: Vec<Vec<Range<i64>>>,
    /// By measure, then window; what the last tick read.
    readings: Vec<Option<Reading>>,
    /// Whether anything may have changed since it was last saved.
    #[serde(skip)]
    pub(super) changed: bool,
    /// Whether its past is not known, and must be read again: until then it is not saved.
    #[serde(skip)]
    pub(super) missing: bool,
}

impl BrandState {
    pub(super) fn new(brand: Brand, plan: &Plan, watch: &Watch, end: Pane) -> Self {
        let counter = SlidingCounter::new(end, &watch.windows, watch.retained, watch.ahead);
        let has: Vec<bool> = watch.tallies.iter().map(|tally| tally.is_universal()).collect();
        Self {
            brand,
            limits: watch.limits(&has, 0),
            has,
            others: 0,
            counters: vec![counter; watch.tallies.len()],
            baselines: baselines(plan, watch),
            triggers: vec![Trigger::default(); watch.checks.len()],
            records: vec![Record::default(); watch.checks.len()],
            feedback: vec![Feedback::default(); watch.checks.len()],
            attribution: Attribution::new(watch.panes_per_day, watch.explained.len()),
            posts: Posts::new(plan.sensitivity.min_post_shares),
            topics: Topics::default(),
            community: Community::default(),
            cases: Default::default(),
            held: vec![Vec::new(); watch.measures.len()],
            readings: vec![None; watch.measures.len() * watch.windows.len()],
            changed: true,
            missing: false,
        }
    }

    /// Where its panes are.
    pub(super) fn end(&self) -> Option<Pane> {
        self.counters.first().map(SlidingCounter::end)
    }

    /// The brand that this, saved without what its baselines have `learnt`, was, with the settings of
    /// `fresh` and its `attribution` made whole; `None` when it cannot have been one.
    pub(super) fn resume(
        self,
        fresh: &Self,
        learnt: Vec<Learnt>,
        attribution: Attribution,
        watch: &Watch,
    ) -> Option<Self> {
        let counters = self.counters.iter().zip(&fresh.counters);
        let counters = counters.map(|(it, fresh)| it.resume(fresh)).collect::<Option<Vec<_>>>()?;
        let baselines = self.baselines.into_iter().zip(learnt).zip(&fresh.baselines);
        let baselines = baselines.map(|((it, learnt), fresh)| it.resume(learnt, fresh));
        let mut resumed = Self {
            brand: fresh.brand.clone(),
            posts: self.posts.resume(&fresh.posts)?,
            baselines: baselines.collect::<Option<Vec<_>>>()?,
            counters,
            attribution,
            changed: false,
            missing: false,
            ..self
        };
        let checks = watch.checks.len();
        let is_sound = resumed.counters.len() == watch.tallies.len()
            && resumed.counters.iter().all(|it| Some(it.end()) == fresh.end())
            && resumed.has.len() == watch.tallies.len()
            && resumed.baselines.len() == watch.measures.len()
            && resumed.held.len() == watch.measures.len()
            && resumed.readings.len() == fresh.readings.len()
            && resumed.triggers.len() == checks
            && resumed.records.len() == checks
            && resumed.feedback.len() == checks;
        if !is_sound {
            return None;
        }
        resumed.limits = watch.limits(&resumed.has, resumed.others);
        Some(resumed)
    }

    /// Counts a mention.
    pub(super) fn count(&mut self, watch: &Watch, pane: Pane, classified: &Classified<'_>) {
        self.changed = true;
        let (mut taken, mut first) = (true, false);
        let counters = self.counters.iter_mut().zip(&mut self.has);
        for (tally, (counter, has)) in watch.tallies.iter().zip(counters) {
            let count = tally.adds(classified);
            taken &= counter.add(pane, count);
            first |= count > 0 && !std::mem::replace(has, *has || count > 0);
        }
        if first {
            self.set_limits(watch);
        }
        if taken {
            let counts = Tally::ALWAYS.map(|tally| u64::from(tally.adds(classified)));
            self.count_late(pane, counts);
            if !is_follow(classified) {
                self.attribution.observe(pane, classified, watch.counted(classified));
            }
        }
    }

    /// Divides the budget over what there is of this brand.
    pub(super) fn set_limits(&mut self, watch: &Watch) {
        let others = [self.posts.are_shared(), self.topics.len() > 0, self.community.has_any()];
        self.others = others.into_iter().filter(|&it| it).count();
        self.limits = watch.limits(&self.has, self.others);
    }

    /// Takes what somebody said of an incident; returns whether such a monitor is watched.
    pub(super) fn mark(&mut self, watch: &Watch, mark: &Mark) -> bool {
        self.changed = true;
        let of_its_own = match BuiltIn::named(&mark.monitor) {
            Some(BuiltIn::PostVelocity) => Some(&mut self.posts.feedback),
            Some(BuiltIn::Activation) => Some(&mut self.topics.feedback),
            Some(BuiltIn::AdvocatesQuiet) => Some(&mut self.community.feedback),
            Some(BuiltIn::SingleMention | BuiltIn::FeedSilent) | None => None,
        };
        let checks = watch.checks.iter().zip(&mut self.feedback);
        let of_checks = checks.filter(|(check, _)| check.monitor == mark.monitor);
        let marked = of_checks.map(|(_, feedback)| feedback).chain(of_its_own);
        marked.map(|feedback| feedback.take(mark.verdict, mark.at)).count() > 0
    }

    /// Counts mentions of which nothing more is known.
    pub(super) fn tally(&mut self, pane: Pane, count: u32) {
        self.changed = true;
        if self.counters[MENTIONS].add(pane, count) {
            self.count_late(pane, [u64::from(count), 0, 0]);
        }
    }

    /// What comes into a pane already closed counts for the open incidents; a pane that closes is
    /// counted then.
    fn count_late(&mut self, pane: Pane, counts: Counts) {
        if pane < self.counters[MENTIONS].end() {
            self.cases.iter_mut().for_each(|case| case.since_onset.late(pane, counts));
        }
    }

    /// Closes a pane and says what that changes for people.
    pub(super) fn tick(&mut self, tick: &Tick<'_>, changes: &mut Vec<Change>) {
        self.changed = true;
        self.counters.iter_mut().for_each(SlidingCounter::close);
        let Self { counters, cases, .. } = self;
        cases.iter_mut().for_each(|case| case.since_onset.close(counters, tick.feed_dead));
        if !tick.feed_dead {
            self.posts.close(tick.watch.panes_per_day);
            self.topics.close(tick.watch.panes_per_day);
        }
        self.read(tick);
        for (side, Swing { signals, fired }) in Direction::ALL.into_iter().zip(self.swings(tick)) {
            if self.case(side).tracker.incident().is_some() {
                self.follow(tick, side, &signals, changes);
            } else if let Some(leading) = fired {
                changes.push(self.open(tick, side, &signals, &leading));
            }
        }
        self.judge_advocates(tick, changes);
        self.settle(tick);
    }

    /// Learns the hour of `panes`, which lay in `slot`.
    pub(super) fn learn(&mut self, panes: Range<Pane>, slot: Slot, tick: &Tick<'_>) {
        let hour = tick.watch.hour_of(panes.start);
        let counted = |tally: usize| {
            let counter: &SlidingCounter = &self.counters[tally];
            counter.sum_between(panes.start, panes.end) as f64
        };
        let alive = tick.exposure.hour(panes.clone(), slot);
        let series = self.baselines.iter_mut().zip(&self.held);
        for (watched, (baseline, held)) in tick.watch.measures.iter().zip(series) {
            let count = counted(watched.count) * watched.worth;
            let part = watched.of.map_or(alive, |of| Part::even(slot, counted(of)));
            let held = held.iter().any(|span| span.contains(&hour));
            baseline.learn(Bucket::new(hour, part, count, held));
        }
    }

    /// Forgets what is typical.
    pub(super) fn relearn(&mut self, plan: &Plan, watch: &Watch) {
        self.baselines = baselines(plan, watch);
        self.held.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn reset_to(&mut self, end: Pane) {
        self.changed = true;
        self.counters.iter_mut().for_each(|counter| counter.reset_to(end));
    }

    pub(super) fn case(&self, side: Direction) -> &Case {
        &self.cases[side as usize]
    }

    pub(super) fn case_mut(&mut self, side: Direction) -> &mut Case {
        &mut self.cases[side as usize]
    }

    /// Its open incidents of a swing of what is counted, a rise first.
    pub(super) fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.cases.iter().filter_map(|case| case.tracker.incident())
    }

    /// All its open incidents, those of a swing first.
    pub(super) fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents().chain(self.community.incident())
    }

    /// The latest change of each of them, once more.
    pub(super) fn latest(&self) -> impl Iterator<Item = Change> {
        let swings = self.cases.iter().filter_map(|case| case.tracker.latest());
        swings.chain(self.community.latest())
    }

    /// What the last tick read of one measure (an index into [`Watch::measures`]) and window.
    pub(super) fn reading(&self, watch: &Watch, measure: usize, window: usize) -> Option<&Reading> {
        self.readings.get(measure * watch.windows.len() + window)?.as_ref()
    }

    pub(super) fn remembered_values(&self) -> usize {
        self.attribution.len() + self.posts.len() + self.topics.len() + self.community.len()
    }

    /// Learns from every window that ends on a multiple of its length and was watched whole.
    fn settle(&mut self, tick: &Tick<'_>) {
        let windows = tick.watch.windows.len();
        let hour = tick.watch.hour_of(tick.end - 1);
        for (window, &panes) in tick.watch.windows.iter().enumerate() {
            if tick.end.rem_euclid(panes as Pane) != 0 || !tick.is_watched(window) {
                continue;
            }
            for (at, watched) in tick.watch.measures.iter().enumerate() {
                let Some(reading) = self.readings[at * windows + window] else {
                    continue;
                };
                let signalled = |incident: &Incident| {
                    incident.signals.iter().any(|signal| signal.measure == watched.measure)
                };
                if !self.incidents().any(signalled) {
                    self.baselines[at].settle(window, hour, &reading.expected, reading.observed);
                }
            }
        }
    }

    fn read(&mut self, tick: &Tick<'_>) {
        let windows = tick.watch.windows.len();
        for (window, shape) in tick.shapes.iter().enumerate() {
            let sum = |tally: usize| self.counters[tally].sum(window) as f64;
            for (at, watched) in tick.watch.measures.iter().enumerate() {
                let baseline = &self.baselines[at];
                let expected = match watched.of {
                    None => baseline.expect(window, shape),
                    Some(of) => baseline.expect(window, &self.share_shape(shape, sum(of))),
                };
                self.readings[at * windows + window] =
                    expected.map(|it| Reading::new(it, sum(watched.count) * watched.worth));
            }
        }
    }

    /// The mentions of a window, spread over the hours of the week as they are expected to fall.
    pub(super) fn share_shape(&self, shape: &[Part], mentions: f64) -> Shape {
        let baseline = &self.baselines[MENTIONS];
        let means: Vec<f64> = shape.iter().map(|part| baseline.mean_in(part)).collect();
        let total: f64 = means.iter().sum();
        if total <= 0.0 {
            return shape.first().map(|it| vec![Part::even(it.slot, mentions)]).unwrap_or_default();
        }
        let parts = shape.iter().zip(means);
        parts.map(|(part, mean)| part.times(mentions * mean / (total * part.exposure))).collect()
    }

    /// How far windows are out of line, by the side they are told on.
    fn swings(&mut self, tick: &Tick<'_>) -> [Swing; 2] {
        let mut swings = <[Swing; 2]>::default();
        let windows = tick.watch.windows.len();
        let checks = tick.watch.checks.iter().zip(&self.limits.z);
        let states = self.triggers.iter_mut().zip(&mut self.records).zip(&self.feedback);
        for ((check, &fitted), ((trigger, record), feedback)) in checks.zip(states) {
            let Some(reading) = &self.readings[check.measure * windows + check.window] else {
                continue;
            };
            let z = reading.z_towards(check.direction);
            // Most windows lie within even the lower of the two limits.
            let by_record = z >= fitted && tick.plan.baseline.elements.record;
            let limit =
                if by_record { record.limit(fitted, self.limits.page_days) } else { fitted };
            let limit = limit * feedback.factor(tick.at);
            let case = &self.cases[check.side as usize];
            if !tick.feed_dead {
                let within = case.tracker.incident().is_some();
                record.observe(z, tick.watch.panes_per_day, within);
            }
            let swing = &mut swings[check.side as usize];
            if overlaps(case.resolved.as_ref(), tick, check) {
                *trigger = Trigger::default();
                continue;
            }
            let verdict = trigger.step(reading, check.direction, limit, &tick.plan.sensitivity);
            if verdict == Verdict::Within {
                continue;
            }
            let signal = signal(tick, check, reading, record.told_days(z));
            let leads =
                swing.fired.as_ref().is_none_or(|leading| signal.precedence(leading).is_gt());
            if verdict == Verdict::Fired && leads {
                swing.fired = Some(signal.clone());
            }
            swing.signals.push(signal);
        }
        swings
    }
}

/// Baselines that know nothing, in the order of [`Watch::measures`].
fn baselines(plan: &Plan, watch: &Watch) -> Vec<Baseline> {
    let baseline = |scale| Baseline::new(scale, &plan.baseline, plan.time.pane, &watch.durations);
    watch.measures.iter().map(|watched| baseline(watched.scale)).collect()
}

/// What lies out of line on one side.
#[derive(Debug, Default)]
struct Swing {
    /// All windows beyond their limit now.
    signals: Vec<Signal>,
    /// The first, by [`Signal::precedence`], of those that have just passed it.
    fired: Option<Signal>,
}

/// Whether the window still reaches back into a `resolved` incident that would explain it: what it
/// holds of it is no news.
fn overlaps(resolved: Option<&Resolved>, tick: &Tick<'_>, check: &Check) -> bool {
    let window_ms = tick.watch.windows[check.window] as i64 * tick.watch.pane_ms;
    let measure = tick.watch.measures[check.measure].measure;
    resolved.is_some_and(|it| tick.at.millis_since(it.at) < window_ms && it.explains(measure))
}

fn signal(tick: &Tick<'_>, check: &Check, reading: &Reading, return_days: Option<f64>) -> Signal {
    let expected = &reading.expected;
    let (lower, upper) = expected.band(TYPICAL_Z);
    let measure = tick.watch.measures[check.measure].measure;
    Signal {
        monitor: check.monitor.clone(),
        measure,
        direction: check.direction,
        window_seconds: tick.watch.durations[check.window].as_secs(),
        at: tick.at,
        observed: in_units(measure, expected, reading.observed),
        expected: in_units(measure, expected, expected.mean),
        lower: in_units(measure, expected, lower),
        upper: in_units(measure, expected, upper),
        z: reading.z,
        return_days,
    }
}
