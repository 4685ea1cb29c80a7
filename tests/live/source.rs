//! The Kafka source by itself: what it says of the past, of progress and of silence.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use groundswell::decode::Format;
use groundswell::mention::Timestamp;
use groundswell::secret::Secret;
use groundswell::source::kafka::{
    Assigned, History, KafkaSource, Kept, Message, PartitionHandler, Positions, SourceObserver,
    StartAt,
};
use groundswell::source::{KafkaSettings, Topic};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::support::{DEADLINE, Kafka, KafkaBroker, KafkaCluster, Record, unique};

#[derive(Debug, Clone, PartialEq)]
enum Event {
    Assigned,
    Message {
        offset: i64,
        live: bool,
        known: bool,
    },
    CaughtUp(History),
    /// Nothing has come since this moment.
    IdleSince(Instant),
    Unreachable,
    /// Where to begin could not be looked up.
    Unknown,
}

/// Instead of an offset: before it is looked up where to begin.
const ASSIGNED: i64 = -1;
/// A message that is not survived.
const FATAL: &str = "fatal";

/// Records what the source says; at the offset (or [`ASSIGNED`]) `waits_at` it does not go on before it is let, and at
/// `lost_at` it finds, once, that another has its partition.
struct Recorder {
    events: UnboundedSender<Event>,
    start: StartAt,
    waits_at: Mutex<Option<(i64, Receiver<()>)>>,
    lost_at: Mutex<Option<i64>>,
}

struct Partition(Arc<Recorder>);

impl Recorder {
    fn wait_at(&self, offset: i64) {
        let mut waits = self.waits_at.lock().unwrap();
        if let Some((_, let_go)) = waits.take_if(|(at, _)| *at == offset) {
            // An error: the test has failed meanwhile.
            let _gone = let_go.recv();
        }
    }

    fn tell(&self, event: Event) {
        // A test that has ended listens no more.
        let _ended = self.events.send(event);
    }
}

struct Observer(Arc<Recorder>);

impl SourceObserver for Observer {
    fn assigned(&self, _: &Topic, _: i32) -> Option<Assigned> {
        self.0.tell(Event::Assigned);
        self.0.wait_at(ASSIGNED);
        let handler = Box::new(Partition(Arc::clone(&self.0)));
        Some(Assigned { handler, start: self.0.start })
    }

    fn health(&self, health: Result<String, String>) {
        let Err(reason) = health else { return };
        if reason.contains("cannot look up where partition 0") {
            self.0.tell(Event::Unknown);
        } else if reason.contains("no broker answers") {
            self.0.tell(Event::Unreachable);
        }
    }

    fn lag(&self, _: &str, _: i32, _: i64) {}
}

impl PartitionHandler for Partition {
    fn message(&mut self, message: &Message<'_>) {
        let Message { offset, live, known, .. } = *message;
        assert!(message.payload != FATAL.as_bytes(), "as a defect would");
        self.0.tell(Event::Message { offset, live, known });
        self.0.wait_at(offset);
    }

    fn caught_up(&mut self, history: History) {
        self.0.tell(Event::CaughtUp(history));
    }

    fn idle(&mut self, _: Timestamp, idle: Duration) {
        self.0.tell(Event::IdleSince(Instant::now() - idle));
    }

    fn batch_done(&mut self, position: Option<i64>, _: Timestamp) -> Kept {
        let lost = |at: &mut i64| position.is_some_and(|position| position >= *at);
        match self.0.lost_at.lock().unwrap().take_if(lost) {
            Some(_) => Kept::Lost,
            None => Kept::UpTo(position),
        }
    }

    fn revoked(&mut self, position: Option<i64>) -> Kept {
        Kept::UpTo(position)
    }
}

/// A source that is listened to. What lets its handler go is dropped first: a source that ends waits
/// for its handlers.
struct Listened {
    let_go: Sender<()>,
    source: KafkaSource,
    events: UnboundedReceiver<Event>,
}

impl Listened {
    fn start(broker: &Kafka, topic: &str, waits_at: Option<i64>) -> Self {
        Self::start_at(broker, topic, StartAt::Unknown, (waits_at, None))
    }

