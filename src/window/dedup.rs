//! Duplicates dropped by (channel, id) within a horizon of event time and a bounded memory.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use super::keys::{Generations, SavedSegments, Segment};
use crate::mention::Timestamp;

/// Remembers which mentions have been seen.
///
/// Two generations of 64-bit keys: the young one takes new keys for one horizon, then becomes the
/// old one and the previous old one is forgotten, so that a key is remembered for at least one and
/// at most two horizons. When a generation reaches half of the capacity it is turned over early:
/// memory stays bounded and the horizon shrinks, which [`Dedup::early_turnovers`] counts.
///
/// Two different mentions share a key with probability 2⁻⁶⁴ for each remembered key; with the
/// default capacity of 2²⁰ that loses one mention in 2⁴⁴.
#[derive(Debug, Serialize, Deserialize)]
pub struct Dedup {
    #[serde(skip)]
    horizon_ms: i64,
    #[serde(skip)]
    generation_capacity: usize,
    keys: Generations,
    young_since: Option<Timestamp>,
    early_turnovers: u64,
}

/// The key of a mention: SipHash-2-4 of its channel and id, the same on every machine and in every
/// release, so that it can be kept.
pub fn mention_key(channel: &str, id: &str) -> u64 {
    key([channel.as_bytes(), id.as_bytes()])
}

/// The key of the copy of a mention that was routed for `market`: copies for several markets are
/// no duplicates of each other.
pub fn copy_key(channel: &str, id: &str, market: &[u8]) -> u64 {
    key([channel.as_bytes(), id.as_bytes(), market])
}

fn key<const PARTS: usize>(parts: [&[u8]; PARTS]) -> u64 {
    let mut hasher = SipHasher24::new();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            // 0xFF stands in no UTF-8 text, so that ("ab", "c") and ("a", "bc") differ.
            hasher.write(&[0xFF]);
        }
        hasher.write(part);
    }
    hasher.finish()
}

impl Dedup {
    /// Remembers for at least `horizon_ms` of event time and at most `capacity` mentions.
    pub fn new(horizon_ms: i64, capacity: usize) -> Self {
        Self {
            horizon_ms,
            generation_capacity: (capacity / 2).max(1),
            keys: Generations::default(),
            young_since: None,
            early_turnovers: 0,
        }
    }

    /// Whether `key` is new; remembers it. `now` is the watermark.
    pub fn is_new(&mut self, key: u64, now: Timestamp) -> bool {
        let since = *self.young_since.get_or_insert(now);
        if now.millis_since(since) >= self.horizon_ms {
            self.turn_over(now);
        } else if self.keys.young_len() >= self.generation_capacity {
            self.early_turnovers += 1;
            self.turn_over(now);
        }
        !self.keys.is_old(key) && self.keys.insert(key)
    }

    fn turn_over(&mut self, now: Timestamp) {
        self.keys.turn_over();
        self.young_since = Some(now);
    }

    /// Mentions remembered now.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How often the capacity, not the horizon, made it forget.
    pub const fn early_turnovers(&self) -> u64 {
        self.early_turnovers
    }

    /// What has come since the last time; see [`Generations::save`].
    pub fn save(&mut self) -> SavedSegments {
        self.keys.save()
    }

    /// The memory that this was saved of, its segments told by `of`, with the settings of `fresh`.
    ///
    /// # Errors
    ///
    /// Those of `of`.
    pub fn resume<E>(
        self,
        fresh: &Self,
        of: impl FnMut(u64) -> Result<Segment, E>,
    ) -> Result<Self, E> {
        Ok(Self {
            horizon_ms: fresh.horizon_ms,
            generation_capacity: fresh.generation_capacity,
            keys: self.keys.resume(of)?,
            ..self
        })
    }

    /// Forgets what has been saved.
    #[cfg(test)]
    pub(crate) fn unsave(&mut self) {
        self.keys.unsave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_mention_is_new_once_within_the_horizon() {
        let mut dedup = Dedup::new(HOUR, 1_000);
        let key = mention_key("twitter", "1");
        assert!(dedup.is_new(key, at(0)));
        assert!(!dedup.is_new(key, at(1)));
        assert!(!dedup.is_new(key, at(HOUR)), "one horizon on it is still known");
        assert!(dedup.is_new(key, at(3 * HOUR)), "two horizons on it is forgotten");
    }

    #[test]
    fn channel_and_id_do_not_run_together() {
        assert_ne!(mention_key("ab", "c"), mention_key("a", "bc"));
        assert_ne!(mention_key("twitter", "1"), mention_key("facebook", "1"));
    }

    #[test]
    fn the_key_is_the_same_in_every_release() {
        assert_eq!(mention_key("twitter", "567588278875213824"), 11_714_795_198_758_852_566);
    }

    #[test]
    fn memory_is_bounded_and_the_shrinking_is_counted() {
        let mut dedup = Dedup::new(HOUR, 100);
        for id in 0..10_000 {
            assert!(dedup.is_new(mention_key("c", &format!("{id}")), at(id)));
            assert!(dedup.len() <= 100);
        }
        assert!(dedup.early_turnovers() > 100);
        assert!(!dedup.is_new(mention_key("c", "9999"), at(10_000)));
    }
}
