//! What happens to deliveries, for whoever counts and logs it.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use uuid::Uuid;

use crate::incident::Change;

/// Hears of every delivery: metrics and logs.
///
/// Called from async tasks: must not block for long.
pub trait DeliveryObserver: Send + Sync {
    /// The receiver has accepted `change`, `latency` after it was sent on its way.
    fn delivered(&self, route: &str, change: &Change, latency: Duration);

    /// Try number `attempt` (from 1) has failed; the next follows after `wait` at the earliest.
    fn retrying(
        &self,
        route: &str,
        change: &Change,
        attempt: u32,
        reason: &Failure,
        wait: Duration,
    );

    /// `change` will not be tried again, unless somebody asks for it: it is parked in the outbox.
    fn given_up(&self, route: &str, change: &Change, reason: &GivenUp);

    /// People have been told of `incident` (none: of many in one message), and lack something for good: `lacks` says what, e.g. its picture,
    /// or who was not reached.
    fn incomplete(&self, route: &str, incident: Option<Uuid>, lacks: &str, reason: &Failure);
}

/// How one try went wrong. Shows no address and no header value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The receiver did not accept it.
    #[error("{}", answered(*status, code.as_deref()))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The receiver's own word for it, e.g. Slack's `invalid_blocks`.
        code: Option<String>,
    },
    /// There was no answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection could not be made, or broke.
    #[error("{0}")]
    Connection(String),
    /// The change could not be written as the receiver wants it.
    #[error("cannot be written: {0}")]
    Encoding(String),
    /// The receiver said no for good, in words of its own.
    #[error("{words}")]
    Refused {
        /// What it said, and what to do.
        words: String,
    },
    /// It cannot be told for now.
    #[error("{words}")]
    Deferred {
        /// Why.
        words: String,
    },
}

impl Failure {
    /// Of a receiver that is told of one incident at a time.
    pub(super) fn no_storms() -> Self {
        Self::Refused { words: "it is told of one incident at a time".to_owned() }
    }

    /// Whether another try may fare better: no answer, or one that says it is a passing state of
    /// the receiver (408, 425, 429, 5xx).
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Timeout(_) | Self::Connection(_) | Self::Deferred { .. } => true,
            Self::Encoding(_) | Self::Refused { .. } => false,
        }
    }
}

fn answered(status: u16, code: Option<&str>) -> String {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("");
    let mut text = format!("answered {status} {reason}").trim_end().to_owned();
    if let Some(code) = code {
        text.push_str(&format!(" ({code})"));
    }
    if (300..400).contains(&status) {
        text.push_str("; redirects are not followed: configure the address it has moved to");
    }
    text
}

/// Why a delivery was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct GivenUp {
    /// How the last try went wrong.
    pub last: Failure,
    /// How many tries there were.
    pub attempts: u32,
    /// The time from the first try to the giving up.
    pub elapsed: Duration,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tries = if self.attempts == 1 { "try" } else { "tries" };
        write!(
            f,
            "given up after {} {tries} in {:.1} s: {}",
            self.attempts,
            self.elapsed.as_secs_f64(),
            self.last
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> Failure {
        Failure::Status { status, code: None }
    }

    #[test]
    fn only_what_may_pass_is_transient() {
        for passing in [408, 425, 429, 500, 502, 503, 504, 599] {
            assert!(status(passing).is_transient(), "{passing}");
        }
        for lasting in [301, 308, 400, 401, 403, 404, 410, 413, 422] {
            assert!(!status(lasting).is_transient(), "{lasting}");
        }
        assert!(Failure::Timeout(Duration::from_secs(1)).is_transient());
        assert!(!Failure::Encoding(String::new()).is_transient());
    }

    #[test]
    fn failures_speak_to_people() {
        let invalid = Failure::Status { status: 400, code: Some("invalid_blocks".into()) };
        assert_eq!(invalid.to_string(), "answered 400 Bad Request (invalid_blocks)");
        assert_eq!(
            status(308).to_string(),
            "answered 308 Permanent Redirect; redirects are not followed: configure the address \
             it has moved to"
        );
        assert_eq!(status(599).to_string(), "answered 599");
        let given_up = GivenUp {
            last: Failure::Timeout(Duration::from_secs(10)),
            attempts: 3,
            elapsed: Duration::from_millis(61_250),
        };
        assert_eq!(given_up.to_string(), "given up after 3 tries in 61.2 s: no answer within 10s");
    }
}
