//! The whole pipeline against a bare consumer, on one broker in one run.
//!
//!     ./test --install && cargo bench --bench pipeline
//!
//! Prints mentions a second of `groundswell run`, of an rdkafka consumer that only polls, and the
//! ratio. Only the ratio means something on a shared machine.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use groundswell::config::{Config, Secrets};
use groundswell::demo::{CONFIG, Script};
use groundswell::mention::Timestamp;
use groundswell::store::Engine;
use rdkafka::consumer::{BaseConsumer, Consumer};
use support::service::{RunningService, sample};
use support::{KafkaBroker, Record, unique};

/// Mentions in the topic.
const MENTIONS: usize = 300_000;
const PARTITIONS: i32 = 2;

fn records() -> Vec<Record> {
    let end = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let script = Script::new(7, end);
    let mut records = Vec::with_capacity(MENTIONS);
    // Each copy has ids of its own, or all but the first would be duplicates.
    for (at, event) in
        script.events().iter().flat_map(|event| std::iter::repeat_n(event, 80)).enumerate()
    {
        let text = String::from_utf8_lossy(&event.payload);
        let payload = text.replacen("\"made-", &format!("\"c{at}-made-"), 1);
        records.push(Record::new(payload).partition(at as i32 % PARTITIONS));
        if records.len() == MENTIONS {
            break;
        }
    }
    records
}

fn bare(broker: &KafkaBroker, topic: &str, count: usize) -> f64 {
    let consumer: BaseConsumer = broker
        .client()
        .set("group.id", unique("bare"))
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let (mut began, mut read) = (None, 0);
    while read < count {
        if let Some(message) = consumer.poll(Duration::from_secs(1)) {
            std::hint::black_box(message.unwrap());
            began.get_or_insert_with(Instant::now);
            read += 1;
        }
    }
    count as f64 / began.unwrap().elapsed().as_secs_f64()
}

async fn pipeline(broker: &KafkaBroker, topic: &str, count: usize) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::parse(CONFIG, "demo", Secrets::Ignore, &|_| None).unwrap();
    config.dead_letter_file = folder.path().join("dead-letters.ndjson");
    config.store.engine = Engine::Sqlite { file: folder.path().join("groundswell.db") };
    config.feedback_file = folder.path().join("feedback.ndjson");
    let kafka = config.kafka.as_mut().unwrap();
    kafka.brokers = vec![broker.address()];
    kafka.topics[0].name = topic.to_owned();
    kafka.group = unique("pipeline");
    kafka.history = Duration::from_secs(365 * 86_400);
    kafka.shards = PARTITIONS as usize;
    let running = RunningService::start(config).await;
    let taken = |text: &str| {
        ["counted", "unmatched", "duplicate", "late", "rejected"]
            .iter()
            .filter_map(|outcome| {
                sample(text, &format!("groundswell_mentions_total{{outcome=\"{outcome}\"}}"))
            })
            .sum::<f64>()
    };
    let text = running.wait_for("/metrics", |_, text| taken(text) > 0.0).await;
    let (began, before) = (Instant::now(), taken(&text));
    let text = running.wait_for("/metrics", |_, text| taken(text) >= count as f64).await;
    let rate = (count as f64 - before) / began.elapsed().as_secs_f64();
    let counted = sample(&text, "groundswell_mentions_total{outcome=\"counted\"}");
    assert!(counted.unwrap_or(0.0) > 0.9 * count as f64, "most of them count");
    running.stop().await.unwrap();
    rate
}

fn main() {
    // Cargo's test runner asks every bench target for its tests.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let broker = KafkaBroker::start();
    let topic = unique("bench");
    let records = records();
    let count = records.len();
    runtime.block_on(async {
        broker.create_topic(&topic, PARTITIONS).await;
        broker.produce(&topic, &records).await;
    });
    // The first reading warms the broker's page cache for both.
    bare(&broker, &topic, count);
    let bare = bare(&broker, &topic, count);
    let whole = runtime.block_on(pipeline(&broker, &topic, count));
    println!("bare consumer       {bare:>12.0} mentions/s");
    println!("groundswell run     {whole:>12.0} mentions/s");
    println!("ratio               {:>12.2}", whole / bare);
}
