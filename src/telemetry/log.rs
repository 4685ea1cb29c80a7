//! What the process says while it runs, on standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};
use std::thread;

use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Level, dispatcher, enabled, error};
use tracing_subscriber::filter::{FilterExt, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{EnvFilter, Registry};

use crate::source::kafka::reads_headers;

/// Overrides the configured level.
const VARIABLE: &str = "RUST_LOG";

/// The parts of the HTTP client; `hyper` is `hyper_util` too.
const DISCREET: [&str; 4] = ["h2", "hyper", "reqwest", "rustls"];

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people: time, level, where, what. In colour on a terminal, unless `NO_COLOR` is set.
    #[default]
    Text,
    /// For programs: one JSON object a line. `timestamp` (RFC 3339, UTC), `level`, `target` and
    /// `message` are always there; an event's own fields stand beside them.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What shall be logged cannot be read.
    #[error(
        "{origin} asks for the log level `{level}`, which cannot be read ({reason}): write error, \
         warn, info, debug, trace or off, or name a part too, such as `info,groundswell=debug`"
    )]
    Level {
        /// Who asks for it: the configuration or `RUST_LOG`.
        origin: &'static str,
        /// What was asked for.
        level: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody in this process did so before.
    #[error("the log of this process is set up already")]
    Already,
}

/// Sends what happens from now on, at `level` and above, to standard error. `level` is a level, or
/// levels by target (`info,groundswell=debug`); the environment's `RUST_LOG`, unless it is empty,
/// is used in its stead.
///
/// # Errors
///
/// [`LogError`]: the level cannot be read, or logging is set up already.
pub fn init(format: LogFormat, level: &str) -> Result<(), LogError> {
    let overriding = std::env::var(VARIABLE).ok().filter(|value| !value.trim().is_empty());
    let filter = filter(level, overriding.as_deref())?;
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    dispatcher::set_global_default(dispatch(format, filter, colours, io::stderr))
        .map_err(|_| LogError::Already)
}

/// Panics are told as everything else is, from now on: in a line of the log.
pub fn hear_panics() {
    let otherwise = panic::take_hook();
    panic::set_hook(Box::new(move |panic| tell(panic, &otherwise)));
}

/// Logs `panic`; when errors are not logged, `otherwise` tells of it.
fn tell(panic: &PanicHookInfo<'_>, otherwise: &dyn Fn(&PanicHookInfo<'_>)) {
    if reads_headers() {
        return;
    }
    if !enabled!(Level::ERROR) {
        return otherwise(panic);
    }
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    error!(
        reason = panic.payload_as_str(),
        place = panic.location().map(ToString::to_string),
        thread = thread::current().name(),
        backtrace,
        "a part of the program has panicked; that is a defect, please report it"
    );
}

/// What `overriding` or else `level` lets through.
fn filter(level: &str, overriding: Option<&str>) -> Result<EnvFilter, LogError> {
    let (origin, level) = match overriding {
        Some(overriding) => (VARIABLE, overriding),
        None => ("the configuration", level),
    };
    let failed = |reason: String| LogError::Level { origin, level: level.to_owned(), reason };
    // A bare word that is no level is taken for a target by the filter, and "inof" would log
    // nothing at all. By the variable's own rules such a word is a target.
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let mut words = level.split(',').map(str::trim);
    let unknown = words.find(|word| !word.contains(['=', '[']) && !is_level(word));
    if let (None, Some(word)) = (overriding, unknown) {
        return Err(failed(format!("`{word}` is not a level")));
    }
    EnvFilter::try_new(level).map_err(|error| failed(error.to_string()))
}

fn dispatch<W>(format: LogFormat, filter: EnvFilter, colours: bool, writer: W) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer);
    let layer = match format {
        LogFormat::Text => layer.with_ansi(colours).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    Dispatch::new(Registry::default().with(layer.with_filter(filter.and(discretion()))))
}

