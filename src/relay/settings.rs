//! What a relay is told, and the client settings that follow.

use std::time::Duration;

use rdkafka::ClientConfig;

use crate::source::kafka::client;
use crate::source::{KafkaSettings, Topic};

/// What both of its clients are called.
const CLIENT: &str = "groundswell-route";
/// How long a transaction may stay open before the broker aborts it. A relay that dies hard holds
/// readers of committed records up for so long, unless it is started again sooner.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the group waits for an instance that is gone. It has no effect on one that is started
/// again within that time: it gets its partitions back.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
/// What is read, as whom, and when it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelaySettings {
    /// Topics to read; never empty.
    pub topics: Vec<Topic>,
    /// The consumer group.
    pub group: String,
    /// Who this instance is, to the group and to Kafka's transactions; no other instance's, and the
    /// same after a restart.
    pub transactional_id: String,
    /// Topics that are written to; they must be there.
    pub outputs: Vec<String>,
    /// Age at which a transaction is committed.
    pub commit_interval: Duration,
    /// Messages read after which it is committed sooner.
    pub commit_messages: usize,
    /// Largest payload that is written, in bytes.
    pub max_message_bytes: usize,
}

impl RelaySettings {
    /// The names of the topics that are read.
    pub(super) fn topic_names(&self) -> String {
        let names: Vec<&str> = self.topics.iter().map(|topic| topic.name.as_str()).collect();
        names.join(", ")
    }

    /// The member of the group. Only what is committed is read, and only once pending commits of
    /// offsets are settled (KIP-447): both follow from `isolation.level`.
    pub(super) fn consumer(&self, kafka: &KafkaSettings) -> ClientConfig {
        let session_timeout = SESSION_TIMEOUT.as_millis().to_string();
        // A static member: a commit of offsets is checked against it even when the group has given it
        // up, and a restart moves no partition.
        let member = (&*self.group, Some(&*self.transactional_id));
        client::consumer(kafka, CLIENT, member, &[("session.timeout.ms", &session_timeout)])
    }

    /// The transactional producer.
    pub(super) fn producer(&self, kafka: &KafkaSettings) -> ClientConfig {
        let mut config = client::producer(kafka, CLIENT, self.max_message_bytes);
        config
            .set("transactional.id", &self.transactional_id)
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string());
        config
    }
}
