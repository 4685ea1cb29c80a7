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
mod level;
mod marks;
mod post;
mod readout;
mod saved;
mod series;
mod shape;
mod since;
mod state;
mod told;
mod view;
mod watch;

use std::sync::Arc;

use crate::baseline::Calendar;
use crate::checkpoint::PartKey;
use crate::detect::{Mark, Plan};
use crate::incident::Change;
use crate::mention::{BrandIndex, Classified, Timestamp, millis};
use crate::window::{Dedup, Pane, Watermark, copy_key, mention_key};

pub use readout::{Fullness, Surprise, WindowReading};
pub use saved::{Loaded, Missing};
pub use series::{SeriesPoint, SeriesRange, Typical};
pub use view::BrandView;

use brand::{MENTIONS, Tick};
use marks::Marks;
use shape::Shape;
use state::State;
use watch::Watch;

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
    shape: Shape,
    /// Stored parts that belong to it no more.
    leftover: Vec<PartKey>,
}

impl Shard {
    /// A shard of the feed named `feed` that has seen nothing.
    pub fn new(plan: Arc<Plan>, feed: &str) -> Self {
        let time = &plan.time;
        let watch = Watch::new(&plan);
        Self {
            shape: Shape::of(&watch),
            leftover: Vec::new(),
            watch,
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
        self.observe_for(None, classified, changes)
    }

    /// As [`Self::observe`], of the copy of a mention that was routed for one `market`; its
    /// `classified` brands are that market's. The copy for another market counts beside it.
    pub fn observe_for(
        &mut self,
        market: Option<&[u8]>,
        classified: &Classified<'_>,
        changes: &mut Vec<Change>,
    ) -> Outcome {
        let mention = classified.mention;
        let Some((watermark, pane)) = self.admit(mention.created_at, changes) else {
            return Outcome::Late;
        };
        let key = match market {
            Some(market) => copy_key(&mention.channel, &mention.id, market),
            None => mention_key(&mention.channel, &mention.id),
        };
        if !self.dedup.is_new(key, watermark) {
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

#[cfg(test)]
mod tests;
