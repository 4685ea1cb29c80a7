//! What the process answers over HTTP: metrics for Prometheus, health for Kubernetes.
//!
//! | path | answer | who may ask |
//! |---|---|---|
//! | `/` | what there is, in plain text | everybody |
//! | `/metrics` | all metrics, Prometheus text format 0.0.4 | viewers, once there are tokens |
//! | `/healthz` | 200 `ok` as long as the process serves: a failure means it must be started anew | everybody |
//! | `/readyz` | 200 when every condition of [`Readiness`] holds, else 503; either way JSON that tells each | everybody |
//!
//! Every path answers `GET` and `HEAD`. There are no secrets in what it tells, and nothing can be
//! changed through it.
//!
//! # Layout
//!
//! - [`Server`]: connections, with TLS or without, each within its limits.
//! - `tls`: the certificate, replaced while it runs.
//! - [`Access`]: who may ask for what; [`Access::require`] guards routes.
//! - `limit`: how much is taken; `rate`: how often one client may ask.
//! - `problem`: why a request is turned away, in words.

mod access;
mod limit;
mod problem;
mod rate;
mod readiness;
mod server;
mod settings;
mod tls;

pub use access::{Access, Caller, Role};
pub use readiness::{Condition, Readiness, Report};
pub use server::{HttpError, Server};
pub use settings::{HttpLimits, HttpSettings, Rate, TlsFiles, Token};
pub use tls::{TlsError, certificate_expiry};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::telemetry::Metrics;

const INDEX: &str = concat!(
    "Groundswell ",
    env!("CARGO_PKG_VERSION"),
    "\n\n",
    "/metrics  all metrics, for Prometheus\n",
    "/healthz  ok as long as the process serves\n",
    "/readyz   whether it can do its work, and what it waits for\n",
);

const PLAIN: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
/// [`prometheus::TEXT_FORMAT`], and that brand names need not be ASCII.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the answers are made from. Clones share it.
#[derive(Debug, Clone)]
pub struct HttpState {
    /// Shown at `/metrics`.
    pub metrics: Metrics,
    /// Shown at `/readyz`.
    pub readiness: Readiness,
}

/// Every path, each open to those whom `access` lets in.
fn routes(state: HttpState, access: &Access, open_metrics: bool) -> Router {
    let mut scraped = Router::new().route("/metrics", get(metrics));
    if access.has_tokens() && !open_metrics {
        scraped = access.require(Role::Viewer, scraped);
    }
    Router::new()
        .route("/", get(async || text(StatusCode::OK, PLAIN, INDEX)))
        .route("/healthz", get(async || text(StatusCode::OK, PLAIN, "ok\n")))
        .route("/readyz", get(readyz))
        .merge(scraped)
        .fallback(async || {
            text(StatusCode::NOT_FOUND, PLAIN, "nothing here; / tells what there is\n")
        })
        .with_state(state)
}

async fn metrics(State(state): State<HttpState>) -> Response {
    match state.metrics.exposition() {
        Ok(exposition) => text(StatusCode::OK, METRICS, exposition),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be shown");
            text(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{error}\n"))
        }
    }
}

async fn readyz(State(state): State<HttpState>) -> Response {
    let report = state.readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string_pretty(&report) {
        Ok(json) => text(status, JSON, json + "\n"),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{error}\n")),
    }
}

fn text(status: StatusCode, kind: &'static str, body: impl Into<String>) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

#[cfg(test)]
mod tests;
