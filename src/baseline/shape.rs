//! Where a window lies in the week.

use serde::{Deserialize, Serialize};

use super::calendar::Slot;

/// Exposure within one hour of the week, and where in that hour it lay: `t` is the time since the
/// middle of the hour, in hours, -1/2 to 1/2.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The hour of the week.
    pub slot: Slot,
    /// What could have been counted: panes with a living feed, or for a share all mentions.
    pub exposure: f64,
    /// The exposure's sum of `t`: above 0 when it lay late in the hour.
    pub(super) lean: f64,
    /// The exposure's sum of `t² - 1/12`: above 0 when it lay at the ends of the hour.
    pub(super) bend: f64,
}

/// Where a window lies in the week: its exposure in each hour of the week it touches.
pub type Shape = Vec<Part>;

/// Sums of `t` that are nothing but what rounding left of a whole hour.
const ROUNDING: f64 = 1e-9;

impl Part {
    /// Exposure spread evenly over its hour.
    pub const fn even(slot: Slot, exposure: f64) -> Self {
        Self { slot, exposure, lean: 0.0, bend: 0.0 }
    }

    /// One pane `length` hours long that begins `into` hours after its hour began. Panes whose hours begin
    /// in the midst of one (in zones half an hour off) are told by their order within the hour, which is
    /// what makes them even together.
    pub fn pane(slot: Slot, into: f64, length: f64) -> Self {
        let order = (into / length + ROUNDING).floor();
        let middle = order * length + length / 2.0 - 0.5;
        let bend = middle * middle + length * length / 12.0 - 1.0 / 12.0;
        Self { slot, exposure: 1.0, lean: middle, bend }
    }

    /// `factor` times this exposure.
    pub fn times(self, factor: f64) -> Self {
        Self {
            slot: self.slot,
            exposure: factor * self.exposure,
            lean: factor * self.lean,
            bend: factor * self.bend,
        }
    }

    /// Adds exposure in the same hour.
    pub fn add(&mut self, other: Self) {
        self.exposure += other.exposure;
        self.lean += other.lean;
        self.bend += other.bend;
    }

    /// Whether the exposure is spread evenly over the hour.
    pub(super) fn is_even(&self) -> bool {
        self.lean.abs() < ROUNDING && self.bend.abs() < ROUNDING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Calendar;
    use crate::mention::Timestamp;

    fn slot() -> Slot {
        Calendar::new(jiff::tz::TimeZone::UTC).slot(Timestamp::from_millis(0))
    }

    #[test]
    fn the_panes_of_an_hour_are_spread_evenly_over_it() {
        // In zones half an hour or three quarters off some panes reach into the next hour.
        for (seconds, off) in (1..=3_600).flat_map(|it| [0, 1_800, 2_700].map(|off| (it, off))) {
            if 3_600 % seconds != 0 {
                continue;
            }
            let (panes, length) = (3_600 / seconds, f64::from(seconds) / 3_600.0);
            let mut hour = Part::even(slot(), 0.0);
            for at in 0..panes {
                let into = f64::from((off + at * seconds) % 3_600) / 3_600.0;
                hour.add(Part::pane(slot(), into, length));
            }
            assert!(hour.is_even(), "{seconds} s, {off} s off: {hour:?}");
        }
    }

    #[test]
    fn a_pane_tells_where_in_the_hour_it_lay() {
        let (first, last) = (Part::pane(slot(), 0.0, 0.25), Part::pane(slot(), 0.75, 0.25));
        assert_eq!((first.lean, last.lean), (-0.375, 0.375));
        // The integral of t² - 1/12 from 1/4 to 1/2, per hour.
        let bend = ((0.125 - 0.25_f64.powi(3)) / 3.0 - 0.25 / 12.0) / 0.25;
        assert!((last.bend - bend).abs() < 1e-12 && (first.bend - bend).abs() < 1e-12);
        assert!(!first.is_even());
    }
}
