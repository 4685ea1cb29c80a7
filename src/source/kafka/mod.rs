//! Mentions from Kafka: a consumer group whose partitions are read by shard threads.
//!
//! One thread serves the group (rebalances, errors, statistics, commits); each shard thread owns a
//! set of partitions and reads their librdkafka queues itself, so that decoding and counting need
//! no lock and no hand-over. A shard whose handler waits (for the store, say) leaves that partition's
//! queue full; librdkafka then stops fetching for it, while the others and the group go on being
//! served.
//!
//! On assignment the handler says where a partition goes on. What must be read again of the past, so
//! that the baseline is rebuilt, is handed over as *not live*: it is counted, and pages nobody.

pub(crate) mod client;
mod context;
mod dead_letters;
mod market;
mod settings;
mod words;
mod worker;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedHeaders;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::mention::Timestamp;
use crate::source::lock;
use context::Context;
pub(crate) use dead_letters::headers as dead_letter_headers;
pub use dead_letters::{
    DETAIL_HEADER, DeadLetterTopic, OFFSET_HEADER, PARTITION_HEADER, REASON_HEADER, TOPIC_HEADER,
};
pub use market::MARKET_HEADER;
pub(crate) use market::{market_of, message_size, reads_headers};
pub use settings::{KafkaSettings, Topic};
pub(crate) use words::{Refused, explain};
use worker::{Common, Reach, Worker};

/// One message of a partition.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Its bytes; empty for a tombstone.
    pub payload: &'a [u8],
    /// Its offset.
    pub offset: i64,
    /// When it was produced, if the broker says so.
    pub timestamp: Option<Timestamp>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its headers.
    pub headers: Option<&'a BorrowedHeaders>,
    /// The market it was routed for, by its header; `None`: it was not routed.
    pub market: Option<&'a [u8]>,
    /// Whether people may be paged for it; `false` while the past is being read again.
    pub live: bool,
    /// Whether it has been handled before: it only rebuilds what is known.
    pub known: bool,
}

impl Message<'_> {
    /// Bytes of payload, key and headers; `None` when the headers cannot be read.
    pub fn size(&self) -> Option<usize> {
        message_size(self.payload, self.key, self.headers)
    }
}

impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("offset", &self.offset).finish_non_exhaustive()
    }
}

/// What is done with the messages of one assigned partition. Lives on its shard's thread.
pub trait PartitionHandler: Send {
    /// A message has been read. May block: then no more are read.
    fn message(&mut self, message: &Message<'_>);
    /// What had to be read again of the past has been read; what follows is live.
    fn caught_up(&mut self, history: History);
    /// The end has been reached and nothing has come for `idle`; the wall clock shows `now`.
    fn idle(&mut self, now: Timestamp, idle: Duration);
    /// A batch is done, or nothing has come for a moment; everything before `position` has been
    /// handled, if the past has been read. Time for what need not be done for each message. Called
    /// again and again while it says that it waits; nothing is read meanwhile.
    fn batch_done(&mut self, position: Option<i64>, now: Timestamp) -> Kept;
    /// The partition goes to another instance, or the source stops: the last moment to keep what
    /// has been handled.
    fn revoked(&mut self, position: Option<i64>) -> Kept;
}

/// How far what has been handled is kept for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Up to here; `None` when nothing new has been kept.
    UpTo(Option<i64>),
    /// It cannot be kept now: nothing more is read until it can.
    Waits,
    /// Another instance has the partition.
    Lost,
}

/// Who reads a partition that has been assigned, and from where.
pub struct Assigned {
    /// What is done with its messages.
    pub handler: Box<dyn PartitionHandler>,
    /// Where it goes on.
    pub start: StartAt,
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// At this offset: all that came before it is known.
    Position(i64),
    /// What is new begins at this offset; the past must be read again.
    Rebuild(i64),
    /// Nothing is known: what is new begins where the group has committed, or at the end.
    Unknown,
}

/// What has become of the messages that were read as the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// Nobody has handled them before: the group is new.
    New,
    /// They have been handled, and told of, before.
    Handled,
}

