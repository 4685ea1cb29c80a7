//! One partition's state and its tick: mentions in, changes of incidents out.
//!
//! A [`Shard`] has no clock and does no I/O: the same mentions in the same order give the same
//! changes, byte for byte, live and in replay. Time passes when a mention moves the watermark, or
//! when the caller says that the partition is idle.

mod activation;
mod advocates;
mod brand;
mod case;
mod exposure;
mod feed;
mod marks;
mod post;
mod since;
mod watch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::baseline::{Calendar, Part, Slot};
use crate::detect::{Mark, Plan, Reading, Record, in_units};
use crate::incident::{Change, Direction, Incident};
use crate::mention::{BrandIndex, Classified, Timestamp, millis};
use crate::window::{Dedup, Pane, Watermark, mention_key};

use brand::{BrandState, TYPICAL_Z, Tick};
use exposure::Exposure;
use feed::Feed;
use marks::Marks;
use watch::{Check, Watch};

/// What became of a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Counted for at least one brand.
    Counted,
    /// Speaks of no watched brand.
    Unmatched,
    /// The same channel and id were seen within the horizon.
    Duplicate,
    /// Its pane takes no more mentions: older than the watermark by more than the allowed lateness.
    Late,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Counted, Self::Unmatched, Self::Duplicate, Self::Late];

    /// The `outcome` label in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Unmatched => "unmatched",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
        }
    }
}

/// One window of one monitor of one brand, as the last closed pane left it.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowReading {
    /// The brand.
    pub brand: BrandIndex,
    /// The monitor's name.
    pub monitor: String,
    /// Which way it must go to signal.
    pub direction: Direction,
    /// Length of the window, in seconds.
    pub window_seconds: u64,
    /// The window's value: mentions, a share in 0..=1, or a sentiment in -1..=1.
    pub observed: f64,
    /// What is typical, in the unit of `observed`.
    pub expected: f64,
    /// Lower edge of the typical band (19 of 20 windows), in the unit of `observed`.
    pub lower: f64,
    /// Upper edge of the typical band.
    pub upper: f64,
    /// How unusual it is; the sign is the direction.
    pub z: f64,
}

/// How unusual one window of one monitor of one brand is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surprise<'a> {
    /// The brand.
    pub brand: BrandIndex,
    /// The monitor's name.
    pub monitor: &'a str,
    /// Which way it must go to signal.
    pub direction: Direction,
    /// Length of the window.
    pub window: Duration,
    /// What came and what was expected.
    pub reading: &'a Reading,
    /// In how many days a window lies so far out once, by the series' own record; `None` before its
    /// first day is over.
    pub return_days: Option<f64>,
}

/// How full a shard's bounded parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fullness {
    /// Mentions remembered for deduplication.
    pub dedup: usize,
    /// How often the dedup capacity, not its horizon, made it forget.
    pub dedup_early_turnovers: u64,
    /// Values remembered for attribution.
    pub attributed_values: usize,
}

/// The state of one partition.
#[derive(Debug)]
pub struct Shard {
    plan: Arc<Plan>,
    feed: String,
    watch: Watch,
    calendar: Calendar,
    watermark: Watermark,
    dedup: Dedup,
    marks: Marks,
    /// Built when the first mention tells where time begins.
    state: Option<State>,
}

#[derive(Debug)]
struct State {
    /// The first open pane.
    end: Pane,
    /// From where on what is known of the series has been learnt.
    known_from: Pane,
    exposure: Exposure,
    feed: Feed,
    /// Whether rows come, not mentions.
    by_rows: bool,
    /// Whether a closed pane has held anything.
    heard: bool,
    brands: Vec<BrandState>,
    /// The hour of the week that the open pane lies in, and the hour's first pane.
    hour: (Slot, Pane),
    /// Hours that are over and wait for late mentions before they are learnt.
    passed: VecDeque<(Slot, std::ops::Range<Pane>)>,
}

