//! What the integration tests stand on: a real Apache Kafka, a real PostgreSQL, a real HTTP receiver, Slack's own
//! judgement.
//!
//! - [`KafkaBroker`]: one KRaft broker, and what a test does with it as its operator would.
//! - [`Postgres`]: one PostgreSQL server, and a database for whoever asks.
//! - [`HttpReceiver`]: a local server that records requests and answers as it was told to.
//! - [`slack`]: whether Slack would take a payload.
//!
//! Nothing here skips: what is missing fails the test and says to run `./test`, which installs it.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part of the support")]

mod cut;
mod http_receiver;
mod kafka;
mod kafka_broker;
mod ports;
mod postgres;
mod server;
pub mod service;
pub mod slack;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use http_receiver::{Answer, HttpReceiver, Received};
pub use kafka::Record;
pub use kafka_broker::KafkaBroker;
pub use ports::free_port;
pub use postgres::Postgres;

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

/// Waits until `holds`, which is asked again and again.
///
/// # Panics
///
/// When it does not within [`DEADLINE`].
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
