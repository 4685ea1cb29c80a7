//! The configuration: one TOML file, typed and validated whole.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::classify::Rules;
use crate::detect::Plan;
use crate::notify::{RetrySettings, Route};
use crate::source::KafkaSettings;

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the core is told.
    pub plan: Plan,
    /// What classification is told.
    pub rules: Rules,
    /// Where mentions are read from by `run`; replay reads files instead.
    pub kafka: Option<KafkaSettings>,
    /// A mention may be made at most this far in the future of the wall clock.
    pub max_future: Duration,
    /// Who is told; may be empty.
    pub routes: Vec<Route>,
    /// How deliveries are tried again.
    pub retry: RetrySettings,
    /// Where messages that cannot be counted are kept.
    pub dead_letter_file: PathBuf,
    /// Caps.
    pub limits: Limits,
    /// Where metrics and health are served.
    pub http_listen: SocketAddr,
    /// How the log is written.
    pub log: LogSettings,
}

/// Caps on what may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest message, in bytes.
    pub max_message_bytes: usize,
    /// Most brand x monitor x window label sets shown in metrics.
    pub metric_series: usize,
}

/// How the log is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
    /// Least level written: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

/// The log's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// A line of text an event.
    #[default]
    Text,
    /// A JSON object an event.
    Json,
}
