//! What the baseline is told.

use std::time::Duration;

/// Seconds in a day.
const DAY: u64 = 86_400;

/// How the baseline learns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaselineSettings {
    /// How much of its past a series remembers.
    pub memory: Duration,
    /// Age at which an hour of the past counts half.
    pub half_life: Duration,
    /// Exposure a series needs before it may signal.
    pub warm_up: Duration,
    /// A series whose incident has been open this long has a new level, and learns it.
    pub level_shift_after: Duration,
    /// What the detector is made of.
    pub elements: Elements,
}

/// What the detector is made of: each can be switched off, to measure what it is worth. No
/// configuration does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elements {
    /// The rhythm of day and week.
    pub seasonality: bool,
    /// Within an hour the rhythm is read off the hours around it.
    pub within_hour: bool,
    /// Outliers are pulled in, and hours of an incident held out.
    pub robust: bool,
    /// Counts are negative binomial, not Poisson.
    pub over_dispersion: bool,
    /// What is expected is a mean of restless hours: as skewed as they are, not only as uncertain.
    pub estimated_mean: bool,
    /// A window's own record may raise its limit.
    pub record: bool,
}

impl Default for Elements {
    fn default() -> Self {
        Self {
            seasonality: true,
            within_hour: true,
            robust: true,
            over_dispersion: true,
            estimated_mean: true,
            record: true,
        }
    }
}

impl Default for BaselineSettings {
    fn default() -> Self {
        Self {
            memory: Duration::from_secs(28 * DAY),
            half_life: Duration::from_secs(7 * DAY),
            warm_up: Duration::from_secs(DAY / 24),
            level_shift_after: Duration::from_secs(4 * DAY),
            elements: Elements::default(),
        }
    }
}
