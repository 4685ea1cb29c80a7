//! Metrics and health over HTTP.

mod readiness;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

pub use readiness::Readiness;

use crate::telemetry::Metrics;

/// What the server tells about.
#[derive(Debug, Clone)]
pub struct HttpState {
    /// Shown at `/metrics`.
    pub metrics: Metrics,
    /// Shown at `/readyz`.
    pub readiness: Readiness,
}

const INDEX: &str = "groundswell\n\n/metrics  for Prometheus\n/healthz  whether the process lives\n\
                     /readyz   whether it does its work, and what keeps it from it\n";

/// Serves until `shutdown` resolves; requests under way are answered.
///
/// # Errors
///
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: HttpState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(state);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn metrics(State(state): State<HttpState>) -> Response {
    match state.metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            let text = format!("the metrics cannot be written: {error}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

async fn readyz(State(state): State<HttpState>) -> Response {
    let status =
        if state.readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], state.readiness.to_json())
        .into_response()
}

#[cfg(test)]
mod tests;
