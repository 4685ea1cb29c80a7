#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicBool;

use tokio::runtime::Runtime;

use super::*;
use crate::classify::Classifier;
use crate::config::Secrets;
use crate::detect::{Mark, MarkedAs};
use crate::http::Readiness;
use crate::incident::SilentPartitions;
use crate::incident::fixtures::{change_of, silent_feed};
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

fn key(number: i32) -> PartitionKey {
    PartitionKey { group: "test".to_owned(), topic: "mentions".to_owned(), number }
}

/// Partition 0 of `mentions`, assigned anew; and where it goes on.
fn assigned(live: &Arc<Live>, runtime: &Runtime) -> (LivePartition, StartAt) {
    let topic = Topic { name: "mentions".to_owned(), format: Format::Json };
    let stored = runtime.block_on(live.store.claim(&key(0))).unwrap();
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

/// Another instance tells `change` with a checkpoint of partition 1.
fn tell_elsewhere(live: &Live, runtime: &Runtime, change: Change) {
    let claim = runtime.block_on(live.store.claim(&key(1))).unwrap().claim;
    let changes = vec![(change, Vec::new())];
    let checkpoint = Checkpoint { position: 1, changes, ..Checkpoint::default() };
    runtime.block_on(live.store.commit(&claim, &checkpoint, wall_clock())).unwrap();
}

/// A partition found silent long after it was assigned, while another instance had the incident.
#[test]
fn an_incident_of_the_feed_goes_on_from_what_others_have_told_of_it() {
    let runtime = Runtime::new().unwrap();
    for since in [None, Some(State::Escalated), Some(State::Resolved)] {
        let folder = tempfile::tempdir().unwrap();
        let live = live(folder.path(), &runtime);
        let partitions = Some(SilentPartitions { silent: vec![0, 1], of: 2 });
        let known = Incident { partitions, ..silent_feed() };
        tell_elsewhere(&live, &runtime, change_of(known.clone(), 0));
        let mut partition = assigned(&live, &runtime).0;
        partition.caught_up(History::New);
        if let Some(state) = since {
            tell_elsewhere(&live, &runtime, change_of(Incident { state, ..known.clone() }, 1));
        }

        let onset = known.onset.plus_millis(-9 * MINUTE);
        let own = Incident { id: uuid::Uuid::from_u128(7), onset, ..silent_feed() };
        let over = Incident { state: State::Resolved, ..own.clone() };
        for change in [change_of(own, 0), change_of(over, 1)] {
            partition.changes.push(change);
            partition.collect();
            assert!(partition.settle_feed());
        }
        let told = partition.to_tell.iter();
        let told: Vec<_> = told.map(|it| (it.sequence, it.incident.id == known.id)).collect();
        match since {
            None => assert_eq!(told, [(1, true)], "its end"),
            Some(State::Escalated) => assert_eq!(told, [(2, true)], "its end"),
            _ => assert_eq!(told, [(0, false), (1, false)], "a silence of its own"),
        }
    }
}

/// Asked again, or a silence would be taken for an incident that may be over.
#[test]
fn a_silence_waits_for_the_store_to_say_what_is_known() {
    let (folder, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
    let live = live(folder.path(), &runtime);
    tell_elsewhere(&live, &runtime, change_of(silent_feed(), 0));
    let mut partition = assigned(&live, &runtime).0;
    partition.caught_up(History::New);
    runtime.block_on(live.store.close());

    let over = Incident { state: State::Resolved, ..silent_feed() };
    partition.changes = vec![change_of(silent_feed(), 0), change_of(over, 1)];
    partition.collect();
    assert_eq!(partition.batch_done(Some(9), wall_clock()), Kept::Waits);
    assert_eq!(partition.revoked(Some(9)), Kept::UpTo(None), "it is found again");
    assert_eq!((partition.to_tell.len(), partition.of_feed.len()), (0, 2));
}

/// Under that id nobody would be told of it.
#[test]
fn a_silence_has_no_id_of_an_incident_that_ended_before_it_was_assigned() {
    let (folder, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
    let live = live(folder.path(), &runtime);
    let silent = silent_feed();
    let (id, state) = (silent.id, State::Resolved);
    let ended = Incident { id, state, ..silent.clone() };
    tell_elsewhere(&live, &runtime, change_of(ended, 1));
    let mut partition = assigned(&live, &runtime).0;
    partition.caught_up(History::New);
    partition.changes.push(change_of(silent, 0));
    partition.collect();
    assert!(partition.settle_feed());
    assert_eq!(partition.to_tell.len(), 1);
    assert_ne!(partition.to_tell[0].incident.id, id);
}
