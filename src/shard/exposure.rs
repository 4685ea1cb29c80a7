//! Which panes could have held mentions, and in which hours of the week they lay.

use std::collections::VecDeque;

use crate::baseline::{Shape, Slot};
use crate::window::Pane;

/// The last closed panes: the slot each lay in, and whether the feed was alive.
///
/// A pane in which nothing at all arrived, for any brand, may be a quiet moment or a dead feed.
/// While such a run of panes lasts it is left out of every shape: no brand is blamed for it. When
/// mentions come back the run counts again as what it was, silence, unless the feed has been
/// declared dead meanwhile.
#[derive(Debug)]
pub(super) struct Exposure {
    end: Pane,
    capacity: usize,
    panes: VecDeque<(Slot, bool)>,
    silent: usize,
}

impl Exposure {
    pub(super) fn new(end: Pane, capacity: usize) -> Self {
        Self { end, capacity, panes: VecDeque::with_capacity(capacity), silent: 0 }
    }

    /// Closes a pane in which `mentions` arrived in all.
    pub(super) fn close(&mut self, slot: Slot, mentions: u64) {
        self.silent = if mentions == 0 { self.silent + 1 } else { 0 };
        self.panes.push_back((slot, true));
        if self.panes.len() > self.capacity {
            self.panes.pop_front();
        }
        self.end += 1;
    }

    /// How many of the latest panes held nothing at all.
    pub(super) const fn silent(&self) -> usize {
        self.silent
    }

    /// The shape of the latest run of silent panes.
    pub(super) fn silent_shape(&self) -> Shape {
        let mut shape = Shape::new();
        for &(slot, _) in self.panes.iter().rev().take(self.silent) {
            add(&mut shape, slot);
        }
        shape
    }

    /// The feed is dead: its silent panes are never held against anyone.
    pub(super) fn declare_dead(&mut self) {
        for pane in self.panes.iter_mut().rev().take(self.silent) {
            pane.1 = false;
        }
    }

    /// The shapes of windows of these lengths (in panes, ascending) that end now.
    pub(super) fn shapes(&self, windows: &[usize]) -> Vec<Shape> {
        let mut shapes = Vec::with_capacity(windows.len());
        let mut shape = Shape::new();
        let mut counted = 0;
        for &length in windows {
            for &(slot, alive) in self.panes.iter().rev().skip(counted).take(length - counted) {
                counted += 1;
                if alive && counted > self.silent {
                    add(&mut shape, slot);
                }
            }
            shapes.push(shape.clone());
        }
        shapes
    }

    /// The hour of the week in which `pane` lay, if it is remembered and the feed was alive.
    pub(super) fn slot(&self, pane: Pane) -> Option<Slot> {
        let oldest = self.end - self.panes.len() as Pane;
        let at = usize::try_from(pane - oldest).ok()?;
        self.panes.get(at).filter(|pane| pane.1).map(|pane| pane.0)
    }

    /// The slots of the living panes in `from..to`.
    pub(super) fn slots_between(&self, from: Pane, to: Pane) -> impl Iterator<Item = Slot> {
        (from.max(self.end - self.panes.len() as Pane)..to).filter_map(|pane| self.slot(pane))
    }

    /// Starts over at `end`, with nothing remembered.
    pub(super) fn reset_to(&mut self, end: Pane) {
        self.panes.clear();
        self.silent = 0;
        self.end = end;
    }
}

fn add(shape: &mut Shape, slot: Slot) {
    match shape.iter_mut().rev().find(|part| part.0 == slot) {
        Some(part) => part.1 += 1.0,
        None => shape.push((slot, 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::baseline::Calendar;
    use crate::mention::Timestamp;

    /// Sixty panes with mentions, then `silent` without.
    fn exposure(silent: usize) -> Exposure {
        let slot = Calendar::new(TimeZone::UTC).slot(Timestamp::from_millis(0));
        let mut exposure = Exposure::new(0, 200);
        (0..60).for_each(|_| exposure.close(slot, 3));
        (0..silent).for_each(|_| exposure.close(slot, 0));
        exposure
    }

    fn watched(exposure: &Exposure) -> Vec<f64> {
        let shapes = exposure.shapes(&[5, 60]);
        shapes.iter().map(|shape| shape.iter().map(|part| part.1).sum()).collect()
    }

    #[test]
    fn a_silence_that_lasts_is_held_against_nobody_yet() {
        assert_eq!(watched(&exposure(0)), [5.0, 60.0]);
        assert_eq!(watched(&exposure(20)), [0.0, 40.0]);
    }

    #[test]
    fn a_silence_that_ends_was_a_quiet_moment() {
        let mut exposure = exposure(20);
        let slot = exposure.slot(0);
        exposure.close(slot.unwrap_or_else(|| unreachable!()), 1);
        assert_eq!(watched(&exposure), [5.0, 60.0]);
    }

    #[test]
    fn a_dead_feeds_silence_counts_for_nothing_ever_after() {
        let mut exposure = exposure(20);
        exposure.declare_dead();
        let slot = exposure.slot(0);
        exposure.close(slot.unwrap_or_else(|| unreachable!()), 1);
        assert_eq!(watched(&exposure), [1.0, 40.0]);
        assert_eq!(exposure.slots_between(50, 81).count(), 11);
    }
}
