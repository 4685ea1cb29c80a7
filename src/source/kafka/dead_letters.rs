//! Dead letters in a topic: each message as it came, with the reason and its place in headers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedHeaders, Header, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::producer::base_producer::{BaseProducer, BaseRecord, DeliveryResult};
use rdkafka::producer::{Producer, ProducerContext};
use tracing::{debug, warn};

use super::client;
use super::{KafkaSettings, KafkaSourceError, Message, explain};
use crate::decode::{DeadLetter, DeadLetterError, Reason};
use crate::source::{lock, wall_clock};

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
    /// The number of the next letter.
    next: AtomicUsize,
    /// Held by whoever writes again what has failed.
    again: Mutex<()>,
}

impl DeadLetterTopic {
    /// How much may wait to be written, in bytes. Whoever has more waits.
    pub const MOST_WAITING: usize = 64 << 20;
    /// The largest message that goes into a topic, in bytes.
    pub const LARGEST: usize = Self::MOST_WAITING / 2;

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
            waiting: Mutex::default(),
        };
        let within = DELIVERED_WITHIN.as_millis().to_string();
        let producer = client::producer(kafka, "groundswell-dead-letters", max_bytes)
            .set("acks", "all")
            .set("message.timeout.ms", within)
            // Kafka refuses a batch as a whole: one that is too large must not take others along.
            .set("batch.num.messages", "1")
            // What waits is bounded here, whether librdkafka has it or has given it back.
            .set("queue.buffering.max.kbytes", (2 * Self::MOST_WAITING / 1_024).to_string())
            // Nobody asks it how it fares, and what it says would wait for being heard.
            .set("statistics.interval.ms", "0")
            .create_with_context(context)
            .map_err(KafkaSourceError::Settings)?;
        let (next, again) = (AtomicUsize::new(0), Mutex::default());
        Ok(Self { producer, topic: topic.to_owned(), next, again })
    }

    /// Hands `letter`, which `message` of `bytes` has become, over. It is in the topic once
    /// [`Self::flush`] has returned.
    ///
    /// # Errors
    ///
    /// When too much waits; then it may be given again.
    pub fn write(
        &self,
        letter: &DeadLetter,
        message: &Message<'_>,
        bytes: usize,
    ) -> Result<(), DeadLetterError> {
        let own = message.headers.map(BorrowedHeaders::detach).unwrap_or_default();
        let place = (&*letter.source, letter.partition.unwrap_or(-1), message.offset);
        let more = headers((letter.reason, &letter.detail), place);
        let headers = more.iter().fold(own, |all: OwnedHeaders, (key, value)| {
            all.insert(Header { key, value: Some(value) })
        });
        // A broker may refuse times ahead of its clock.
        let time = message.timestamp.map(|time| time.as_millis().min(wall_clock().as_millis()));
        self.producer.poll(Duration::ZERO);
        let context = self.producer.client().context();
        let number = self.next.fetch_add(1, Ordering::AcqRel);
        if !context.waiting().take(number, letter, bytes) {
            return Err(context.refuses(RDKafkaErrorCode::QueueFull));
        }
        let record = BaseRecord {
            topic: &self.topic,
            partition: None,
            payload: Some(message.payload),
            key: message.key,
            timestamp: time,
            headers: Some(headers),
            delivery_opaque: number,
        };
        self.send(record).map_err(|reason| {
            context.waiting().done(number);
            context.refuses(reason)
        })
    }

    /// How much is not known to be in the topic, in bytes.
    pub fn waiting_bytes(&self) -> usize {
        self.producer.client().context().waiting().bytes
    }

    fn send(&self, record: BaseRecord<'_, [u8], [u8], usize>) -> Result<(), RDKafkaErrorCode> {
        self.producer.send(record).map_err(|(error, _)| code(&error))
    }

    /// Waits until every letter that has been written so far is in the topic, or `otherwise` has kept
    /// it: what the topic does not take for its size, whoever asks.
    ///
    /// # Errors
    ///
    /// When some are not within a few seconds; they are kept, and written again by the next call.
    /// Those of `otherwise`.
    pub fn flush(
        &self,
        otherwise: impl Fn(&DeadLetter) -> Result<(), DeadLetterError>,
    ) -> Result<(), DeadLetterError> {
        let context = self.producer.client().context();
        let end = self.next.load(Ordering::Acquire);
        if !context.waiting().has_before(end) {
            return Ok(());
        }
        self.write_again(&otherwise)?;
        let deadline = Instant::now() + DELIVERED_WITHIN;
        while context.waiting().has_before(end) {
            if context.waiting().failed.iter().any(is_too_large) {
                self.write_again(&otherwise)?;
                continue;
            }
            if Instant::now() >= deadline || context.waiting().failed.iter().any(|it| it.0 < end) {
                let reason = context.waiting().failed.first().map(|(_, reason, _)| *reason);
                return Err(context.refuses(reason.unwrap_or(RDKafkaErrorCode::RequestTimedOut)));
            }
            self.producer.poll(MOMENT);
        }
        Ok(())
    }

    fn write_again(
        &self,
        otherwise: impl Fn(&DeadLetter) -> Result<(), DeadLetterError>,
    ) -> Result<(), DeadLetterError> {
        let _alone = lock(&self.again);
        let context = self.producer.client().context();
        let failed = std::mem::take(&mut context.waiting().failed);
        let mut kept = Ok(());
        for refused in failed {
            if is_too_large(&refused) {
                if let Err(error) = self.set_aside(&refused, &otherwise) {
                    context.waiting().failed.push(refused);
                    kept = Err(error);
                }
                continue;
            }
            let (number, _, message) = refused;
            let record = BaseRecord {
                topic: &self.topic,
                partition: None,
                payload: message.payload(),
                key: message.key(),
                timestamp: message.timestamp().to_millis(),
                headers: message.headers().cloned(),
                delivery_opaque: number,
            };
            if let Err(reason) = self.send(record) {
                context.waiting().failed.push((number, reason, message));
            }
        }
        kept
    }

    /// Has a letter kept that the topic will never take.
    fn set_aside(
        &self,
        (number, _, message): &Refused,
        otherwise: impl Fn(&DeadLetter) -> Result<(), DeadLetterError>,
    ) -> Result<(), DeadLetterError> {
        let context = self.producer.client().context();
        let letter = context.waiting().letters.get(number).map(|(letter, _)| letter.clone());
        let payload = message.payload().unwrap_or_default();
        if let Some(letter) = letter {
            otherwise(&DeadLetter { payload: payload.to_vec(), ..letter })?;
            warn!(
                topic = self.topic,
                bytes = payload.len(),
                "a dead letter is too large for its topic, and in the file instead; to have them all \
                 in the topic, raise its max.message.bytes above [limits] max_message_bytes"
            );
        }
        context.waiting().done(*number);
        Ok(())
    }
}

