//! The real Alertmanager shows what Groundswell tells it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::restart::burst;
use crate::support::service::{self, RunningService};
use crate::support::{Alertmanager, HttpReceiver, KafkaBroker, Record, eventually, unique};

const MINUTE_MS: i64 = 60_000;

/// Two mentions a minute, in good spirits, of the `minutes` that end now.
fn calm(minutes: i64) -> Vec<Record> {
    let now = jiff::Timestamp::now().as_millisecond();
    let at = (-2 * minutes..0).map(|half| now + half * MINUTE_MS / 2);
    at.map(|created_at| {
        let mention = json!({
            "id": format!("calm-{created_at}"), "created_at": created_at, "channel": "test",
            "brand": "Acme", "text": "acme again", "sentiment": 0.5,
        });
        Record::new(mention.to_string())
    })
    .collect()
}

fn config(topic: &str, targets: [&str; 2], folder: &Path) -> groundswell::config::Config {
    let [alertmanager, webhook] = targets;
    // Silence is not what is looked at: the clock stands while nothing comes.
    let toml = format!(
        "brand = [{{ name = \"Acme\" }}]\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\n\
         history = \"0s\"\nidle_timeout = \"1h\"\n[[source.kafka.topic]]\nname = \"{topic}\"\n\
         [[route]]\nalertmanager = {{ url = \"{alertmanager}\", repeat_every = \"1s\" }}\n\
         [[route]]\nslack = {{ webhook_url = {{ env = \"SLACK_WEBHOOK_URL\" }} }}\n\
         [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n",
        KafkaBroker::shared().address(),
    );
    service::config(&toml, webhook, folder)
}

/// The labels of the alerts that it has notified its own receiver of with this status.
fn notified(receiver: &HttpReceiver, status: &str) -> BTreeSet<String> {
    let groups: Vec<Value> = receiver.received().iter().map(|request| request.json()).collect();
    let alerts = groups.iter().flat_map(|group| group["alerts"].as_array().unwrap());
    labels(alerts.filter(|alert| alert["status"] == status))
}

fn labels<'a>(alerts: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    alerts.into_iter().map(|alert| alert["labels"].to_string()).collect()
}

fn label<'a>(alert: &'a Value, name: &str) -> &'a str {
    alert["labels"][name].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crisis_is_shown_outlives_a_loss_of_memory_and_is_shown_to_be_over() {
    let (receiver, slack) = (HttpReceiver::start(), HttpReceiver::start());
    let mut alertmanager = Alertmanager::start(&receiver.url("/alerts"));
    let (broker, topic) = (KafkaBroker::shared(), unique("alertmanager"));
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = [&*alertmanager.url("/"), &*slack.url("/services/X")];
    let running = RunningService::ready(config(&topic, targets, folder.path())).await;

    broker.produce(&topic, &burst(90)).await;
    eventually("it gets as bad as it is", || {
        alertmanager.shown().iter().any(|alert| label(alert, "severity") == "critical")
    });
    let shown = alertmanager.shown();
    let incident = label(&shown[0], "incident").to_owned();
    for alert in &shown {
        assert_eq!(
            (label(alert, "alertname"), label(alert, "brand")),
            ("GroundswellIncident", "Acme")
        );
        assert_eq!(label(alert, "incident"), incident, "one incident: {shown:#?}");
        let summary = alert["annotations"]["summary"].as_str().unwrap();
        assert!(summary.starts_with("Acme: "), "{summary}");
    }
    eventually("it notifies of that", || !notified(&receiver, "firing").is_empty());

    alertmanager.start_without_memory();
    eventually("it knows again what is open", || alertmanager.shown().len() == shown.len());
    assert_eq!(labels(&alertmanager.shown()), labels(&shown));
    assert!(notified(&receiver, "resolved").is_empty(), "it is not over");

    broker.produce(&topic, &calm(89)).await;
    eventually("nothing is shown any more", || alertmanager.shown().is_empty());
    eventually("it notifies that it is over", || notified(&receiver, "resolved") == labels(&shown));
    running.stop().await.unwrap();
    assert_eq!(notified(&receiver, "resolved"), labels(&shown), "and no other");
    assert!(alertmanager.shown().is_empty(), "nor has what was told again brought it back");
}
