//! What has been counted since an incident's onset, for as long as it lasts.

use crate::window::{Pane, SlidingCounter};

/// Closed panes from the onset on. Windows and buckets forget after a day; an incident may last
/// for many.
#[derive(Debug, Clone, Copy, Default)]
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
    /// What the closed panes of the counters (mentions, negative, crisis) hold from `from` on, of
    /// which `watched` were watched.
    pub(super) fn new(from: Pane, counters: [&SlidingCounter; 3], watched: Pane) -> Self {
        let [mentions, negative, crisis] =
            counters.map(|counter| counter.sum_between(from, counter.end()));
        Self { from, mentions, negative, crisis, watched }
    }

    /// Adds the pane that has just been closed.
    pub(super) fn close(&mut self, counters: [&SlidingCounter; 3], feed_dead: bool) {
        self.watched += Pane::from(!feed_dead);
        self.add(counters.map(|counter| u64::from(counter.get(counter.end() - 1))));
    }

    /// Adds what came late (mentions, negative, crisis), into a pane already closed.
    pub(super) fn late(&mut self, pane: Pane, counts: [u64; 3]) {
        if pane >= self.from {
            self.add(counts);
        }
    }

    /// `part` of the mentions, 0..=1.
    pub(super) fn share(&self, part: u64) -> f64 {
        part as f64 / self.mentions.max(1) as f64
    }

    fn add(&mut self, [mentions, negative, crisis]: [u64; 3]) {
        self.mentions += mentions;
        self.negative += negative;
        self.crisis += crisis;
    }
}
