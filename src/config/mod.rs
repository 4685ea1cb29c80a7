//! The configuration: one TOML file, typed and validated whole: everything that is wrong with it is
//! told at once, each with its place and what to write instead.

mod brands;
mod duration;
mod explain;
mod http;
mod kafka;
mod reader;
mod route;
mod routes;
mod secrets;
mod section;
mod sections;
mod store;
mod targets;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use toml::de::DeTable;

pub(crate) use duration::show as show_duration;
pub use explain::explain;
pub use reader::Problem;
pub(crate) use reader::closest;
pub use route::RouteSettings;
pub use secrets::{SecretHolder, SecretSource, Secrets};

use crate::classify::Rules;
use crate::detect::Plan;
use crate::http::HttpSettings;
use crate::notify::{RetrySettings, Route, TargetPolicy};
use crate::source::KafkaSettings;
use crate::store::StoreSettings;
use crate::telemetry::log::LogFormat;
use reader::Reader;
use section::Section;

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the core is told.
    pub plan: Arc<Plan>,
    /// What the feed is called when it falls silent.
    pub feed: String,
    /// What classification is told.
    pub rules: Rules,
    /// Where mentions are read from by `run`; replay reads files instead.
    pub kafka: Option<KafkaSettings>,
    /// What `route` reads and where it writes, if it is used.
    pub route: Option<RouteSettings>,
    /// A mention may be made at most this far in the future of the wall clock.
    pub max_future: Duration,
    /// Who is told; may be empty.
    pub routes: Vec<Route>,
    /// Where deliveries may go.
    pub targets: TargetPolicy,
    /// How deliveries are tried again.
    pub retry: RetrySettings,
    /// Where state, incidents and the outbox are kept.
    pub store: StoreSettings,
    /// Where messages that cannot be counted are kept.
    pub dead_letter_file: PathBuf,
    /// What people have said of incidents; need not be there.
    pub feedback_file: PathBuf,
    /// Caps.
    pub limits: Limits,
    /// Where metrics and health are served, and who may ask how much.
    pub http: HttpSettings,
    /// How the log is written.
    pub log: LogSettings,
    /// Where the secrets come from, in the order they were read.
    pub secrets: Vec<SecretSource>,
}

/// Caps on what may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest message, in bytes.
    pub max_message_bytes: usize,
    /// Most brands.
    pub brands: usize,
    /// Most windows: brand x monitor x length.
    pub series: usize,
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

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    /// The file, as it was named.
    pub origin: String,
    /// What is wrong, in the order of the file; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "the configuration has an error")?,
            count => write!(f, "the configuration has {count} errors")?,
        }
        for Problem { line, column, message } in &self.problems {
            match line {
                0 => write!(f, "\n{}: {message}", self.origin)?,
                _ => write!(f, "\n{}:{line}:{column}: {message}", self.origin)?,
            }
        }
        Ok(())
    }
}

impl Config {
    /// Reads and validates the file at `path`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, or why it cannot be read.
    pub fn load(path: &Path, secrets: Secrets) -> Result<Self, ConfigErrors> {
        let origin = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigErrors {
            problems: vec![Problem {
                line: 0,
                column: 0,
                message: format!(
                    "cannot be read: {error}; name another with --config, or begin with \
                     examples/minimal.toml"
                ),
            }],
            origin: origin.clone(),
        })?;
        Self::parse(&text, &origin, secrets, &|name| std::env::var(name).ok())
    }

    /// Validates `text`; `origin` names it in errors, `env` looks up environment variables.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(
        text: &str,
        origin: &str,
        secrets: Secrets,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigErrors> {
        let (table, syntax) = DeTable::parse_recoverable(text);
        let reader = Reader::new(text, &syntax, secrets, env);
        let mut config = if syntax.is_empty() {
            Self::build(Section::root(&reader, &table))
        } else {
            // The parser stops at some errors; without their lines it sees the rest.
            let rest = reader.without_broken_lines();
            let (table, _) = DeTable::parse_recoverable(&rest);
            Self::build(Section::root(&reader, &table))
        };
        let outcome = reader.into_outcome();
        if !outcome.problems.is_empty() {
            return Err(ConfigErrors { origin: origin.to_owned(), problems: outcome.problems });
        }
        config.secrets = outcome.sources;
        Ok(config)
    }

    fn build(mut root: Section<'_, '_>) -> Self {
        let time_zone = sections::time_zone(&mut root);
        let limits = sections::limits(&mut root);
        let (rules, brands) = brands::rules(&mut root, limits.brands);
        let baseline = sections::baseline(&mut root);
        let (kafka, route) = kafka::kafka(&mut root, baseline.memory, limits.max_message_bytes);
        let (time, max_future) = sections::time(&mut root);
        let feed = root.string("feed").map_or_else(
            || kafka.topics.first().map_or_else(|| "mentions".to_owned(), |it| it.name.clone()),
            |feed| feed.0,
        );
        let plan = Plan {
            brands,
            time_zone,
            monitors: sections::monitors(&mut root, time.pane),
            time,
            sensitivity: sections::sensitivity(&mut root),
            baseline,
        };
        if plan.series() > limits.series {
            root.reader.report_nowhere(format_args!(
                "{} windows (brand, monitor and length) would be watched, more than the {} of \
                 limits.series; watch fewer brands, monitors or windows, or raise it",
                plan.series(),
                limits.series
            ));
        }
        let (retry, targets) = routes::delivery(&mut root);
        let routes = routes::routes(
            &mut root,
            &plan.brands,
            &targets,
            (&kafka, route.as_ref()),
            &plan.time_zone,
        );
        let http = http::http(&mut root, &targets);
        let config = Self {
            max_future,
            routes,
            targets,
            retry,
            store: store::store(&mut root),
            dead_letter_file: sections::file(
                &mut root,
                "dead_letter",
                "groundswell-dead-letters.ndjson",
            ),
            feedback_file: sections::file(&mut root, "feedback", "groundswell-feedback.ndjson"),
            limits,
            http,
            log: sections::log(&mut root),
            kafka: Some(kafka),
            route,
            secrets: Vec::new(),
            rules,
            feed,
            plan: Arc::new(plan),
        };
        root.finish();
        config
    }
}

#[cfg(test)]
mod tests;
