//! How restless a series is by itself, window length by window length.

use super::expected::{Expected, Scale};

/// Squared relative deviation of an hour's count assumed before there is a record: about 35 % of
/// what hour and weekday suggest...
const COUNT_PRIOR: f64 = 0.12;
/// ...falling with this power of the window's length: a day is steadier (20 %) than five minutes.
const COUNT_POWER: f64 = 0.3;
/// The same for a share, whatever the window: about 6 %.
const SHARE_PRIOR: f64 = 0.004;
/// How many fully informative windows the prior is worth.
const PRIOR_WINDOWS: f64 = 6.0;
/// No series is steadier than this part of what is assumed of it: below, the model is at fault.
const FLOOR: f64 = 0.02;
/// Nor more restless than this.
const CEILING: f64 = 4.0;
/// A single window counts at most as if it lay this many standard deviations off.
const CLIP: f64 = 3.0;

/// A moment estimate of the over-dispersion `φ` in `variance = noise + φ mean²` from what was
/// predicted and what came, one window at a time.
///
/// Each closed window gives `r = ((x - mean)² - noise) / mean² - doubt`, weighted by its inverse
/// variance (windows of few mentions, or of which little was known, say little), winsorised, and
/// forgotten with the baseline's half-life; the prior holds while the record is short.
#[derive(Debug, Clone, Copy)]
pub struct Dispersion {
    prior: f64,
    weighted: f64,
    weight: f64,
}

impl Dispersion {
    /// No record yet, for windows of `hours`.
    pub fn new(scale: Scale, hours: f64) -> Self {
        let prior = match scale {
            Scale::Count => COUNT_PRIOR * hours.powf(-COUNT_POWER),
            Scale::Share => SHARE_PRIOR,
        };
        Self { prior, weighted: 0.0, weight: 0.0 }
    }

    /// The estimate.
    pub fn value(&self) -> f64 {
        let prior_weight = PRIOR_WINDOWS / (self.prior * self.prior);
        let value = (self.weighted + self.prior * prior_weight) / (self.weight + prior_weight);
        value.clamp(FLOOR * self.prior, CEILING)
    }

    /// Learns from a window of which `expected` was predicted and `observed` mentions came;
    /// `keep` (0..=1) is what is left of earlier knowledge.
    pub fn learn(&mut self, expected: &Expected, observed: f64, keep: f64) {
        let (mean, noise) = (expected.mean, expected.noise());
        if mean <= 0.0 {
            return;
        }
        let spread = CLIP * expected.variance().sqrt();
        let deviation = (observed - mean).clamp(-spread, spread);
        let relative = (deviation * deviation - noise) / (mean * mean) - expected.doubt;
        let weight = (noise / (mean * mean) + self.prior + expected.doubt).powi(-2);
        if !(weight > 0.0 && relative.is_finite()) {
            // So little was expected that it says nothing, not even in double precision.
            return;
        }
        self.weighted = keep * self.weighted + weight * relative;
        self.weight = keep * self.weight + weight;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use rand_distr::{Distribution, Gamma, Poisson};

    use super::*;

    fn expected(mean: f64, dispersion: f64, doubt: f64) -> Expected {
        Expected { scale: Scale::Count, mean, of: 0.0, dispersion, doubt }
    }

    /// What is learnt from `windows` counts of this mean and dispersion.
    fn learnt(mean: f64, truth: f64, windows: usize) -> f64 {
        let mut rng = StdRng::seed_from_u64(9);
        let mut dispersion = Dispersion::new(Scale::Count, 1.0);
        for _ in 0..windows {
            let rate = Gamma::new(1.0 / truth, truth).unwrap().sample(&mut rng);
            let count = Poisson::new(mean * rate).unwrap().sample(&mut rng);
            dispersion.learn(&expected(mean, dispersion.value(), 0.0), count, 1.0);
        }
        dispersion.value()
    }

    #[test]
    fn the_prior_holds_until_there_is_a_record() {
        assert_eq!(Dispersion::new(Scale::Count, 1.0).value(), COUNT_PRIOR);
        assert!(Dispersion::new(Scale::Count, 24.0).value() < COUNT_PRIOR / 2.0);
        assert!(Dispersion::new(Scale::Count, 1.0 / 12.0).value() > 2.0 * COUNT_PRIOR);
        // Windows of a twentieth of a mention say nothing about restlessness.
        assert!((learnt(0.05, 0.5, 50) / COUNT_PRIOR - 1.0).abs() < 0.1);
    }

    #[test]
    fn the_truth_is_found_from_a_few_hundred_windows() {
        for truth in [0.02, 0.05, 0.25, 0.6] {
            let got = learnt(100.0, truth, 800);
            assert!((got / truth - 1.0).abs() < 0.3, "{truth}: {got}");
        }
    }

    #[test]
    fn one_storm_counts_as_three_deviations_and_is_forgotten() {
        let mut dispersion = Dispersion::new(Scale::Count, 1.0);
        (0..300).for_each(|_| dispersion.learn(&expected(100.0, 0.02, 0.0), 100.0, 1.0));
        let before = dispersion.value();
        dispersion.learn(&expected(100.0, dispersion.value(), 0.0), 1e9, 1.0);
        assert!(dispersion.value() < before + 0.01, "{before} {}", dispersion.value());

        let mut restless = Dispersion::new(Scale::Count, 1.0);
        (0..300).for_each(|_| restless.learn(&expected(100.0, 0.5, 0.0), 180.0, 1.0));
        assert!(restless.value() > 0.4);
        (0..300).for_each(|_| restless.learn(&expected(100.0, 0.5, 0.0), 100.0, 0.98));
        assert!(restless.value() < 0.1, "{}", restless.value());
    }

    #[test]
    fn a_miss_that_was_to_be_expected_from_ignorance_is_no_restlessness() {
        let learn = |doubt: f64| {
            let mut dispersion = Dispersion::new(Scale::Count, 1.0);
            (0..40)
                .for_each(|_| dispersion.learn(&expected(100.0, 0.12 + doubt, doubt), 160.0, 1.0));
            dispersion.value()
        };
        assert!(learn(0.0) > 0.3 && learn(0.36) < 0.1, "{} {}", learn(0.0), learn(0.36));
    }

    #[test]
    fn it_stays_within_its_bounds_whatever_comes() {
        let mut dispersion = Dispersion::new(Scale::Share, 1.0);
        for (mean, observed) in [(0.0, 5.0), (1e-200, 1e9), (1e-9, 0.0), (1e9, 0.0), (1e12, 1e12)] {
            let expected =
                Expected { scale: Scale::Share, of: 2.0 * mean, ..expected(mean, 0.1, 0.0) };
            dispersion.learn(&expected, observed, 0.5);
            let value = dispersion.value();
            assert!((FLOOR * SHARE_PRIOR..=CEILING).contains(&value), "{mean} {observed}: {value}");
        }
    }
}
