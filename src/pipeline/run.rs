//! The service: Kafka in, notifications out, metrics and health beside it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tracing::{error, info, warn};

use crate::classify::{Classifier, ClassifyError};
use crate::config::Config;
use crate::decode::{DeadLetter, DeadLetterError, Reason, Rejected};
use crate::http::{self, HttpState, Readiness};
use crate::incident::Change;
use crate::notify::{Notifier, NotifyError};
use crate::source::kafka::{KafkaSource, KafkaSourceError, Positions};
use crate::source::wall_clock;
use crate::telemetry::{self, Metrics, MetricsError};

use super::DeadLetters;
use super::feedback::Feedback;
use super::live::{Live, Observer};

/// Changes between the shards and the notifier.
const CHANGES: usize = 1_000;
/// How often offsets are committed.
const COMMIT_EVERY: Duration = Duration::from_secs(5);
/// How often the feedback file is looked at.
const FEEDBACK_EVERY: Duration = Duration::from_secs(2);
/// How long notifications may take after the order to stop; pods are given thirty seconds.
const DRAIN: Duration = Duration::from_secs(8);

/// The service could not be started, or has failed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum RunError {
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Notify(#[from] NotifyError),
    #[error(transparent)]
    Source(#[from] KafkaSourceError),
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterError),
    #[error("[source.kafka] is missing: run needs a Kafka topic to read (replay reads files)")]
    NoSource,
    #[error("cannot serve HTTP: {0}")]
    Http(#[from] std::io::Error),
}

/// What a service is made of besides its configuration; tests and the demo own these parts.
pub struct Service {
    /// Where metrics and health are served.
    pub listener: TcpListener,
    /// Tells whether the service does its work.
    pub readiness: Readiness,
    /// Hears of every change before it is sent on its way.
    pub on_change: Box<dyn Fn(&Change) + Send + Sync>,
}

/// Runs the service until `shutdown` resolves, then stops it gracefully: reading ends, what has
/// been read is told, offsets are committed, the group is left.
///
/// Offsets are committed only up to what has been told, so that after a crash a page is sent twice
/// rather than not at all (with the same idempotency key).
///
/// # Errors
///
/// When a part cannot be started, or the HTTP server fails.
pub async fn run(
    config: Config,
    service: Service,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let config = Arc::new(config);
    let kafka = config.kafka.clone().ok_or(RunError::NoSource)?;
    let metrics = Metrics::new(config.limits.metric_series)?;
    metrics.set_dedup_limit(config.plan.time.dedup_capacity);
    let readiness = service.readiness;
    let dead_letters = Arc::new(DeadLetters::open(&config.dead_letter_file)?);
    let feedback = Feedback::new(&config.feedback_file);
    metrics.incidents().marked(0, feedback.poll().1);
    let notifier = Arc::new(start_notifier(&config, &metrics, &dead_letters)?);
    readiness.set("notifier", Ok(format!("{} route(s)", config.routes.len())));

    let (changes, received) = mpsc::channel(CHANGES);
    let live = Arc::new(Live {
        classifier: Arc::new(Classifier::new(&config.rules)?),
        metrics: metrics.clone(),
        readiness: readiness.clone(),
        dead_letters: Arc::clone(&dead_letters),
        feedback,
        changes,
        sent: AtomicU64::new(0),
        ending: AtomicBool::new(false),
        partitions: Mutex::new(BTreeMap::new()),
        feeds: Mutex::new(BTreeMap::new()),
        telling: Mutex::new(()),
        homes: Mutex::new(BTreeMap::new()),
        config,
    });
    let source = Arc::new(KafkaSource::start(&kafka, Arc::new(Observer(Arc::clone(&live))))?);
    let (forwarded, told) = watch::channel(0_u64);
    let forward =
        tokio::spawn(forward(received, Arc::clone(&notifier), service.on_change, forwarded));
    let commit = tokio::spawn(commit_told(
        Arc::clone(&source),
        Arc::clone(&live),
        Arc::clone(&notifier),
        told.clone(),
    ));
    let gauge = tokio::spawn(gauge_outstanding(metrics.clone(), Arc::clone(&notifier)));
    let hear = tokio::spawn(hear_feedback(Arc::clone(&live)));
    let (stop_http, http_stopped) = watch::channel(false);
    let state = HttpState { metrics, readiness: readiness.clone() };
    let mut serve = tokio::spawn(http::serve(service.listener, state, stopped(http_stopped)));

    let failed = tokio::select! {
        () = shutdown => None,
        ended = &mut serve => Some(ended),
    };
    info!("stopping");
    readiness.set("source", Err("the service is stopping".to_owned()));
    commit.abort();
    gauge.abort();
    hear.abort();
    live.ending.store(true, Ordering::Release);
    let positions = halt(&source).await;
    finish(&source, &live, notifier, told, positions).await;
    forward.abort();
    leave(source).await;
    if failed.is_none() {
        stop_http.send_replace(true);
        let _ended = timeout(Duration::from_secs(1), serve).await;
    }
    match failed {
        Some(Ok(Err(error))) => Err(RunError::Http(error)),
        Some(Ok(Ok(())) | Err(_)) => Err(RunError::Http(std::io::Error::other("the server ended"))),
        None => Ok(()),
    }
}

fn start_notifier(
    config: &Config,
    metrics: &Metrics,
    dead_letters: &Arc<DeadLetters>,
) -> Result<Notifier, RunError> {
    let kept = Arc::clone(dead_letters);
    let failures = metrics.clone();
    let keep = move |route: &str, change: &Change, reason: &str| {
        let rejected = Rejected::new(Reason::Undelivered, format!("route {route}: {reason}"));
        let payload = serde_json::to_vec(change).unwrap_or_default();
        let source = format!("route {route}");
        let sequence = u64::from(change.sequence);
        let letter = DeadLetter::new(rejected, source, None, sequence, wall_clock(), payload);
        // An async task must not wait for a disk: one try.
        kept.keep(&letter, |_| {
            failures.intake().dead_letter_failed();
            false
        });
        failures.intake().dead_letter(Reason::Undelivered);
    };
    let observer = telemetry::Observer::new(metrics.clone(), Box::new(keep));
    metrics.notifications().expect_routes(config.routes.iter().map(|route| route.name.as_str()));
    let zone = config.plan.time_zone.clone();
    let (routes, targets) = (config.routes.clone(), config.targets.clone());
    Ok(Notifier::start(routes, config.retry, targets, zone, Arc::new(observer))?)
}

/// Takes changes from the shards to the notifier, one after the other.
async fn forward(
    mut received: mpsc::Receiver<Change>,
    notifier: Arc<Notifier>,
    on_change: Box<dyn Fn(&Change) + Send + Sync>,
    forwarded: watch::Sender<u64>,
) {
    while let Some(change) = received.recv().await {
        on_change(&change);
        if let Err(failure) = notifier.send(change).await {
            error!(%failure, "a notification is lost to a route that has ended; restart the service");
        }
        forwarded.send_modify(|count| *count += 1);
    }
}

/// Shows, again and again, how many notifications are on their way.
async fn gauge_outstanding(metrics: Metrics, notifier: Arc<Notifier>) {
    let mut ticks = interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        metrics.notifications().set_outstanding(notifier.outstanding());
    }
}

