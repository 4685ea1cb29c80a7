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
    /// How far back to read on assignment, so that a fresh start knows what is typical.
    pub history: Duration,
    /// Wall-clock silence at the end of a partition after which its watermark moves with the clock.
    pub idle_timeout: Duration,
    /// Shard threads.
    pub shards: usize,
    /// Passed through to librdkafka as they are (TLS, SASL, tuning).
    pub properties: Vec<(String, Secret)>,
}
