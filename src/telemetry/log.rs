//! The log: text for people or JSON for machines, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

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

/// The log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `RUST_LOG` or the configured level cannot be read.
    #[error("the log filter cannot be read: {0}; write e.g. RUST_LOG=info,groundswell=debug")]
    Filter(#[from] ParseError),
    /// Somebody has set up a log before.
    #[error(transparent)]
    Init(#[from] TryInitError),
}

/// Sets up the log of the whole process. The environment variable `RUST_LOG` overrides the level.
///
/// # Errors
///
/// When the filter cannot be read, or a log has been set up before.
pub fn init(settings: &LogSettings) -> Result<(), LogError> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) if !filter.is_empty() => EnvFilter::try_new(filter)?,
        _ => EnvFilter::try_new(&settings.level)?,
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    match settings.format {
        LogFormat::Text => {
            registry.with(layer.with_ansi(std::io::stderr().is_terminal())).try_init()?
        }
        LogFormat::Json => registry.with(layer.json()).try_init()?,
    }
    Ok(())
}
