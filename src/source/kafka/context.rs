//! What librdkafka tells: assignments, errors, statistics.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use tracing::{debug, error, info, warn};

use super::worker::{Assignment, Reach, Worker};
use super::{
    Assigned, History, KafkaSettings, PartitionHandler, Refused, SourceObserver, StartAt, Topic,
};
use crate::mention::millis;
use crate::source::{lock, rest, wall_clock};

/// How long a broker may take to say where to begin.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is asked again.
const LOOKUP_EVERY: Duration = Duration::from_secs(1);
/// How long handlers of revoked partitions may take before the rebalance goes on without them.
const REVOKE_TIMEOUT: Duration = Duration::from_secs(20);
/// How often the group is joined anew at most.
const REJOIN_EVERY: Duration = Duration::from_secs(10);

/// Shared by the consumer and the thread that serves the group.
pub(super) struct Context {
    brokers: String,
    topics: Vec<Topic>,
    history: Duration,
    observer: Arc<dyn SourceObserver>,
    workers: Vec<Worker>,
    /// Assigned and paused; waiting for their queues to be handed over.
    arrived: Mutex<Vec<Arrival>>,
    /// Whether the group has said at least once which partitions are ours (maybe none).
    joined: AtomicBool,
    refused: Refused,
    /// Whether the source ends.
    ending: AtomicBool,
    reach: Arc<Reach>,
    /// Whether a shard has found that another instance has its partition.
    fenced: Arc<AtomicBool>,
    /// When the group was last joined anew for that.
    rejoined: Mutex<Option<Instant>>,
}

struct Arrival {
    topic: String,
    partition: i32,
    handler: Box<dyn PartitionHandler>,
    start: Start,
}

impl Context {
    pub(super) fn new(
        settings: &KafkaSettings,
        observer: Arc<dyn SourceObserver>,
        workers: Vec<Worker>,
        reach: Arc<Reach>,
        fenced: Arc<AtomicBool>,
    ) -> Self {
        Self {
            brokers: settings.brokers.join(", "),
            topics: settings.topics.clone(),
            history: settings.history,
            observer,
            workers,
            arrived: Mutex::new(Vec::new()),
            joined: AtomicBool::new(false),
            refused: Refused::default(),
            ending: AtomicBool::new(false),
            reach,
            fenced,
            rejoined: Mutex::new(None),
        }
    }

    /// The topics' names.
    pub(super) fn topics(&self) -> Vec<&str> {
        self.topics.iter().map(|topic| topic.name.as_str()).collect()
    }

    /// Whether the group must be joined anew: whoever was thought to be gone and is not has lost its
    /// partitions without hearing of it.
    pub(super) fn rejoins(&self) -> bool {
        let mut rejoined = lock(&self.rejoined);
        let soon = rejoined.is_some_and(|at| at.elapsed() < REJOIN_EVERY);
        if soon || !self.fenced.swap(false, Ordering::AcqRel) {
            return false;
        }
        *rejoined = Some(Instant::now());
        true
    }

    /// Gives every partition that has arrived its own queue and hands it to its shard. Fetching
    /// begins only then, so that no message can take another way.
    pub(super) fn hand_over(&self, consumer: &Arc<BaseConsumer<Self>>) {
        let arrived = std::mem::take(&mut *lock(&self.arrived));
        for Arrival { topic, partition, handler, start } in arrived {
            let Some(queue) = consumer.split_partition_queue(&topic, partition) else {
                error!(topic, partition, "the partition has no queue; it is not read");
                continue;
            };
            let resume = resume(consumer, &topic, partition);
            let assignment = Assignment::new(&topic, partition, queue, handler, start, resume);
            self.worker(partition).assign(assignment);
            self.observer.health(Ok(format!("reading {topic} from {}", self.brokers)));
        }
    }

    /// Takes every partition from its shard and ends the shards' threads.
    pub(super) fn release_all(&self) {
        self.ending.store(true, Ordering::Release);
        self.workers.iter().for_each(Worker::stop);
        self.workers.iter().for_each(Worker::join);
    }

