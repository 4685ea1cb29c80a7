//! What a test does with Kafka as its client: topics, messages in, messages out.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, OwnedHeaders, OwnedMessage};
use rdkafka::metadata::Metadata;
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Message, Offset, TopicPartitionList};

use super::{DEADLINE, unique};

/// One message to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Chooses the partition when none is given.
    pub key: Option<Vec<u8>>,
    /// The message's body; `None` is Kafka's tombstone.
    pub payload: Option<Vec<u8>>,
    /// The partition to send to.
    pub partition: Option<i32>,
    /// The record's own timestamp, in milliseconds since 1970; now when absent.
    pub timestamp: Option<i64>,
    /// Its headers.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Record {
    /// A message without a key.
    pub fn new(payload: impl Into<Vec<u8>>) -> Self {
        Self { payload: Some(payload.into()), ..Self::default() }
    }

    /// Sets the key.
    pub fn key(self, key: impl Into<Vec<u8>>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Sets the partition.
    pub fn partition(self, partition: i32) -> Self {
        Self { partition: Some(partition), ..self }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn owned_headers(&self) -> Option<OwnedHeaders> {
        let insert = |all: OwnedHeaders, (key, value): &(String, Vec<u8>)| {
            all.insert(Header { key, value: Some(value) })
        };
        (!self.headers.is_empty()).then(|| self.headers.iter().fold(OwnedHeaders::new(), insert))
    }

    fn future_record<'a>(&'a self, topic: &'a str) -> FutureRecord<'a, [u8], [u8]> {
        FutureRecord {
            topic,
            partition: self.partition,
            payload: self.payload.as_deref(),
            key: self.key.as_deref(),
            timestamp: self.timestamp,
            headers: self.owned_headers(),
        }
    }
}

/// What is known of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionState {
    /// The broker that leads it; none while no replica can.
    pub leader: Option<i32>,
    /// The brokers that hold it; the first is the preferred leader.
    pub replicas: Vec<i32>,
    /// Those of them that have all of it.
    pub in_sync: Vec<i32>,
}

/// Kafka, as clients reach it.
#[derive(Debug, Clone)]
pub struct Kafka {
    addresses: Vec<String>,
}

impl Kafka {
    pub(super) fn new(ports: impl IntoIterator<Item = u16>) -> Self {
        let address = |port| format!("127.0.0.1:{port}");
        Self { addresses: ports.into_iter().map(address).collect() }
    }

