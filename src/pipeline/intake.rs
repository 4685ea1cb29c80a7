//! The way of one mention: decode, classify, count and score.

use std::sync::Arc;
use std::time::Duration;

use crate::classify::Classifier;
use crate::config::Config;
use crate::decode::{Format, Limits, Reason, Rejected, decode};
use crate::incident::Change;
use crate::mention::{BrandIndex, Timestamp, millis};
use crate::shard::{Outcome, Shard};

/// One partition's way from bytes to changes.
#[derive(Debug)]
pub struct Intake {
    classifier: Arc<Classifier>,
    shard: Shard,
    max_bytes: usize,
    max_future: Duration,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What became of it.
    pub outcome: Outcome,
    /// Its event time.
    pub created_at: Timestamp,
    /// The brands it was matched to.
    pub brands: Vec<BrandIndex>,
}

impl Intake {
    /// An intake that has seen nothing, of the feed named `feed`.
    pub fn new(config: &Config, feed: &str, classifier: Arc<Classifier>) -> Self {
        Self::with_shard(config, Shard::new(Arc::clone(&config.plan), feed), classifier)
    }

    /// An intake that goes on where `shard`, which is of the plan of `config`, stands.
    pub fn with_shard(config: &Config, shard: Shard, classifier: Arc<Classifier>) -> Self {
        Self {
            classifier,
            shard,
            max_bytes: config.limits.max_message_bytes,
            max_future: config.max_future,
        }
    }

    /// Takes one message; `now` is the wall clock, by which a mention from the future is told.
    /// What it changes for people is added to `changes`, rejected or not: a mention that comes too
    /// late still lets time pass.
    ///
    /// # Errors
    ///
    /// The reason why it is not counted and must be kept as a dead letter.
    pub fn take(
        &mut self,
        format: Format,
        payload: &[u8],
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) -> Result<Taken, Rejected> {
        let mention = decode(format, payload, &self.limits(now))?;
        let classified = self
            .classifier
            .classify(&mention)
            .map_err(|unknown| Rejected::new(Reason::UnknownBrand, unknown.to_string()))?;
        let outcome = self.shard.observe(&classified, changes);
        if outcome == Outcome::Late {
            let watermark = self.shard.watermark().unwrap_or_default();
            return Err(Rejected::new(
                Reason::Late,
                format!(
                    "created_at {} lies too far behind the watermark {watermark}; raise [time] \
                     allowed_lateness if mentions regularly arrive this late",
                    mention.created_at
                ),
            ));
        }
        Ok(Taken { outcome, created_at: mention.created_at, brands: classified.brands })
    }

    /// What decoding refuses when the wall clock shows `now`.
    pub fn limits(&self, now: Timestamp) -> Limits {
        Limits { max_bytes: self.max_bytes, latest: now.plus_millis(millis(self.max_future)) }
    }

    /// The partition's state.
    pub const fn shard(&self) -> &Shard {
        &self.shard
    }

    /// Goes on with another state; returns the one it had.
    pub fn replace_shard(&mut self, shard: Shard) -> Shard {
        std::mem::replace(&mut self.shard, shard)
    }

    /// The partition's state, to let silence pass or to finish.
    pub const fn shard_mut(&mut self) -> &mut Shard {
        &mut self.shard
    }
}
