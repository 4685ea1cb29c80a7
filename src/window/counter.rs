//! Counts per pane, and their sums over windows that end where the watermark stands.

use serde::{Deserialize, Serialize};

use super::Pane;

/// Counts of one series in a ring of panes, with a running sum for each window length.
///
/// A window of length `l` covers the `l` panes before [`SlidingCounter::end`]. Closing a pane moves
/// the end by one pane in `O(windows)`; adding to a pane that is already closed (a late mention
/// within the allowed lateness) corrects every window that covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlidingCounter {
    /// Panes `end - closed ..= end + ahead`; a pane's slot is its number modulo the length.
    ring: Vec<u32>,
    closed: usize,
    end: Pane,
    #[serde(skip)]
    windows: Vec<Window>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    panes: usize,
    sum: u64,
}

impl SlidingCounter {
    /// A counter of zeros whose first open pane is `end`.
    ///
    /// `windows` are lengths in panes, each at least 1; at least `retained` closed panes are kept
    /// (those of the longest window always are); `ahead` panes past the first open one can be
    /// counted into.
    pub fn new(end: Pane, windows: &[usize], retained: usize, ahead: usize) -> Self {
        let closed = windows.iter().copied().fold(retained.max(1), usize::max);
        Self {
            ring: vec![0; closed + ahead + 1],
            closed,
            end,
            windows: windows.iter().map(|&panes| Window { panes: panes.max(1), sum: 0 }).collect(),
        }
    }

    /// What this counts, in the windows, panes and end of `fresh`, as far as both hold a pane; `None`
    /// when it cannot have been a counter.
    pub fn resume(&self, fresh: &Self) -> Option<Self> {
        let is_sound = self.closed > 0 && self.closed < self.ring.len();
        let oldest = self.end.checked_sub(self.closed as Pane)?;
        let newest = oldest.checked_add(self.ring.len() as Pane)?;
        let mut resumed = Self { end: self.end, ..fresh.clone() };
        let held = self.end.checked_sub(resumed.closed as Pane)?.max(oldest);
        let ahead = self.end.checked_add(fresh.ring.len() as Pane)?.min(newest);
        if !is_sound {
            return None;
        }
        resumed.ring.fill(0);
        resumed.windows.iter_mut().for_each(|window| window.sum = 0);
        for pane in held..ahead {
            resumed.add(pane, self.get(pane));
        }
        Some(resumed)
    }

    /// The first pane that is not closed yet; windows end before it.
    pub const fn end(&self) -> Pane {
        self.end
    }

    /// Adds `n` to `pane`, which holds `u32::MAX` at most. Returns `false`, and counts nothing, when
    /// the ring does not hold it.
    pub fn add(&mut self, pane: Pane, n: u32) -> bool {
        if !self.holds(pane) {
            return false;
        }
        let slot = self.slot(pane);
        let before = self.ring[slot];
        self.ring[slot] = before.saturating_add(n);
        let added = self.ring[slot] - before;
        if pane < self.end {
            for window in &mut self.windows {
                if pane >= self.end - window.panes as Pane {
                    window.sum += u64::from(added);
                }
            }
        }
        true
    }

    /// Closes the first open pane: every window slides by one.
    pub fn close(&mut self) {
        let entering = u64::from(self.get(self.end));
        for at in 0..self.windows.len() {
            let panes = self.windows[at].panes as Pane;
            let leaving = u64::from(self.get(self.end - panes));
            let window = &mut self.windows[at];
            window.sum = (window.sum + entering).saturating_sub(leaving);
        }
        // The pane that leaves the ring's past makes room for one ahead.
        let freed = self.slot(self.end - self.closed as Pane);
        self.ring[freed] = 0;
        self.end += 1;
    }

    /// Moves the end to `pane`, with zeros before and after it.
    pub fn reset_to(&mut self, pane: Pane) {
        self.ring.fill(0);
        self.windows.iter_mut().for_each(|window| window.sum = 0);
        self.end = pane;
    }