/// Reads, again and again, what people have said of incidents since.
async fn hear_feedback(live: Arc<Live>) {
    let mut ticks = interval(FEEDBACK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let live = Arc::clone(&live);
        // A disk may be slow.
        let polled = tokio::task::spawn_blocking(move || {
            let (taken, skipped) = live.feedback.poll();
            live.metrics.incidents().marked(taken, skipped);
        });
        if polled.await.is_err() {
            error!("reading feedback failed");
        }
    }
}

/// Commits, again and again, the positions up to which everything has been told.
async fn commit_told(
    source: Arc<KafkaSource>,
    live: Arc<Live>,
    notifier: Arc<Notifier>,
    mut told: watch::Receiver<u64>,
) {
    let mut ticks = interval(COMMIT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut committed = Positions::new();
    loop {
        ticks.tick().await;
        let positions = source.positions();
        if positions == committed {
            continue;
        }
        // Everything these positions caused has been sent by now; wait until it has arrived.
        let sent = live.sent.load(Ordering::Acquire);
        if told.wait_for(|count| *count >= sent).await.is_err() {
            return;
        }
        notifier.idle().await;
        if commit(&source, &live, &positions).await {
            committed = positions;
        }
    }
}

async fn commit(source: &Arc<KafkaSource>, live: &Arc<Live>, positions: &Positions) -> bool {
    let (source, live, positions) = (Arc::clone(source), Arc::clone(live), positions.clone());
    let done = tokio::task::spawn_blocking(move || match live.dead_letters.flush() {
        Ok(()) if live.dead_letters.has_lost() => false,
        Ok(()) => source.commit(&positions),
        Err(failure) => {
            error!(%failure, "dead letters are not durable; offsets are not committed");
            false
        }
    });
    done.await.unwrap_or(false)
}

/// Ends the shards; they may be waiting for the notifier, so this must not block it.
async fn halt(source: &Arc<KafkaSource>) -> Positions {
    let source = Arc::clone(source);
    let halted = tokio::task::spawn_blocking(move || source.halt());
    match timeout(DRAIN, halted).await {
        Ok(positions) => positions.unwrap_or_default(),
        Err(_) => {
            warn!("the shards wait for notifications that do not leave; nothing more is committed");
            Positions::new()
        }
    }
}

/// Tells what is left to tell and commits what has been told.
async fn finish(
    source: &Arc<KafkaSource>,
    live: &Arc<Live>,
    notifier: Arc<Notifier>,
    mut told: watch::Receiver<u64>,
    positions: Positions,
) {
    let deadline = Instant::now() + DRAIN;
    let sent = live.sent.load(Ordering::Acquire);
    let all_told = async {
        told.wait_for(|count| *count >= sent).await.is_ok() && {
            notifier.idle().await;
            true
        }
    };
    let arrived = tokio::select! {
        arrived = all_told => arrived,
        () = sleep_until(deadline) => false,
    };
    if arrived {
        commit(source, live, &positions).await;
    } else {
        warn!(
            outstanding = notifier.outstanding(),
            "notifications are still on their way; they are sent again after a restart"
        );
    }
}

async fn leave(source: Arc<KafkaSource>) {
    let left = tokio::task::spawn_blocking(move || {
        if let Some(source) = Arc::into_inner(source) {
            source.leave();
        }
    });
    if left.await.is_err() {
        error!("leaving the consumer group failed");
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    let _closed = stop.wait_for(|stop| *stop).await;
}
