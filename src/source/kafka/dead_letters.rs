//! Dead letters in a topic: each message as it came, with the reason and its place in headers.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedHeaders, Header, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::producer::base_producer::{BaseProducer, BaseRecord, DeliveryResult};
use rdkafka::producer::{Producer, ProducerContext};
use tracing::debug;

use super::client;
use super::{KafkaSettings, KafkaSourceError, Message, explain};
use crate::decode::{DeadLetter, DeadLetterError, Reason};
use crate::source::wall_clock;

/// Header of a dead letter: the sort of fault.
pub const REASON_HEADER: &str = "groundswell-reason";
/// Header of a dead letter: the fault in words.
pub const DETAIL_HEADER: &str = "groundswell-detail";
/// Header of a dead letter: the topic it was read from.
pub const TOPIC_HEADER: &str = "groundswell-topic";
/// Header of a dead letter: the partition it was read from.
pub const PARTITION_HEADER: &str = "groundswell-partition";
/// Header of a dead letter: its offset there.
pub const OFFSET_HEADER: &str = "groundswell-offset";

/// How long Kafka may take to acknowledge what has been written; what it has not by then is written
/// again.
const DELIVERED_WITHIN: Duration = Duration::from_secs(5);
/// How much may wait to be written, in KiB. Whoever has more waits.
const QUEUE: usize = 64 << 10;
/// A moment in which what has been delivered is heard of.
const MOMENT: Duration = Duration::from_millis(1);

/// What a dead letter says of itself, as headers.
pub(crate) fn headers(
    (reason, detail): (Reason, &str),
    (topic, partition, offset): (&str, i32, i64),
) -> [(&'static str, String); 5] {
    [
        (REASON_HEADER, reason.name().to_owned()),
        (DETAIL_HEADER, detail.to_owned()),
        (TOPIC_HEADER, topic.to_owned()),
        (PARTITION_HEADER, partition.to_string()),
        (OFFSET_HEADER, offset.to_string()),
    ]
}

/// A topic that takes dead letters. It need not be there yet, nor a broker.
pub struct DeadLetterTopic {
    producer: BaseProducer<Context>,
    topic: String,
}

impl DeadLetterTopic {
    /// `topic` at the brokers of `kafka`, for payloads of up to `max_bytes`.
    ///
    /// # Errors
    ///
    /// When librdkafka refuses a setting.
    pub fn open(
        kafka: &KafkaSettings,
        topic: &str,
        max_bytes: usize,
    ) -> Result<Self, KafkaSourceError> {
        let context = Context {
            brokers: kafka.brokers.join(", "),
            topic: topic.to_owned(),
            failed: Mutex::default(),
        };
        let within = DELIVERED_WITHIN.as_millis().to_string();
        let producer = client::producer(kafka, "groundswell-dead-letters", max_bytes)
            .set("acks", "all")
            .set("message.timeout.ms", within)
            .set("queue.buffering.max.kbytes", QUEUE.to_string())
            // Nobody asks it how it fares, and what it says would wait for being heard.
            .set("statistics.interval.ms", "0")
            .create_with_context(context)
            .map_err(KafkaSourceError::Settings)?;
        Ok(Self { producer, topic: topic.to_owned() })
    }

    /// Hands `letter`, which `message` has become, over. It is in the topic once [`Self::flush`] has
    /// returned.
    ///
    /// # Errors
    ///
    /// When too many wait; then it may be given again.
    pub fn write(&self, letter: &DeadLetter, message: &Message<'_>) -> Result<(), DeadLetterError> {
        let own = message.headers.map(BorrowedHeaders::detach).unwrap_or_default();
        let place = (&*letter.source, letter.partition.unwrap_or(-1), message.offset);
        let more = headers((letter.reason, &letter.detail), place);
        let headers = more.iter().fold(own, |all: OwnedHeaders, (key, value)| {
            all.insert(Header { key, value: Some(value) })
        });
        // A broker may refuse times ahead of its clock.
        let time = message.timestamp.map(|time| time.as_millis().min(wall_clock().as_millis()));
        self.producer.poll(Duration::ZERO);
        self.send(message.key, message.payload, time, Some(headers))
    }

    /// Waits until every letter is in the topic.
    ///
    /// # Errors
    ///
    /// When some are not within a few seconds; they are kept, and written again by the next call.
    pub fn flush(&self) -> Result<(), DeadLetterError> {
        let context = self.producer.client().context();
        for message in context.take_failed() {
            let time = message.timestamp().to_millis();
            let payload = message.payload().unwrap_or_default();
            let sent = self.send(message.key(), payload, time, message.headers().cloned());
            if sent.is_err() {
                context.failed().push((RDKafkaErrorCode::QueueFull, message));
            }
        }
        let deadline = Instant::now() + DELIVERED_WITHIN;
        while self.producer.in_flight_count() > 0 && Instant::now() < deadline {
            self.producer.poll(MOMENT);
        }
        let failed = context.failed().first().map(|(reason, _)| *reason);
        match failed {
            Some(reason) => Err(context.refuses(&KafkaError::MessageProduction(reason))),
            None if self.producer.in_flight_count() > 0 => {
                let late = RDKafkaErrorCode::RequestTimedOut;
                Err(context.refuses(&KafkaError::MessageProduction(late)))
            }
            None => Ok(()),
        }
    }

    fn send(
        &self,
        key: Option<&[u8]>,
        payload: &[u8],
        timestamp: Option<i64>,
        headers: Option<OwnedHeaders>,
    ) -> Result<(), DeadLetterError> {
        let record = BaseRecord {
            topic: &self.topic,
            partition: None,
            payload: Some(payload),
            key,
            timestamp,
            headers,
            delivery_opaque: (),
        };
        let context = self.producer.client().context();
        self.producer.send(record).map_err(|(error, _)| context.refuses(&error))
    }
}

impl std::fmt::Debug for DeadLetterTopic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetterTopic").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// What librdkafka tells.
struct Context {
    brokers: String,
    topic: String,
    /// Not in the topic, for this reason; to be written again.
    failed: Mutex<Vec<(RDKafkaErrorCode, OwnedMessage)>>,
}

impl Context {
    fn failed(&self) -> std::sync::MutexGuard<'_, Vec<(RDKafkaErrorCode, OwnedMessage)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_failed(&self) -> impl Iterator<Item = OwnedMessage> + use<> {
        std::mem::take(&mut *self.failed()).into_iter().map(|(_, message)| message)
    }

    fn refuses(&self, error: &KafkaError) -> DeadLetterError {
        let setting = "[source.kafka] dead_letter_topic";
        let reason = match error.rdkafka_error_code() {
            // librdkafka gives a message up after its time, whatever kept it.
            Some(RDKafkaErrorCode::MessageTimedOut) => format!("{} does not take it", self.brokers),
            Some(RDKafkaErrorCode::QueueFull) => format!("too much waits for {}", self.brokers),
            _ => explain(error, &self.brokers, &self.topic, setting),
        };
        DeadLetterError::Topic { topic: self.topic.clone(), reason }
    }
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "librdkafka reports an error");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, delivery: &DeliveryResult<'_>, (): ()) {
        let Err((error, message)) = delivery else { return };
        let reason = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        self.failed().push((reason, message.detach()));
    }
}
