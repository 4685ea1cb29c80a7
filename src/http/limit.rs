//! How much is taken from one client, and from all together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::time::timeout;

use super::problem::{refuse, with_header};
use super::rate::RateLimit;
use super::settings::HttpLimits;
use super::slack;
use crate::telemetry::{Metrics, Refusal};

/// Answered however much else is asked: an orchestrator that hears nothing would end the process.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];
/// Client addresses whose rate is remembered.
pub(super) const CLIENTS: usize = 4_096;
/// When to come again, in seconds, if there are too many connections.
const RETRY_CONNECTION: &str = "5";

/// The connection that a request comes by; among the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connection {
    pub peer: SocketAddr,
    /// Whether it is one too many.
    pub surplus: bool,
}

#[derive(Clone)]
struct Limit(Arc<Inner>);

struct Inner {
    limits: HttpLimits,
    rate: RateLimit,
    metrics: Metrics,
}

/// `routes` within `limits`, whose [`Connection`] every request must name.
pub(super) fn within(limits: HttpLimits, metrics: Metrics, routes: Router) -> Router {
    let rate = RateLimit::new(limits.rate, CLIENTS);
    let limit = Limit(Arc::new(Inner { limits, rate, metrics }));
    routes
        .layer(DefaultBodyLimit::max(limits.max_body_bytes))
        .layer(from_fn_with_state(limit, admit))
}

async fn admit(
    State(Limit(limit)): State<Limit>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let probe = PROBES.contains(&request.uri().path());
    if connection.surplus && !probe {
        return limit.too_many_connections();
    }
    if !probe && let Err(wait) = limit.check_rate(connection) {
        return limit.rate_limited(wait);
    }
    let most = match request.uri().path() {
        slack::PATH => slack::MOST_BYTES.max(limit.limits.max_body_bytes),
        _ => limit.limits.max_body_bytes,
    };
    if announced(request.headers()).is_some_and(|bytes| bytes > most as u64) {
        return limit.body_too_large();
    }
    match timeout(limit.limits.request_timeout, next.run(request)).await {
        Err(_) => limit.request_timeout(),
        // A body whose size was not announced is found to be too large while it is read.
        Ok(response) if response.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            limit.body_too_large()
        }
        Ok(response) => response,
    }
}

/// How large a request says that its body is.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Inner {
    fn check_rate(&self, connection: Connection) -> Result<(), Duration> {
        let checked = self.rate.check(connection.peer.ip());
        self.metrics.http().set_clients(self.rate.clients());
        checked
    }

    fn refuse(&self, status: StatusCode, reason: Refusal, detail: &str) -> Response {
        refuse(self.metrics.http(), status, reason, detail)
    }

    /// As [`Self::refuse`]; what is left of the request is not read.
    fn refuse_and_close(&self, status: StatusCode, reason: Refusal, detail: &str) -> Response {
        with_header(self.refuse(status, reason, detail), header::CONNECTION, "close")
    }

    fn too_many_connections(&self) -> Response {
        let detail = format!(
            "There are {} connections already, and no more are served ([http] max_connections). Try \
             again in a moment.",
            self.limits.max_connections
        );
        let (status, reason) = (StatusCode::SERVICE_UNAVAILABLE, Refusal::TooManyConnections);
        let response = self.refuse_and_close(status, reason, &detail);
        with_header(response, header::RETRY_AFTER, RETRY_CONNECTION)
    }

    fn rate_limited(&self, wait: Duration) -> Response {
        let detail = "This address asks more often than it may ([http] requests_per_second). Wait as \
                      long as the header Retry-After says, in seconds.";
        let response = self.refuse(StatusCode::TOO_MANY_REQUESTS, Refusal::RateLimited, detail);
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        with_header(response, header::RETRY_AFTER, &seconds.to_string())
    }

    fn body_too_large(&self) -> Response {
        let detail = format!(
            "The request's body is larger than {} bytes, the most that is taken ([http] \
             max_body_bytes).",
            self.limits.max_body_bytes
        );
        self.refuse_and_close(StatusCode::PAYLOAD_TOO_LARGE, Refusal::BodyTooLarge, &detail)
    }

    fn request_timeout(&self) -> Response {
        let detail = "The request was not read and answered in time ([http] request_timeout). Send its \
                      body faster, or ask for less.";
        self.refuse_and_close(StatusCode::REQUEST_TIMEOUT, Refusal::RequestTimeout, detail)
    }
}
