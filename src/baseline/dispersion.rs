//! How restless a series is by itself, window length by window length.

use super::expected::Expected;

/// Squared relative deviation assumed before there is a record: counts of an hour usually lie
/// within some 40 % of what hour and weekday suggest.
const PRIOR: f64 = 0.15;
/// How many fully informative windows the prior is worth.
const PRIOR_WINDOWS: f64 = 10.0;
/// No series is steadier than this (5 %): below it the model, not the series, is at fault.
const FLOOR: f64 = 0.0025;
/// A single window counts at most as if it lay this many standard deviations off.
const CLIP: f64 = 3.0;

/// A moment estimate of the over-dispersion `φ` in `variance = noise + φ mean²` from what was
/// predicted and what came, one window at a time.
///
/// Each closed window gives `r = ((x - mean)² - noise) / mean² - doubt`, weighted by its inverse
/// variance (windows of few mentions, or of which little was known, say little), winsorised, and forgotten with the baseline's
/// half-life; the prior holds while the record is short.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dispersion {
    weighted: f64,
    weight: f64,
}

impl Dispersion {
    /// The estimate.
    pub fn value(&self) -> f64 {
        let prior_weight = PRIOR_WINDOWS / (PRIOR * PRIOR);
        let value = (self.weighted + PRIOR * prior_weight) / (self.weight + prior_weight);
        value.clamp(FLOOR, 4.0)
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
        let weight = (noise / (mean * mean) + PRIOR + expected.doubt).powi(-2);
        self.weighted = keep * self.weighted + weight * relative;
        self.weight = keep * self.weight + weight;
    }
}
