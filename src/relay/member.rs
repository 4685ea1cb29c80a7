//! The reading side: a static member of the consumer group.
//!
//! A rebalance is an event like a message: it is carried out by whoever polls, between two
//! messages, when no transaction is open on what goes. All that a member has goes, and what is then
//! its comes: the group begins nothing new before everybody has committed and let go.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::statistics::{Partition, Statistics};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;
use tracing::{debug, info, warn};

use super::{Part, RelayError, RelayObserver, RelaySettings};
use crate::source::kafka::Refused;
use crate::source::{KafkaSettings, lock};

/// The member, until it is dropped.
pub(super) struct Member {
    consumer: BaseConsumer<Context>,
}

/// What comes next.
pub(super) enum Event<'m> {
    Message(BorrowedMessage<'m>),
    /// Every partition goes, once [`Member::give_up`] has been called; it must be.
    Revoked,
    /// Nothing for now.
    Nothing,
}

impl Member {
    /// Joins the group. A broker that is not there is told to the observer, and waited for.
    pub(super) fn join(
        kafka: &KafkaSettings,
        settings: &RelaySettings,
        observer: &Arc<dyn RelayObserver>,
    ) -> Result<Self, RelayError> {
        let context = Context {
            brokers: kafka.brokers.join(", "),
            topics: settings.topic_names(),
            observer: Arc::clone(observer),
            rebalances: Mutex::default(),
            held: Mutex::default(),
            joined: AtomicBool::new(false),
            refused: Refused::default(),
            leaving: AtomicBool::new(false),
        };
        let config = settings.consumer(kafka);
        let consumer: BaseConsumer<Context> =
            config.create_with_context(context).map_err(RelayError::Settings)?;
        let topics: Vec<&str> = settings.topics.iter().map(|topic| topic.name.as_str()).collect();
        consumer.subscribe(&topics).map_err(RelayError::Settings)?;
        info!(
            topics = settings.topic_names(),
            group = settings.group,
            instance = settings.transactional_id,
            "joining the consumer group"
        );
        Ok(Self { consumer })
    }

    /// Waits for at most `timeout`.
    pub(super) fn poll(&self, timeout: Duration) -> Result<Event<'_>, RelayError> {
        let context = self.consumer.context();
        match context.next_rebalance() {
            Some(Rebalance::Assign(partitions)) => {
                self.rebalanced(self.consumer.assign(&partitions))?;
                context.assigned(&partitions);
                return Ok(Event::Nothing);
            }
            Some(Rebalance::Revoke) => return Ok(Event::Revoked),
            None => {}
        }
        match self.consumer.poll(timeout) {
            Some(Ok(message)) => Ok(Event::Message(message)),
            Some(Err(KafkaError::MessageConsumptionFatal(_))) => {
                let fatal = self.consumer.client().fatal_error();
                let words = fatal.map(|(_, words)| words).unwrap_or_default();
                Err(RelayError::Kafka { action: "read", words })
            }
            Some(Err(error)) => {
                context.observer.health(Part::Source, Err(context.explain(&error)));
                Ok(Event::Nothing)
            }
            None => Ok(Event::Nothing),
        }
    }

    /// Lets go of its partitions.
    pub(super) fn give_up(&self) -> Result<(), RelayError> {
        self.consumer.context().revoked();
        self.rebalanced(self.consumer.unassign())
    }

    /// Whether revoked partitions may be others' already.
    pub(super) fn has_lost(&self) -> bool {
        self.consumer.assignment_lost()
    }

    /// Who this member is to the group now, for a commit of offsets.
    pub(super) fn metadata(&self) -> Result<ConsumerGroupMetadata, RelayError> {
        self.consumer.group_metadata().ok_or(RelayError::Lost)
    }

    /// Whether the group knows another member by this one's name.
    pub(super) fn is_fenced(&self) -> bool {
        let fatal = self.consumer.client().fatal_error();
        matches!(fatal, Some((RDKafkaErrorCode::FencedInstanceId, _)))
    }

    fn rebalanced(&self, done: KafkaResult<()>) -> Result<(), RelayError> {
        done.map_err(|error| RelayError::Kafka {
            action: "take part in a rebalance",
            words: self.consumer.context().explain(&error),
        })
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // From here on a rebalance is carried out as it comes: nothing is open on what goes.
        let context = self.consumer.context();
        context.leaving.store(true, Ordering::Release);
        while let Some(rebalance) = context.next_rebalance() {
            context.carry_out(&self.consumer, &rebalance);
        }
        context.revoked();
    }
}

