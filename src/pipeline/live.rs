//! A partition that is followed live.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::classify::Classifier;
use crate::config::Config;
use crate::decode::{DeadLetter, Format};
use crate::http::Readiness;
use crate::incident::Change;
use crate::mention::{BrandIndex, Timestamp};
use crate::source::Topic;
use crate::source::kafka::{Message, PartitionHandler, SourceObserver};
use crate::telemetry::Metrics;

use super::{DeadLetters, Intake};

/// How often a partition's gauges are set, at most.
const GAUGES_EVERY: Duration = Duration::from_secs(5);

/// What all partitions of a running service share.
pub(super) struct Live {
    pub config: Arc<Config>,
    pub classifier: Arc<Classifier>,
    pub metrics: Metrics,
    pub readiness: Readiness,
    pub dead_letters: Arc<DeadLetters>,
    /// Changes on their way to the notifier; bounded, so that a full queue stops the reading.
    pub changes: mpsc::Sender<Change>,
    /// How many changes have been put there.
    pub sent: AtomicU64,
    /// Whether the service is ending: then nothing is waited for.
    pub ending: AtomicBool,
    /// Where each brand was first seen, to tell a topic that is not keyed.
    pub homes: Mutex<BTreeMap<BrandIndex, (String, i32)>>,
}

/// [`Live`] as the source sees it.
pub(super) struct Observer(pub Arc<Live>);

impl SourceObserver for Observer {
    fn assigned(&self, topic: &Topic, partition: i32) -> Box<dyn PartitionHandler> {
        let live = Arc::clone(&self.0);
        Box::new(LivePartition {
            topic: topic.name.clone(),
            format: topic.format,
            partition,
            intake: Intake::new(&live.config, Arc::clone(&live.classifier)),
            at_home: vec![false; live.config.plan.brands.len()],
            gauges_set: None,
            changes: Vec::new(),
            live,
        })
    }

    fn health(&self, health: Result<String, String>) {
        if self.0.readiness.set("source", health.clone()) {
            match health {
                Ok(detail) => info!(detail, "the source works"),
                Err(reason) => warn!(reason, "the source has trouble"),
            }
        }
    }

    fn lag(&self, topic: &str, partition: i32, messages: i64) {
        self.0.metrics.set_consumer_lag(topic, partition, messages);
    }
}

/// One assigned partition.
struct LivePartition {
    live: Arc<Live>,
    topic: String,
    format: Format,
    partition: i32,
    intake: Intake,
    /// By brand: whether it has been looked up in [`Live::homes`].
    at_home: Vec<bool>,
    gauges_set: Option<Instant>,
    changes: Vec<Change>,
}

impl PartitionHandler for LivePartition {
    fn message(&mut self, message: &Message<'_>) {
        let now = now();
        self.live.metrics.observe_bytes(message.payload.len());
        match self.intake.take(self.format, message.payload, now, &mut self.changes) {
            Ok(taken) => {
                self.live.metrics.outcomes().count(taken.outcome);
                if message.live {
                    self.live.metrics.observe_mention_delay(now, taken.created_at);
                }
                self.look_for_home(&taken.brands);
            }
            Err(rejected) => {
                self.live.metrics.count_rejected(rejected.reason);
                let position = u64::try_from(message.offset).unwrap_or(0);
                let partition = Some(self.partition);
                let letter = DeadLetter::new(
                    rejected,
                    &*self.topic,
                    partition,
                    position,
                    now,
                    message.payload,
                );
                self.live.dead_letters.keep(&letter, |_| {
                    self.live.metrics.count_dead_letter_failure();
                    !self.live.ending.load(Ordering::Acquire)
                });
            }
        }
        if message.live {
            self.tell();
        } else {
            self.changes.clear();
        }
    }

    fn caught_up(&mut self, first_time: bool) {
        let open = self.intake.shard().open_changes();
        info!(
            topic = self.topic,
            partition = self.partition,
            open_incidents = open.len(),
            "the past is read; following live"
        );
        if first_time {
            self.changes = open;
            self.tell();
        }
    }

    fn idle(&mut self, now: Timestamp, idle: Duration) {
        let idle_ms = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX);
        self.intake.shard_mut().idle(now, idle_ms, &mut self.changes);
        self.tell();
    }

    fn batch_done(&mut self, now: Timestamp) {
        if self.gauges_set.is_some_and(|set| set.elapsed() < GAUGES_EVERY) {
            return;
        }
        self.gauges_set = Some(Instant::now());
        let shard = self.intake.shard();
        let brands = &self.live.config.plan.brands;
        let metrics = &self.live.metrics;
        metrics.set_shard(&self.topic, self.partition, now, brands, shard);
    }

    fn revoked(&mut self) {
        self.live.metrics.release_shard(&self.topic, self.partition);
        let mut homes = self.live.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.retain(|_, home| *home != (self.topic.clone(), self.partition));
    }
}

impl LivePartition {
    /// Hands the changes to the notifier; waits when it is behind.
    fn tell(&mut self) {
        for change in self.changes.drain(..) {
            let incident = &change.incident;
            info!(
                incident = %incident.id,
                brand = incident.brand,
                state = incident.state.name(),
                severity = incident.severity.name(),
                z = incident.peak_z,
                "incident changed"
            );
            self.live.metrics.count_change(&change);
            self.live.sent.fetch_add(1, Ordering::AcqRel);
            if self.live.changes.blocking_send(change).is_err() {
                warn!("an incident's change comes after the end; it is told after a restart");
            }
        }
    }

    /// A brand whose mentions come through several partitions is counted in parts: say so, once.
    fn look_for_home(&mut self, brands: &[BrandIndex]) {
        for brand in brands {
            let Some(known) = self.at_home.get_mut(brand.0 as usize) else { continue };
            if std::mem::replace(known, true) {
                continue;
            }
            let here = (self.topic.clone(), self.partition);
            let mut homes = self.live.homes.lock().unwrap_or_else(PoisonError::into_inner);
            let home = homes.entry(*brand).or_insert_with(|| here.clone());
            if *home != here {
                warn!(
                    brand = self.live.config.plan.brands[brand.0 as usize].name,
                    first = ?home,
                    also = ?here,
                    "a brand comes through several partitions and is counted in parts; key the topic by market"
                );
            }
        }
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}
