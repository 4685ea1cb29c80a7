//! What the process answers over HTTP: the on-call page for people, the API for programs, metrics for Prometheus, health for Kubernetes.
//!
//! | path | answer | who may ask |
//! |---|---|---|
//! | `/`, `/incidents/...`, `/brands/...`, `/history` | the on-call page (`page`) | viewers; to do something, responders |
//! | `/api/v1/...` | the same for programs (`api`) | viewers; to do something, responders |
//! | `/slack/interactions` | hears of buttons that are pressed in Slack (`slack`), where `[http.slack]` is set up | Slack, by its signature |
//! | `/metrics` | all metrics, Prometheus text format 0.0.4 | viewers, once there are tokens |
//! | `/healthz` | 200 `ok` as long as the process serves: a failure means it must be started anew | everybody |
//! | `/readyz` | 200 when every condition of [`Readiness`] holds, else 503; either way JSON that tells each | everybody |
//!
//! There are no secrets in what it tells. `route` has no page and no API: `/` tells what there is then, in plain text.
//!
//! # Layout
//!
//! - [`Server`]: connections, with TLS or without, each within its limits.
//! - `tls`: the certificate, replaced while it runs.
//! - [`Access`]: who may ask for what; [`Access::require`] guards routes.
//! - `session`: who has signed in with a browser.
//! - `limit`: how much is taken; `rate`: how often one client may ask.
//! - `problem`: why a request is turned away, in words.

mod access;
mod api;
mod limit;
mod page;
mod problem;
mod rate;
mod readiness;
mod server;
mod session;
mod settings;
mod slack;
mod tls;

pub(crate) use page::{Drawn, sign, style};

pub use access::{Access, Caller, Role};
pub use readiness::{Condition, Readiness, Report};
pub use server::{HttpError, Server};
pub use settings::{HttpLimits, HttpSettings, Rate, SlackSettings, TlsFiles, Token};
pub use tls::{TlsError, certificate_expiry};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::desk::Desk;
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
    /// What people see and do; none: nothing but metrics and health is served.
    pub desk: Option<Desk>,
}

/// Every path, each open to those whom `access` lets in.
fn routes(state: HttpState, access: &Access, settings: &HttpSettings) -> Router {
    let secure = settings.is_encrypted();
    let mut scraped = Router::new().route("/metrics", get(metrics));
    if access.has_tokens() && !settings.open_metrics {
        scraped = access.require(Role::Viewer, scraped);
    }
    let shown = state.desk.clone().map(|desk| {
        let pressed = settings.slack.as_ref();
        let pressed = pressed.map(|it| slack::routes(desk.clone(), it, state.metrics.clone()));
        api::routes(desk.clone(), access)
            .merge(page::routes(desk, access, secure))
            .merge(pressed.unwrap_or_default())
    });
    let index = Router::new().route("/", get(async || answer(StatusCode::OK, PLAIN, INDEX)));
    let plain = Router::new()
        .route("/healthz", get(async || answer(StatusCode::OK, PLAIN, "ok\n")))
        .route("/readyz", get(readyz))
        .merge(scraped)
        .fallback(async || {
            answer(StatusCode::NOT_FOUND, PLAIN, "nothing here; / tells what there is\n")
        })
        .with_state(state);
    plain.merge(shown.unwrap_or(index)).layer(map_response(as_it_is_called))
}

/// What is answered is of the type that it is said to be of.
async fn as_it_is_called(mut response: Response) -> Response {
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

async fn metrics(State(state): State<HttpState>) -> Response {
    match state.metrics.exposition() {
        Ok(exposition) => answer(StatusCode::OK, METRICS, exposition),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be shown");
            answer(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{error}\n"))
        }
    }
}

async fn readyz(State(state): State<HttpState>) -> Response {
    let report = state.readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string_pretty(&report) {
        Ok(json) => answer(status, JSON, json + "\n"),
        Err(error) => answer(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{error}\n")),
    }
}

fn answer(status: StatusCode, kind: &'static str, body: impl Into<String>) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

#[cfg(test)]
mod tests;
