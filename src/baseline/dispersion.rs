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
/// variance (windows of few mentions, or of which little was known, say little), winsorised, and forgotten with the baseline's
/// half-life; the prior holds while the record is short.
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
        self.weighted = keep * self.weighted + weight * relative;
        self.weight = keep * self.weight + weight;
    }
}