    fn start_at(
        broker: &Kafka,
        topic: &str,
        start: StartAt,
        (waits_at, lost_at): (Option<i64>, Option<i64>),
    ) -> Self {
        let (sender, events) = unbounded_channel();
        let (let_go, gate) = channel();
        let waits_at = Mutex::new(waits_at.map(|at| (at, gate)));
        let lost_at = Mutex::new(lost_at);
        let settings = KafkaSettings {
            brokers: broker.addresses().to_vec(),
            topics: vec![Topic { name: topic.to_owned(), format: Format::Json }],
            group: topic.to_owned(),
            dead_letter_topic: None,
            instance: None,
            history: Duration::from_secs(86_400),
            idle_timeout: Duration::from_millis(100),
            shards: 1,
            properties: vec![("reconnect.backoff.max.ms".to_owned(), Secret::new("200"))],
        };
        let observer = Observer(Arc::new(Recorder { events: sender, start, waits_at, lost_at }));
        let source = KafkaSource::start(&settings, Arc::new(observer)).unwrap();
        Self { let_go, source, events }
    }

    /// All events up to the first that is `wanted`, that one included.
    async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        let found = timeout(DEADLINE, async {
            while let Some(event) = self.events.recv().await {
                seen.push(event);
                if seen.last().is_some_and(&wanted) {
                    return;
                }
            }
        });
        assert!(found.await.is_ok(), "it never came; last: {:?}", seen.last());
        seen
    }

    /// Ends it as the service does, committing how far it came.
    async fn end(self) -> Positions {
        let Self { source, .. } = self;
        let ended = tokio::task::spawn_blocking(move || {
            let positions = source.halt();
            assert!(source.commit(&positions));
            source.leave();
            positions
        });
        ended.await.unwrap()
    }
}

fn at(offset: i64) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Message { offset: found, .. } if *found == offset)
}

fn records(count: usize) -> Vec<Record> {
    (0..count).map(|number| Record::new(number.to_string())).collect()
}

/// A shard reads a thousand messages before it notes how far it is; here it is stopped halfway
/// through a past of two thousand and more.
#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_read_again_as_known_and_is_no_progress() {
    let broker = KafkaBroker::shared();
    let topic = unique("past");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &records(2_500)).await;

    let mut first = Listened::start(broker, &topic, None);
    let seen = first.until(|event| matches!(event, Event::CaughtUp(_))).await;
    assert_eq!((seen.len(), &seen[0]), (2_502, &Event::Assigned));
    let seen = &seen[1..];
    let past = |known: bool| {
        move |(offset, event): (usize, &Event)| {
            *event == Event::Message { offset: offset as i64, live: false, known }
        }
    };
    assert!(seen[..2_500].iter().enumerate().all(past(false)), "there before the group, not known");
    assert_eq!(seen[2_500], Event::CaughtUp(History::New));
    let key = (topic.clone(), 0);
    assert_eq!(first.end().await.get(&key), Some(&2_500));
    assert_eq!(broker.committed(&topic, &topic)[&0], 2_500);

    broker.produce(&topic, &records(1)).await;
    let mut second = Listened::start(broker, &topic, Some(2_200));
    let seen = second.until(at(2_200)).await;
    let seen = &seen[1..];
    assert!(seen.iter().enumerate().all(past(true)), "what the group has handled is known");
    assert!(second.source.positions().is_empty(), "{:?}", second.source.positions());
    second.let_go.send(()).unwrap();
    let seen = second.until(at(2_500)).await;
    let news = Event::Message { offset: 2_500, live: true, known: false };
    assert_eq!(seen[299..], [Event::CaughtUp(History::Handled), news]);
    assert_eq!(second.end().await.get(&key), Some(&2_501));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_is_not_read_again() {
    let broker = KafkaBroker::shared();
    let topic = unique("known");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &records(20)).await;
    let mut listened = Listened::start_at(broker, &topic, StartAt::Position(15), (None, None));
    let seen = listened.until(at(19)).await;
    let live = |offset| Event::Message { offset, live: true, known: false };
    assert_eq!(seen[..2], [Event::Assigned, Event::CaughtUp(History::Handled)]);
    assert_eq!(seen[2..], [15, 16, 17, 18, 19].map(live));
    assert_eq!(listened.end().await.get(&(topic, 0)), Some(&20));
}

/// A guess would be the end, and three messages lost.
#[tokio::test(flavor = "multi_thread")]
async fn where_to_begin_is_asked_until_somebody_answers() {
    let mut broker = tokio::task::spawn_blocking(KafkaBroker::start).await.unwrap();
    let topic = unique("asked");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &records(3)).await;
    let mut listened = Listened::start(&broker, &topic, Some(ASSIGNED));
    listened.until(|event| *event == Event::Assigned).await;
    broker.suspend();
    listened.let_go.send(()).unwrap();
    listened.until(|event| *event == Event::Unknown).await;
    broker.resume();
    let seen = listened.until(|event| matches!(event, Event::CaughtUp(_))).await;
    let past = |offset| Event::Message { offset, live: false, known: false };
    let seen: Vec<_> = seen.into_iter().filter(|it| *it != Event::Unknown).collect();
    assert!(
        seen.ends_with(&[past(0), past(1), past(2), Event::CaughtUp(History::New)]),
        "{seen:?}"
    );
    listened.end().await;
}