    /// The sum over the window at `index`, in the order given to [`SlidingCounter::new`].
    pub fn sum(&self, index: usize) -> u64 {
        self.windows.get(index).map_or(0, |window| window.sum)
    }

    /// The count in `pane`; 0 when the ring does not hold it.
    pub fn get(&self, pane: Pane) -> u32 {
        if self.holds(pane) { self.ring[self.slot(pane)] } else { 0 }
    }

    /// The sum over the panes of `from..to`, as far as the ring holds them.
    pub fn sum_between(&self, from: Pane, to: Pane) -> u64 {
        let oldest = self.end - self.closed as Pane;
        (from.max(oldest)..to).map(|pane| u64::from(self.get(pane))).sum()
    }

    /// Whether no pane, closed, open or ahead, holds anything.
    pub fn is_empty(&self) -> bool {
        self.ring.iter().all(|&count| count == 0)
    }

    fn holds(&self, pane: Pane) -> bool {
        let oldest = self.end - self.closed as Pane;
        (oldest..oldest + self.ring.len() as Pane).contains(&pane)
    }

    fn slot(&self, pane: Pane) -> usize {
        pane.rem_euclid(self.ring.len() as Pane) as usize
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is added and closed in whatever order, the running sums are those of a plain map.
        #[test]
        fn sums_equal_a_plain_map(
            start in -1_000_i64..1_000_000,
            steps in prop::collection::vec(prop_oneof![
                (-40_i64..8, prop_oneof![9 => 1_u32..9, 1 => u32::MAX - 9..=u32::MAX])
                    .prop_map(Some),
                Just(None),
            ], 1..400),
        ) {
            let windows = [1, 5, 30];
            let mut counter = SlidingCounter::new(start, &windows, 10, 2);
            let mut model = BTreeMap::new();
            for step in steps {
                if let Some((offset, n)) = step {
                    let pane = counter.end() + offset;
                    let taken = counter.add(pane, n);
                    prop_assert_eq!(taken, (-30..=2).contains(&offset));
                    if taken {
                        let count = model.entry(pane).or_insert(0_u64);
                        *count = (*count + u64::from(n)).min(u64::from(u32::MAX));
                    }
                } else {
                    counter.close();
                }
                let same = SlidingCounter::new(0, &windows, 10, 2);
                prop_assert_eq!(&counter.resume(&same), &Some(counter.clone()));
                for (index, panes) in windows.iter().enumerate() {
                    let from = counter.end() - *panes as i64;
                    let want: u64 = model.range(from..counter.end()).map(|(_, n)| n).sum();
                    prop_assert_eq!(counter.sum(index), want);
                    prop_assert_eq!(counter.sum_between(from, counter.end()), want);
                }
            }
        }
    }
    /// The settings have changed while the service was down: what both hold is kept.
    #[test]
    fn a_counter_goes_on_in_another_ring() {
        let mut counter = SlidingCounter::new(100, &[2, 5], 8, 1);
        for pane in 100..120 {
            counter.add(pane, pane as u32);
            counter.close();
        }
        counter.add(121, 7);
        let longer = counter.resume(&SlidingCounter::new(0, &[2, 10], 20, 3));
        let longer = longer.expect("it can be resumed");
        let eight: u64 = (112..120).sum();
        assert_eq!((longer.end(), longer.sum(0), longer.sum(1)), (120, 118 + 119, eight));
        assert_eq!((longer.get(121), longer.get(111)), (7, 0));
        let shorter = counter.resume(&SlidingCounter::new(0, &[2], 2, 0)).expect("this too");
        assert_eq!((shorter.sum(0), shorter.get(117), shorter.get(121)), (118 + 119, 0, 0));
        let broken = SlidingCounter { closed: 50, ..counter.clone() };
        assert_eq!(broken.resume(&counter), None);
        assert_eq!(SlidingCounter { end: Pane::MIN, ..counter.clone() }.resume(&counter), None);
    }
}
