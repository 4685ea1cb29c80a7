#![allow(clippy::unwrap_used)]

use super::*;
use crate::config::Secrets;
use crate::detect::{Mark, MarkedAs};
use crate::store::MarkFile;

const MINUTE: i64 = 60_000;
/// Minutes from the Unix epoch to some day in the past.
const BEGIN: i64 = 28_000_000;

fn live(folder: &std::path::Path) -> Arc<Live> {
    let toml = "brand = [{ name = \"Acme\" }]";
    let config = Config::parse(toml, "test", Secrets::Ignore, &|_| None).unwrap();
    let metrics = Metrics::new(10).unwrap();
    let (changes, _) = mpsc::channel(10);
    Arc::new(Live {
        classifier: Arc::new(Classifier::new(&config.rules).unwrap()),
        metrics,
        readiness: Readiness::default(),
        dead_letters: Arc::new(DeadLetters::open(&folder.join("dead.ndjson")).unwrap()),
        feedback: Feedback::new(&folder.join("marks.ndjson")),
        changes,
        sent: AtomicU64::new(0),
        ending: AtomicBool::new(false),
        partitions: Mutex::default(),
        feeds: Mutex::default(),
        telling: Mutex::new(()),
        homes: Mutex::default(),
        config: Arc::new(config),
    })
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
        market: None,
        live: true,
        known: false,
    });
}

#[test]
fn a_mark_made_while_it_runs_reaches_the_shard_after_the_next_batch() {
    let folder = tempfile::tempdir().unwrap();
    let live = live(folder.path());
    let topic = Topic { name: "mentions".to_owned(), format: Format::Json };
    let mut partition = LivePartition::new(Arc::clone(&live), &topic, 0);
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
    partition.batch_done(Timestamp::from_millis((BEGIN + 3) * MINUTE));
    mention(&mut partition, BEGIN + 6);
    assert_eq!(partition.intake.shard().marks_counted(), 1, "from the pane that closes next");
}
