//! What librdkafka tells: assignments, errors, statistics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use tracing::{debug, error, info, warn};

use super::worker::{Assignment, Worker};
use super::{KafkaSettings, SourceObserver, Topic, explain};
use crate::mention::millis;
use crate::source::wall_clock;

/// How long a broker may take to say where to begin.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Whether a broker can be reached.
    connected: Arc<AtomicBool>,
}

struct Arrival {
    topic: String,
    partition: i32,
    start: Start,
}

impl Context {
    pub(super) fn new(
        settings: &KafkaSettings,
        observer: Arc<dyn SourceObserver>,
        workers: Vec<Worker>,
        connected: Arc<AtomicBool>,
    ) -> Self {
        Self {
            brokers: settings.brokers.join(", "),
            topics: settings.topics.clone(),
            history: settings.history,
            observer,
            workers,
            arrived: Mutex::new(Vec::new()),
            joined: AtomicBool::new(false),
            connected,
        }
    }

    /// Gives every partition that has arrived its own queue and hands it to its shard. Fetching
    /// begins only then, so that no message can take another way.
    pub(super) fn hand_over(&self, consumer: &Arc<BaseConsumer<Self>>) {
        let arrived =
            std::mem::take(&mut *self.arrived.lock().unwrap_or_else(PoisonError::into_inner));
        for Arrival { topic, partition, start } in arrived {
            let Some(settings) = self.topics.iter().find(|known| known.name == topic) else {
                continue;
            };
            let Some(queue) = consumer.split_partition_queue(&topic, partition) else {
                error!(topic, partition, "the partition has no queue; it is not read");
                continue;
            };
            let handler = self.observer.assigned(settings, partition);
            self.worker(partition)
                .assign(Assignment::new(&topic, partition, queue, handler, start));
            let mut list = TopicPartitionList::new();
            list.add_partition(&topic, partition);
            if let Err(error) = consumer.resume(&list) {
                error!(topic, partition, %error, "the partition cannot be resumed; it is not read");
            }
            self.observer.health(Ok(format!("reading {topic} from {}", self.brokers)));
        }
    }

    /// Takes every partition from its shard and ends the shards' threads.
    pub(super) fn release_all(&self) {
        self.workers.iter().for_each(Worker::stop);
    }

    /// An error in words for people.
    pub(super) fn explain(&self, error: &KafkaError) -> String {
        let topics: Vec<&str> = self.topics.iter().map(|topic| topic.name.as_str()).collect();
        explain(error, &self.brokers, &topics.join(", "), "[[source.kafka.topic]] name")
    }

    fn worker(&self, partition: i32) -> &Worker {
        let at = usize::try_from(partition).unwrap_or(0) % self.workers.len();
        &self.workers[at]
    }

    fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        let starts = self.starts(consumer, list);
        let mut positioned = TopicPartitionList::new();
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        for element in list.elements() {
            let key = (element.topic().to_owned(), element.partition());
            let start = starts.get(&key).copied().unwrap_or(Start::AS_COMMITTED);
            positioned.add_partition_offset(&key.0, key.1, start.read_from)?;
            info!(topic = key.0, partition = key.1, read_from = ?start.read_from, live_from = start.live_from, "partition assigned");
            arrived.push(Arrival { topic: key.0, partition: key.1, start });
        }
        consumer.incremental_assign(&positioned)?;
        self.joined.store(true, Ordering::Release);
        consumer.pause(list)
    }

    /// Where to begin with each partition: as far back as the history reaches, but never after what
    /// is committed.
    fn starts(
        &self,
        consumer: &BaseConsumer<Self>,
        list: &TopicPartitionList,
    ) -> BTreeMap<(String, i32), Start> {
        let since = wall_clock().plus_millis(-millis(self.history)).as_millis().max(0);
        let mut times = list.clone();
        let found = times
            .set_all_offsets(Offset::Offset(since))
            .and_then(|()| consumer.offsets_for_times(times, LOOKUP_TIMEOUT));
        let committed = consumer.committed_offsets(list.clone(), LOOKUP_TIMEOUT);
        let (found, committed) = match (found, committed) {
            (Ok(found), Ok(committed)) => (found, committed),
            (Err(error), _) | (_, Err(error)) => {
                warn!(
                    error = self.explain(&error),
                    "cannot look up where to begin; beginning where the group left off"
                );
                return BTreeMap::new();
            }
        };
        let mut starts = BTreeMap::new();
        for element in list.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let offset =
                |list: &TopicPartitionList| match list.find_partition(topic, partition)?.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                };
            match consumer.fetch_watermarks(topic, partition, LOOKUP_TIMEOUT) {
                Ok((low, high)) => {
                    let committed = offset(&committed);
                    let live_from = committed.unwrap_or(high);
                    let history = offset(&found).unwrap_or(high);
                    let read_from = history.min(live_from).max(low);
                    starts.insert(
                        (topic.to_owned(), partition),
                        Start {
                            read_from: Offset::Offset(read_from),
                            live_from,
                            first_time: committed.is_none(),
                        },
                    );
                }
                Err(error) => {
                    warn!(
                        topic,
                        partition,
                        error = self.explain(&error),
                        "cannot look up the partition's ends"
                    );
                }
            }
        }
        starts
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        {
            let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            arrived
                .retain(|arrival| list.find_partition(&arrival.topic, arrival.partition).is_none());
        }
        for element in list.elements() {
            info!(topic = element.topic(), partition = element.partition(), "partition revoked");
            self.worker(element.partition()).revoke(element.topic(), element.partition());
        }
        consumer.incremental_unassign(list)
    }
}

/// Where to begin with a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) read_from: Offset,
    pub(super) live_from: i64,
    /// Whether the group had committed nothing.
    pub(super) first_time: bool,
}

impl Start {
    /// Where the group left off, live from the first message: nothing is lost.
    const AS_COMMITTED: Self = Self { read_from: Offset::Stored, live_from: 0, first_time: false };
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let up = statistics.brokers.values().filter(|broker| broker.state == "UP").count();
        if up > 0 {
            self.connected.store(true, Ordering::Release);
        }
        if up > 0 && self.joined.load(Ordering::Acquire) {
            self.observer.health(Ok(format!("connected to {up} broker(s) at {}", self.brokers)));
        }
        for topic in statistics.topics.values() {
            let partitions = topic.partitions.keys().filter(|partition| **partition >= 0).count();
            self.observer.partitions(&topic.topic, u32::try_from(partitions).unwrap_or(u32::MAX));
            for (partition, of) in topic.partitions.iter().filter(|(partition, _)| **partition >= 0)
            {
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
            self.connected.store(false, Ordering::Release);
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