    /// An error in words for people.
    pub(super) fn explain(&self, error: &KafkaError) -> String {
        let (topics, setting) = (self.topics().join(", "), "[[source.kafka.topic]] name");
        self.refused.explain(error, &self.brokers, &topics, setting)
    }

    fn worker(&self, partition: i32) -> &Worker {
        let at = usize::try_from(partition).unwrap_or(0) % self.workers.len();
        &self.workers[at]
    }

    fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        let mut positioned = TopicPartitionList::new();
        let mut arrived = lock(&self.arrived);
        for element in list.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let settings = self.topics.iter().find(|known| known.name == topic);
            let assigned = settings.and_then(|settings| {
                let Assigned { handler, start } = self.observer.assigned(settings, partition)?;
                Some((handler, self.start(consumer, (topic, partition), start)?))
            });
            let Some((handler, start)) = assigned else {
                // It belongs to this instance all the same, until the group is left.
                positioned.add_partition_offset(topic, partition, Offset::End)?;
                continue;
            };
            positioned.add_partition_offset(topic, partition, start.read_from)?;
            info!(topic, partition, read_from = ?start.read_from, live_from = start.live_from, "partition assigned");
            arrived.push(Arrival { topic: topic.to_owned(), partition, handler, start });
        }
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&positioned)?,
            _ => consumer.assign(&positioned)?,
        }
        self.joined.store(true, Ordering::Release);
        consumer.pause(list)
    }

    /// Where to begin with a partition. A guess would take the past for news, or forget it: whoever
    /// does not answer is asked again, until the source ends.
    fn start(
        &self,
        consumer: &BaseConsumer<Self>,
        (topic, partition): (&str, i32),
        start: StartAt,
    ) -> Option<Start> {
        let position = match start {
            StartAt::Position(position) => return Some(Start::at(position)),
            StartAt::Rebuild(position) => Some(position),
            StartAt::Unknown => None,
        };
        while !self.ending.load(Ordering::Acquire) {
            match self.with_history(consumer, (topic, partition), position) {
                Ok(start) => return Some(start),
                Err(error) => {
                    let reason = self.explain(&error);
                    self.observer.health(Err(format!(
                        "cannot look up where partition {partition} of {topic} begins: {reason}"
                    )));
                    rest(LOOKUP_EVERY, &self.ending);
                }
            }
        }
        None
    }

    /// As far back as the history reaches, but never after what is new: from `position` on, or, when
    /// that is not known, from where the group has committed.
    fn with_history(
        &self,
        consumer: &BaseConsumer<Self>,
        (topic, partition): (&str, i32),
        position: Option<i64>,
    ) -> KafkaResult<Start> {
        let since = wall_clock().plus_millis(-millis(self.history)).as_millis().max(0);
        let offset_in = |list: &TopicPartitionList| match list
            .find_partition(topic, partition)
            .map(|element| element.offset())
        {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        };
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(since))?;
        let times = consumer.offsets_for_times(list.clone(), LOOKUP_TIMEOUT)?;
        let (low, high) = consumer.fetch_watermarks(topic, partition, LOOKUP_TIMEOUT)?;
        // A topic that ends before the place that was come to has been made anew.
        let handled = match position.filter(|position| *position <= high) {
            Some(position) => Some(position),
            None => {
                let mut list = TopicPartitionList::new();
                list.add_partition(topic, partition);
                offset_in(&consumer.committed_offsets(list, LOOKUP_TIMEOUT)?)
            }
        };
        let live_from = handled.unwrap_or(high);
        let read_from = offset_in(&times).unwrap_or(high).min(live_from).max(low);
        Ok(Start {
            read_from: Offset::Offset(read_from),
            live_from: Some(live_from),
            history: if handled.is_some() { History::Handled } else { History::New },
        })
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        let of_list = |it: &mut Arrival| list.find_partition(&it.topic, it.partition).is_some();
        let waiting = {
            let mut arrived = lock(&self.arrived);
            arrived.extract_if(.., of_list).collect::<Vec<_>>()
        };
        for mut arrival in waiting {
            // Nothing of it has been read yet.
            arrival.handler.revoked(None);
        }
        let (done, wait) = channel();
        for element in list.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            info!(topic, partition, "partition revoked");
            self.worker(partition).revoke(topic, partition, done.clone());
        }
        drop(done);
        let deadline = Instant::now() + REVOKE_TIMEOUT;
        loop {
            match wait.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    warn!("a shard is busy; partitions are given up without waiting for it");
                    break;
                }
            }
        }
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
            _ => consumer.unassign(),
        }
    }
}

