//! The service: Kafka in, notifications out, metrics and health beside it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{error, info, warn};

use crate::classify::{Classifier, ClassifyError};
use crate::config::Config;
use crate::decode::DeadLetterError;
use crate::desk::{Desk, Look};
use crate::http::{HttpError, HttpState, Readiness, Server};
use crate::incident::Change;
use crate::notify::{Notifier, NotifierSettings, NotifyError, Pictures, Telling};
use crate::source::kafka::{DeadLetterTopic, KafkaSettings, KafkaSource, KafkaSourceError};
use crate::store::{Store, StoreError};
use crate::telemetry::{self, Caps, Metrics, MetricsError};

use super::DeadLetters;
use super::chores::Chores;
use super::feedback::Feedback;
use super::live::{Live, Observer};

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
    #[error("{0} has died ({1}); restart the service")]
    ChoreDied(&'static str, String),
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
    tokio::pin!(shutdown);
    let store = tokio::select! {
        opened = Store::open(&config.store) => opened?,
        () = &mut shutdown => return Ok(()),
    };
    let look =
        Look { notice: config.http.notice.clone(), kept_every: config.store.checkpoint_every };
    let (plan, routes) = (Arc::clone(&config.plan), &config.routes);
    let desk = Desk::new(store.clone(), plan, &kafka.group, routes, look);
    let state = HttpState {
        metrics: metrics.clone(),
        readiness: readiness.clone(),
        desk: Some(desk.clone()),
    };
    let server = Server::new(service.listener, &config.http, state)?;
    readiness.set("store", Ok("it answers".to_owned()));
    let dead_letters = Arc::new(DeadLetters::open(&config)?);
    let feedback = Feedback::new(&config.feedback_file);
    metrics.incidents().marked(0, feedback.poll().1);
    feedback.hear(&store).await?;
    let mut notifier = start_notifier(&config, &metrics, &store, desk.clone())?;
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
    let mut chores = Chores::start(&live, &source, desk);
    let (stop_http, http_stopped) = watch::channel(false);
    let mut serve = tokio::spawn(server.serve(stopped(http_stopped)));

    let ended = tokio::select! {
        () = &mut shutdown => Ok(()),
        failure = failure(&mut serve, source.failed(), notifier.failed(), &mut chores) => Err(failure),
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

/// Resolves when a part of the service has ended by itself, or cannot go on.
async fn failure<T>(
    serve: &mut JoinHandle<T>,
    source: impl Future<Output = KafkaSourceError>,
    notifier: impl Future<Output = NotifyError>,
    chores: &mut Chores,
) -> RunError {
    tokio::select! {
        _ended = serve => RunError::HttpEnded,
        failure = source => failure.into(),
        failure = notifier => failure.into(),
        (chore, reason) = chores.failed() => RunError::ChoreDied(chore, reason),
    }
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

fn start_notifier(
    config: &Config,
    metrics: &Metrics,
    store: &Store,
    desk: Desk,
) -> Result<Notifier, RunError> {
    let observer = telemetry::Observer::new(metrics.clone());
    metrics.notifications().expect_routes(config.routes.iter().map(|route| route.name.as_str()));
    let telling = Telling {
        time_zone: config.plan.time_zone.clone(),
        page: config.http.page.clone(),
        buttons: config.http.slack.is_some(),
    };
    let settings =
        NotifierSettings { retry: config.retry, targets: config.targets.clone(), telling };
    let (observer, pictures) = (Arc::new(observer), Some(Arc::new(desk) as Arc<dyn Pictures>));
    Ok(Notifier::start(&config.routes, settings, store.clone(), observer, pictures)?)
}

/// Ends the shards, which keep what they have handled, and tells the group.
async fn halt(source: &Arc<KafkaSource>) {
    let halting = Arc::clone(source);
    let halted = tokio::task::spawn_blocking(move || halting.halt());
    match timeout(DRAIN, halted).await {
        Ok(Ok(positions)) => {
            let committing = Arc::clone(source);
            let told = tokio::task::spawn_blocking(move || committing.commit(&positions));
            let _told = timeout(LAST_COMMIT, told).await;
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

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// What `run` ends with when one part has ended and the others go on.
    async fn ended(
        server: impl Future<Output = ()> + Send + 'static,
        source: impl Future<Output = KafkaSourceError>,
        notifier: impl Future<Output = NotifyError>,
        chore: impl Future<Output = ()> + Send + 'static,
    ) -> String {
        let mut chores = Chores::default();
        chores.spawn("what lasts", pending());
        chores.spawn("what counts", chore);
        let mut server = tokio::spawn(server);
        let failure = failure(&mut server, source, notifier, &mut chores);
        timeout(Duration::from_secs(10), failure)
            .await
            .map_or_else(|_| String::new(), |it| it.to_string())
    }

    #[tokio::test]
    #[allow(clippy::panic)]
    async fn whichever_part_dies_is_noticed() {
        let dies = || async { panic!("as a defect would") };
        let died = ready(NotifyError::Died("slack".to_owned()));
        let panicked = ready(KafkaSourceError::Panicked);
        for (told, part) in [
            (ended(dies(), pending(), pending(), pending()).await, "the HTTP server"),
            (ended(pending(), panicked, pending(), pending()).await, "a thread that reads"),
            (ended(pending(), pending(), died, pending()).await, "route `slack`"),
            (ended(pending(), pending(), pending(), dies()).await, "what counts has died"),
        ] {
            assert!(told.contains(part), "{told:?}");
        }
    }
}
