//! Metrics as Prometheus reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod counting;
mod dashboard;
mod documents;
mod exposition;
mod naming;
mod observer;
mod rules;
mod windows;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::decode::Reason;
use crate::detect::Brand;
use crate::incident::Direction;
use crate::incident::fixtures::{change, fall, incident};
use crate::mention::BrandIndex;
use crate::shard::{Fullness, Outcome, WindowReading};
use exposition::Written;

/// What Prometheus reads from `metrics`.
fn scrape(metrics: &Metrics) -> BTreeMap<String, Written> {
    exposition::read(&metrics.exposition().unwrap())
}

/// The value of the series of `name` with exactly `labels`, if there is one.
fn value(metrics: &Metrics, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let family = name.trim_end_matches("_sum").trim_end_matches("_count");
    let families = scrape(metrics);
    let samples = families.get(name).or_else(|| families.get(family))?;
    let found = samples.samples.iter().find(|s| s.name == name && s.labels == labels)?;
    Some(found.value)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn brands(names: &[&str]) -> Vec<Brand> {
    names.iter().map(|name| Brand { name: (*name).to_owned(), market: None }).collect()
}

/// A window of `brand` that holds `observed` where as much is expected.
fn reading(brand: u32, monitor: &str, window_seconds: u64, observed: f64) -> WindowReading {
    WindowReading {
        brand: BrandIndex(brand),
        monitor: monitor.to_owned(),
        direction: Direction::Up,
        window_seconds,
        observed,
        expected: observed,
        lower: observed / 2.0,
        upper: observed * 2.0,
        z: 0.5,
    }
}

/// Metrics of which every family has a series.
fn busy() -> (Metrics, PartitionMetrics) {
    let metrics = Metrics::new(100).unwrap();
    let intake = metrics.intake();
    intake.add(Outcome::Counted, 3);
    intake.add_rejected(1);
    intake.dead_letter(Reason::NotJson);
    intake.dead_letter_failed();
    intake.set_dead_letters_waiting(2_048);
    intake.add_read_bytes(1 << 20);
    intake.observe_delay(at(0), at(4));
    metrics.incidents().changed(&change());
    metrics.incidents().marked(1, 0);
    let notifications = metrics.notifications();
    notifications.expect_routes(["slack"]);
    notifications.delivered("slack", Duration::from_millis(180));
    notifications.end_to_end(at(0), at(9));
    notifications.set_outbox(["on-call"], &[], at(0));
    metrics.http().certificate_loaded(at(4_102_444_800));
    metrics.route().expect_markets(&["airlines".to_owned()], 1).add(&[2]);
    metrics.route().committed(Duration::from_millis(900));
    let caps = Caps {
        brands: 1_000,
        series: 50_000,
        dedup_entries: 1 << 20,
        message_bytes: 1 << 20,
        fetch_queue_bytes: 16 << 20,
        dead_letter_bytes: 64 << 20,
    };
    metrics.set_room(&caps, 2, 48);
    let mut partition = metrics.partition("mentions", 3);
    partition.set_consumer_lag(7);
    partition.set_fetch_queue(4_096);
    partition.set_largest_message(512);
    partition.set_watermark(Some(at(100)), at(106));
    partition.set_windows(&brands(&["El \"Al\""]), &[reading(0, "mentions-up", 300, 40.0)]);
    partition.set_open_incidents([&incident(), &fall()]);
    let full = Fullness { dedup: 9, dedup_early_turnovers: 1, attributed_values: 5 };
    partition.set_fullness(full);
    (metrics, partition)
}
