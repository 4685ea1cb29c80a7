//! Whether a window has swung: unusual enough, and large enough to matter.

use serde::{Deserialize, Serialize};

use crate::baseline::{Expected, Scale};
use crate::incident::Direction;

use super::Sensitivity;

/// One window as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What was expected of it.
    pub expected: Expected,
    /// What came, in mentions.
    pub observed: f64,
    /// How unusual that is; positive above what is typical.
    pub z: f64,
}

impl Reading {
    /// Compares what came with what was expected.
    pub fn new(expected: Expected, observed: f64) -> Self {
        Self { expected, observed, z: expected.z(observed) }
    }

    /// z counted in `direction`: positive when the window lies on that side.
    pub fn z_towards(&self, direction: Direction) -> f64 {
        match direction {
            Direction::Up => self.z,
            Direction::Down => -self.z,
        }
    }

    /// Whether it has passed `z_limit` in `direction` by a margin that matters to people.
    pub fn swings(&self, direction: Direction, z_limit: f64, sensitivity: &Sensitivity) -> bool {
        self.z_towards(direction) >= z_limit && self.matters(direction, sensitivity, 1.0)
    }

    /// Whether it is back to normal in `direction`: neither unusual nor, by half of the margin
    /// that opened it, large. The margin is what tells "over" from "no longer provable".
    pub fn is_calm(&self, direction: Direction, sensitivity: &Sensitivity) -> bool {
        self.z_towards(direction) < sensitivity.calm_z && !self.matters(direction, sensitivity, 0.5)
    }

    /// How far it is off, as a multiple: observed over expected for a rise, the inverse for a fall.
    /// Infinite when something came where nothing was expected.
    pub fn ratio(&self, direction: Direction) -> f64 {
        let (high, low) = match direction {
            Direction::Up => (self.observed, self.expected.mean),
            Direction::Down => (self.expected.mean, self.observed),
        };
        if low > 0.0 { high / low } else { f64::INFINITY }
    }

    fn matters(&self, direction: Direction, sensitivity: &Sensitivity, part: f64) -> bool {
        let difference = match direction {
            Direction::Up => self.observed - self.expected.mean,
            Direction::Down => self.expected.mean - self.observed,
        };
        match self.expected.scale {
            Scale::Count => {
                difference >= part * sensitivity.min_excess
                    && self.ratio(direction) >= 1.0 + part * (sensitivity.min_ratio - 1.0)
            }
            Scale::Share => {
                difference >= part * sensitivity.min_share_change * self.expected.of
                    && difference >= part * sensitivity.min_excess
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Direction::{Down, Up};

    fn count(observed: f64, mean: f64) -> Reading {
        Reading::new(Expected::count(mean, 0.01), observed)
    }

    fn share(observed: f64, of: f64) -> Reading {
        Reading::new(Expected::share(0.3 * of, of, 0.004), observed)
    }

    #[test]
    fn what_is_sure_but_small_is_no_swing() {
        let default = Sensitivity::default();
        // Ten thousand mentions: 5 % more is sure, half as many again matters.
        let sure = Sensitivity { min_ratio: 1.5, ..default };
        let precise = |observed| {
            let mut reading = count(observed, 10_000.0);
            reading.expected.dispersion = 0.0;
            Reading::new(reading.expected, observed)
        };
        assert!(precise(10_500.0).z > 4.0);
        assert!(!precise(10_500.0).swings(Up, 4.0, &sure));
        assert!(precise(15_000.0).swings(Up, 4.0, &sure));
        // Five instead of none is sure, and still only five.
        assert!(count(5.0, 0.01).z > 4.0);
        assert!(!count(5.0, 0.01).swings(Up, 4.0, &default));
        assert!(count(11.0, 0.01).swings(Up, 4.0, &default));
    }

    #[test]
    fn a_fall_is_no_rise() {
        let default = Sensitivity::default();
        let fall = count(5.0, 200.0);
        assert!(fall.swings(Down, 4.0, &default) && !fall.swings(Up, 4.0, &default));
        assert!((fall.ratio(Down) - 40.0).abs() < 1e-9);
        assert_eq!(count(0.0, 50.0).ratio(Down), f64::INFINITY);
        assert_eq!(count(3.0, 0.0).ratio(Up), f64::INFINITY);
    }

    #[test]
    fn a_share_swings_by_points_and_by_mentions() {
        let default = Sensitivity::default();
        assert!(share(120.0, 200.0).swings(Up, 4.0, &default), "from 30 % to 60 %");
        let loose = Sensitivity { min_share_change: 0.4, ..default };
        assert!(!share(120.0, 200.0).swings(Up, 4.0, &loose), "30 points where 40 are asked for");
        // All of twelve: 70 points, but 8 mentions more than usual.
        assert!(share(12.0, 12.0).z > 3.0 && !share(12.0, 12.0).swings(Up, 3.0, &default));
    }

    proptest! {
        /// Between swinging and calm lies a gap: nothing flaps at one limit.
        #[test]
        fn nothing_swings_and_is_calm_at_once(
            observed in 0_u32..5_000, mean in 0.0_f64..2_000.0, of in 1_u32..4_000, up: bool,
        ) {
            let default = Sensitivity::default();
            let direction = if up { Up } else { Down };
            for reading in [count(f64::from(observed), mean), share(f64::from(observed.min(of)), f64::from(of))] {
                let (swings, calm) =
                    (reading.swings(direction, 3.0, &default), reading.is_calm(direction, &default));
                prop_assert!(!(swings && calm), "{reading:?}");
                prop_assert!(!(reading.swings(Up, 3.0, &default) && reading.swings(Down, 3.0, &default)));
                prop_assert!(reading.z.is_finite());
            }
        }
    }
}
