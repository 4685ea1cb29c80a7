//! What the process answers over HTTP: metrics for Prometheus, health for Kubernetes.
//!
//! | path | answer |
//! |---|---|
//! | `/` | what there is, in plain text |
//! | `/metrics` | all metrics, Prometheus text format 0.0.4 |
//! | `/healthz` | 200 `ok` as long as the process serves: a failure means it must be started anew |
//! | `/readyz` | 200 when every condition of [`Readiness`] holds, else 503; either way JSON that tells each |
//!
//! Every path answers `GET` and `HEAD`. There are no secrets in what it tells, and nothing can be
//! changed through it; who may ask is for the network to say.

mod readiness;

pub use readiness::{Condition, Readiness, Report};

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::telemetry::Metrics;

/// How long answers under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

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

/// Answers on `listener` until `shutdown` resolves; then takes no more connections, finishes the
/// answers under way, and after five seconds leaves those whose readers are too slow.
///
/// # Errors
///
/// None as of now: what goes wrong with one connection ends that connection.
pub async fn serve(
    listener: TcpListener,
    state: HttpState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with_grace(listener, state, shutdown, GRACE).await
}

async fn serve_with_grace(
    listener: TcpListener,
    state: HttpState,
    shutdown: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        let _ = stopping.send(());
    };
    let server = axum::serve(listener, router(state)).with_graceful_shutdown(shutdown);
    let overdue = async move {
        match stopped.await {
            Ok(()) => tokio::time::sleep(grace).await,
            // The server has ended by itself, and says so.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = server => served,
        () = overdue => Ok(()),
    }
}

fn router(state: HttpState) -> Router {
    Router::new()
        .route("/", get(async || text(StatusCode::OK, PLAIN, INDEX)))
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || text(StatusCode::OK, PLAIN, "ok\n")))
        .route("/readyz", get(readyz))
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
