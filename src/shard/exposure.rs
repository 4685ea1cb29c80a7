//! Which panes could have held mentions, and in which hours of the week they lay.

use std::collections::VecDeque;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::baseline::{Part, Shape, Slot};
use crate::window::Pane;

/// The last closed panes: where each lay, and whether the feed was alive.
///
/// A pane in which nothing at all arrived, for any brand, may be a quiet moment or a dead feed.
/// While such a run of panes lasts it is left out of every shape: no brand is blamed for it. When
/// mentions come back the run counts again as what it was, silence, unless the feed has been
/// declared dead meanwhile.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Exposure {
    end: Pane,
    #[serde(skip)]
    capacity: usize,
    #[serde(with = "alive")]
    panes: VecDeque<(Part, bool)>,
    silent: usize,
}

impl Exposure {
    pub(super) fn new(end: Pane, capacity: usize) -> Self {
        Self { end, capacity, panes: VecDeque::with_capacity(capacity), silent: 0 }
    }

    /// What this tells of panes, as many as `fresh` remembers; where each lay `part` knows.
    pub(super) fn resume(mut self, fresh: &Self, part: impl Fn(Pane) -> Part) -> Option<Self> {
        self.capacity = fresh.capacity;
        let excess = self.panes.len().saturating_sub(self.capacity);
        self.panes.drain(..excess);
        self.silent = self.silent.min(self.panes.len());
        let oldest = self.end.checked_sub(self.panes.len() as Pane)?;
        for (pane, (lay, _)) in (oldest..).zip(&mut self.panes) {
            *lay = part(pane);
        }
        Some(self)
    }

    /// Closes a pane in which `mentions` arrived in all.
    pub(super) fn close(&mut self, part: Part, mentions: u64) {
        self.silent = if mentions == 0 { self.silent + 1 } else { 0 };
        self.panes.push_back((part, true));
        if self.panes.len() > self.capacity {
            self.panes.pop_front();
        }
        self.end += 1;
    }

    /// A late mention has been counted into `pane`: the feed was alive in it after all.
    pub(super) fn revive(&mut self, pane: Pane) {
        let oldest = self.end - self.panes.len() as Pane;
        let at = usize::try_from(pane - oldest).ok();
        if let Some(revived) = at.and_then(|at| self.panes.get_mut(at)) {
            revived.1 = true;
            let since = usize::try_from(self.end - 1 - pane).unwrap_or(0);
            self.silent = self.silent.min(since);
        }
    }

    /// The first pane that is not closed yet.
    pub(super) const fn end(&self) -> Pane {
        self.end
    }

    /// How many of the latest panes held nothing at all.
    pub(super) const fn silent(&self) -> usize {
        self.silent
    }

    /// The shape of the latest run of silent panes.
    pub(super) fn silent_shape(&self) -> Shape {
        let mut shape = Shape::new();
        for &(part, _) in self.panes.iter().rev().take(self.silent) {
            add(&mut shape, part);
        }
        shape
    }

    /// The feed is dead: its silent panes are never held against anyone.
    pub(super) fn declare_dead(&mut self) {
        for pane in self.panes.iter_mut().rev().take(self.silent) {
            pane.1 = false;
        }
    }

    /// No pane so far has been watched.
    pub(super) fn forget(&mut self) {
        self.panes.iter_mut().for_each(|pane| pane.1 = false);
    }

    /// The shapes of windows of these lengths (in panes, ascending) that end now.
    pub(super) fn shapes(&self, windows: &[usize]) -> Vec<Shape> {
        let mut shapes = Vec::with_capacity(windows.len());
        let mut shape = Shape::new();
        let mut panes = self.panes.iter().rev();
        let mut counted = 0;
        for &length in windows {
            while counted < length
                && let Some(&(part, alive)) = panes.next()
            {
                counted += 1;
                if alive && counted > self.silent {
                    add(&mut shape, part);
                }
            }
            shapes.push(shape.clone());
        }
        shapes
    }

    /// Where in the week `pane` lay, if it is remembered and the feed was alive.
    pub(super) fn part(&self, pane: Pane) -> Option<Part> {
        let oldest = self.end - self.panes.len() as Pane;
        let at = usize::try_from(pane - oldest).ok()?;
        self.panes.get(at).filter(|pane| pane.1).map(|pane| pane.0)
    }

    /// The living panes in `from..to`.
    pub(super) fn parts_between(&self, from: Pane, to: Pane) -> impl Iterator<Item = Part> {
        (from.max(self.end - self.panes.len() as Pane)..to).filter_map(|pane| self.part(pane))
    }

    /// The first pane that is remembered.
    pub(super) fn oldest(&self) -> Pane {
        self.end - self.panes.len() as Pane
    }

    /// Where in the week the living panes of `panes` lay.
    pub(super) fn shape(&self, panes: Range<Pane>) -> Shape {
        let mut shape = Shape::new();
        self.parts_between(panes.start, panes.end).for_each(|part| add(&mut shape, part));
        shape
    }

