//! What has been counted since an incident's onset, for as long as it lasts.

use serde::{Deserialize, Serialize};

use crate::detect::Tally;
use crate::window::{Pane, SlidingCounter};

/// A number for each of [`Tally::ALWAYS`]: mentions, negative ones, those with a crisis term.
pub(super) type Counts = [u64; Tally::ALWAYS.len()];

/// Closed panes from the onset on. Windows and buckets forget after a day; an incident may last
/// for many.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct SinceOnset {
    /// The pane of the onset.
    pub from: Pane,
    pub mentions: u64,
    pub negative: u64,
    pub crisis: u64,
    /// Closed panes in which the feed was not dead.
    pub watched: Pane,
}

impl SinceOnset {
    /// What the closed panes of `counters`, in the order of [`Tally::ALWAYS`], hold from `from` on,
    /// of which `watched` were watched.
    pub(super) fn new(from: Pane, counters: &[SlidingCounter], watched: Pane) -> Self {
        let mut since = Self { from, watched, ..Self::default() };
        since.add(each(counters, |counter| counter.sum_between(from, counter.end())));
        since
    }

    /// Adds the pane that has just been closed.
    pub(super) fn close(&mut self, counters: &[SlidingCounter], feed_dead: bool) {
        self.watched += Pane::from(!feed_dead);
        self.add(each(counters, |counter| u64::from(counter.get(counter.end() - 1))));
    }

    /// Adds what came late, into a pane already closed.
    pub(super) fn late(&mut self, pane: Pane, counts: Counts) {
        if pane >= self.from {
            self.add(counts);
        }
    }

    /// `part` of the mentions, 0..=1.
    pub(super) fn share(&self, part: u64) -> f64 {
        part as f64 / self.mentions.max(1) as f64
    }

    fn add(&mut self, [mentions, negative, crisis]: Counts) {
        self.mentions += mentions;
        self.negative += negative;
        self.crisis += crisis;
    }
}

fn each(counters: &[SlidingCounter], count: impl Fn(&SlidingCounter) -> u64) -> Counts {
    std::array::from_fn(|at| counters.get(at).map_or(0, &count))
}
