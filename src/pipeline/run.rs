//! The service: Kafka in, notifications out, metrics and health beside it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

use crate::classify::{Classifier, ClassifyError};
use crate::config::Config;
use crate::decode::DeadLetterError;
use crate::http::{HttpError, HttpState, Readiness, Server};
use crate::incident::Change;
use crate::mention::millis;
use crate::notify::{Notifier, NotifyError};
use crate::source::kafka::{
    DeadLetterTopic, KafkaSettings, KafkaSource, KafkaSourceError, Positions,
};
use crate::source::wall_clock;
use crate::store::{Store, StoreError};
use crate::telemetry::{self, Caps, Metrics, MetricsError};

use super::DeadLetters;
use super::feedback::Feedback;
use super::live::{Live, Observer};

/// How often the group is told how far its partitions are kept.
const COMMIT_EVERY: Duration = Duration::from_secs(5);
/// How often what waits in the outbox, and for the dead-letter topic, is counted.
const COUNT_EVERY: Duration = Duration::from_secs(2);
/// How often what ended long ago is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);
/// How long what was delivered is kept.
const DELIVERED_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How long an incident is kept that is resolved: a year can be looked back on, and a month to do it in.
const RESOLVED_KEPT: Duration = Duration::from_secs(400 * 86_400);
/// How often the feedback file is looked at.
const FEEDBACK_EVERY: Duration = Duration::from_secs(2);
/// How long the shards may take to keep what they have handled, and then notifications that are due
/// to be sent, after the order to stop.
const DRAIN: Duration = Duration::from_secs(3);
/// How long all of it may take; the HTTP server has a second more.
const STOP: Duration = Duration::from_secs(8);
/// How long the group may take to hear how far its partitions are kept, then.
const LAST_COMMIT: Duration = Duration::from_secs(1);

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
    Store(#[from] StoreError),
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterError),
    #[error("[source.kafka] is missing: run needs a Kafka topic to read (replay reads files)")]
    NoSource,
    #[error("cannot serve HTTP: {0}")]
    Http(#[from] HttpError),
    #[error("the HTTP server has ended by itself; restart the service")]
    HttpEnded,
}

/// What a service is made of besides its configuration; tests and the demo own these parts.
pub struct Service {
    /// Where metrics and health are served.
    pub listener: TcpListener,
    /// Tells whether the service does its work.
    pub readiness: Readiness,
    /// Hears of every change once it is in the store, before it is sent on its way.
    pub on_change: Box<dyn Fn(&Change) + Send + Sync>,
}

/// Runs the service until `shutdown` resolves, then stops it gracefully: reading ends, what has
/// been read is kept, notifications that are under way are ended, the group is left.
///
/// What mentions cause is in the store before anybody is told of it, in one transaction with the
/// offsets they came from: whatever ends this, whenever, a restart goes on from there.
///
/// # Errors
///
/// When a part cannot be started or ends by itself, or the group takes this instance no longer.
pub async fn run(
    config: Config,
    service: Service,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let config = Arc::new(config);
    let kafka = config.kafka.clone().ok_or(RunError::NoSource)?;
    let metrics = Metrics::new(config.limits.metric_series)?;
    metrics.set_room(&caps(&config, &kafka), config.plan.brands.len(), config.plan.series());
    let readiness = service.readiness;
    let state = HttpState { metrics: metrics.clone(), readiness: readiness.clone() };
    let server = Server::new(service.listener, &config.http, state)?;
    tokio::pin!(shutdown);
    let store = tokio::select! {
        opened = Store::open(&config.store) => opened?,
        () = &mut shutdown => return Ok(()),
    };
    readiness.set("store", Ok("it answers".to_owned()));
    let dead_letters = Arc::new(DeadLetters::open(&config)?);
    let feedback = Feedback::new(&config.feedback_file);
    metrics.incidents().marked(0, feedback.poll().1);
    let mut notifier = start_notifier(&config, &metrics, &store)?;
    readiness.set("notifier", Ok(format!("{} route(s)", config.routes.len())));

    let live = Arc::new(Live {
        group: kafka.group.clone(),
        classifier: Arc::new(Classifier::new(&config.rules)?),
        metrics: metrics.clone(),
        readiness: readiness.clone(),
        dead_letters,
        feedback,
        store: store.clone(),
        runtime: Handle::current(),
        on_change: service.on_change,
        ending: AtomicBool::new(false),
        partitions: Mutex::new(BTreeMap::new()),
        feeds: Mutex::new(BTreeMap::new()),
        homes: Mutex::new(BTreeMap::new()),
        config,
    });
    let source = Arc::new(KafkaSource::start(&kafka, Arc::new(Observer(Arc::clone(&live))))?);
    let mut chores = JoinSet::new();
    chores.spawn(commit_kept(Arc::clone(&source)));
    chores.spawn(count_outbox(Arc::clone(&live)));
    chores.spawn(count_dead_letters(Arc::clone(&live)));
    chores.spawn(forget_ended(store.clone()));
    chores.spawn(hear_feedback(Arc::clone(&live)));
    let (stop_http, http_stopped) = watch::channel(false);
    let mut serve = tokio::spawn(server.serve(stopped(http_stopped)));

    let ended = tokio::select! {
        () = &mut shutdown => Ok(()),
        _ended = &mut serve => Err(RunError::HttpEnded),
        failure = source.failed() => Err(failure.into()),
        failure = notifier.failed() => Err(failure.into()),
    };
    info!("stopping");
    readiness.set("source", Err("the service is stopping".to_owned()));
    let stopping = async {
        chores.shutdown().await;
        live.ending.store(true, Ordering::Release);
        halt(&source).await;
        notifier.shutdown(DRAIN).await;
        leave(source).await;
        store.close().await;
    };
    if timeout(STOP, stopping).await.is_err() {
        warn!(
            "something does not answer and is not waited for; a restart goes on from what is kept"
        );
    }
    if ended.is_ok() {
        stop_http.send_replace(true);
        let _ended = timeout(Duration::from_secs(1), serve).await;
    }
    ended
}