    /// What has been watched of the hour of `panes`, which lay in `slot`.
    pub(super) fn hour(&self, panes: Range<Pane>, slot: Slot) -> Part {
        let mut hour = Part::even(slot, 0.0);
        self.parts_between(panes.start, panes.end).for_each(|part| hour.add(part));
        hour
    }

    /// Starts over at `end`, with nothing remembered.
    pub(super) fn reset_to(&mut self, end: Pane) {
        self.panes.clear();
        self.silent = 0;
        self.end = end;
    }
}

/// Of a pane it is saved whether the feed was alive; where it lay follows from its number.
mod alive {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Part, VecDeque};
    use crate::baseline::Slot;

    pub(super) fn serialize<S: Serializer>(
        panes: &VecDeque<(Part, bool)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(panes.iter().map(|pane| pane.1))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<VecDeque<(Part, bool)>, D::Error> {
        let alive = Vec::<bool>::deserialize(deserializer)?;
        Ok(alive.into_iter().map(|it| (Part::even(Slot::default(), 0.0), it)).collect())
    }
}

fn add(shape: &mut Shape, added: Part) {
    // Neighbouring panes mostly lie in the same hour.
    if let Some(last) = shape.last_mut()
        && last.slot == added.slot
    {
        last.add(added);
        return;
    }
    match shape.iter_mut().find(|part| part.slot == added.slot) {
        Some(part) => part.add(added),
        None => shape.push(added),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::tz::TimeZone;

    use super::*;
    use crate::baseline::Calendar;
    use crate::mention::Timestamp;

    /// A pane that fills this hour.
    fn pane(hour: i64) -> Part {
        let slot = Calendar::new(TimeZone::UTC).slot(Timestamp::from_millis(hour * 3_600_000));
        Part::even(slot, 1.0)
    }

    /// Panes 100.. with these numbers of mentions, all in one hour.
    fn exposure(mentions: &[u64]) -> Exposure {
        let mut exposure = Exposure::new(100, 8);
        mentions.iter().for_each(|&mentions| exposure.close(pane(0), mentions));
        exposure
    }

    fn watched(exposure: &Exposure, panes: usize) -> f64 {
        exposure.shapes(&[panes])[0].iter().map(|part| part.exposure).sum()
    }

    #[test]
    fn a_silent_run_is_left_out_while_it_lasts_and_counts_when_it_is_over() {
        let mut exposure = exposure(&[1, 2, 0, 0, 0]);
        assert_eq!((exposure.silent(), watched(&exposure, 5)), (3, 2.0));
        assert_eq!(exposure.silent_shape(), [pane(0).times(3.0)]);
        exposure.close(pane(0), 1);
        assert_eq!((exposure.silent(), watched(&exposure, 5)), (0, 5.0));
    }

    #[test]
    fn dead_panes_are_left_out_for_good() {
        let mut exposure = exposure(&[1, 2, 0, 0, 0]);
        exposure.declare_dead();
        exposure.close(pane(0), 1);
        assert_eq!(watched(&exposure, 6), 3.0);
        assert_eq!((exposure.part(103), exposure.part(105)), (None, Some(pane(0))));
        assert_eq!(exposure.parts_between(0, 1_000).count(), 3);
    }

    #[test]
    fn an_hour_watched_in_part_tells_in_which() {
        let slot = pane(0).slot;
        let twelfth = |at: i32| Part::pane(slot, f64::from(at) / 12.0, 1.0 / 12.0);
        let mut exposure = Exposure::new(0, 100);
        for at in 0..12 {
            exposure.close(twelfth(at), u64::from(at >= 6));
            if at == 5 {
                exposure.declare_dead();
            }
        }
        let mut late = Part::even(slot, 0.0);
        (6..12).for_each(|at| late.add(twelfth(at)));
        assert_eq!(exposure.hour(0..12, slot), late);
        assert_ne!(late, Part::even(slot, 6.0));
    }

    #[test]
    fn a_late_mention_shows_that_its_pane_was_alive() {
        let mut exposure = exposure(&[1, 2, 0, 0, 0]);
        exposure.revive(103);
        assert_eq!((exposure.silent(), watched(&exposure, 5)), (1, 4.0), "102 was a quiet moment");
        exposure.declare_dead();
        exposure.revive(104);
        assert_eq!((exposure.silent(), watched(&exposure, 5)), (0, 5.0));
        // Panes that are still open, or long forgotten, are not its business.
        exposure.revive(105);
        exposure.revive(3);
        assert_eq!(watched(&exposure, 5), 5.0);
    }

    #[test]
    fn shapes_tell_hours_apart_and_forget_what_is_too_old() {
        let mut exposure = Exposure::new(0, 6);
        (0..10).for_each(|at| exposure.close(pane(i64::from(at >= 7)), 1));
        let shapes = exposure.shapes(&[2, 5, 100]);
        assert_eq!(shapes[0], [pane(1).times(2.0)]);
        assert_eq!(shapes[1], [pane(1).times(3.0), pane(0).times(2.0)]);
        assert_eq!(shapes[2], [pane(1).times(3.0), pane(0).times(3.0)]);
    }
}