/// Makes the handlers, and hears how the source fares.
pub trait SourceObserver: Send + Sync + 'static {
    /// `partition` of `topic` has been assigned to this instance. May block until it is known where
    /// to go on. `None` when the process ends: the partition is not read.
    fn assigned(&self, topic: &Topic, partition: i32) -> Option<Assigned>;
    /// The source works, or why it does not, in words for people.
    fn health(&self, health: Result<String, String>);
    /// How many partitions `topic` has, whoever reads them.
    fn partitions(&self, _topic: &str, _count: u32) {}
    /// Bytes of `partition` of `topic` that have been fetched and wait to be read.
    fn queued(&self, _topic: &str, _partition: i32, _bytes: u64) {}
    /// Messages of `partition` of `topic` that are waiting.
    fn lag(&self, topic: &str, partition: i32, messages: i64);
}

/// The source could not be started, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum KafkaSourceError {
    /// librdkafka refuses a setting.
    #[error("the Kafka settings are refused: {0}; correct [source.kafka] or its properties")]
    Settings(KafkaError),
    /// The topics cannot be subscribed to.
    #[error("cannot subscribe to {topics}: {source}")]
    Subscribe {
        /// The topics.
        topics: String,
        /// Why.
        source: KafkaError,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
    /// The group takes this instance no longer.
    #[error(
        "the group takes this instance no longer: {0}; when another runs under the same [source.kafka] \
         instance, give each a name of its own; otherwise start it again"
    )]
    Expelled(String),
    /// A thread has ended by itself.
    #[error("a thread that reads has ended with a panic; start again")]
    Panicked,
}

/// Why a source that was started cannot go on.
#[derive(Debug, Clone)]
enum Ended {
    Expelled(String),
    Panicked,
}

/// Next offset to read, by topic and partition.
pub type Positions = BTreeMap<(String, i32), i64>;

/// A running consumer group member.
pub struct KafkaSource {
    consumer: Arc<BaseConsumer<Context>>,
    positions: Arc<Mutex<Positions>>,
    stop: Arc<AtomicBool>,
    group: Option<JoinHandle<()>>,
    /// Why it cannot go on.
    ended: watch::Receiver<Option<Ended>>,
}

