//! The HTTP side: who is turned away and why, how full it is, how long its certificate is valid.

use prometheus::{Gauge, GaugeVec, IntCounter};

use super::MetricsError;
use super::family::Registrar;
use crate::mention::Timestamp;

/// Why a request, or a whole connection, is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It needs a token and brings none.
    NoToken,
    /// Its token is not known.
    UnknownToken,
    /// Its token's role is too low for what it asks.
    RoleTooLow,
    /// It is not signed as it must be.
    BadSignature,
    /// It needs a role, and nobody has one: no tokens are set up.
    NoTokensSetUp,
    /// It needs a role, no tokens are set up, and a foreign web page may be behind it.
    ForeignSite,
    /// Its body is too large.
    BodyTooLarge,
    /// It took too long to be read and answered.
    RequestTimeout,
    /// Its client has asked too often.
    RateLimited,
    /// There are too many connections.
    TooManyConnections,
    /// It did not get as far as the end of its headers in time.
    HeaderTimeout,
    /// Its client does not take the answer.
    SlowReader,
    /// No TLS came about: no certificate that is asked for, plain HTTP, no common version.
    TlsHandshake,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::NoToken,
        Self::UnknownToken,
        Self::RoleTooLow,
        Self::BadSignature,
        Self::NoTokensSetUp,
        Self::ForeignSite,
        Self::BodyTooLarge,
        Self::RequestTimeout,
        Self::RateLimited,
        Self::TooManyConnections,
        Self::HeaderTimeout,
        Self::SlowReader,
        Self::TlsHandshake,
    ];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::UnknownToken => "unknown_token",
            Self::RoleTooLow => "role_too_low",
            Self::BadSignature => "bad_signature",
            Self::NoTokensSetUp => "no_tokens_set_up",
            Self::ForeignSite => "foreign_site",
            Self::BodyTooLarge => "body_too_large",
            Self::RequestTimeout => "request_timeout",
            Self::RateLimited => "rate_limited",
            Self::TooManyConnections => "too_many_connections",
            Self::HeaderTimeout => "header_timeout",
            Self::SlowReader => "slow_reader",
            Self::TlsHandshake => "tls_handshake",
        }
    }
}

/// Metrics of the HTTP server.
#[derive(Debug)]
pub struct Http {
    refused: [(Refusal, IntCounter); Refusal::ALL.len()],
    connections: Gauge,
    connections_limit: Gauge,
    clients: Gauge,
    clients_limit: Gauge,
    /// Without a series until there is a certificate: an expiry of 0 would be in 1970.
    certificate_expiry: GaugeVec,
    reload_failed: Gauge,
}

impl Http {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        let refused = registrar.counters(
            &["reason"],
            (
                "groundswell_http_refused_total",
                "requests",
                "HTTP requests that were turned away, and connections that ended before a request, by reason.",
            ),
        )?;
        Ok(Self {
            refused: Refusal::ALL
                .map(|reason| (reason, refused.with_label_values(&[reason.name()]))),
            connections: registrar.gauge((
                "groundswell_http_connections",
                "connections",
                "HTTP connections that are open now.",
            ))?,
            connections_limit: registrar.gauge((
                "groundswell_http_connections_limit",
                "connections",
                "How many HTTP connections may be open; further ones are answered about health alone.",
            ))?,
            clients: registrar.gauge((
                "groundswell_http_clients",
                "addresses",
                "Client addresses whose rate of requests is remembered.",
            ))?,
            clients_limit: registrar.gauge((
                "groundswell_http_clients_limit",
                "addresses",
                "How many client addresses may be remembered; further ones share one rate of requests.",
            ))?,
            certificate_expiry: registrar.gauges(
                &[],
                (
                    "groundswell_http_certificate_expiry_timestamp_seconds",
                    "seconds",
                    "When the server's certificate in use runs out, in seconds since 1970; absent without TLS.",
                ),
            )?,
            reload_failed: registrar.gauge((
                "groundswell_http_certificate_reload_failed",
                "",
                "1 while the TLS files hold something that cannot be used and what was loaded before is; else 0.",
            ))?,
        })
    }

    /// A request or a connection was turned away.
    pub fn refused(&self, reason: Refusal) {
        if let Some((_, counter)) = self.refused.iter().find(|(known, _)| *known == reason) {
            counter.inc();
        }
    }

    /// How many connections are open.
    pub fn set_connections(&self, connections: usize) {
        self.connections.set(connections as f64);
    }

    /// How many connections may be open, and how many client addresses remembered.
    pub fn set_limits(&self, connections: usize, clients: usize) {
        self.connections_limit.set(connections as f64);
        self.clients_limit.set(clients as f64);
    }

    /// How many client addresses are remembered.
    pub fn set_clients(&self, addresses: usize) {
        self.clients.set(addresses as f64);
    }

    /// The TLS files were loaded; the server's certificate runs out at `expiry`.
    pub fn certificate_loaded(&self, expiry: Timestamp) {
        self.certificate_expiry.with_label_values::<&str>(&[]).set(expiry.as_millis() as f64 / 1e3);
        self.reload_failed.set(0.0);
    }

    /// The TLS files cannot be used as they are.
    pub fn certificate_reload_failed(&self) {
        self.reload_failed.set(1.0);
    }
}
