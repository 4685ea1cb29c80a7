//! What the dashboards and the rules ask is answered, by a real Prometheus that scrapes the program in a crisis.

#[path = "grafana/questions.rs"]
mod questions;
#[path = "grafana/situation.rs"]
mod situation;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::interval;

use crate::support::{DEADLINE, Prometheus};
use situation::Situation;

/// The alerts that the trouble of the test gives reason for; the others must have none.
const WITH_REASON: [&str; 5] = [
    "GroundswellCertificateUnusable",
    "GroundswellDeadLettersRise",
    "GroundswellFeedSilent",
    "GroundswellNotificationsParked",
    "GroundswellTokensGuessed",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_dashboards_and_rules_is_answered() {
    let mut situation = Situation::new().await;
    situation.crisis().await;
    let prometheus = &situation.prometheus;
    let (recorded, alerts) = rules(prometheus).await;
    await_reasons(prometheus, &alerts, &[]).await;
    assert_eq!(prometheus.firing().await, Vec::<Value>::new(), "a crisis is no trouble of ours");

    situation.trouble().await;
    let prometheus = &situation.prometheus;
    await_reasons(prometheus, &alerts, &WITH_REASON).await;

    let mut queries = questions::all(prometheus).await;
    for rule in &recorded {
        queries.insert(text(rule, "query"));
        queries.insert(text(rule, "name"));
    }
    for alert in &alerts {
        queries.extend(questions::selectors(&text(alert, "query")));
    }
    assert!(queries.len() > 120, "{}", queries.len());
    prometheus.await_data(queries.iter().map(String::as_str)).await;
    assert_texts_are_whole(&prometheus.firing().await);
}

/// The recording rules, and the alerts.
async fn rules(prometheus: &Prometheus) -> (Vec<Value>, Vec<Value>) {
    let rules = prometheus.rules().await;
    let (recorded, alerts): (Vec<Value>, Vec<Value>) =
        rules.into_iter().partition(|rule| rule["type"] == "recording");
    assert!(recorded.len() >= 10 && alerts.len() >= 15, "{recorded:?}, {alerts:?}");
    (recorded, alerts)
}

/// Waits until these alerts, and no others, would fire if what is now went on. A scrape that took too long is no reason
/// any more by then.
async fn await_reasons(prometheus: &Prometheus, alerts: &[Value], expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    let deadline = Instant::now() + DEADLINE;
    let mut ticks = interval(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        let mut found = BTreeMap::new();
        for alert in alerts {
            let samples = prometheus.query(&text(alert, "query")).await;
            if !samples.is_empty() {
                found.insert(text(alert, "name"), samples);
            }
        }
        if found.keys().eq(&expected) {
            return;
        }
        assert!(Instant::now() < deadline, "would fire: {found:?}; should: {expected:?}");
    }
}

/// Those that fire at once have their numbers and names in their texts.
fn assert_texts_are_whole(firing: &[Value]) {
    let names: BTreeSet<&str> =
        firing.iter().filter_map(|alert| alert["labels"]["alertname"].as_str()).collect();
    let at_once = ["GroundswellFeedSilent", "GroundswellNotificationsParked"];
    assert!(at_once.iter().all(|name| names.contains(name)), "{names:?}");
    for alert in firing {
        let annotations = alert["annotations"].to_string();
        let holes = ["<no value>", "<error", "{{", "  "].map(|hole| annotations.contains(hole));
        assert!(!holes.contains(&true), "{annotations}");
    }
}

fn text(of: &Value, key: &str) -> String {
    of[key].as_str().unwrap_or_else(|| panic!("no {key}: {of}")).to_owned()
}
