//! What the integration tests stand on: a real Apache Kafka, a real HTTP receiver, Slack's own judgement.
//!
//! - [`KafkaBroker`]: one KRaft broker, and what a test does with it as its operator would.
//! - [`HttpReceiver`]: a local server that records requests and answers as it was told to.
//! - [`slack`]: whether Slack would take a payload.
//! - [`standard_webhooks`]: whether a signed request holds.
//!
//! Nothing here skips: what is missing fails the test and says to run `./test`, which installs it.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part of the support")]

mod cut;
mod http_receiver;
mod kafka;
mod kafka_broker;
mod ports;
pub mod service;
pub mod slack;
pub mod standard_webhooks;

use std::path::PathBuf;
use std::time::Duration;

pub use http_receiver::{Answer, HttpReceiver, Received};
pub use kafka::Record;
pub use kafka_broker::{KafkaBroker, SASL_PASSWORD, SASL_USER};
pub use ports::free_port;

/// How long anything awaited may take. Far longer than it does: it ends only what would never come.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// A path inside the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// `prefix` with a random end, for topics and groups on a broker that other tests use too.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{:08x}", rand::random::<u32>())
}
