//! The stream that the tests of failures send.

use std::path::Path;

use groundswell::incident::{Severity, State};
use groundswell::mention::Timestamp;

use crate::support::service::{self, RunningService, sample};
use crate::support::{HttpReceiver, KafkaBroker, Stream, unique};

/// Long ago: the wall clock says nothing of a silence at its end.
fn end() -> Timestamp {
    Timestamp::from_millis(1_748_736_000_000)
}

#[test]
fn every_crisis_opens_gets_worse_and_ends_in_its_partition() {
    let stream = Stream::new(1, 3, 2, end());
    assert!(stream.records == Stream::new(1, 3, 2, end()).records, "the same bytes");
    assert!(stream.records != Stream::new(2, 3, 2, end()).records, "a seed of its own");

    let config = service::config(&Stream::brands(3), "", Path::new("nothing-is-kept"));
    let expected = stream.expected(&config);

    let told = |partition: &i32, brand: &str| -> Vec<(State, Severity)> {
        let changes = expected[partition].changes.iter().map(|change| &change.incident);
        let of_brand = changes.filter(|incident| incident.brand == brand);
        of_brand.map(|incident| (incident.state, incident.severity)).collect()
    };
    let crisis = [
        (State::Opened, Severity::Warning),
        (State::Escalated, Severity::Critical),
        (State::Resolved, Severity::Critical),
    ];
    for brand in ["Acme 0", "Apex 0", "Acme 2", "Apex 2"] {
        assert_eq!(told(&0, brand), crisis, "{brand}");
    }
    for brand in ["Acme 1", "Apex 1"] {
        assert_eq!(told(&1, brand), crisis, "{brand}");
    }
    let outcome =
        |name: &str| -> usize { expected.values().filter_map(|it| it.outcomes.get(name)).sum() };
    assert_eq!(
        [outcome("counted"), outcome("duplicate"), outcome("late")],
        [stream.mentions, stream.duplicates, stream.late]
    );
    assert!(stream.duplicates > 100 && stream.late > 50);
    assert_eq!(stream.records.len(), stream.mentions + stream.duplicates + stream.late);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_tells_and_counts_what_is_expected() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    let topic = unique("stream");
    broker.create_topic(&topic, 2).await;
    let toml = format!(
        "{}[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\nidle_timeout = \"1h\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n\
         [[route]]\nwebhook = {{ url = {{ env = \"SLACK_WEBHOOK_URL\" }} }}\n\
         [delivery]\nallow_networks = \"127.0.0.0/8\"\n",
        Stream::brands(2),
        broker.address(),
    );
    let folder = tempfile::tempdir().unwrap();
    let config = service::config(&toml, &receiver.url("/alerts"), folder.path());
    let stream = Stream::new(3, 2, 2, end());
    let changes = stream.expected(&config).into_values().flat_map(|it| it.changes);
    let mut expected: Vec<String> = changes.map(|change| change.id.to_string()).collect();
    let running = RunningService::ready(config).await;

    broker.produce(&topic, &stream.records).await;

    let received = receiver.wait_for(expected.len()).await;
    let id = |alert: serde_json::Value| alert["event_id"].as_str().unwrap_or_default().to_owned();
    let mut received: Vec<String> = received.iter().map(|request| id(request.json())).collect();
    expected.sort();
    received.sort();
    assert_eq!(received, expected);
    let of = |outcome: &str| format!("groundswell_mentions_total{{outcome=\"{outcome}\"}}");
    let counts = [stream.mentions, stream.duplicates, stream.late].map(|count| Some(count as f64));
    let counted = |_, text: &str| {
        ["counted", "duplicate", "late"].map(|outcome| sample(text, &of(outcome))) == counts
    };
    running.wait_for("/metrics", counted).await;
    running.stop().await.unwrap();
    assert_eq!(receiver.received().len(), expected.len(), "nothing is told twice");
}
