//! `groundswell route`: an unkeyed topic becomes one that is keyed by market.

mod router;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tracing::{info, warn};

use super::live::tell_health;
use super::run::stopped;
use crate::classify::ClassifyError;
use crate::config::Config;
use crate::decode::DeadLetterError;
use crate::http::{HttpError, HttpState, Readiness, Server};
use crate::relay::{Part, RelayError, RelayObserver, relay};
use crate::source::lock;
use crate::telemetry::{Metrics, MetricsError, PartitionMetrics};
use router::Router;

/// How long the transaction in flight may take after the order to stop. What is not committed by
/// then is read again after a restart.
const DRAIN: Duration = Duration::from_secs(8);

/// Routing could not be started, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum RouteError {
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterError),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(
        "[source.kafka.route] is missing: route needs topics to read and one to write \
         (docs/route.md)"
    )]
    NoRoute,
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    #[error("the thread that routes has ended with a panic")]
    Panicked,
    #[error("cannot serve HTTP: {0}")]
    Http(#[from] HttpError),
    #[error("the HTTP server has ended by itself; restart the service")]
    HttpEnded,
}

/// Routes until `shutdown` resolves; then commits what is in flight and leaves. Metrics and health
/// are served on `listener`.
///
/// # Errors
///
/// When a part cannot be started, the HTTP server fails, or another instance has taken this one's
/// place.
pub async fn route(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RouteError> {
    let (Some(kafka), Some(settings)) = (&config.kafka, &config.route) else {
        return Err(RouteError::NoRoute);
    };
    let metrics = Metrics::new(config.limits.metric_series)?;
    let readiness = Readiness::new(&["source", "sink"]);
    let state = HttpState { metrics: metrics.clone(), readiness: readiness.clone(), desk: None };
    let server = Server::new(listener, &config.http, state)?;
    let mut router = Router::new(&config, settings, &metrics)?;
    if settings.dead_letter_topic.is_none() {
        router.try_file()?;
    }
    let observer: Arc<dyn RelayObserver> = Arc::new(Observer {
        readiness: readiness.clone(),
        metrics: metrics.clone(),
        partitions: Mutex::default(),
    });
    let stop = Arc::new(AtomicBool::new(false));
    let (ending, mut ended) = oneshot::channel();
    let (kafka, settings, told) = (kafka.clone(), settings.relay.clone(), Arc::clone(&stop));
    std::thread::Builder::new()
        .name("route".to_owned())
        .spawn(move || {
            // Nobody waits any more when the stop has taken too long.
            let _late = ending.send(relay(&kafka, &settings, &mut router, &observer, &told));
        })
        .map_err(RouteError::Thread)?;
    let (stop_http, http_stopped) = watch::channel(false);
    let mut serve = tokio::spawn(server.serve(stopped(http_stopped)));

    let outcome = tokio::select! {
        () = shutdown => {
            info!("stopping");
            readiness.set("source", Err("routing is stopping".to_owned()));
            Ok(())
        }
        relayed = &mut ended => return relay_outcome(relayed),
        _ended = &mut serve => Err(RouteError::HttpEnded),
    };
    stop.store(true, Ordering::Release);
    match timeout(DRAIN, ended).await {
        Ok(relayed) => relay_outcome(relayed)?,
        Err(_) => warn!("Kafka does not answer; what is in flight is read again after a restart"),
    }
    if outcome.is_ok() {
        stop_http.send_replace(true);
        let _ended = timeout(Duration::from_secs(1), serve).await;
    }
    outcome
}

fn relay_outcome(
    relayed: Result<Result<(), RelayError>, oneshot::error::RecvError>,
) -> Result<(), RouteError> {
    relayed.map_err(|_| RouteError::Panicked)?.map_err(RouteError::Relay)
}

/// Tells readiness, logs and metrics how the relay fares.
struct Observer {
    readiness: Readiness,
    metrics: Metrics,
    /// The metrics of the partitions that are here.
    partitions: Mutex<BTreeMap<(String, i32), PartitionMetrics>>,
}

impl RelayObserver for Observer {
    fn health(&self, part: Part, health: Result<String, String>) {
        let name = match part {
            Part::Source => "source",
            Part::Sink => "sink",
        };
        tell_health(&self.readiness, name, health);
    }

    fn assigned(&self, topic: &str, partition: i32) {
        let metrics = self.metrics.partition(topic, partition);
        lock(&self.partitions).insert((topic.to_owned(), partition), metrics);
    }

    fn revoked(&self, topic: &str, partition: i32) {
        lock(&self.partitions).remove(&(topic.to_owned(), partition));
    }

    fn lag(&self, topic: &str, partition: i32, messages: i64) {
        if let Some(metrics) = lock(&self.partitions).get(&(topic.to_owned(), partition)) {
            metrics.set_consumer_lag(u64::try_from(messages).unwrap_or(0));
        }
    }
}