/// A letter that Kafka has not taken, by its number, and the reason.
type Refused = (usize, RDKafkaErrorCode, OwnedMessage);

const fn is_too_large((_, reason, _): &Refused) -> bool {
    matches!(reason, RDKafkaErrorCode::MessageSizeTooLarge)
}

impl std::fmt::Debug for DeadLetterTopic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetterTopic").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// Letters that are not known to be in the topic.
#[derive(Default)]
struct Waiting {
    /// What each says, but for its payload, and its size in bytes; by number.
    letters: BTreeMap<usize, (DeadLetter, usize)>,
    bytes: usize,
    /// Those that Kafka has not taken; to be written again.
    failed: Vec<Refused>,
}

impl Waiting {
    /// Makes room for one more; returns whether there is any.
    fn take(&mut self, number: usize, letter: &DeadLetter, bytes: usize) -> bool {
        // The headers that are added, and what is kept beside them.
        let bytes = bytes.saturating_add(1_024);
        let fits = self.bytes.saturating_add(bytes) <= DeadLetterTopic::MOST_WAITING;
        if fits {
            self.bytes += bytes;
            let (detail, source) = (letter.detail.clone(), letter.source.clone());
            let letter = DeadLetter { detail, source, payload: Vec::new(), ..*letter };
            self.letters.insert(number, (letter, bytes));
        }
        fits
    }

    fn done(&mut self, number: usize) {
        self.bytes -= self.letters.remove(&number).map_or(0, |(_, bytes)| bytes);
    }

    fn has_before(&self, end: usize) -> bool {
        self.letters.first_key_value().is_some_and(|(number, _)| *number < end)
    }
}

/// What librdkafka tells.
struct Context {
    brokers: String,
    topic: String,
    waiting: Mutex<Waiting>,
}

impl Context {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }

    fn refuses(&self, reason: RDKafkaErrorCode) -> DeadLetterError {
        let setting = "[source.kafka] dead_letter_topic";
        let reason = match reason {
            // librdkafka gives a message up after its time, whatever kept it.
            RDKafkaErrorCode::MessageTimedOut => format!("{} does not take it", self.brokers),
            RDKafkaErrorCode::QueueFull => format!("too much waits for {}", self.brokers),
            _ => {
                let error = KafkaError::MessageProduction(reason);
                explain(&error, &self.brokers, &self.topic, setting)
            }
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
    type DeliveryOpaque = usize;

    fn delivery(&self, delivery: &DeliveryResult<'_>, number: usize) {
        match delivery {
            Ok(_) => self.waiting().done(number),
            Err((error, message)) => {
                self.waiting().failed.push((number, code(error), message.detach()));
            }
        }
    }
}

fn code(error: &KafkaError) -> RDKafkaErrorCode {
    error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Rejected;
    use crate::mention::Timestamp;

    #[test]
    fn what_waits_is_bounded_and_makes_room_as_it_goes() {
        let rejected = Rejected { reason: Reason::NotJson, detail: String::new() };
        let letter = DeadLetter::new(rejected, "t", Some(0), 0, Timestamp::default(), "");
        let mut waiting = Waiting::default();
        let all = (0..).take_while(|number| waiting.take(*number, &letter, 1 << 20)).count();
        assert_eq!(all, 63, "64 MiB, with what stands beside each");
        assert!(waiting.bytes <= DeadLetterTopic::MOST_WAITING);
        waiting.done(17);
        assert!(waiting.take(all, &letter, 1 << 20) && !waiting.take(all + 1, &letter, 1 << 20));
        assert!(waiting.has_before(1) && !waiting.has_before(0));
        (0..=all).for_each(|number| waiting.done(number));
        assert_eq!(waiting.bytes, 0);
    }
}