impl Shard {
    /// A shard of the feed named `feed` that has seen nothing.
    pub fn new(plan: Arc<Plan>, feed: &str) -> Self {
        let time = &plan.time;
        Self {
            watch: Watch::new(&plan),
            calendar: Calendar::new(plan.time_zone.clone()),
            watermark: Watermark::new(millis(time.out_of_orderness)),
            dedup: Dedup::new(millis(time.dedup_horizon), time.dedup_capacity),
            marks: Marks::default(),
            state: None,
            feed: feed.to_owned(),
            plan,
        }
    }

    /// Takes a mention. Panes that it completes are closed first; what that changes for people is
    /// added to `changes`.
    pub fn observe(&mut self, classified: &Classified<'_>, changes: &mut Vec<Change>) -> Outcome {
        let mention = classified.mention;
        let Some((watermark, pane)) = self.admit(mention.created_at, changes) else {
            return Outcome::Late;
        };
        if !self.dedup.is_new(mention_key(&mention.channel, &mention.id), watermark) {
            return Outcome::Duplicate;
        }
        let Some(state) = &mut self.state else {
            return Outcome::Late;
        };
        if !state.arrived(pane) {
            return Outcome::Late;
        }
        if classified.brands.is_empty() {
            return Outcome::Unmatched;
        }
        let Self { plan, watch, .. } = self;
        let State { end, exposure, brands, .. } = state;
        let tick = Tick::between(plan, watch, exposure, *end, mention.created_at);
        for BrandIndex(index) in &classified.brands {
            if let Some(brand) = brands.get_mut(*index as usize) {
                brand.count(watch, pane, classified);
                brand.judge_alone(&tick, classified, changes);
                brand.judge_spread(&tick, classified, changes);
                brand.judge_topics(&tick, classified, changes);
                brand.hear(&tick, classified);
            }
        }
        Outcome::Counted
    }

    /// Takes a row of a series that was counted elsewhere: `count` mentions of `brand` in the pane
    /// of `at`. That the row came shows that the feed lives, whatever it counts; a pane of which no
    /// row comes has not been seen.
    pub fn tally(
        &mut self,
        at: Timestamp,
        brand: BrandIndex,
        count: u32,
        changes: &mut Vec<Change>,
    ) -> Outcome {
        let admitted = self.admit(at, changes);
        let (Some((_, pane)), Some(state)) = (admitted, &mut self.state) else {
            return Outcome::Late;
        };
        state.by_rows = true;
        if !state.arrived(pane) {
            return Outcome::Late;
        }
        let Some(brand) = state.brands.get_mut(brand.0 as usize) else {
            return Outcome::Unmatched;
        };
        brand.tally(pane, count);
        Outcome::Counted
    }

    /// Lets time pass to what was made at `created_at`. Returns the watermark and the pane it lies
    /// in; `None` when that takes no more.
    fn admit(
        &mut self,
        created_at: Timestamp,
        changes: &mut Vec<Change>,
    ) -> Option<(Timestamp, Pane)> {
        let watermark = self.watermark.observe(created_at);
        self.advance_to(watermark, changes);
        let pane = self.watch.pane_of(created_at);
        let behind = watermark.millis_since(self.watch.start_of(pane + 1));
        (behind < millis(self.plan.time.allowed_lateness)).then_some((watermark, pane))
    }

    /// Takes what people have said of incidents. Each mark counts from the first pane that closes
    /// at or after its time, so that a replay with the same marks gives the same incidents; one of a
    /// brand or monitor that is not watched moves nothing.
    pub fn mark(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.marks.add(marks);
    }

    /// How many marks have moved a limit so far.
    pub const fn marks_counted(&self) -> u64 {
        self.marks.counted()
    }

    /// The partition is idle: its end has been reached and nothing has come for `idle_ms`
    /// milliseconds of wall clock, which now shows `now`. Silence passes.
    pub fn idle(&mut self, now: Timestamp, idle_ms: i64, changes: &mut Vec<Change>) {
        if let Some(watermark) = self.watermark.advance_idle(now, idle_ms) {
            self.advance_to(watermark, changes);
        }
    }

