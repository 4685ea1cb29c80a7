//! Whether a window has swung: unusual enough, and large enough to matter.

use crate::baseline::{Expected, Scale};
use crate::incident::Direction;

use super::Sensitivity;

/// One window as it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
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
