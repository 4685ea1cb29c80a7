//! The way of one mention: decode, classify, count and score.

use std::sync::Arc;

use crate::classify::Classifier;
use crate::config::Config;
use crate::decode::{Format, Limits, Reason, Rejected};
use crate::incident::Change;
use crate::mention::{BrandIndex, Timestamp};
use crate::shard::{Outcome, Shard};

use super::reader::Reader;

/// One partition's way from bytes to changes.
#[derive(Debug)]
pub struct Intake {
    reader: Reader,
    shard: Shard,
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
        Self { reader: Reader::new(config, classifier), shard }
    }

    /// Takes one message; `now` is the wall clock, by which a mention from the future is told. One
    /// that was routed for a `market` counts for that market's brands alone: the others have copies
    /// of their own. What it changes for people is added to `changes`, rejected or not: a mention
    /// that comes too late still lets time pass.
    ///
    /// # Errors
    ///
    /// The reason why it is not counted and must be kept as a dead letter.
    pub fn take(
        &mut self,
        format: Format,
        payload: &[u8],
        market: Option<&[u8]>,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) -> Result<Taken, Rejected> {
        let mention = self.reader.decode(format, payload, now)?;
        let classified = self.reader.classify(&mention, market)?;
        let outcome = self.shard.observe_for(market, &classified, changes);
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
        self.reader.limits(now)
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

    /// The partition's state, when no more comes.
    pub fn into_shard(self) -> Shard {
        self.shard
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::Secrets;

    const BRANDS: &str = "brand = [
        { name = \"Acme\", market = \"anvils\" },
        { name = \"Apex\", market = \"anvils\" },
        { name = \"Zenith\" },
    ]";

    /// Takes a mention of all three brands once for each of `copies`; says which brands each counted
    /// for.
    fn counted(copies: &[Option<&str>]) -> Vec<(Outcome, Vec<u32>)> {
        let config = Config::parse(BRANDS, "test", Secrets::Ignore, &|_| None).unwrap();
        let classifier = Arc::new(Classifier::new(&config.rules).unwrap());
        let mut intake = Intake::new(&config, "mentions", classifier);
        let text = br#"{"id":"1","created_at":"2026-11-24T08:00:00Z","channel":"x","text":"acme, Apex, zenith"}"#;
        let now = Timestamp::from_millis(1_795_507_200_000);
        let mut take = |market: &Option<&str>| {
            let market = market.map(str::as_bytes);
            let taken = intake.take(Format::Json, text, market, now, &mut Vec::new()).unwrap();
            (taken.outcome, taken.brands.iter().map(|brand| brand.0).collect())
        };
        copies.iter().map(&mut take).collect()
    }

    #[test]
    fn a_mention_routed_to_two_markets_counts_once_for_each_brand() {
        use Outcome::{Counted, Duplicate, Unmatched};
        // Both copies come through one partition here: they are no duplicates of each other.
        assert_eq!(
            counted(&[Some("anvils"), Some("Zenith"), Some("anvils"), Some("Zenith")]),
            [
                (Counted, vec![0, 1]),
                (Counted, vec![2]),
                (Duplicate, vec![0, 1]),
                (Duplicate, vec![2]),
            ],
        );
        assert_eq!(counted(&[None, None]), [(Counted, vec![0, 1, 2]), (Duplicate, vec![0, 1, 2])]);
        // A brand of a market is no market of its own.
        assert_eq!(counted(&[Some("Acme")]), [(Unmatched, vec![])]);
    }
}
