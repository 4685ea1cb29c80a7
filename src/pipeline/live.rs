//! A partition that is followed live.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::{Span, info, info_span, warn};

use crate::classify::Classifier;
use crate::config::Config;
use crate::decode::{DeadLetter, Format, Reason};
use crate::http::Readiness;
use crate::incident::{Change, Incident, Subject};
use crate::mention::{BrandIndex, Timestamp, millis};
use crate::shard::Outcome;
use crate::source::kafka::{Message, PartitionHandler, SourceObserver};
use crate::source::{Topic, wall_clock};
use crate::telemetry::{Metrics, PartitionMetrics};

use super::feed::{Heard, TopicFeed};
use super::feedback::Feedback;
use super::{DeadLetters, Intake};

/// How often a partition's gauges are set, at most.
const GAUGES_EVERY: Duration = Duration::from_secs(5);

/// A partition's metrics, set by its shard and by the source.
type Gauges = Arc<Mutex<PartitionMetrics>>;

/// What all partitions of a running service share.
pub(super) struct Live {
    pub config: Arc<Config>,
    pub classifier: Arc<Classifier>,
    pub metrics: Metrics,
    pub readiness: Readiness,
    pub dead_letters: Arc<DeadLetters>,
    pub feedback: Feedback,
    /// Changes on their way to the notifier; bounded, so that a full queue stops the reading.
    pub changes: mpsc::Sender<Change>,
    /// How many changes have been put there.
    pub sent: AtomicU64,
    /// Whether the service is ending: then nothing is waited for.
    pub ending: AtomicBool,
    /// The metrics of the partitions that are here.
    pub partitions: Mutex<BTreeMap<(String, i32), Gauges>>,
    /// The topics as feeds; held for moments only, since the group's own thread needs them too.
    pub feeds: Mutex<BTreeMap<String, TopicFeed>>,
    /// Held while a feed's change is made and sent, so that changes leave in their order.
    pub telling: Mutex<()>,
    /// Where each brand was first seen, to tell a topic that is not keyed.
    pub homes: Mutex<BTreeMap<BrandIndex, (String, i32)>>,
}

impl Live {
    /// Hands a change to the notifier; waits when that is behind.
    fn send(&self, change: Change) {
        let incident = &change.incident;
        info!(
            incident = %incident.id,
            brand = incident.brand,
            state = incident.state.name(),
            severity = incident.severity.name(),
            z = incident.peak_z,
            "incident changed"
        );
        self.metrics.incidents().changed(&change);
        self.sent.fetch_add(1, Ordering::AcqRel);
        if self.changes.blocking_send(change).is_err() {
            warn!("an incident's change comes after the end; it is told after a restart");
        }
    }
}

/// [`Live`] as the source sees it.
pub(super) struct Observer(pub Arc<Live>);

impl SourceObserver for Observer {
    fn assigned(&self, topic: &Topic, partition: i32) -> Box<dyn PartitionHandler> {
        Box::new(LivePartition::new(Arc::clone(&self.0), topic, partition))
    }

    fn health(&self, health: Result<String, String>) {
        if self.0.readiness.set("source", health.clone()) {
            match health {
                Ok(detail) => info!(detail, "the source works"),
                Err(reason) => warn!(reason, "the source has trouble"),
            }
        }
    }

    fn partitions(&self, topic: &str, count: u32) {
        if let Some(feed) = lock(&self.0.feeds).get_mut(topic) {
            feed.has_partitions(count);
        }
    }

    fn lag(&self, topic: &str, partition: i32, messages: i64) {
        if let Some(metrics) = lock(&self.0.partitions).get(&(topic.to_owned(), partition)) {
            lock(metrics).set_consumer_lag(u64::try_from(messages).unwrap_or(0));
        }
    }
}

/// One assigned partition.
struct LivePartition {
    live: Arc<Live>,
    metrics: Gauges,
    /// What is logged while a message is handled belongs to its partition.
    span: Span,
    topic: String,
    format: Format,
    partition: i32,
    /// When the partition last got a mention.
    heard: Arc<Heard>,
    intake: Intake,
    /// By brand: whether it has been looked up in [`Live::homes`].
    at_home: Vec<bool>,
    gauges_set: Option<Instant>,
    /// How many marks the shard has been given.
    marks_known: usize,
    changes: Vec<Change>,
}

