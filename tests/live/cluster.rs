//! The three brokers that the tests of failures trust: who leads, who is in sync, and what that means to clients.

use std::time::Duration;

use rdkafka::Message;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::task::block_in_place;

use crate::support::{Kafka, KafkaCluster, PartitionState, Record, unique};

async fn payloads(kafka: &Kafka, topic: &str, count: usize) -> Vec<String> {
    let messages = kafka.read(topic, count).await;
    let text = |payload: &[u8]| String::from_utf8_lossy(payload).into_owned();
    messages.iter().filter_map(Message::payload).map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_moves_while_all_brokers_go_on() {
    let cluster = KafkaCluster::shared().await;
    let topic = unique("moved");
    cluster.create_topic_on(&topic, &[&[1, 2, 3]], 2).await;
    cluster.await_partition(&topic, 0, |it| it.leader == Some(1)).await;
    cluster.produce(&topic, &[Record::new("before")]).await;

    block_in_place(|| cluster.move_leader(&topic, 0, 2));

    let moved = |it: &PartitionState| it.leader == Some(2) && it.in_sync.len() == 3;
    cluster.await_partition(&topic, 0, moved).await;
    cluster.produce(&topic, &[Record::new("after")]).await;
    assert_eq!(payloads(&cluster, &topic, 2).await, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_lead_when_a_broker_stops_dies_or_hangs() {
    let mut cluster = KafkaCluster::shared().await;
    let topic = unique("failover");
    cluster.create_topic_on(&topic, &[&[1, 2, 3]], 2).await;
    let mut sent = Vec::new();

    for failure in ["stopped", "dead", "hanging"] {
        let leader = cluster.partition(&topic, 0).leader.unwrap();
        block_in_place(|| match failure {
            "stopped" => cluster.broker(leader).stop(),
            "dead" => cluster.broker(leader).kill(),
            _ => cluster.broker(leader).suspend(),
        });
        let others = cluster
            .await_partition(&topic, 0, |it| it.leader.is_some_and(|other| other != leader))
            .await;
        assert!(!others.in_sync.contains(&leader), "{failure}: {others:?}");
        cluster.produce(&topic, &[Record::new(failure)]).await;
        sent.push(failure);
        block_in_place(|| match failure {
            "hanging" => cluster.broker(leader).resume(),
            _ => cluster.broker(leader).start_again(),
        });
        cluster.await_partition(&topic, 0, |it| it.in_sync.len() == 3).await;
    }

    assert_eq!(payloads(&cluster, &topic, 3).await, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_has_no_leader_while_its_only_broker_is_away() {
    let mut cluster = KafkaCluster::shared().await;
    let topic = unique("leaderless");
    cluster.create_topic_on(&topic, &[&[3], &[1]], 1).await;

    block_in_place(|| cluster.broker(3).stop());
    cluster.await_partition(&topic, 0, |it| it.leader.is_none()).await;
    cluster.await_partition(&topic, 1, |it| it.leader == Some(1)).await;
    let record = [Record::new("waits").partition(0)];
    let waiting = {
        let (kafka, topic) = (Kafka::clone(&cluster), topic.clone());
        tokio::spawn(async move { kafka.produce(&topic, &record).await })
    };
    cluster.produce(&topic, &[Record::new("does not wait").partition(1)]).await;
    assert!(!waiting.is_finished());

    block_in_place(|| cluster.broker(3).start_again());
    cluster.await_partition(&topic, 0, |it| it.leader == Some(3)).await;
    waiting.await.unwrap();
    let mut received = payloads(&cluster, &topic, 2).await;
    received.sort();
    assert_eq!(received, ["does not wait", "waits"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_while_too_few_replicas_are_in_sync() {
    let mut cluster = KafkaCluster::shared().await;
    let topic = unique("too-few");
    cluster.create_topic_on(&topic, &[&[1, 2, 3]], 2).await;
    let producer: FutureProducer =
        cluster.client().set("message.timeout.ms", "2000").create().unwrap();
    let send = || producer.send(FutureRecord::<(), _>::to(&topic).payload("x"), Duration::ZERO);

    block_in_place(|| cluster.broker(2).stop());
    send().await.expect("two of three are enough");
    block_in_place(|| cluster.broker(3).stop());
    cluster.await_partition(&topic, 0, |it| it.in_sync == [1]).await;
    let (error, _) = send().await.expect_err("one of three is too few");
    assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut));

    block_in_place(|| cluster.broker(3).start_again());
    cluster.await_partition(&topic, 0, |it| it.in_sync.len() == 2).await;
    send().await.expect("two of three are enough again");
    cluster.read(&topic, 2).await;
}
