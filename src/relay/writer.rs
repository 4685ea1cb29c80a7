//! The writing side: a producer whose records and the offsets they come from are committed as one.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{Message as _, OwnedHeaders};
use rdkafka::producer::base_producer::{BaseProducer, BaseRecord, DeliveryResult};
use rdkafka::producer::{Producer, ProducerContext, PurgeConfig};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use tracing::debug;

use super::error::is_fenced;
use super::{Part, RelayError, RelayObserver, RelaySettings};
use crate::source::kafka::Refused;
use crate::source::{KafkaSettings, lock};

/// How long Kafka may take for one step of a transaction. librdkafka tries again within it.
const STEP_TIMEOUT: Duration = Duration::from_secs(8);
/// How long aborting may take: Kafka does it by itself in the end.
const ABORT_TIMEOUT: Duration = Duration::from_secs(2);
/// A moment in which what has been delivered is heard of.
const MOMENT: Duration = Duration::from_millis(1);

/// The producer, with at most one transaction open.
pub(super) struct Writer {
    producer: BaseProducer<Context>,
    transactional_id: String,
}

/// One record to write.
pub(super) struct OutRecord<'r> {
    pub(super) topic: &'r str,
    pub(super) key: Option<&'r [u8]>,
    pub(super) payload: Option<&'r [u8]>,
    /// Milliseconds since 1970.
    pub(super) timestamp: Option<i64>,
    pub(super) headers: OwnedHeaders,
}

impl Writer {
    /// Aborts what an earlier instance of this name has left open, and keeps it from writing more.
    pub(super) fn start(
        kafka: &KafkaSettings,
        settings: &RelaySettings,
        observer: &Arc<dyn RelayObserver>,
    ) -> Result<Self, RelayError> {
        let context = Context {
            brokers: kafka.brokers.join(", "),
            outputs: settings.outputs.join(", "),
            observer: Arc::clone(observer),
            failed: Mutex::default(),
            refused: Refused::default(),
        };
        let config = settings.producer(kafka);
        let producer: BaseProducer<Context> =
            config.create_with_context(context).map_err(RelayError::Settings)?;
        let writer = Self { producer, transactional_id: settings.transactional_id.clone() };
        writer.done("begin with transactions", writer.producer.init_transactions(STEP_TIMEOUT))?;
        settings.outputs.iter().try_for_each(|topic| writer.find(topic))?;
        writer.context().is_well();
        Ok(writer)
    }

    /// Fails when `topic` is not there.
    fn find(&self, topic: &str) -> Result<(), RelayError> {
        let metadata = self.producer.client().fetch_metadata(Some(topic), STEP_TIMEOUT);
        let found = metadata.and_then(|metadata| {
            let error = metadata.topics().first().and_then(|topic| topic.error());
            error.map_or(Ok(()), |code| Err(KafkaError::MetadataFetch(code.into())))
        });
        self.done("find the topics to write to", found)
    }

    /// Opens a transaction.
    pub(super) fn begin(&self) -> Result<(), RelayError> {
        self.context().take_failure();
        self.done("begin a transaction", self.producer.begin_transaction())
    }

    /// Hands a record over; it is written some time before the commit. Waits while librdkafka's
    /// queue is full.
    pub(super) fn send(&self, record: OutRecord<'_>) -> Result<(), RelayError> {
        let OutRecord { topic, key, payload, timestamp, headers } = record;
        let mut record = BaseRecord {
            topic,
            partition: None,
            payload,
            key,
            timestamp,
            headers: Some(headers),
            delivery_opaque: (),
        };
        let deadline = Instant::now() + STEP_TIMEOUT;
        loop {
            let (error, back) = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) if Instant::now() < deadline => {
                    self.producer.poll(MOMENT);
                    record = back;
                }
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                    return Err(RelayError::TooLarge { bytes: payload.map_or(0, <[u8]>::len) });
                }
                _ => return self.done("write", Err(error)),
            }
        }
    }

    /// Hears of what has been delivered.
    pub(super) fn serve(&self) {
        self.producer.poll(Duration::ZERO);
    }

    /// Commits the open transaction, and with it `offsets` of the group. What it comes to when this
    /// fails is Kafka's to say: the next [`Self::start`] finds out.
    pub(super) fn commit(
        &self,
        offsets: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
    ) -> Result<(), RelayError> {
        self.drain(STEP_TIMEOUT);
        self.done(
            "commit offsets",
            self.producer.send_offsets_to_transaction(offsets, group, STEP_TIMEOUT),
        )?;
        self.done("commit a transaction", self.producer.commit_transaction(STEP_TIMEOUT))?;
        self.context().is_well();
        Ok(())
    }

    /// Aborts the open transaction, so that readers need not wait for Kafka to do it.
    pub(super) fn abort(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        self.drain(ABORT_TIMEOUT);
        if let Err(error) = self.producer.abort_transaction(ABORT_TIMEOUT) {
            debug!(%error, "the transaction is left for Kafka to abort");
        }
    }

    /// Hears of every delivery. librdkafka has no wait for it that ends as soon as all is heard.
    fn drain(&self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.producer.in_flight_count() > 0 && Instant::now() < deadline {
            self.producer.poll(MOMENT);
        }
    }

    fn context(&self) -> &Context {
        self.producer.client().context()
    }

    /// The error of a step: a record that was not taken says more than the step that fails for it.
    fn done(&self, action: &'static str, outcome: KafkaResult<()>) -> Result<(), RelayError> {
        let Err(error) = outcome else { return Ok(()) };
        let fatal = self.producer.client().fatal_error().map(|(code, _)| code);
        if fatal.or(error.rdkafka_error_code()).is_some_and(is_fenced) {
            return Err(RelayError::fenced(&self.transactional_id));
        }
        let words = self.context().explain(&error);
        Err(self.context().take_failure().unwrap_or(RelayError::Kafka { action, words }))
    }
}

/// What librdkafka tells.
struct Context {
    brokers: String,
    outputs: String,
    observer: Arc<dyn RelayObserver>,
    /// The first record of the open transaction that was not taken.
    failed: Mutex<Option<RelayError>>,
    refused: Refused,
}

impl Context {
    fn is_well(&self) {
        let writing = format!("writing to {} at {}", self.outputs, self.brokers);
        self.observer.health(Part::Sink, Ok(writing));
    }

    fn take_failure(&self) -> Option<RelayError> {
        lock(&self.failed).take()
    }

    fn explain(&self, error: &KafkaError) -> String {
        let setting = "the topics of [source.kafka.route]";
        self.refused.explain(error, &self.brokers, &self.outputs, setting)
    }
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "librdkafka reports an error");
        self.observer.health(Part::Sink, Err(self.explain(&error)));
    }

    fn stats(&self, statistics: Statistics) {
        let up = statistics.brokers.values().any(|broker| broker.state == "UP");
        if up {
            self.refused.forget();
            self.is_well();
        }
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, delivery: &DeliveryResult<'_>, (): ()) {
        let Err((error, record)) = delivery else { return };
        let Some(reason) = error.rdkafka_error_code() else { return };
        if matches!(reason, RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) {
            return;
        }
        let undelivered = RelayError::undelivered(record.topic(), record.payload_len(), reason);
        let mut failed = lock(&self.failed);
        failed.get_or_insert(undelivered);
    }
}
