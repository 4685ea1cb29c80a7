//! How far a partition is complete.

use serde::{Deserialize, Serialize};

use crate::mention::Timestamp;

/// The watermark of one partition: event time up to which it is taken to be complete.
///
/// It trails the latest mention by the configured out-of-orderness and never goes back. While the
/// partition is idle (its end is reached and nothing arrives) the wall clock moves it, so that
/// silence is seen; see [`Watermark::advance_idle`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Watermark {
    #[serde(skip)]
    out_of_orderness_ms: i64,
    earliest: Option<Timestamp>,
    latest: Option<Timestamp>,
    value: Option<Timestamp>,
}

/// A partition whose latest mention is older than this is being re-read, not followed live: its
/// silence is measured from that mention on, not from today.
const LIVE_WITHIN_MS: i64 = 7 * 86_400_000;

impl Watermark {
    /// A watermark that has seen nothing.
    pub const fn new(out_of_orderness_ms: i64) -> Self {
        Self { out_of_orderness_ms, earliest: None, latest: None, value: None }
    }

    /// Where this stands, with the settings of `fresh`.
    #[must_use]
    pub const fn resume(self, fresh: &Self) -> Self {
        Self { out_of_orderness_ms: fresh.out_of_orderness_ms, ..self }
    }

    /// Where it stands; `None` before the first mention.
    pub const fn value(&self) -> Option<Timestamp> {
        self.value
    }

    /// The earliest and the latest event time seen.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.earliest.zip(self.latest)
    }

    /// A mention made at `created_at` has been seen. Returns the watermark.
    pub fn observe(&mut self, created_at: Timestamp) -> Timestamp {
        self.earliest = Some(self.earliest.map_or(created_at, |earliest| earliest.min(created_at)));
        self.latest = Some(self.latest.map_or(created_at, |latest| latest.max(created_at)));
        self.raise(created_at.plus_millis(-self.out_of_orderness_ms))
    }

    /// Nothing has arrived for `idle_ms` of wall clock, which now shows `now`. Returns the
    /// watermark; `None` before the first mention.
    pub fn advance_idle(&mut self, now: Timestamp, idle_ms: i64) -> Option<Timestamp> {
        let latest = self.latest?;
        let reached = if now.millis_since(latest) <= LIVE_WITHIN_MS {
            now
        } else {
            latest.plus_millis(idle_ms)
        };
        Some(self.raise(reached.plus_millis(-self.out_of_orderness_ms)))
    }

    /// Everything up to the latest mention has been seen: the input has ended.
    pub fn finish(&mut self) -> Option<Timestamp> {
        let latest = self.latest?;
        Some(self.raise(latest))
    }

    fn raise(&mut self, to: Timestamp) -> Timestamp {
        let value = self.value.map_or(to, |value| value.max(to));
        self.value = Some(value);
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn it_trails_the_latest_mention() {
        let mut watermark = Watermark::new(5_000);
        assert_eq!(watermark.value(), None);
        assert_eq!(watermark.observe(at(60_000)), at(55_000));
        assert_eq!(watermark.observe(at(58_000)), at(55_000));
        assert_eq!(watermark.finish(), Some(at(60_000)));
    }

    #[test]
    fn silence_moves_it_with_the_wall_clock() {
        let mut watermark = Watermark::new(5_000);
        assert_eq!(watermark.advance_idle(at(1_000_000), 30_000), None, "nothing seen yet");
        watermark.observe(at(1_000_000));
        assert_eq!(watermark.advance_idle(at(1_090_000), 60_000), Some(at(1_085_000)));
    }

    #[test]
    fn re_reading_the_past_does_not_jump_to_today() {
        let mut watermark = Watermark::new(5_000);
        watermark.observe(at(1_000_000));
        let today = at(1_000_000 + 400 * 86_400_000);
        assert_eq!(watermark.advance_idle(today, 60_000), Some(at(1_055_000)));
    }

    proptest! {
        #[test]
        fn it_never_goes_back(steps in prop::collection::vec((0_i64..10_000_000, any::<bool>()), 1..100)) {
            let mut watermark = Watermark::new(5_000);
            let mut before = None;
            for (millis, idle) in steps {
                if idle { watermark.advance_idle(at(millis), 1_000); } else { watermark.observe(at(millis)); }
                prop_assert!(watermark.value() >= before);
                before = watermark.value();
            }
        }
    }
}
