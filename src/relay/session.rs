//! The loop between the two sides: one member, one producer, one transaction after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Header, Message as _, OwnedHeaders};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::member::{Event, Member};
use super::writer::{OutRecord, Writer};
use super::{NAP, Received, RelayError, RelayHandler, RelayObserver, RelaySettings};
use crate::mention::Timestamp;
use crate::source::kafka::{market_of, message_size};
use crate::source::{KafkaSettings, wall_clock};

/// Bytes read after which a transaction is committed, whatever its age: what it holds lies in memory.
const COMMIT_BYTES: usize = 32 << 20;

/// One life of the relay, from joining the group to the first thing that goes wrong.
pub(super) struct Session<'r> {
    member: Member,
    work: Work<'r>,
}

impl<'r> Session<'r> {
    /// Begins. What an earlier instance has left open is aborted before anything is read: where it
    /// had come to is settled then.
    pub(super) fn start(
        kafka: &KafkaSettings,
        settings: &'r RelaySettings,
        handler: &'r mut dyn RelayHandler,
        observer: &Arc<dyn RelayObserver>,
    ) -> Result<Self, RelayError> {
        let writer = Writer::start(kafka, settings, observer)?;
        let member = Member::join(kafka, settings, observer)?;
        Ok(Self { member, work: Work { settings, writer, handler, open: None } })
    }

    /// Relays until `stop`, or until something goes wrong.
    pub(super) fn run(mut self, stop: &AtomicBool) -> Result<(), RelayError> {
        let Err(error) = self.relay(stop) else { return Ok(()) };
        self.work.abort();
        let fenced = || RelayError::fenced(&self.work.settings.transactional_id);
        Err(if self.member.is_fenced() { fenced() } else { error })
    }

    fn relay(&mut self, stop: &AtomicBool) -> Result<(), RelayError> {
        let Self { member, work } = self;
        while !stop.load(Ordering::Acquire) {
            let left = work.time_left();
            if left.is_zero() {
                work.commit(member)?;
            }
            match member.poll(left.min(NAP))? {
                Event::Message(message) => work.take(&message)?,
                Event::Nothing => work.writer.serve(),
                Event::Revoked => {
                    let lost = member.has_lost();
                    let committed = if lost { Err(RelayError::Lost) } else { work.commit(member) };
                    // In any case: the group, and the end of this member, wait for it.
                    member.give_up()?;
                    committed?;
                }
            }
        }
        work.commit(member)
    }
}

/// What is done between the two sides.
struct Work<'r> {
    settings: &'r RelaySettings,
    writer: Writer,
    handler: &'r mut dyn RelayHandler,
    open: Option<Transaction>,
}

/// The open transaction.
struct Transaction {
    begun: Instant,
    messages: usize,
    bytes: usize,
    /// The next offset to read, by topic and partition.
    next: BTreeMap<(usize, i32), i64>,
}

impl Work<'_> {
    /// Until the open transaction is due; without one, there is all the time in the world.
    fn time_left(&self) -> Duration {
        let Some(open) = &self.open else { return Duration::MAX };
        if open.messages >= self.settings.commit_messages || open.bytes >= COMMIT_BYTES {
            return Duration::ZERO;
        }
        self.settings.commit_interval.saturating_sub(open.begun.elapsed())
    }

    fn take(&mut self, message: &BorrowedMessage<'_>) -> Result<(), RelayError> {
        let topics = &self.settings.topics;
        let Some(topic) = topics.iter().position(|topic| topic.name == message.topic()) else {
            return Ok(());
        };
        if self.open.is_none() {
            self.writer.begin()?;
            self.open = Some(Transaction::new());
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let (partition, offset) = (message.partition(), message.offset());
        let received = Received {
            topic: &topics[topic],
            partition,
            offset,
            key: message.key(),
            payload: message.payload().unwrap_or_default(),
            timestamp: message.timestamp().to_millis().map(Timestamp::from_millis),
            market: market_of(message),
        };
        open.messages += 1;
        open.bytes += received.payload.len();
        open.next.insert((topic, partition), offset + 1);
        self.handler.message(&received, &Forward { writer: &self.writer, message })
    }

    /// Commits the open transaction, if there is one.
    fn commit(&mut self, member: &Member) -> Result<(), RelayError> {
        let Some(open) = &self.open else { return Ok(()) };
        self.handler.keep()?;
        let offsets = open.offsets(self.settings)?;
        let begun = open.begun;
        self.writer.commit(&offsets, &member.metadata()?)?;
        self.open = None;
        self.handler.committed(begun.elapsed());
        Ok(())
    }

    fn abort(&mut self) {
        if self.open.take().is_some() {
            self.writer.abort();
            self.handler.aborted();
        }
    }
}

impl Transaction {
    fn new() -> Self {
        Self { begun: Instant::now(), messages: 0, bytes: 0, next: BTreeMap::new() }
    }

    fn offsets(&self, settings: &RelaySettings) -> Result<TopicPartitionList, RelayError> {
        let mut offsets = TopicPartitionList::with_capacity(self.next.len());
        for ((topic, partition), next) in &self.next {
            let topic = &settings.topics[*topic].name;
            offsets.add_partition_offset(topic, *partition, Offset::Offset(*next)).map_err(
                |error| RelayError::Kafka { action: "commit offsets", words: error.to_string() },
            )?;
        }
        Ok(offsets)
    }
}

/// Writes what becomes of one message, in the open transaction.
pub struct Forward<'f> {
    writer: &'f Writer,
    message: &'f BorrowedMessage<'f>,
}

impl Forward<'_> {
    /// Bytes of the message's payload, key and headers; `None` when the headers cannot be read.
    pub fn message_size(&self) -> Option<usize> {
        let payload = self.message.payload().unwrap_or_default();
        message_size(payload, self.message.key(), self.message.headers())
    }

    /// Writes the message as it came (its bytes, headers and time) to `topic` under `key`, with
    /// `headers` added to its own.
    ///
    /// # Errors
    ///
    /// [`RelayError::TooLarge`]: nothing was written. Others: Kafka does not take it, and the
    /// transaction is at its end.
    pub fn to(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        headers: &[(&str, &[u8])],
    ) -> Result<(), RelayError> {
        let own = self.message.headers().map(BorrowedHeaders::detach).unwrap_or_default();
        let insert = |all: OwnedHeaders, &(key, value): &(&str, &[u8])| {
            all.insert(Header { key, value: Some(value) })
        };
        // A broker may refuse times ahead of its clock.
        let time = self.message.timestamp().to_millis();
        self.writer.send(OutRecord {
            topic,
            key,
            payload: self.message.payload(),
            timestamp: time.map(|time| time.min(wall_clock().as_millis())),
            headers: headers.iter().fold(own, insert),
        })
    }
}

impl std::fmt::Debug for Forward<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forward").field("offset", &self.message.offset()).finish_non_exhaustive()
    }
}