fn caps(config: &Config, kafka: &KafkaSettings) -> Caps {
    Caps {
        brands: config.limits.brands,
        series: config.limits.series,
        dedup_entries: config.plan.time.dedup_capacity,
        message_bytes: config.limits.max_message_bytes,
        fetch_queue_bytes: kafka.fetch_queue_bytes(),
        dead_letter_bytes: DeadLetterTopic::MOST_WAITING,
    }
}

fn start_notifier(config: &Config, metrics: &Metrics, store: &Store) -> Result<Notifier, RunError> {
    let observer = telemetry::Observer::new(metrics.clone());
    metrics.notifications().expect_routes(config.routes.iter().map(|route| route.name.as_str()));
    let zone = config.plan.time_zone.clone();
    let (targets, observer) = (config.targets.clone(), Arc::new(observer));
    Ok(Notifier::start(&config.routes, config.retry, targets, zone, store.clone(), observer)?)
}

/// Shows, again and again, how many notifications are where.
async fn count_outbox(live: Arc<Live>) {
    let mut ticks = interval(COUNT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match live.store.outbox_counts().await {
            Ok(counts) => {
                let routes = live.config.routes.iter().map(|route| route.name.as_str());
                live.metrics.notifications().set_outbox(routes, &counts, wall_clock());
                live.readiness.set("outbox", Ok("it answers".to_owned()));
            }
            Err(failure) => {
                live.readiness.set("outbox", Err(failure.to_string()));
            }
        }
    }
}

/// Shows, again and again, how much waits for the dead-letter topic.
async fn count_dead_letters(live: Arc<Live>) {
    let mut ticks = interval(COUNT_EVERY);
    loop {
        ticks.tick().await;
        live.metrics.intake().set_dead_letters_waiting(live.dead_letters.waiting_bytes());
    }
}

/// Forgets, again and again, what ended long ago.
async fn forget_ended(store: Store) {
    let mut ticks = interval(FORGET_EVERY);
    loop {
        ticks.tick().await;
        let ago = |kept| wall_clock().plus_millis(-millis(kept));
        let forgotten = async {
            let deliveries = store.forget_delivered(ago(DELIVERED_KEPT)).await?;
            Ok::<_, StoreError>((deliveries, store.forget_resolved(ago(RESOLVED_KEPT)).await?))
        };
        match forgotten.await {
            Ok((0, 0)) => {}
            Ok((deliveries, incidents)) => {
                info!(deliveries, incidents, "what ended long ago is forgotten");
            }
            Err(failure) => {
                warn!(%failure, "what ended long ago is not forgotten; tried again later")
            }
        }
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

/// Commits, again and again, the positions up to which everything is in the store.
async fn commit_kept(source: Arc<KafkaSource>) {
    let mut ticks = interval(COMMIT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut committed = Positions::new();
    loop {
        ticks.tick().await;
        let positions = source.positions();
        if positions != committed && commit(&source, &positions).await {
            committed = positions;
        }
    }
}

async fn commit(source: &Arc<KafkaSource>, positions: &Positions) -> bool {
    let (source, positions) = (Arc::clone(source), positions.clone());
    tokio::task::spawn_blocking(move || source.commit(&positions)).await.unwrap_or(false)
}

/// Ends the shards, which keep what they have handled, and tells the group.
async fn halt(source: &Arc<KafkaSource>) {
    let halting = Arc::clone(source);
    let halted = tokio::task::spawn_blocking(move || halting.halt());
    match timeout(DRAIN, halted).await {
        Ok(Ok(positions)) => {
            let _told = timeout(LAST_COMMIT, commit(source, &positions)).await;
        }
        Ok(Err(failure)) => error!(%failure, "ending the shards failed"),
        Err(_) => warn!("the store does not answer; a restart goes on from the last checkpoint"),
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

/// Resolves when told to stop, or when nobody is there to tell.
pub(super) async fn stopped(mut stop: watch::Receiver<bool>) {
    let _closed = stop.wait_for(|stop| *stop).await;
}
