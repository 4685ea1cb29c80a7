//! Whether the real Alertmanager takes what it gets.

use jiff::tz::TimeZone;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::alerts;
use crate::notify::told::Told;
use crate::notify::{Telling, hostile, http_client};
use crate::source::wall_clock;

#[allow(dead_code)]
#[path = "../../../../tests/support/alertmanager.rs"]
mod alertmanager;
#[path = "../../../../tests/support/ports.rs"]
mod ports;
#[allow(dead_code)]
#[path = "../../../../tests/support/server.rs"]
mod server;

const DEADLINE: std::time::Duration = std::time::Duration::from_secs(120);

fn repository(path: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// One alert that it refuses makes it refuse the whole request.
#[tokio::test]
async fn alertmanager_accepts_whatever_strangers_write() {
    let alertmanager = alertmanager::Alertmanager::start("http://127.0.0.1:1/");
    let client = http_client().unwrap();
    let url = alertmanager.url("/api/v2/alerts");
    let mut runner = TestRunner::deterministic();
    let strategy = hostile::change();
    for _post in 0..10 {
        let alerts: Vec<_> = (0..100)
            .map(|_| strategy.new_tree(&mut runner).unwrap().current())
            .flat_map(|change| {
                alerts(&Told::once(&change), wall_clock(), &Telling::within(TimeZone::UTC))
            })
            .collect();
        let answer = client.post(&url).json(&json!(alerts)).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap());
    }
    let shown: serde_json::Value = client.get(&url).send().await.unwrap().json().await.unwrap();
    assert!(shown.as_array().unwrap().len() > 500, "those that are open");
}