impl KafkaSource {
    /// Joins the group and starts reading. A broker that is not there is no error here: it is
    /// reported to `observer` and waited for.
    ///
    /// # Errors
    ///
    /// When librdkafka refuses a setting, or a thread cannot be started.
    pub fn start(
        settings: &KafkaSettings,
        observer: Arc<dyn SourceObserver>,
    ) -> Result<Self, KafkaSourceError> {
        let positions = Arc::new(Mutex::new(Positions::new()));
        let reach = Arc::<Reach>::default();
        let fenced = Arc::new(AtomicBool::new(false));
        let (ending, ended) = watch::channel(None);
        let common = Common {
            ended: ending.clone(),
            idle_timeout: settings.idle_timeout,
            positions: Arc::clone(&positions),
            reach: Arc::clone(&reach),
            fenced: Arc::clone(&fenced),
        };
        let workers = (0..settings.shards.max(1))
            .map(|number| Worker::start(number, common.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        let context = Context::new(settings, Arc::clone(&observer), workers, reach, fenced);
        let member = (&*settings.group, settings.instance.as_deref());
        let consumer: BaseConsumer<Context> =
            client::consumer(settings, "groundswell", member, &[])
                .set("enable.partition.eof", "true")
                .create_with_context(context)
                .map_err(KafkaSourceError::Settings)?;
        let consumer = Arc::new(consumer);
        let topics: Vec<&str> = settings.topics.iter().map(|topic| topic.name.as_str()).collect();
        consumer
            .subscribe(&topics)
            .map_err(|source| KafkaSourceError::Subscribe { topics: topics.join(", "), source })?;
        info!(topics = topics.join(", "), group = settings.group, "joining the consumer group");
        let stop = Arc::new(AtomicBool::new(false));
        let member = Member {
            consumer: Arc::clone(&consumer),
            observer,
            is_static: settings.instance.is_some(),
            ended: ending,
        };
        let group = {
            let stop = Arc::clone(&stop);
            let thread = std::thread::Builder::new().name("kafka-group".to_owned());
            thread.spawn(move || {
                if catch_unwind(AssertUnwindSafe(|| member.serve(&stop))).is_err() {
                    member.ended.send_replace(Some(Ended::Panicked));
                }
            })?
        };
        Ok(Self { consumer, positions, stop, group: Some(group), ended })
    }

    /// Resolves when it cannot go on.
    pub async fn failed(&self) -> KafkaSourceError {
        let mut ended = self.ended.clone();
        let reason = ended.wait_for(Option::is_some).await.map(|reason| reason.clone());
        match reason.ok().flatten() {
            Some(Ended::Expelled(reason)) => KafkaSourceError::Expelled(reason),
            Some(Ended::Panicked) | None => KafkaSourceError::Panicked,
        }
    }

    /// How far what each partition held has been kept for good.
    pub fn positions(&self) -> Positions {
        lock(&self.positions).clone()
    }

    /// Commits `positions` to the group, for whoever watches its lag. Partitions that have gone to
    /// another instance meanwhile are left out, or its progress would be turned back. Returns whether
    /// it succeeded.
    pub fn commit(&self, positions: &Positions) -> bool {
        let owned = self.positions();
        let mut list = TopicPartitionList::new();
        for ((topic, partition), offset) in positions.iter().filter(|it| owned.contains_key(it.0)) {
            if list.add_partition_offset(topic, *partition, Offset::Offset(*offset)).is_err() {
                warn!(topic, partition, offset, "cannot commit this offset");
            }
        }
        if list.count() == 0 {
            return true;
        }
        let committed = self.consumer.commit(&list, CommitMode::Sync);
        if let Err(error) = &committed {
            warn!(%error, "offsets are not committed; they will be tried again");
        }
        committed.is_ok()
    }

    /// Ends the shard threads once they have kept what they have handled, and says how far they
    /// came. The group is not left yet, so that these positions can still be committed.
    pub fn halt(&self) -> Positions {
        self.consumer.context().release_all();
        self.positions()
    }

    /// Leaves the group; a static member does not, and has its partitions when it comes back.
    pub fn leave(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(group) = self.group.take()
            && group.join().is_err()
        {
            error!("the consumer group's thread ended with a panic");
        }
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        self.end();
    }
}

/// What serves the group.
struct Member {
    consumer: Arc<BaseConsumer<Context>>,
    observer: Arc<dyn SourceObserver>,
    is_static: bool,
    ended: watch::Sender<Option<Ended>>,
}

impl Member {
    /// Serves the group until told to stop.
    fn serve(&self, stop: &AtomicBool) {
        let context = Arc::clone(self.consumer.context());
        while !stop.load(Ordering::Acquire) {
            match self.consumer.poll(Duration::from_millis(100)) {
                Some(Err(error)) => self.failed(&error, &context),
                // Every partition has a queue of its own; nothing is read here.
                Some(Ok(message)) => drop(message),
                None => {}
            }
            context.hand_over(&self.consumer);
            if context.rejoins() {
                self.rejoin(&context);
            }
        }
        context.release_all();
        // librdkafka leaves the group with the subscription, even as a static member.
        if !self.is_static {
            self.consumer.unsubscribe();
        }
    }

    fn failed(&self, error: &KafkaError, context: &Context) {
        self.observer.health(Err(context.explain(error)));
        // The client is of no use from here on, but what it has read can still be kept.
        if let Some((_, reason)) = self.consumer.client().fatal_error() {
            self.ended.send_replace(Some(Ended::Expelled(reason)));
        }
    }

    fn rejoin(&self, context: &Context) {
        warn!("another instance has a partition that this one held; joining the group anew");
        self.consumer.unsubscribe();
        if let Err(error) = self.consumer.subscribe(&context.topics()) {
            self.observer.health(Err(context.explain(&error)));
        }
    }
}

impl std::fmt::Debug for KafkaSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSource").field("positions", &self.positions()).finish_non_exhaustive()
    }
}
