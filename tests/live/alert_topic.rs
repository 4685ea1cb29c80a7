//! Alerts in a topic of a real Kafka, as whoever reads it finds them.

use std::time::Duration;

use groundswell::proto::Alert;
use groundswell::store::{Engine, Store, StoreSettings};
use prost::Message as _;
use rdkafka::Message as _;
use rdkafka::message::OwnedMessage;
use serde_json::Value;

use crate::restart::burst;
use crate::support::service::{self, RunningService, sample};
use crate::support::{HttpReceiver, KafkaBroker, header, unique};

/// What `run` is told: a webhook, and a topic in each format.
fn config(
    (mentions, binary, json): (&str, &str, &str),
    webhook: &HttpReceiver,
    more: &str,
    folder: &std::path::Path,
) -> groundswell::config::Config {
    let toml = format!(
        "brand = [{{ name = \"Acme\" }}]\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{mentions}\"\n\
         [[source.kafka.topic]]\nname = \"{mentions}\"\n\
         [[route]]\nwebhook = {{ url = {{ env = \"SLACK_WEBHOOK_URL\" }} }}\n\
         [[route]]\nname = \"binary\"\nkafka = {{ topic = \"{binary}\" }}\n\
         [[route]]\nname = \"json\"\nkafka = {{ topic = \"{json}\", format = \"json\" }}\n\
         [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n{more}",
        KafkaBroker::shared().address(),
    );
    service::config(&toml, &webhook.url("/alerts"), folder)
}

/// The metric of what a route has delivered.
fn delivered(route: &str) -> String {
    format!("groundswell_notifications_total{{outcome=\"delivered\",route=\"{route}\"}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_holds_what_a_webhook_gets_under_the_key_of_its_incident() {
    let (broker, webhook) = (KafkaBroker::shared(), HttpReceiver::start());
    let topics = (unique("mentions"), unique("alerts"), unique("alerts-json"));
    for topic in [&topics.0, &topics.1, &topics.2] {
        broker.create_topic(topic, 1).await;
    }
    broker.produce(&topics.0, &burst(90)).await;
    let folder = tempfile::tempdir().unwrap();
    let names = (&*topics.0, &*topics.1, &*topics.2);
    let running = RunningService::ready(config(names, &webhook, "", folder.path())).await;
    let posted = webhook.wait_for(2).await;
    for route in ["binary", "json"] {
        let (delivered, all) = (delivered(route), posted.len() as f64);
        running.wait_for("/metrics", |_, body| sample(body, &delivered) >= Some(all)).await;
    }
    running.stop().await.unwrap();

    let binary = broker.read_to_end(&topics.1, "read_committed").await;
    let json = broker.read_to_end(&topics.2, "read_committed").await;
    for request in &posted {
        let of_request =
            |it: &&OwnedMessage| header(it, "idempotency-key").as_deref() == Some(request.key());
        let binary = binary.iter().find(of_request).expect("it is in the topic");
        let json = json.iter().find(of_request).expect("it is in the topic");
        let expected = request.json();
        let written: Value = serde_json::from_slice(json.payload().unwrap()).unwrap();
        assert_eq!(written, expected);
        let alert = Alert::decode(binary.payload().unwrap()).unwrap();
        assert_eq!(alert.event_id, expected["event_id"].as_str().unwrap());
        assert_eq!(alert.summary, expected["summary"].as_str().unwrap());
        for record in [binary, json] {
            assert_eq!(record.key(), Some(expected["id"].as_str().unwrap().as_bytes()));
        }
        let kind = |record| header(record, "content-type").unwrap();
        assert_eq!(kind(binary), "application/x-protobuf; messageType=\"groundswell.v1.Alert\"");
        assert_eq!(kind(json), "application/json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_not_there_is_waited_for_and_one_that_takes_too_little_is_told() {
    let (broker, webhook) = (KafkaBroker::shared(), HttpReceiver::start());
    let topics = (unique("mentions"), unique("alerts"), unique("alerts-small"));
    broker.create_topic(&topics.0, 1).await;
    broker.create_topic_with(&topics.2, 1, &[("max.message.bytes", "512")]).await;
    broker.produce(&topics.0, &burst(90)).await;
    let folder = tempfile::tempdir().unwrap();
    let names = (&*topics.0, &*topics.1, &*topics.2);
    let more = "request_timeout = \"1s\"\nmax_backoff = \"1s\"\n";
    let running = RunningService::ready(config(names, &webhook, more, folder.path())).await;
    let told = webhook.wait_for(2).await;
    let counted = |body: &str, name: &str, route: &str| {
        let of =
            |line: &&str| line.starts_with(name) && line.contains(&format!("route=\"{route}\""));
        body.lines().filter(of).any(|line| !line.ends_with(" 0"))
    };
    let tried = "groundswell_notifications_total{outcome=\"retried\"";
    running.wait_for("/metrics", |_, body| counted(body, tried, "binary")).await;
    broker.create_topic(&topics.1, 1).await;
    let (delivered, all) = (delivered("binary"), told.len() as f64);
    running.wait_for("/metrics", |_, body| sample(body, &delivered) >= Some(all)).await;
    // While one incident waits for its next try others may go first.
    let read = broker.read_to_end(&topics.1, "read_committed").await;
    let read: Vec<String> = read.iter().filter_map(|it| header(it, "idempotency-key")).collect();
    assert!(told.iter().all(|it| read.iter().any(|key| key == it.key())), "{read:?}");

    let parked = "groundswell_notifications_parked";
    running.wait_for("/metrics", |_, body| counted(body, parked, "json")).await;
    running.stop().await.unwrap();
    let engine = Engine::Sqlite { file: folder.path().join("groundswell.db") };
    let settings = StoreSettings { engine, checkpoint_every: Duration::from_secs(1) };
    let parked = Store::open(&settings).await.unwrap().parked(10).await.unwrap();
    let reason = &parked[0].reason;
    assert!(
        reason.contains("takes no record as large as this; raise its max.message.bytes"),
        "{reason}"
    );
}
