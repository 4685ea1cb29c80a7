//! What can be wrong with notification itself. No message here shows an address or a header value.

use std::time::Duration;

use super::targets::TargetRefused;
use super::webhook::BadSigningSecret;

/// Why notification could not start, or no longer takes changes.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The HTTP client could not be built.
    #[error(
        "cannot set up HTTPS: {0}; install the system's CA certificates (package \
         ca-certificates) or name a PEM file in SSL_CERT_FILE"
    )]
    Client(String),
    /// A route's address is no web address.
    #[error(
        "route `{route}`: its address is not a valid web address ({reason}); write the whole \
         address, beginning with https://"
    )]
    Address {
        /// The route.
        route: String,
        /// What is wrong with it; never the address itself.
        reason: String,
    },
    /// A route's target is one that notifications must not go to.
    #[error("route `{route}`: nothing is sent to its target: {why}")]
    Target {
        /// The route.
        route: String,
        /// Why not.
        why: TargetRefused,
    },
    /// A route's HTTP header cannot be sent.
    #[error(
        "route `{route}`: the {what} of its HTTP header `{header}` holds characters that HTTP forbids"
    )]
    Header {
        /// The route.
        route: String,
        /// The header's name.
        header: String,
        /// `name` or `value`.
        what: &'static str,
    },
    /// A route's requests cannot be signed.
    #[error("route `{route}`: {why}")]
    SigningSecret {
        /// The route.
        route: String,
        /// What is wrong.
        why: BadSigningSecret,
    },
    /// librdkafka refuses how a route shall write to a topic.
    #[error(
        "route `{route}`: no topic can be written so ({reason}); check the properties of its kafka, or of [source.kafka]"
    )]
    Kafka {
        /// The route.
        route: String,
        /// Why not.
        reason: String,
    },
    /// A route's task has ended with a panic.
    #[error("route `{0}` has ended by itself; start again")]
    Died(String),
    /// Two routes have one name.
    #[error("two routes are named `{0}`; give each its own name")]
    SameName(String),
    /// The waits between tries make no sense.
    #[error(
        "the first wait between tries ({initial:?}) must be longer than nothing and at most the \
         longest wait ({max:?})"
    )]
    Backoff {
        /// `initial_backoff`.
        initial: Duration,
        /// `max_backoff`.
        max: Duration,
    },
}