/// Its partitions are still this instance's to the group; nobody would read them.
#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_ends_with_a_panic_ends_the_source() {
    let broker = KafkaBroker::shared();
    let topic = unique("fatal");
    broker.create_topic(&topic, 1).await;
    let listened = Listened::start(broker, &topic, None);
    broker.produce(&topic, &[Record::new(FATAL)]).await;
    let failed = timeout(DEADLINE, listened.source.failed()).await.expect("it notices");
    assert!(failed.to_string().contains("panic"), "{failed}");
}

/// What is known of a topic says nothing of another of its name.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_made_anew_is_news() {
    let broker = KafkaBroker::shared();
    let topic = unique("anew");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &records(3)).await;
    let mut listened = Listened::start_at(broker, &topic, StartAt::Position(1_000), (None, None));
    let seen = listened.until(at(2)).await;
    let live = |offset| Event::Message { offset, live: true, known: false };
    assert_eq!(seen[2..], [0, 1, 2].map(live));
    assert_eq!(listened.end().await.get(&(topic, 0)), Some(&3));
}

/// The group still takes this instance for the partition's owner: it must be assigned anew.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_its_partition_taken_joins_the_group_anew() {
    let broker = KafkaBroker::shared();
    let topic = unique("taken");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &records(20)).await;
    let mut listened = Listened::start_at(broker, &topic, StartAt::Position(0), (None, Some(20)));
    listened.until(at(19)).await;
    broker.produce(&topic, &records(1)).await;
    let seen = listened.until(|event| *event == Event::Assigned).await;
    assert!(!seen.iter().any(at(20)), "nothing more is read of what another has: {seen:?}");
    listened.until(at(20)).await;
    listened.end().await;
}

/// While no broker answers, what the partition holds is not known to be nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_out_of_reach_is_no_silence() {
    let mut broker = tokio::task::spawn_blocking(KafkaBroker::start).await.unwrap();
    let topic = unique("down");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &records(1)).await;
    let mut listened = Listened::start(&broker, &topic, None);
    listened.until(|event| matches!(event, Event::IdleSince(_))).await;

    tokio::task::block_in_place(|| broker.kill());
    listened.until(|event| *event == Event::Unreachable).await;
    let down = Instant::now();
    tokio::task::block_in_place(|| broker.start_again());
    broker.produce(&topic, &records(1)).await;

    let seen = listened.until(at(1)).await;
    let silent = |event: &&Event| matches!(event, Event::IdleSince(since) if *since < down);
    // One may have been on its way when the broker went; afterwards one a second would come.
    let silences = seen.iter().filter(silent).count();
    assert!(silences <= 1, "silence counted while nothing could be heard: {seen:?}");
    listened.end().await;
}

/// The same of a partition whose leader is gone while other brokers answer; librdkafka tells of it every five
/// seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_a_leader_is_no_silence() {
    let mut cluster = KafkaCluster::shared().await;
    let topic = unique("unled");
    cluster.create_topic_on(&topic, &[&[3]], 1).await;
    cluster.produce(&topic, &records(1)).await;
    let mut listened = Listened::start(&cluster, &topic, None);
    listened.until(|event| matches!(event, Event::IdleSince(_))).await;

    tokio::task::block_in_place(|| cluster.broker(3).stop());
    cluster.await_partition(&topic, 0, |it| it.leader.is_none()).await;
    // Those of before it was noticed do not count.
    tokio::time::sleep(Duration::from_secs(10)).await;
    while listened.events.try_recv().is_ok() {}
    let down = Instant::now();
    tokio::time::sleep(Duration::from_secs(12)).await;
    tokio::task::block_in_place(|| cluster.broker(3).start_again());
    cluster.await_partition(&topic, 0, |it| it.leader == Some(3)).await;
    cluster.produce(&topic, &records(1)).await;

    let seen = listened.until(at(1)).await;
    let silent = |event: &&Event| matches!(event, Event::IdleSince(since) if *since < down);
    let silences = seen.iter().filter(silent).count();
    assert!(silences <= 1, "silence counted while nothing could be heard: {seen:?}");
    listened.end().await;
}
