//! Brokers that stop, die and hang: what comes of a stream is what comes of it undisturbed, exactly.

use std::time::{Duration, Instant};

use tokio::task::block_in_place;

use crate::support::{KafkaBroker, KafkaCluster, measured, unique};
use crate::trial::{PARTITIONS, Trial, sqlite};

const KEPT_OFTEN: &str = "[store]\ncheckpoint_every = \"200ms\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_waited_for() {
    let mut broker = block_in_place(KafkaBroker::start);
    let topic = unique("away");
    broker.create_topic(&topic, PARTITIONS).await;
    let mut trial = Trial::on(&broker, &topic, 11);
    let mut program = trial.start(KEPT_OFTEN, "");
    trial.begun(&program).await;
    trial.send(1, 3).await;
    for (part, fail) in [(2, KafkaBroker::stop as fn(&mut KafkaBroker)), (3, KafkaBroker::kill)] {
        block_in_place(|| fail(&mut broker));
        let away = |status: u16, body: &str| status == 503 && body.contains("no broker answers");
        program.http().wait_for("/readyz", away).await;
        block_in_place(|| broker.start_again());
        let back = Instant::now();
        program.ready().await;
        measured(format_args!("ready {:.1?} after the broker", back.elapsed()));
        trial.send(part, 3).await;
    }
    trial.settled().await;
    assert!(program.stop().success());
    trial.judge(sqlite(&program)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaders_that_move_die_and_hang_are_followed() {
    let mut cluster = KafkaCluster::shared().await;
    let topic = unique("leaders");
    let everywhere: [&[i32]; PARTITIONS as usize] =
        [&[1, 2, 3], &[2, 3, 1], &[3, 1, 2], &[1, 3, 2]];
    cluster.create_topic_on(&topic, &everywhere, 2).await;
    let mut trial = Trial::on(&cluster, &topic, 12);
    let mut program = trial.start(KEPT_OFTEN, "");
    trial.begun(&program).await;
    trial.send(1, 4).await;
    for partition in 0..PARTITIONS {
        let led = cluster.await_partition(&topic, partition, |it| it.leader.is_some()).await;
        let leader = led.leader.unwrap();
        block_in_place(|| cluster.move_leader(&topic, partition, leader % 3 + 1));
    }
    trial.send(2, 4).await;
    block_in_place(|| cluster.broker(1).kill());
    trial.send(3, 4).await;
    block_in_place(|| cluster.broker(1).start_again());
    for partition in 0..PARTITIONS {
        cluster.await_partition(&topic, partition, |it| it.in_sync.len() == 3).await;
    }
    block_in_place(|| cluster.broker(2).suspend());
    trial.send(4, 4).await;
    trial.settled().await;
    block_in_place(|| cluster.broker(2).resume());
    assert!(program.stop().success());
    trial.judge(sqlite(&program)).await;
}

/// Half a minute without a leader holds back that partition alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_a_leader_holds_back_only_itself() {
    let mut cluster = KafkaCluster::shared().await;
    let topic = unique("leaderless");
    cluster.create_topic_on(&topic, &[&[3], &[1], &[2], &[1]], 1).await;
    let mut trial = Trial::on(&cluster, &topic, 13);
    let mut program = trial.start(KEPT_OFTEN, "");
    trial.begun(&program).await;
    trial.send(1, 2).await;
    trial.await_handled();
    block_in_place(|| cluster.broker(3).stop());
    cluster.await_partition(&topic, 0, |it| it.leader.is_none()).await;
    let gone = Instant::now();
    let (of_others, of_leaderless) = {
        let rest = trial.stream.records[trial.sent..].to_vec();
        rest.into_iter().partition::<Vec<_>, _>(|it| it.partition != Some(0))
    };
    trial.kafka.produce(&topic, &of_others).await;
    let mut ends = trial.ends();
    for record in &of_others {
        *ends.entry(record.partition.unwrap()).or_insert(0) += 1;
    }
    trial.await_committed(&ends);
    tokio::time::sleep(Duration::from_secs(30).saturating_sub(gone.elapsed())).await;
    block_in_place(|| cluster.broker(3).start_again());
    trial.kafka.produce(&topic, &of_leaderless).await;
    trial.sent = trial.stream.records.len();
    trial.settled().await;
    assert!(program.stop().success());
    trial.judge(sqlite(&program)).await;
}
