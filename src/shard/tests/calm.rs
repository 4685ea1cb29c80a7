//! Series in which nothing ever happens, in panes of five minutes.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Gamma, Poisson};

use super::streams::{HOUR, START, plan, rhythm};
use crate::detect::{Brand, Plan, Sensitivity, TimeSettings};
use crate::incident::Measure;
use crate::mention::Timestamp;

pub const PANE: i64 = HOUR / 12;
pub const WEEK: i64 = 7 * 24 * HOUR / PANE;

#[derive(Debug, Clone, Copy)]
pub struct Calm {
    /// Mentions in an average pane.
    pub rate: f64,
    /// Squared relative deviation of each hour's rate, gamma; 0 is Poisson.
    pub dispersion: f64,
    /// The part of panes that are missing.
    pub missing: f64,
}

/// A calm series, drawn pane by pane.
pub struct Draw {
    calm: Calm,
    rng: StdRng,
    restless: f64,
}

impl Draw {
    pub fn new(calm: Calm, seed: u64) -> Self {
        let seed = seed ^ calm.rate.to_bits() ^ calm.dispersion.to_bits();
        Self { calm, rng: StdRng::seed_from_u64(seed), restless: 1.0 }
    }

    /// What comes in `pane` at `times` the usual; `None` if it is missing.
    pub fn count(&mut self, pane: i64, times: f64) -> Option<u32> {
        let Calm { rate, dispersion, missing } = self.calm;
        if pane * PANE % HOUR == 0 && dispersion > 0.0 {
            let gamma = Gamma::new(1.0 / dispersion, dispersion).unwrap();
            self.restless = gamma.sample(&mut self.rng);
        }
        let weekend = if pane % WEEK >= WEEK / 7 * 5 { 0.7 } else { 1.12 };
        let busy = weekend * rhythm(pane * PANE + PANE / 2);
        let mean = rate * self.restless * busy * times;
        let count = Poisson::new(mean.max(1e-9)).unwrap().sample(&mut self.rng);
        (!self.rng.random_bool(missing)).then_some(count as u32)
    }
}

/// So many brands of which mentions alone are counted, with a budget of so many false pages a week.
pub fn counts(brands: usize, false_pages_per_week: f64) -> Plan {
    let mut plan = (*plan()).clone();
    plan.brands = (0..brands).map(|at| Brand { name: at.to_string(), market: None }).collect();
    plan.monitors.retain(|it| it.measure == Measure::Mentions);
    Plan {
        time: TimeSettings { pane: Duration::from_millis(PANE as u64), ..plan.time },
        sensitivity: Sensitivity { false_pages_per_week, ..plan.sensitivity },
        ..plan
    }
}

pub fn start_of(pane: i64) -> Timestamp {
    Timestamp::from_millis(START + pane * PANE)
}
