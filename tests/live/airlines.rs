//! The same mentions through files and through Kafka give the same incidents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use groundswell::config::{Config, Secrets};
use groundswell::incident::Change;
use groundswell::mention::Timestamp;
use groundswell::notify::Telling;
use groundswell::notify::slack::message;
use groundswell::notify::terminal;
use groundswell::pipeline::replay;
use groundswell::source::{FileLines, Progress};

use crate::support::service::{self, RunningService, sample};
use crate::support::{
    Answer, HttpReceiver, KafkaBroker, Received, Record, repository, slack, unique,
};

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
        |change, _| changes.push(change.clone()),
        |_| {},
        |_, _| {},
    );
    assert_eq!(done.unwrap().0.lines, 14_640);
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
    let pager = HttpReceiver::start();
    pager.answer_otherwise(Answer::status(202));
    let (topic, group) = (unique("airlines"), unique("airlines-group"));
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("routing-key");
    std::fs::write(&key, ROUTING_KEY).unwrap();
    let toml = format!(
        "{}\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{group}\"\nhistory = \"0s\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n\
         [[route]]\nslack = {{ webhook_url = {{ env = \"SLACK_WEBHOOK_URL\" }} }}\n\
         [[route]]\n[route.pagerduty]\nurl = \"{}\"\nrouting_key = {{ file = {:?} }}\n\
         [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n",
        std::fs::read_to_string(repository("examples/airlines.toml")).unwrap(),
        broker.address(),
        pager.url("/v2/enqueue"),
        key.display().to_string(),
    );
    let config = service::config(&toml, &receiver.url("/services/T0/B0/X"), folder.path());
    let telling = Telling::within(config.plan.time_zone.clone());
    let running = RunningService::ready(config).await;

    let lines = FileLines::open(&mentions(), 1 << 20, &Progress::default()).unwrap();
    let records: Vec<Record> =
        lines.map(|line| Record::new(line.unwrap().bytes).key("us-airlines")).collect();
    broker.produce(&topic, &records).await;

    let expected: Vec<serde_json::Value> =
        replayed().iter().map(|change| message(change, &telling)).collect();
    assert!(expected.len() >= 10, "the week has its incidents: {}", expected.len());
    let received = receiver.wait_for(expected.len()).await;
    let received: Vec<serde_json::Value> = received.iter().map(|request| request.json()).collect();
    assert_eq!(received, expected);
    slack::validate(&received).unwrap();
    let events = pager.wait_for(expected.len()).await;
    assert_pagerduty_has_an_alert_for_each_incident(&events);

    let metrics = running.get("/metrics").await.1;
    let counted = |outcome: &str| {
        sample(&metrics, &format!("groundswell_mentions_total{{outcome=\"{outcome}\"}}"))
    };
    assert_eq!((counted("counted"), counted("duplicate")), (Some(14_485.0), Some(155.0)));
    running.stop().await.unwrap();
    assert_eq!(broker.committed(&group, &topic)[&0], 14_640, "all is told, so all is committed");
    assert_eq!(receiver.received().len(), expected.len(), "nothing is told twice");
}

const ROUTING_KEY: &str = "e93facc04764012d7bfb002500d5d1a6";

/// What PagerDuty would make of `events`, if it takes them.
fn assert_pagerduty_has_an_alert_for_each_incident(events: &[Received]) {
    let schema = std::fs::read(repository("tests/pagerduty-event.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let mut alerts = BTreeMap::<String, Vec<String>>::new();
    for event in events {
        assert_eq!(event.path, "/v2/enqueue");
        let event = event.json();
        schema.validate(&event).unwrap();
        assert_eq!(event["routing_key"], ROUTING_KEY);
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        alerts.entry(text("dedup_key")).or_default().push(text("event_action"));
    }
    let incidents: BTreeSet<String> =
        replayed().iter().map(|change| change.incident.id.to_string()).collect();
    assert!(alerts.keys().eq(&incidents));
    for (incident, actions) in &alerts {
        let triggers = actions.iter().take_while(|action| *action == "trigger").count();
        let rest = &actions[triggers..];
        assert!(
            triggers > 0 && (rest.is_empty() || rest == ["resolve"]),
            "{incident}: {actions:?}"
        );
    }
    assert!(alerts.values().any(|actions| actions.last().unwrap() == "resolve"));
}

fn new_york() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("America/New_York").unwrap()
}