/// The partitions whose leader is not there, or does not answer.
fn unled(statistics: &Statistics) -> BTreeSet<(String, i32)> {
    let is_led = |leader: i32| {
        // Brokers that are known by nothing but their address have no number, and lead nothing.
        let mut brokers = statistics.brokers.values().filter(|_| leader >= 0);
        brokers.any(|broker| broker.nodeid == leader && broker.state == "UP")
    };
    let of_topics = statistics.topics.values().flat_map(|topic| {
        let unled = topic.partitions.iter().filter(|(_, of)| !is_led(of.leader));
        unled.map(|(partition, _)| (topic.topic.clone(), *partition))
    });
    of_topics.collect()
}

/// What lets a partition be fetched. Its shard calls it when it has let go of whatever it had of that
/// partition before, so that no message can go astray.
fn resume(
    consumer: &Arc<BaseConsumer<Context>>,
    topic: &str,
    partition: i32,
) -> impl FnOnce() + Send + 'static {
    let (consumer, topic) = (Arc::downgrade(consumer), topic.to_owned());
    move || {
        let Some(consumer) = consumer.upgrade() else { return };
        let mut list = TopicPartitionList::new();
        list.add_partition(&topic, partition);
        if let Err(error) = consumer.resume(&list) {
            error!(topic, partition, %error, "the partition cannot be resumed; it is not read");
        }
    }
}

/// Where to begin with a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) read_from: Offset,
    /// What comes before it is the past; `None` when nothing does.
    pub(super) live_from: Option<i64>,
    pub(super) history: History,
}

impl Start {
    /// Everything before `position` is known.
    const fn at(position: i64) -> Self {
        Self {
            read_from: Offset::Offset(position),
            live_from: Some(position),
            history: History::Handled,
        }
    }
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let up = statistics.brokers.values().filter(|broker| broker.state == "UP");
        self.reach.are_unled(unled(&statistics));
        let up = up.count();
        if up > 0 {
            self.reach.is_down(false);
            self.refused.forget();
        }
        if up > 0 && self.joined.load(Ordering::Acquire) {
            self.observer.health(Ok(format!("connected to {up} broker(s) at {}", self.brokers)));
        }
        for topic in statistics.topics.values() {
            let partitions = topic.partitions.keys().filter(|partition| **partition >= 0).count();
            self.observer.partitions(&topic.topic, u32::try_from(partitions).unwrap_or(u32::MAX));
            for (partition, of) in topic.partitions.iter().filter(|(partition, _)| **partition >= 0)
            {
                self.observer.queued(&topic.topic, *partition, of.fetchq_size);
                if of.consumer_lag >= 0 {
                    self.observer.lag(&topic.topic, *partition, of.consumer_lag);
                }
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The end of a partition is no error; its shard hears of it too.
        if matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::PartitionEOF)) {
            return;
        }
        if matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::AllBrokersDown)) {
            self.reach.is_down(true);
        }
        debug!(%error, reason, "librdkafka reports an error");
        self.observer.health(Err(self.explain(&error)));
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let done = match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, list),
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => self.revoke(consumer, list),
            other => {
                warn!(code = ?other, "unexpected rebalance event");
                Ok(())
            }
        };
        if let Err(error) = done {
            error!(%error, "the rebalance failed; the group will try again");
            self.observer.health(Err(format!("a rebalance failed: {}", self.explain(&error))));
        }
    }
}