enum Rebalance {
    Assign(TopicPartitionList),
    Revoke,
}

/// What librdkafka tells.
struct Context {
    brokers: String,
    topics: String,
    observer: Arc<dyn RelayObserver>,
    rebalances: Mutex<VecDeque<Rebalance>>,
    /// The partitions that it has.
    held: Mutex<Vec<(String, i32)>>,
    /// Whether the group has said at least once which partitions are ours (maybe none).
    joined: AtomicBool,
    refused: Refused,
    leaving: AtomicBool,
}

impl Context {
    fn next_rebalance(&self) -> Option<Rebalance> {
        lock(&self.rebalances).pop_front()
    }

    fn assigned(&self, partitions: &TopicPartitionList) {
        let mut held = lock(&self.held);
        for element in partitions.elements() {
            info!(topic = element.topic(), partition = element.partition(), "partition assigned");
            self.observer.assigned(element.topic(), element.partition());
            held.push((element.topic().to_owned(), element.partition()));
        }
        self.joined.store(true, Ordering::Release);
        let reading = format!("reading {} from {}", self.topics, self.brokers);
        self.observer.health(Part::Source, Ok(reading));
    }

    fn revoked(&self) {
        for (topic, partition) in lock(&self.held).drain(..) {
            info!(topic, partition, "partition revoked");
            self.observer.revoked(&topic, partition);
        }
    }

    fn carry_out(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance) {
        let done = match rebalance {
            Rebalance::Assign(partitions) => consumer.assign(partitions),
            Rebalance::Revoke => consumer.unassign(),
        };
        if let Err(error) = done {
            debug!(%error, "a rebalance on leaving failed");
        }
    }

    fn explain(&self, error: &KafkaError) -> String {
        let setting = "[[source.kafka.route.topic]] name";
        self.refused.explain(error, &self.brokers, &self.topics, setting)
    }
}

/// Messages of a partition that have not been read; `None` while that is not known. librdkafka's own lag begins at what the
/// consumer has committed, and it is the producer that commits here.
fn unread(of: &Partition) -> Option<i64> {
    // Once all that was fetched is read, also what is passed over is: aborted messages, the ends of transactions.
    let next = if of.fetchq_cnt == 0 { of.next_offset } else { of.app_offset };
    (next >= 0 && of.ls_offset >= 0).then(|| (of.ls_offset - next).max(0))
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let up = statistics.brokers.values().filter(|broker| broker.state == "UP").count();
        if up > 0 {
            self.refused.forget();
        }
        if up > 0 && self.joined.load(Ordering::Acquire) {
            let reading = format!("reading {} from {}", self.topics, self.brokers);
            self.observer.health(Part::Source, Ok(reading));
        }
        for topic in statistics.topics.values() {
            for (partition, of) in &topic.partitions {
                if let Some(messages) = unread(of).filter(|_| *partition >= 0) {
                    self.observer.lag(&topic.topic, *partition, messages);
                }
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "librdkafka reports an error");
        self.observer.health(Part::Source, Err(self.explain(&error)));
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let rebalance = match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                Rebalance::Assign(partitions.clone())
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => Rebalance::Revoke,
            other => return warn!(code = ?other, "unexpected rebalance event"),
        };
        if self.leaving.load(Ordering::Acquire) {
            self.carry_out(consumer, &rebalance);
        } else {
            lock(&self.rebalances).push_back(rebalance);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(next_offset: i64, fetchq_cnt: i64, app_offset: i64) -> Partition {
        Partition { ls_offset: 100, next_offset, fetchq_cnt, app_offset, ..Partition::default() }
    }

    #[test]
    fn what_is_unread_is_counted_from_what_was_read_last() {
        const UNKNOWN: i64 = -1_001;
        assert_eq!(unread(&partition(80, 20, 60)), Some(40), "fetched and not read, too");
        assert_eq!(unread(&partition(80, 0, 60)), Some(20), "all that was fetched is read");
        assert_eq!(unread(&partition(100, 0, UNKNOWN)), Some(0), "there was nothing to read");
        assert_eq!(unread(&partition(80, 80, UNKNOWN)), None, "nothing is read yet");
        assert_eq!(unread(&partition(UNKNOWN, 0, UNKNOWN)), None);
        assert_eq!(unread(&partition(101, 0, 60)), Some(0), "the end is of a moment ago");
        let unfetched = Partition { ls_offset: UNKNOWN, ..partition(0, 0, 0) };
        assert_eq!(unread(&unfetched), None);
    }
}