    /// Each broker's `host:port`.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// What any client starts from.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.addresses.join(","))
            .set("broker.address.family", "v4")
            .set("reconnect.backoff.max.ms", "200");
        config
    }

    /// Makes a topic and waits until all its partitions can be written to; each is held once.
    pub async fn create_topic(&self, name: &str, partitions: i32) {
        self.create_topic_with(name, partitions, &[]).await;
    }

    /// As [`Self::create_topic`], with a configuration of its own.
    pub async fn create_topic_with(&self, name: &str, partitions: i32, config: &[(&str, &str)]) {
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let topic = config.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
        self.make(topic).await;
    }

    /// Makes a topic whose partitions are held by these brokers, the leader first, and whose writers wait for
    /// `min_in_sync` of them; waits until all replicas are in sync.
    pub async fn create_topic_on(&self, name: &str, replicas: &[&[i32]], min_in_sync: usize) {
        let partitions = i32::try_from(replicas.len()).expect("a count of partitions");
        let min_in_sync = min_in_sync.to_string();
        let topic = NewTopic::new(name, partitions, TopicReplication::Variable(replicas))
            .set("min.insync.replicas", &min_in_sync);
        self.make(topic).await;
        for (partition, replicas) in (0..).zip(replicas) {
            self.await_partition(name, partition, |it| it.in_sync.len() == replicas.len()).await;
        }
    }

    /// As [`create_topic`](Self::create_topic); of each partition no more than the latest `bytes` or so are kept.
    pub async fn create_topic_of(&self, name: &str, partitions: i32, bytes: u64) {
        let (kept, segment) = (bytes.to_string(), (bytes / 4).to_string());
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1))
            .set("retention.bytes", &kept)
            .set("segment.bytes", &segment);
        self.make(topic).await;
    }

    async fn make(&self, topic: NewTopic<'_>) {
        let (name, partitions) = (topic.name, topic.num_partitions);
        let made = self.admin().create_topics([&topic], &AdminOptions::new()).await;
        let made = made.expect("ask for the topic");
        assert_eq!(made, [Ok(name.to_owned())], "the topic was not made");
        let ready = usize::try_from(partitions).expect("a count of partitions");
        self.await_partitions(name, |usable| usable == ready).await;
    }

    /// Changes a topic's configuration.
    pub async fn configure_topic(&self, name: &str, config: &[(&str, &str)]) {
        let change = AlterConfig::new(ResourceSpecifier::Topic(name));
        let change = config.iter().fold(change, |change, (key, value)| change.set(key, value));
        let changed = self.admin().alter_configs([&change], &AdminOptions::new()).await;
        assert!(changed.expect("ask for the change").iter().all(Result::is_ok));
    }

    /// Removes a topic and waits until it is gone.
    pub async fn delete_topic(&self, name: &str) {
        let gone = self.admin().delete_topics(&[name], &AdminOptions::new()).await;
        let gone = gone.expect("ask to delete the topic");
        assert_eq!(gone, [Ok(name.to_owned())], "the topic was not deleted");
        self.await_partitions(name, |usable| usable == 0).await;
    }

    /// Sends the records in their order and returns when the broker has acknowledged all of them.
    pub async fn produce(&self, topic: &str, records: &[Record]) {
        let producer: FutureProducer = self
            .client()
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("message.max.bytes", "33554432")
            .create()
            .expect("a Kafka producer");
        let mut pending = VecDeque::new();
        for record in records {
            let delivery = loop {
                match producer.send_result(record.future_record(topic)) {
                    Ok(delivery) => break delivery,
                    // There is room again when the oldest has arrived.
                    Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                        delivered(pending.pop_front().expect("a message in the full queue")).await;
                    }
                    Err((error, _)) => panic!("could not send to {topic}: {error}"),
                }
            };
            pending.push_back(delivery);
        }
        for delivery in pending {
            delivered(delivery).await;
        }
    }

    /// Sends the records in a transaction that is aborted: to readers of what is committed, they
    /// have never been.
    pub async fn produce_aborted(&self, topic: &str, records: &[Record]) {
        let producer: FutureProducer = self
            .client()
            .set("transactional.id", unique("aborted"))
            .create()
            .expect("a Kafka producer");
        tokio::task::block_in_place(|| producer.init_transactions(DEADLINE))
            .expect("a producer id");
        producer.begin_transaction().expect("a transaction");
        for record in records {
            let delivery = producer.send_result(record.future_record(topic));
            delivered(delivery.expect("room in the queue")).await;
        }
        tokio::task::block_in_place(|| producer.abort_transaction(DEADLINE)).expect("an abort");
    }

    /// The topic's first `count` messages, partition by partition in order; waits until there are so many.
    pub async fn read(&self, topic: &str, count: usize) -> Vec<OwnedMessage> {
        let consumer: StreamConsumer = self.reader(&unique("reader"));
        let mut all = TopicPartitionList::new();
        for partition in 0..self.partitions(topic) {
            all.add_partition_offset(topic, partition, Offset::Beginning).expect("a valid offset");
        }
        consumer.assign(&all).expect("assign the topic's partitions");
        let mut messages = Vec::with_capacity(count);
        let read_all = async {
            while messages.len() < count {
                match consumer.recv().await {
                    Ok(message) => messages.push(message.detach()),
                    // Other brokers may have all there is, or this one comes back.
                    Err(KafkaError::MessageConsumption(
                        RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown,
                    )) => {}
                    Err(error) => panic!("could not read {topic}: {error}"),
                }
            }
        };
        let in_time = tokio::time::timeout(DEADLINE, read_all).await.is_ok();
        assert!(in_time, "{topic}: {} of {count} messages within {DEADLINE:?}", messages.len());
        messages
    }

    /// All messages that the topic holds for a reader of `isolation` (`read_committed` or
    /// `read_uncommitted`), partition by partition in order.
    pub async fn read_to_end(&self, topic: &str, isolation: &str) -> Vec<OwnedMessage> {
        let consumer: StreamConsumer = self
            .client()
            .set("group.id", unique("reader"))
            .set("enable.auto.commit", "false")
            .set("isolation.level", isolation)
            .set("enable.partition.eof", "true")
            .create()
            .expect("a Kafka consumer");
        let mut open = self.partitions(topic);
        let mut all = TopicPartitionList::new();
        for partition in 0..open {
            all.add_partition_offset(topic, partition, Offset::Beginning).expect("a valid offset");
        }
        consumer.assign(&all).expect("assign the topic's partitions");
        let mut messages = Vec::new();
        let read_all = async {
            while open > 0 {
                match consumer.recv().await {
                    Ok(message) => messages.push(message.detach()),
                    Err(KafkaError::PartitionEOF(_)) => open -= 1,
                    Err(error) => panic!("could not read {topic}: {error}"),
                }
            }
        };
        let in_time = tokio::time::timeout(DEADLINE, read_all).await.is_ok();
        assert!(in_time, "{topic} has no end within {DEADLINE:?}");
        messages
    }

    /// The next offset of each partition that `group` has committed one for.
    pub fn committed(&self, group: &str, topic: &str) -> BTreeMap<i32, i64> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(topic, 0, self.partitions(topic) - 1);
        let consumer: BaseConsumer = self.reader(group);
        let committed =
            consumer.committed_offsets(asked, DEADLINE).expect("ask for committed offsets");
        let offset =
            |at: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match at.offset() {
                Offset::Offset(offset) => Some((at.partition(), offset)),
                _ => None,
            };
        committed.elements().iter().filter_map(offset).collect()
    }

    /// How many members a group has, those included that are waited for.
    pub fn members(&self, group: &str) -> usize {
        let asks: BaseConsumer = self.client().create().expect("a Kafka client");
        let list = asks.fetch_group_list(Some(group), DEADLINE).expect("ask for the group");
        list.groups().iter().map(|group| group.members().len()).sum()
    }

    fn reader<C: rdkafka::config::FromClientConfig>(&self, group: &str) -> C {
        self.client()
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("fetch.message.max.bytes", "33554432")
            .create()
            .expect("a Kafka consumer")
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().expect("a Kafka admin client")
    }

    fn partitions(&self, topic: &str) -> i32 {
        let probe: BaseConsumer = self.client().create().expect("a Kafka client");
        let known: usize =
            metadata(&probe, topic).topics().iter().map(|it| it.partitions().len()).sum();
        i32::try_from(known).expect("a count of partitions")
    }

    /// Whether its brokers know of this one as one that works.
    pub(super) fn lists(&self, broker: i32) -> bool {
        // A client that is new asks the brokers that it is given, and no others.
        let probe: BaseConsumer = self.client().create().expect("a Kafka client");
        let metadata = probe.fetch_metadata(None, Duration::from_millis(500));
        metadata.is_ok_and(|metadata| metadata.brokers().iter().any(|it| it.id() == broker))
    }

    /// What the brokers say of a partition.
    pub fn partition(&self, topic: &str, partition: i32) -> PartitionState {
        let probe: BaseConsumer = self.client().create().expect("a Kafka client");
        partition_state(&probe, topic, partition).expect("a partition of the topic")
    }

    /// Waits until a partition is as it is `wanted`.
    ///
    /// # Panics
    ///
    /// When it is not within [`DEADLINE`].
    pub async fn await_partition(
        &self,
        topic: &str,
        partition: i32,
        wanted: impl Fn(&PartitionState) -> bool,
    ) -> PartitionState {
        let probe: BaseConsumer = self.client().create().expect("a Kafka client");
        let deadline = Instant::now() + DEADLINE;
        loop {
            let state = partition_state(&probe, topic, partition);
            if let Some(state) = state.as_ref().filter(|it| wanted(it)) {
                return state.clone();
            }
            assert!(Instant::now() < deadline, "still so after {DEADLINE:?}: {state:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kafka answers for a topic before all of the broker knows of it.
    async fn await_partitions(&self, topic: &str, enough: impl Fn(usize) -> bool) {
        let probe: BaseConsumer = self.client().create().expect("a Kafka client");
        let deadline = Instant::now() + DEADLINE;
        while !enough(usable_partitions(&probe, topic)) {
            assert!(Instant::now() < deadline, "{topic} has not settled within {DEADLINE:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The value of a header, as a text.
pub fn header(message: &OwnedMessage, name: &str) -> Option<String> {
    let headers = message.headers()?;
    let found = headers.iter().find(|header| header.key == name)?;
    Some(String::from_utf8_lossy(found.value.unwrap_or_default()).into_owned())
}

fn metadata(probe: &BaseConsumer, topic: &str) -> Metadata {
    let deadline = Instant::now() + DEADLINE;
    loop {
        // Not for longer: a broker that hangs may have been asked, and the next one knows.
        match probe.fetch_metadata(Some(topic), Duration::from_secs(2)) {
            Ok(metadata) => return metadata,
            Err(error) => assert!(Instant::now() < deadline, "nobody tells of {topic}: {error}"),
        }
    }
}

fn usable_partitions(probe: &BaseConsumer, topic: &str) -> usize {
    let metadata = metadata(probe, topic);
    let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
    partitions.filter(|partition| partition.error().is_none() && partition.leader() >= 0).count()
}

fn partition_state(probe: &BaseConsumer, topic: &str, partition: i32) -> Option<PartitionState> {
    let metadata = metadata(probe, topic);
    let mut partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
    let found = partitions.find(|it| it.id() == partition)?;
    Some(PartitionState {
        leader: Some(found.leader()).filter(|leader| *leader >= 0),
        replicas: found.replicas().to_vec(),
        in_sync: found.isr().to_vec(),
    })
}

async fn delivered(delivery: DeliveryFuture) {
    let outcome = tokio::time::timeout(DEADLINE, delivery).await;
    let outcome = outcome.expect("an acknowledgement in time").expect("a living producer");
    if let Err((error, _)) = outcome {
        panic!("Kafka refused a message: {error}");
    }
}
