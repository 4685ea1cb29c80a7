//! The same mentions through files and through Kafka give the same incidents.

use std::path::PathBuf;

use groundswell::config::{Config, Secrets};
use groundswell::incident::Change;
use groundswell::mention::Timestamp;
use groundswell::notify::slack::message;
use groundswell::notify::terminal;
use groundswell::pipeline::replay;
use groundswell::source::{FileLines, Progress};

use crate::support::service::{self, RunningService, sample};
use crate::support::{HttpReceiver, KafkaBroker, Record, repository, slack, unique};

fn mentions() -> PathBuf {
    repository("../shared/data/airline-2015/mentions.ndjson.gz")
}

/// What replay says of the week, change by change.
fn replayed() -> Vec<Change> {
    let config = Config::load(&repository("examples/airlines.toml"), Secrets::Ignore).unwrap();
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let mut changes = Vec::new();
    let done = replay(
        &config,
        &[mentions()],
        now,
        |change| changes.push(change.clone()),
        |_| {},
        |_, _| {},
    );
    assert_eq!(done.unwrap().lines, 14_640);
    changes
}

/// What the person on call is told of the storm that hit American, when it opens and at its worst.
#[test]
fn whoever_reads_of_american_knows_what_it_comes_from() {
    let told: Vec<String> = replayed()
        .iter()
        .filter(|change| change.incident.brand == "American")
        .map(|change| terminal::render(change, &new_york(), false))
        .collect();
    insta::assert_snapshot!("american", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_tells_slack_exactly_what_replay_finds() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    let (topic, group) = (unique("airlines"), unique("airlines-group"));
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let toml = format!(
        "{}\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{group}\"\nhistory = \"0s\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n\
         [[route]]\nslack = {{ webhook_url = {{ env = \"SLACK_WEBHOOK_URL\" }} }}\n\
         [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n",
        std::fs::read_to_string(repository("examples/airlines.toml")).unwrap(),
        broker.address(),
    );
    let config = service::config(&toml, &receiver.url("/services/T0/B0/X"), folder.path());
    let zone = config.plan.time_zone.clone();
    let running = RunningService::ready(config).await;

    let lines = FileLines::open(&mentions(), 1 << 20, &Progress::default()).unwrap();
    let records: Vec<Record> =
        lines.map(|line| Record::new(line.unwrap().bytes).key("us-airlines")).collect();
    broker.produce(&topic, &records).await;

    let expected: Vec<serde_json::Value> =
        replayed().iter().map(|change| message(change, &zone)).collect();
    assert!(expected.len() >= 10, "the week has its incidents: {}", expected.len());
    let received = receiver.wait_for(expected.len()).await;
    let received: Vec<serde_json::Value> = received.iter().map(|request| request.json()).collect();
    assert_eq!(received, expected);
    slack::validate(&received).unwrap();

    let metrics = running.get("/metrics").await.1;
    let counted = |outcome: &str| {
        sample(&metrics, &format!("groundswell_mentions_total{{outcome=\"{outcome}\"}}"))
    };
    assert_eq!((counted("counted"), counted("duplicate")), (Some(14_485.0), Some(155.0)));
    running.stop().await.unwrap();
    assert_eq!(broker.committed(&group, &topic)[&0], 14_640, "all is told, so all is committed");
    assert_eq!(receiver.received().len(), expected.len(), "nothing is told twice");
}

fn new_york() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("America/New_York").unwrap()
}
