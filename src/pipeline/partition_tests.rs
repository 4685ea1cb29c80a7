#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicBool;

use tokio::runtime::Runtime;

use super::*;
use crate::classify::Classifier;
use crate::config::Secrets;
use crate::detect::{Mark, MarkedAs};
use crate::http::Readiness;
use crate::pipeline::DeadLetters;
use crate::pipeline::feedback::Feedback;
use crate::store::{Engine, MarkFile, Store};
use crate::telemetry::Metrics;

const MINUTE: i64 = 60_000;
/// Minutes from the Unix epoch to some day in the past.
const BEGIN: i64 = 28_000_000;

/// What a partition needs around it; the store's work is done on `runtime`.
fn live(folder: &std::path::Path, runtime: &Runtime) -> Arc<Live> {
    let toml = "brand = [{ name = \"Acme\" }]";
    let mut config = Config::parse(toml, "test", Secrets::Ignore, &|_| None).unwrap();
    config.dead_letter_file = folder.join("dead.ndjson");
    config.store.engine = Engine::Sqlite { file: folder.join("groundswell.db") };
    let metrics = Metrics::new(10).unwrap();
    Arc::new(Live {
        group: "test".to_owned(),
        classifier: Arc::new(Classifier::new(&config.rules).unwrap()),
        metrics,
        readiness: Readiness::default(),
        dead_letters: Arc::new(DeadLetters::open(&config).unwrap()),
        feedback: Feedback::new(&folder.join("marks.ndjson")),
        store: runtime.block_on(Store::open(&config.store)).unwrap(),
        runtime: runtime.handle().clone(),
        on_change: Box::new(|_| {}),
        ending: AtomicBool::new(false),
        partitions: Mutex::default(),
        feeds: Mutex::default(),
        homes: Mutex::default(),
        config: Arc::new(config),
    })
}

/// Partition 0 of `mentions`, assigned anew; and where it goes on.
fn assigned(live: &Arc<Live>, runtime: &Runtime) -> (LivePartition, StartAt) {
    let topic = Topic { name: "mentions".to_owned(), format: Format::Json };
    let key = PartitionKey { group: "test".to_owned(), topic: topic.name.clone(), number: 0 };
    let stored = runtime.block_on(live.store.claim(&key)).unwrap();
    LivePartition::new(Arc::clone(live), &topic, stored)
}

fn mention(partition: &mut LivePartition, minute: i64) {
    let at = minute * MINUTE;
    let payload = format!(
        r#"{{"id":"{minute}","created_at":{at},"channel":"test","brand":"Acme","text":"acme"}}"#
    );
    partition.message(&Message {
        payload: payload.as_bytes(),
        offset: minute,
        timestamp: None,
        key: None,
        headers: None,
        market: None,
        live: true,
        known: false,
    });
}

#[test]
fn a_mark_made_while_it_runs_reaches_the_shard_after_the_next_batch() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let live = live(folder.path(), &runtime);
    let mut partition = assigned(&live, &runtime).0;
    mention(&mut partition, BEGIN);
    let mark = Mark {
        at: Timestamp::from_millis((BEGIN + 1) * MINUTE),
        brand: "Acme".to_owned(),
        monitor: "mentions-up".to_owned(),
        verdict: MarkedAs::FalseAlarm,
        incident: None,
    };
    MarkFile::append(&folder.path().join("marks.ndjson"), &mark).unwrap();
    assert_eq!(live.feedback.poll(), (1, 0));
    mention(&mut partition, BEGIN + 3);
    assert_eq!(partition.intake.shard().marks_counted(), 0, "nobody has told it yet");
    partition.batch_done(None, Timestamp::from_millis((BEGIN + 3) * MINUTE));
    mention(&mut partition, BEGIN + 6);
    assert_eq!(partition.intake.shard().marks_counted(), 1, "from the pane that closes next");
}
