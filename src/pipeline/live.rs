//! What the partitions of a running service share, and how they come to be.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tracing::{info, warn};

use crate::classify::Classifier;
use crate::config::Config;
use crate::decode::DeadLetterError;
use crate::http::Readiness;
use crate::incident::Change;
use crate::mention::BrandIndex;
use crate::source::kafka::{Assigned, SourceObserver};
use crate::source::{Topic, lock, rest};
use crate::store::{PartitionKey, Store, StoreError, Stored};
use crate::telemetry::{Metrics, PartitionMetrics};

use super::DeadLetters;
use super::feed::TopicFeed;
use super::feedback::Feedback;
use super::partition::LivePartition;

/// Wait before a store that fails is asked again.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(1);

/// A partition's gauges: the source sets the lag, its shard the rest.
pub(super) type Gauges = Arc<Mutex<PartitionMetrics>>;

/// What all partitions of a running service share.
pub(super) struct Live {
    pub config: Arc<Config>,
    /// The consumer group.
    pub group: String,
    pub classifier: Arc<Classifier>,
    pub metrics: Metrics,
    pub readiness: Readiness,
    pub dead_letters: Arc<DeadLetters>,
    pub feedback: Feedback,
    pub store: Store,
    /// Where the store's work is done; shard threads wait for it.
    pub runtime: Handle,
    /// Hears of every change once it is in the store.
    pub on_change: Box<dyn Fn(&Change) + Send + Sync>,
    /// Whether the service is ending: then nothing is waited for.
    pub ending: AtomicBool,
    /// The metrics of the partitions that are here.
    pub partitions: Mutex<BTreeMap<(String, i32), Gauges>>,
    /// The topics as feeds; held for moments only, since the group's own thread needs them too.
    pub feeds: Mutex<BTreeMap<String, TopicFeed>>,
    /// Where each brand was first seen, to tell a topic that is not keyed.
    pub homes: Mutex<BTreeMap<BrandIndex, (String, i32)>>,
}

impl Live {
    /// A change is in the store, and will be told.
    pub(super) fn told(&self, change: &Change) {
        let incident = &change.incident;
        info!(
            incident = %incident.id,
            brand = incident.brand,
            state = incident.state.name(),
            severity = incident.severity.name(),
            z = incident.peak_z,
            "incident changed"
        );
        self.metrics.incidents().changed(change);
        (self.on_change)(change);
    }

    /// The store has done what it was asked to, or why it has not.
    pub(super) fn store_is(&self, state: Result<(), &StoreError>) {
        let words = match state {
            Ok(()) => Ok("it answers".to_owned()),
            Err(failure) => Err(format!("{failure}; nothing is read until it works again")),
        };
        let failed = words.is_err();
        if self.readiness.set("store", words) && failed {
            warn!(failure = ?state.err().map(ToString::to_string), "the store has trouble");
        }
        if failed {
            self.metrics.checkpoints().failed();
        }
    }

    /// Dead letters are where they last, or why they are not.
    pub(super) fn dead_letters_are(&self, state: Result<(), &DeadLetterError>) {
        let words = match state {
            Ok(()) => Ok("they are kept".to_owned()),
            Err(failure) => Err(format!("{failure}; nothing is read until they are kept")),
        };
        if words.is_err() {
            self.metrics.intake().dead_letter_failed();
        }
        tell_health(&self.readiness, "dead letters", words);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Claims a partition, however long the store is away. `None` when the service ends first.
    fn claim(&self, partition: &PartitionKey) -> Option<Stored> {
        while !self.is_ending() {
            match self.runtime.block_on(self.store.claim(partition)) {
                Ok(stored) => {
                    self.store_is(Ok(()));
                    return Some(stored);
                }
                Err(failure) => {
                    self.store_is(Err(&failure));
                    rest(STORE_RETRY, &self.ending);
                }
            }
        }
        None
    }
}

/// [`Live`] as the source sees it.
pub(super) struct Observer(pub Arc<Live>);

impl Observer {
    /// Sets a gauge of a partition that is here.
    fn measure(&self, topic: &str, partition: i32, set: impl FnOnce(&PartitionMetrics)) {
        if let Some(metrics) = lock(&self.0.partitions).get(&(topic.to_owned(), partition)) {
            set(&lock(metrics));
        }
    }
}

impl SourceObserver for Observer {
    fn assigned(&self, topic: &Topic, partition: i32) -> Option<Assigned> {
        let group = self.0.group.clone();
        let stored =
            self.0.claim(&PartitionKey { group, topic: topic.name.clone(), number: partition })?;
        let (partition, start) = LivePartition::new(Arc::clone(&self.0), topic, stored);
        Some(Assigned { handler: Box::new(partition), start })
    }

    fn health(&self, health: Result<String, String>) {
        tell_health(&self.0.readiness, "source", health);
    }

    fn partitions(&self, topic: &str, count: u32) {
        if let Some(feed) = lock(&self.0.feeds).get_mut(topic) {
            feed.has_partitions(count);
        }
    }

    fn queued(&self, topic: &str, partition: i32, bytes: u64) {
        self.measure(topic, partition, |metrics| metrics.set_fetch_queue(bytes));
    }

    fn lag(&self, topic: &str, partition: i32, messages: i64) {
        let waiting = u64::try_from(messages).unwrap_or(0);
        self.measure(topic, partition, |metrics| metrics.set_consumer_lag(waiting));
    }
}

/// Sets the condition `part` and, when that is news, logs it.
pub(super) fn tell_health(
    readiness: &Readiness,
    part: &'static str,
    health: Result<String, String>,
) {
    if readiness.set(part, health.clone()) {
        match health {
            Ok(detail) => info!(detail, "the {part} works"),
            Err(reason) => warn!(reason, "the {part} has trouble"),
        }
    }
}
