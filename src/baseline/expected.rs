//! What a window is expected to hold, and how unusual what it holds is.

use serde::{Deserialize, Serialize};

use super::tail;

/// Whether a series counts mentions or the part of them that is of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Scale {
    /// Mentions per pane of time.
    #[default]
    Count,
    /// Mentions of one kind per mention.
    Share,
}

/// No more is made up for than this: of rare mentions nearly all lie beyond any reach.
const LEAST_WITHIN: f64 = 0.5;

/// The predictive distribution of one window.
///
/// A count is negative binomial with `variance = mean + dispersion * mean²`; a share is
/// beta-binomial over the window's `of` mentions with the same relative variance of its rate.
/// `dispersion` holds two things: how restless the series is by itself, and how little is known
/// about it yet (a gamma posterior of the rate makes a Poisson count negative binomial; Gelman et
/// al., Bayesian Data Analysis, 2.6). So limits are honestly wider while history is short.
/// `error` is the part of that which comes from taking a mean over restless hours: it is as skewed
/// as they are, and makes the ratio of a count to it an F variable ([`tail::z_count`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Whether it is a count or a share.
    pub scale: Scale,
    /// Expected mentions in the window.
    pub mean: f64,
    /// For a share: all mentions in the window. For a count: unused, 0.
    pub of: f64,
    /// Squared relative standard deviation of the rate beyond Poisson (binomial) noise.
    pub dispersion: f64,
    /// The part of `dispersion` that is lack of knowledge.
    pub doubt: f64,
    /// The part of `doubt` that is the error of a mean of restless hours. For a share: unused, 0.
    pub error: f64,
}

impl Expected {
    /// A count of `mean` mentions, which is known exactly.
    pub const fn count(mean: f64, dispersion: f64) -> Self {
        Self { scale: Scale::Count, mean, of: 0.0, dispersion, doubt: 0.0, error: 0.0 }
    }

    /// `mean` mentions of one kind, which is known exactly, among the `of` of a window.
    pub const fn share(mean: f64, of: f64, dispersion: f64) -> Self {
        Self { scale: Scale::Share, mean, of, dispersion, doubt: 0.0, error: 0.0 }
    }

    /// z of `observed` mentions; positive above what is typical. Always finite.
    pub fn z(&self, observed: f64) -> f64 {
        match self.scale {
            Scale::Count => {
                tail::z_count(observed, self.mean, self.dispersion - self.error, self.error)
            }
            Scale::Share => {
                let share = self.rate();
                let correlation = (self.dispersion * share / (1.0 - share)).min(0.95);
                tail::z_share(observed, self.of, share, correlation)
            }
        }
    }

    /// The part of a count's `observed` mentions, 0..=1, that lies at `z` or beyond: a count is a
    /// lump of probability, and what is spread evenly over its lump is exactly uniform under the
    /// truth, so that calibration can be measured for rare mentions too (Czado, Gneiting & Held 2009,
    /// Biometrics 65: the non-randomised probability integral transform).
    pub fn part_beyond(&self, z: f64, observed: f64) -> f64 {
        // A window that can hold nothing is never beyond anything.
        if self.mean <= 0.0 {
            return 0.0;
        }
        let lump = tail::ln_count(observed, self.mean, self.dispersion).exp();
        let above = tail::normal_upper_tail(self.z(observed)) - lump / 2.0;
        ((tail::normal_upper_tail(z) - above) / lump.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    }

    /// The part of a count's variance that is left, above 0 and at most 1, when no value counts for
    /// more than `top` mentions above the mean (a share's is left whole: it is not as skewed, and far
    /// below no count can lie).
    ///
    /// `1 - E[((x - mean)² - top²); x > mean + top] / variance`, by the factorial moments of a gamma
    /// mixture of Poisson counts: `E[x(x-1)...(x-n+1) g(x)] = E[x(x-1)...(x-n+1)] E[g(y + n)]`, where
    /// `y` is negative binomial of size `1 / dispersion + n` and the same odds.
    pub fn part_within(&self, top: f64) -> f64 {
        if self.scale == Scale::Share {
            return 1.0;
        }
        let Self { mean, dispersion, .. } = *self;
        let beyond = |n: f64| {
            let grown = n.mul_add(dispersion, 1.0);
            tail::count_beyond((mean + top - n).floor(), mean * grown, dispersion / grown)
        };
        let square = mean * mean * ((1.0 + dispersion) * beyond(2.0) - 2.0 * beyond(1.0));
        let lost = square + mean * beyond(1.0) + (mean * mean - top * top) * beyond(0.0);
        let left = 1.0 - lost / self.variance();
        // Counts of far less than one lose nearly everything: they say nothing.
        if left.is_finite() { left.clamp(LEAST_WITHIN, 1.0) } else { 1.0 }
    }

    /// Natural logarithm of the probability that a count's window holds nothing at all.
    pub fn ln_nothing(&self) -> f64 {
        tail::ln_count_at_zero(self.mean, self.dispersion)
    }

    /// The typical band: the smallest and the largest number of mentions whose |z| is at most `z`.
    pub fn band(&self, z: f64) -> (f64, f64) {
        let highest = match self.scale {
            Scale::Count => {
                let spread = self.variance().sqrt();
                // Beyond forty standard deviations no limit lies, whatever the dispersion.
                self.mean + 40.0 * spread + 100.0
            }
            Scale::Share => self.of,
        };
        let below = tail::value_at(-z, highest, |x| self.z(x));
        let lower = if self.z(below) < -z { below + 1.0 } else { below };
        (lower, tail::value_at(z, highest, |x| self.z(x)))
    }

    /// Variance of the count of mentions, in mentions squared.
    pub fn variance(&self) -> f64 {
        self.noise() + self.dispersion * self.mean * self.mean
    }

    /// The part of the variance that chance alone would make: Poisson or binomial.
    pub fn noise(&self) -> f64 {
        match self.scale {
            Scale::Count => self.mean,
            Scale::Share => self.mean * (1.0 - self.rate()),
        }
    }

    /// `mentions` in the unit people read: mentions, or a share in 0..=1.
    pub fn in_units(&self, mentions: f64) -> f64 {
        match self.scale {
            Scale::Count => mentions,
            Scale::Share => mentions / self.of.max(1.0),
        }
    }

    fn rate(&self) -> f64 {
        (self.mean / self.of.max(1.0)).clamp(1e-6, 1.0 - 1e-6)
    }
}