    /// The input has ended: everything up to the latest mention is complete, its pane included.
    pub fn finish(&mut self, changes: &mut Vec<Change>) {
        if let Some(latest) = self.watermark.finish() {
            let pane = self.watch.pane_of(latest);
            self.advance_to(self.watch.start_of(pane + 1), changes);
        }
        let Self { plan, watch, state, .. } = self;
        if let Some(State { end, exposure, brands, .. }) = state {
            let tick = Tick::between(plan, watch, exposure, *end, watch.start_of(*end));
            brands.iter_mut().for_each(|brand| brand.refresh(&tick));
        }
    }

    /// Where the watermark stands; `None` before the first mention.
    pub const fn watermark(&self) -> Option<Timestamp> {
        self.watermark.value()
    }

    /// Event time of the earliest and the latest mention seen.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.watermark.span()
    }

    /// Open incidents, the feed's first, then by brand.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.state.iter().flat_map(|state| {
            state
                .feed
                .incident()
                .into_iter()
                .chain(state.brands.iter().flat_map(BrandState::open_incidents))
        })
    }

    /// The latest change of every open incident, once more: for people who were not there when it
    /// happened.
    pub fn open_changes(&self) -> Vec<Change> {
        let Some(state) = &self.state else { return Vec::new() };
        let of_brands = state.brands.iter().flat_map(BrandState::latest);
        state.feed.latest().into_iter().chain(of_brands).collect()
    }

    /// What the last closed pane left in every window, for metrics.
    pub fn readings(&self) -> Vec<WindowReading> {
        self.windows()
            .map(|(brand, check, _, reading)| {
                let expected = &reading.expected;
                let (lower, upper) = expected.band(TYPICAL_Z);
                let units = |it| in_units(self.watch.measures[check.measure].measure, expected, it);
                WindowReading {
                    brand,
                    monitor: check.monitor.clone(),
                    direction: check.direction,
                    window_seconds: self.watch.durations[check.window].as_secs(),
                    observed: units(reading.observed),
                    expected: units(expected.mean),
                    lower: units(lower),
                    upper: units(upper),
                    z: reading.z,
                }
            })
            .collect()
    }

    /// How unusual every window is, as the last closed pane left it.
    pub fn surprises(&self) -> impl Iterator<Item = Surprise<'_>> {
        self.windows().map(|(brand, check, record, reading)| Surprise {
            brand,
            monitor: &check.monitor,
            direction: check.direction,
            window: self.watch.durations[check.window],
            reading,
            return_days: record.return_days(reading.z_towards(check.direction)),
        })
    }

    fn windows(&self) -> impl Iterator<Item = (BrandIndex, &Check, &Record, &Reading)> {
        let brands = self.state.iter().flat_map(|state| &state.brands).enumerate();
        brands.flat_map(move |(index, brand)| {
            let index = BrandIndex(u32::try_from(index).unwrap_or(u32::MAX));
            self.watch.checks.iter().zip(&brand.records).filter_map(move |(check, record)| {
                let reading = brand.reading(&self.watch, check.measure, check.window)?;
                Some((index, check, record, reading))
            })
        })
    }

    /// How full the bounded parts are.
    pub fn fullness(&self) -> Fullness {
        Fullness {
            dedup: self.dedup.len(),
            dedup_early_turnovers: self.dedup.early_turnovers(),
            attributed_values: self
                .state
                .iter()
                .flat_map(|state| &state.brands)
                .map(BrandState::remembered_values)
                .sum(),
        }
    }

    fn advance_to(&mut self, watermark: Timestamp, changes: &mut Vec<Change>) {
        let Self { plan, feed, watch, calendar, marks, state, .. } = self;
        let target = watch.pane_of(watermark);
        let state = state.get_or_insert_with(|| State::new(plan, feed, watch, calendar, target));
        while state.end < target {
            // A late mention may still come into the last panes: they are closed one by one.
            let skipped = target - watch.lateness_panes - 1;
            if state.end < skipped && state.can_skip(watch) {
                state.skip_to(skipped, plan, calendar, watch);
            } else {
                marks.apply(watch.start_of(state.end + 1), watch, &mut state.brands);
                state.close(plan, watch, calendar, changes);
            }
        }
    }
}

