//! How fast the made days go by.

use std::time::Duration;

use crate::mention::Timestamp;

/// Wall-clock time in which the ordinary days pass.
const ORDINARY: Duration = Duration::from_secs(8);
/// Wall-clock time in which the rest passes.
const CRISIS: Duration = Duration::from_secs(30);
/// Event time before the crisis at which the days slow down.
const LEAD_MS: i64 = 30 * 60_000;

/// Maps event time to wall-clock time: the ordinary days fly, the crisis can be watched.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    start: Timestamp,
    slow: Timestamp,
    end: Timestamp,
}

impl Pace {
    /// The pace of a script from `start` to `end` whose crisis begins at `crisis`.
    pub const fn new(start: Timestamp, crisis: Timestamp, end: Timestamp) -> Self {
        Self { start, slow: crisis.plus_millis(-LEAD_MS), end }
    }

    /// When, after the beginning of the demo, something that happens at `at` is to be sent.
    pub fn due(&self, at: Timestamp) -> Duration {
        let part = |from: Timestamp, to: Timestamp| {
            let length = to.millis_since(from).max(1) as f64;
            (at.millis_since(from) as f64 / length).clamp(0.0, 1.0)
        };
        if at < self.slow {
            ORDINARY.mul_f64(part(self.start, self.slow))
        } else {
            ORDINARY + CRISIS.mul_f64(part(self.slow, self.end))
        }
    }
}