impl PartitionHandler for LivePartition {
    fn message(&mut self, message: &Message<'_>) {
        let span = self.span.clone();
        let _inside = span.enter();
        let now = wall_clock();
        self.heard.busy();
        let intake = self.live.metrics.intake();
        intake.add_read_bytes(message.payload.len() as u64);
        // What is read again is judged by the clock of the day on which it came.
        let came = message.timestamp.map_or(now, |timestamp| timestamp.min(now));
        let Message { payload, market, .. } = *message;
        match self.intake.take(self.format, payload, market, came, &mut self.changes) {
            Ok(taken) => {
                if !message.known {
                    intake.add(taken.outcome, 1);
                }
                if message.live {
                    intake.observe_delay(taken.created_at, now);
                }
                if matches!(taken.outcome, Outcome::Counted | Outcome::Unmatched) {
                    self.heard.hear(taken.created_at, message.live.then_some(came));
                }
                self.look_for_home(&taken.brands);
            }
            // It was kept when it came.
            Err(_) if message.known => {}
            Err(rejected) => {
                match rejected.reason {
                    Reason::Late => intake.add(Outcome::Late, 1),
                    _ => intake.add_rejected(1),
                }
                intake.dead_letter(rejected.reason);
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
                    self.live.metrics.intake().dead_letter_failed();
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
        let of_feed = |change: &&Change| change.incident.subject == Subject::Feed;
        let silence = open.iter().find(of_feed).map(|change| change.incident.clone());
        let partition = self.partition;
        self.tell_of_feed(|feed| feed.follow(partition, silence, !first_time, wall_clock()));
        if first_time {
            self.changes = open;
            self.changes.retain(|change| change.incident.subject != Subject::Feed);
            self.tell();
        }
    }

    fn idle(&mut self, now: Timestamp, idle: Duration) {
        self.heard.idle();
        self.intake.shard_mut().idle(now, millis(idle), &mut self.changes);
        self.tell();
        self.tell_of_feed(|feed| feed.judge(now));
    }

    fn batch_done(&mut self, now: Timestamp) {
        if self.gauges_set.is_some_and(|set| set.elapsed() < GAUGES_EVERY) {
            return;
        }
        self.gauges_set = Some(Instant::now());
        self.hear_feedback();
        let shard = self.intake.shard();
        let of_feed = self.feed_incident();
        let of_brands = shard.open_incidents().filter(|it| it.subject != Subject::Feed);
        let mut metrics = lock(&self.metrics);
        metrics.set_watermark(shard.watermark(), now);
        metrics.set_windows(&self.live.config.plan.brands, &shard.readings());
        metrics.set_open_incidents(of_feed.iter().chain(of_brands));
        metrics.set_fullness(shard.fullness());
    }

    fn revoked(&mut self) {
        let key = (self.topic.clone(), self.partition);
        lock(&self.live.partitions).remove(&key);
        lock(&self.live.homes).retain(|_, home| *home != key);
        if let Some(feed) = lock(&self.live.feeds).get_mut(&self.topic) {
            feed.revoke(self.partition);
        }
    }
}

impl LivePartition {
    fn new(live: Arc<Live>, topic: &Topic, partition: i32) -> Self {
        let metrics = Arc::new(Mutex::new(live.metrics.partition(&topic.name, partition)));
        let feed = feed_name(&live.config, &topic.name);
        let heard = Arc::<Heard>::default();
        lock(&live.feeds)
            .entry(topic.name.clone())
            .or_insert_with(|| TopicFeed::new(&feed, live.config.plan.time.pane))
            .assign(partition, Arc::clone(&heard));
        let key = (topic.name.clone(), partition);
        lock(&live.partitions).insert(key, Arc::clone(&metrics));
        let mut partition = LivePartition {
            span: info_span!("partition", topic = topic.name, partition),
            metrics,
            topic: topic.name.clone(),
            format: topic.format,
            partition,
            heard,
            intake: Intake::new(&live.config, &feed, Arc::clone(&live.classifier)),
            at_home: vec![false; live.config.plan.brands.len()],
            gauges_set: None,
            marks_known: 0,
            changes: Vec::new(),
            live,
        };
        // Before the past is read: it is judged as it was at its time.
        partition.hear_feedback();
        partition
    }

    fn hear_feedback(&mut self) {
        let marks = self.live.feedback.since(&mut self.marks_known);
        if !marks.is_empty() {
            self.intake.shard_mut().mark(marks);
        }
    }

    /// Hands the changes to the notifier; waits when it is behind.
    fn tell(&mut self) {
        let partition = self.partition;
        for change in std::mem::take(&mut self.changes) {
            match change.incident.subject {
                Subject::Feed => {
                    self.tell_of_feed(|feed| feed.take(partition, change, wall_clock()));
                }
                Subject::Brand => self.live.send(change),
            }
        }
    }

    /// Hands on what `judge` says of this topic's feed.
    fn tell_of_feed(&self, judge: impl FnOnce(&mut TopicFeed) -> Option<Change>) {
        let _order = lock(&self.live.telling);
        let change = lock(&self.live.feeds).get_mut(&self.topic).and_then(judge);
        if let Some(change) = change {
            self.live.send(change);
        }
    }

    /// The feed's open incident, in the first of its partitions alone: it is counted once.
    fn feed_incident(&self) -> Option<Incident> {
        let feeds = lock(&self.live.feeds);
        let feed = feeds.get(&self.topic).filter(|feed| feed.begins_with(self.partition))?;
        feed.incident().cloned()
    }

    /// A brand whose mentions come through several partitions is counted in parts: say so, once.
    fn look_for_home(&mut self, brands: &[BrandIndex]) {
        for brand in brands {
            let Some(known) = self.at_home.get_mut(brand.0 as usize) else { continue };
            if std::mem::replace(known, true) {
                continue;
            }
            let here = (self.topic.clone(), self.partition);
            let mut homes = lock(&self.live.homes);
            let home = homes.entry(*brand).or_insert_with(|| here.clone());
            if *home != here {
                warn!(
                    brand = self.live.config.plan.brands[brand.0 as usize].name,
                    first = ?home,
                    also = ?here,
                    "a brand comes through several partitions and is counted in parts; key the topic by market (groundswell route does)"
                );
            }
        }
    }
}

/// The feed's name for one topic, of which there may be several.
fn feed_name(config: &Config, topic: &str) -> String {
    let alone = config.kafka.iter().all(|kafka| kafka.topics.len() == 1);
    if alone || config.feed == topic {
        config.feed.clone()
    } else {
        format!("{} {topic}", config.feed)
    }
}

/// What a thread that died has left is still whole: each is changed in one step.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