impl State {
    fn new(plan: &Plan, feed: &str, watch: &Watch, calendar: &Calendar, end: Pane) -> Self {
        let brand = |brand: &crate::detect::Brand| BrandState::new(brand.clone(), plan, watch, end);
        Self {
            end,
            known_from: end,
            exposure: Exposure::new(end, watch.retained),
            feed: Feed::new(feed, plan, watch, end),
            by_rows: false,
            heard: false,
            brands: plan.brands.iter().map(brand).collect(),
            hour: (calendar.slot(watch.start_of(end)), end),
            passed: VecDeque::new(),
        }
    }

    /// Something has come that lies in `pane`: the feed lives in it. Returns `false`, and takes it
    /// for nothing, when the pane is no longer held.
    fn arrived(&mut self, pane: Pane) -> bool {
        let held = self.feed.count(pane);
        if held {
            self.exposure.revive(pane);
        }
        held
    }

    /// Closes the first open pane.
    fn close(
        &mut self,
        plan: &Plan,
        watch: &Watch,
        calendar: &Calendar,
        changes: &mut Vec<Change>,
    ) {
        let (slot, into) = calendar.slot_and_into(watch.start_of(self.end));
        if slot != self.hour.0 {
            self.passed.push_back((self.hour.0, self.hour.1..self.end));
            self.hour = (slot, self.end);
        }
        let arrived = self.feed.closing();
        self.exposure.close(Part::pane(slot, into, watch.pane_hours()), arrived);
        if self.by_rows {
            self.exposure.declare_dead();
        } else if !self.heard {
            // It was watched for a part of this pane, and for none of those before it.
            self.exposure.forget();
            self.heard = arrived > 0;
        }
        self.feed.close();
        self.end += 1;
        let shapes = self.exposure.shapes(&watch.windows);
        let at = watch.start_of(self.end);
        let mut tick = Tick {
            plan,
            watch,
            exposure: &self.exposure,
            shapes: &shapes,
            end: self.end,
            at,
            feed_dead: false,
        };
        let calm = self.brands.iter().all(|brand| brand.incidents().next().is_none());
        tick.feed_dead = self.feed.tick(&tick, calm, changes);
        for brand in &mut self.brands {
            brand.tick(&tick, changes);
        }
        while let Some((slot, panes)) = self.passed.front().cloned() {
            let rhythm = self.feed.has_rhythm_before(watch.hour_of(panes.start));
            let delay = if rhythm { watch.learning_delay } else { watch.lateness_panes };
            if self.end < panes.end + delay {
                break;
            }
            self.feed.learn(panes.clone(), slot, &tick);
            self.brands.iter_mut().for_each(|brand| brand.learn(panes.clone(), slot, &tick));
            self.passed.pop_front();
        }
        if tick.feed_dead {
            self.exposure.declare_dead();
        }
    }

    /// Whether closing more panes would change nothing: the feed has been dead for so long that no
    /// window and no hour that waits to be learnt holds anything but dead panes.
    fn can_skip(&self, watch: &Watch) -> bool {
        self.feed.incident().is_some()
            && self.feed.is_empty()
            && self.exposure.silent() >= watch.retained
    }

    /// Lets dead time pass at once. What was learnt in less time than has passed since says nothing
    /// about now: one mention of years ago, and the silence after it, are no baseline.
    fn skip_to(&mut self, end: Pane, plan: &Plan, calendar: &Calendar, watch: &Watch) {
        if end - self.end > self.end - self.known_from {
            self.known_from = end;
            self.feed.relearn(plan, watch);
            self.brands.iter_mut().for_each(|brand| brand.relearn(plan, watch));
        }
        self.end = end;
        self.passed.clear();
        self.exposure.reset_to(end);
        self.feed.reset_to(end);
        self.brands.iter_mut().for_each(|brand| brand.reset_to(end));
        self.hour = (calendar.slot(watch.start_of(end)), end);
    }
}

#[cfg(test)]
mod tests;
