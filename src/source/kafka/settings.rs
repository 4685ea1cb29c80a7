//! What the Kafka source is told by the configuration.

use std::time::Duration;

use crate::decode::Format;
use crate::secret::Secret;

/// One topic to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The topic's name.
    pub name: String,
    /// How its mentions are written.
    pub format: Format,
}

/// librdkafka's name for how much of a partition may wait in memory, in KiB.
pub(super) const FETCH_QUEUE: &str = "queued.max.messages.kbytes";
/// How much of a partition may wait in memory unless the properties say otherwise.
pub(super) const FETCH_QUEUE_BYTES: usize = 16 << 20;
pub(super) const KIB: usize = 1_024;

/// Where to read from and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    /// `host:port` of one or more brokers to start from.
    pub brokers: Vec<String>,
    /// Topics to read; never empty.
    pub topics: Vec<Topic>,
    /// The consumer group.
    pub group: String,
    /// This instance's name in the group, no other's: then it finds its partitions again when it
    /// comes back soon enough (static membership).
    pub instance: Option<String>,
    /// The topic for what is no mention; without one, a file takes it.
    pub dead_letter_topic: Option<String>,
    /// How far back to read on assignment, so that a fresh start knows what is typical.
    pub history: Duration,
    /// Wall-clock silence at the end of a partition after which its watermark moves with the clock.
    pub idle_timeout: Duration,
    /// Shard threads.
    pub shards: usize,
    /// Passed through to librdkafka as they are (TLS, SASL, tuning).
    pub properties: Vec<(String, Secret)>,
}

impl KafkaSettings {
    /// How much of a partition may have been fetched and not been read, in bytes, before no more of it
    /// is fetched.
    pub fn fetch_queue_bytes(&self) -> usize {
        let set = self.properties.iter().rfind(|(name, _)| name == FETCH_QUEUE);
        let kib = set.and_then(|(_, value)| value.expose().parse::<usize>().ok());
        kib.map_or(FETCH_QUEUE_BYTES, |kib| kib.saturating_mul(KIB))
    }
}