/// What no level, however low, brings to the log: below `info` the parts of the HTTP client name
/// the hosts that they speak to, and a webhook's whole address is its credential.
fn discretion() -> Targets {
    let discreet = DISCREET.map(|target| (target, LevelFilter::INFO));
    Targets::new().with_default(LevelFilter::TRACE).with_targets(discreet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `act` logs in `format` at `level`.
    fn logged(format: LogFormat, level: &str, act: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let dispatch =
            dispatch(format, filter(level, None).unwrap(), false, move || writer.clone());
        dispatcher::with_default(&dispatch, act);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn speak() {
        let span = tracing::info_span!("partition", topic = "mentions");
        let _entered = span.enter();
        tracing::info!(brand = "El \"Al\"\nאל על", z = 6.9, "swings");
        tracing::debug!("hidden");
    }

    #[test]
    fn json_is_one_object_a_line_with_its_fields_and_spans() {
        let log = logged(LogFormat::Json, "info", speak);
        assert_eq!(log.lines().count(), 1, "{log}");
        let line: Value = serde_json::from_str(&log).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "swings");
        assert_eq!(line["brand"], "El \"Al\"\nאל על");
        assert_eq!(line["z"], 6.9);
        assert_eq!(line["span"]["topic"], "mentions");
        assert_eq!(line["target"], module_path!());
        line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }

    #[test]
    fn text_is_for_people() {
        let log = logged(LogFormat::Text, "info", speak);
        assert!(log.contains("INFO partition{topic=\"mentions\"}"), "{log}");
        assert!(log.contains("swings brand=\"El \\\"Al\\\"\\nאל על\" z=6.9"), "{log}");
        assert!(!log.contains('\u{1b}') && !log.contains("hidden"), "{log}");
    }

    #[test]
    fn a_panic_is_a_line_of_the_log() {
        let (before, own) = (panic::take_hook(), thread::current().id());
        let unlogged = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&unlogged);
        panic::set_hook(Box::new(move |panic| match thread::current().id() == own {
            true => tell(panic, &|_| *counted.lock().unwrap() += 1),
            false => before(panic),
        }));
        let panics = || {
            panic::catch_unwind(|| panic!("as a {} would", "defect")).unwrap_err();
        };
        assert_eq!(logged(LogFormat::Json, "off", panics), "");
        assert_eq!(*unlogged.lock().unwrap(), 1, "it is told all the same");
        let log = logged(LogFormat::Json, "info", panics);
        assert_eq!(*unlogged.lock().unwrap(), 1);
        assert_eq!(log.lines().count(), 1, "{log}");
        let line: Value = serde_json::from_str(&log).unwrap();
        assert_eq!(
            (&line["level"], &line["reason"]),
            (&"ERROR".into(), &"as a defect would".into())
        );
        assert!(line["place"].as_str().unwrap().contains("log.rs:"), "{log}");
    }

    #[test]
    fn levels_by_target() {
        let level = format!("warn,{}=debug", module_path!());
        assert!(logged(LogFormat::Text, &level, speak).contains("hidden"));
        assert_eq!(logged(LogFormat::Text, "warn", speak), "");
        assert_eq!(logged(LogFormat::Text, "off", || tracing::error!("unheard")), "");
    }

    #[test]
    fn the_http_client_is_discreet_whatever_the_level() {
        let pool = || {
            tracing::debug!(target: "hyper_util::client::legacy::pool", "hooks.example");
            tracing::trace!(target: "h2::codec", "hooks.example");
            tracing::info!(target: "hyper_util::client", "heard");
            tracing::trace!("own");
        };
        for level in ["trace", "trace,hyper_util=trace,h2::codec=trace"] {
            let log = logged(LogFormat::Json, level, pool);
            assert!(!log.contains("hooks.example"), "{log}");
            assert!(log.contains("heard") && log.contains("own"), "{log}");
        }
    }

    #[test]
    fn the_variable_overrides_the_configuration() {
        let level = |level: &str, over| filter(level, over).unwrap().to_string();
        assert_eq!(level("info", Some("debug")), "debug");
        assert_eq!(level("inof", Some("trace")), "trace");
        assert_eq!(level("warn", None), "warn");
    }

    #[test]
    fn a_mistyped_level_is_told_with_its_origin() {
        let told = |level: &str, over| filter(level, over).unwrap_err().to_string();
        insta::assert_snapshot!(told("inof", None), @"the configuration asks for the log level `inof`, which cannot be read (`inof` is not a level): write error, warn, info, debug, trace or off, or name a part too, such as `info,groundswell=debug`");
        assert!(told("", None).contains("`` is not a level"));
        assert!(told("info,groundswell=loud", None).contains("`info,groundswell=loud`"));
        assert!(told("info", Some("a=b=c")).starts_with("RUST_LOG asks for"));
    }

    #[test]
    fn only_once_in_a_process() {
        // Other tests of this process may have been first; the second time fails in any case.
        let _ = init(LogFormat::Text, "off");
        assert!(matches!(init(LogFormat::Text, "off"), Err(LogError::Already)));
    }
}
