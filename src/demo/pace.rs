//! How fast the made days go by.

use std::time::Duration;

use super::Event;
use crate::mention::Timestamp;

const MINUTE_MS: i64 = 60_000;

/// Stretches of the script, each with where it ends, in minutes of event time after the crisis
/// begins, and the wall-clock time in which it passes. The last one lasts to the script's end.
///
/// The ordinary days fly, the breaking of the crisis can be watched minute by minute.
const STRETCHES: [(i64, Duration); 4] = [
    (-15, Duration::from_secs(8)),
    (45, Duration::from_secs(15)),
    (150, Duration::from_secs(12)),
    (i64::MAX, Duration::from_secs(9)),
];

/// Maps event time to wall-clock time: continuous, never backwards, linear within a stretch.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    start: Timestamp,
    crisis: Timestamp,
    end: Timestamp,
}

impl Pace {
    /// The pace of a script from `start` to `end` whose crisis begins at `crisis`.
    pub const fn new(start: Timestamp, crisis: Timestamp, end: Timestamp) -> Self {
        Self { start, crisis, end }
    }

    /// When, after the beginning of the demo, something that happens at `at` is to be sent.
    pub fn due(&self, at: Timestamp) -> Duration {
        let mut from = self.start;
        let mut due = Duration::ZERO;
        for (minute, length) in STRETCHES {
            let to = self.crisis.plus_millis(minute.saturating_mul(MINUTE_MS));
            let to = to.min(self.end).max(from);
            let whole = to.millis_since(from).max(1) as f64;
            let part = (at.millis_since(from) as f64 / whole).clamp(0.0, 1.0);
            due += length.mul_f64(part);
            from = to;
        }
        due
    }

    /// How long to wait before `event` is sent, `elapsed` after the beginning of the demo; zero
    /// when it is late.
    pub fn delay_before(&self, event: &Event, elapsed: Duration) -> Duration {
        self.due(event.created_at).saturating_sub(elapsed)
    }

    /// How long the whole script takes.
    pub fn total(&self) -> Duration {
        self.due(self.end)
    }
}
