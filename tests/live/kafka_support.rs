//! The broker that the other tests trust.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use crate::support::{DEADLINE, KafkaBroker, Record, eventually, unique};

#[tokio::test]
async fn messages_come_back_as_they_went_in() {
    let broker = KafkaBroker::shared();
    let topic = unique("round-trip");
    broker.create_topic(&topic, 2).await;
    let sent = [
        Record::new("zero").partition(0),
        Record::new("one").partition(1).key("acme"),
        Record { timestamp: Some(1_424_563_200_000), ..Record::new("two").partition(1) },
        Record { key: Some(b"gone".to_vec()), partition: Some(1), ..Record::default() },
        Record::new(vec![b'x'; 11 << 20]).partition(1),
    ];

    broker.produce(&topic, &sent).await;

    let mut received = broker.read(&topic, sent.len()).await;
    received.sort_by_key(|message| (message.partition(), message.offset()));
    let timestamps: Vec<Option<i64>> =
        received.iter().map(|message| message.timestamp().to_millis()).collect();
    let received: Vec<Record> = received
        .iter()
        .zip(&sent)
        .map(|(message, sent)| Record {
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            partition: Some(message.partition()),
            timestamp: sent.timestamp,
            headers: sent.headers.clone(),
        })
        .collect();
    // Not assert_eq: nobody wants to read 11 MB.
    assert!(received == sent, "what came back is not what was sent");
    assert_eq!(timestamps[2], sent[2].timestamp);
}

#[tokio::test]
async fn more_messages_than_the_producer_queue_holds_all_arrive_in_order() {
    let broker = KafkaBroker::shared();
    let topic = unique("many");
    broker.create_topic(&topic, 1).await;
    // librdkafka's queue holds 100,000.
    let sent: Vec<Record> = (0..150_000).map(|number| Record::new(number.to_string())).collect();

    broker.produce(&topic, &sent).await;

    let received = broker.read(&topic, sent.len()).await;
    let in_order = received
        .iter()
        .zip(&sent)
        .all(|(message, sent)| message.payload() == sent.payload.as_deref());
    assert!(in_order);
}

#[tokio::test]
async fn committed_offsets_are_told() {
    let broker = KafkaBroker::shared();
    let (topic, group) = (unique("committed"), unique("group"));
    broker.create_topic(&topic, 2).await;
    assert_eq!(broker.committed(&group, &topic), BTreeMap::new());

    let consumer: BaseConsumer = broker.client().set("group.id", &group).create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&topic, 1, Offset::Offset(7)).unwrap();
    consumer.commit(&offsets, CommitMode::Sync).unwrap();

    assert_eq!(broker.committed(&group, &topic), BTreeMap::from([(1, 7)]));
}

#[tokio::test]
async fn a_deleted_topic_is_gone_and_does_not_come_back_by_itself() {
    let broker = KafkaBroker::shared();
    let topic = unique("deleted");
    broker.create_topic(&topic, 1).await;

    broker.delete_topic(&topic).await;

    let reader: BaseConsumer = broker.client().set("group.id", unique("group")).create().unwrap();
    reader.subscribe(&[&topic]).unwrap();
    let outcome =
        reader.poll(DEADLINE).expect("an answer about the topic").map(|message| message.detach());
    let code = RDKafkaErrorCode::UnknownTopicOrPartition;
    assert!(
        matches!(outcome, Err(KafkaError::MessageConsumption(found)) if found == code),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_stopped_broker_comes_back_with_its_data_and_a_dropped_one_leaves_nothing() {
    let mut broker = KafkaBroker::start();
    let address = broker.address().parse().unwrap();
    let listens = || TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok();
    broker.create_topic("kept", 1).await;
    broker.produce("kept", &[Record::new("before")]).await;
    assert!(listens());

    broker.kill();
    assert!(!listens());

    broker.start_again();
    broker.produce("kept", &[Record::new("after")]).await;
    broker.stop();
    assert!(!listens());

    broker.start_again();
    let received = broker.read("kept", 2).await;
    let payloads: Vec<&[u8]> = received.iter().filter_map(Message::payload).collect();
    assert_eq!(payloads, [b"before".as_slice(), b"after"]);

    let folder = broker.folder().to_owned();
    assert!(folder.exists());
    drop(broker);
    assert!(!listens());
    eventually("the folder is gone", || !folder.exists());
}
