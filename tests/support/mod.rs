//! What the integration tests stand on: a real Apache Kafka, a real PostgreSQL, a real HTTP receiver, Slack's own
//! judgement.
//!
//! - [`KafkaBroker`], [`KafkaCluster`]: one KRaft broker, or three, and what a test does with them as their operator.
//! - [`Kafka`]: either of them, as a client reaches it.
//! - [`Alertmanager`]: one of Prometheus' Alertmanagers.
//! - [`MailServer`]: a real mail server, and what it has accepted.
//! - [`Postgres`]: one PostgreSQL server, and a database for whoever asks.
//! - [`Prometheus`]: a Prometheus server, and what a test asks it.
//! - [`service`], [`Program`]: Groundswell in this process, or as a process of its own.
//! - [`Stream`]: mentions whose contents are known; [`Churn`]: ever new ones, without an end.
//! - [`HttpReceiver`]: a local server that records requests and answers as it was told to.
//! - [`slack`]: whether Slack would take a payload; [`SlackWorkspace`]: Slack as a bot sees it.
//! - [`standard_webhooks`]: whether a signed request holds.
//!
//! Nothing here skips: what is missing fails the test and says to run `./test`, which installs it.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part of the support")]

mod alertmanager;
mod churn;
mod cut;
mod http_receiver;
mod kafka;
mod kafka_broker;
mod kafka_cluster;
mod kafka_process;
mod mail_server;
mod ports;
mod postgres;
mod program;
mod prometheus;
mod raw_record;
mod server;
pub mod service;
pub mod slack;
mod slack_workspace;
pub mod standard_webhooks;
mod stream;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub use alertmanager::Alertmanager;
pub use churn::Churn;
pub use http_receiver::{Answer, HttpReceiver, Received};
pub use kafka::{Kafka, PartitionState, Record, header};
pub use kafka_broker::{KafkaBroker, SASL_PASSWORD, SASL_USER};
pub use kafka_cluster::KafkaCluster;
pub use mail_server::MailServer;
pub use ports::free_port;
pub use postgres::Postgres;
pub use program::Program;
pub use prometheus::{Prometheus, Sample};
pub use raw_record::send_with_unreadable_header;
pub use slack_workspace::{BOT_TOKEN, CHANNEL, Failing, Seen, SlackWorkspace};
pub use stream::{Expected, Stream};

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

/// What a program prints, once it has ended well.
///
/// # Panics
///
/// When it does not start, or fails; then with what it said.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?} does not start ({error}): run ./test, which installs what is missing")
    });
    let Output { status, stdout, stderr } = output;
    let (said, wrong) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?} failed:\n{said}{wrong}");
    said.into_owned()
}

/// Says what a test has measured; shown with `-- --nocapture`, for docs/reliability.md.
pub fn measured(figures: std::fmt::Arguments<'_>) {
    let thread = std::thread::current();
    println!("measured {}: {figures}", thread.name().unwrap_or("?"));
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
