//! Deliveries are counted, logged and handed on.

use std::sync::{Arc, Mutex};

use super::*;
use crate::notify::{DeliveryObserver, Failure, GivenUp};

fn outcome(metrics: &Metrics, outcome: &str) -> Option<f64> {
    let labels = [("route", "on-call"), ("outcome", outcome)];
    value(metrics, "groundswell_notifications_total", &labels)
}

fn observer(metrics: &Metrics) -> (Observer, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&heard);
    let on_given_up = Box::new(move |route: &str, change: &crate::incident::Change, why: &str| {
        hear.lock().unwrap().push(format!("{route} {} {why}", change.sequence));
    });
    (Observer::new(metrics.clone(), on_given_up), heard)
}

/// Twelve seconds after the fixture was detected.
fn twelve_seconds_on() -> Timestamp {
    incident().updated_at.plus_millis(12_000)
}

#[test]
fn a_delivery_is_counted_and_timed() {
    let metrics = Metrics::new(10).unwrap();
    metrics.notifications().expect_routes(["on-call"]);
    assert_eq!(outcome(&metrics, "given_up"), Some(0.0), "there before anything happens");
    let observer = observer(&metrics).0.with_clock(twelve_seconds_on);
    observer.delivered("on-call", &change(), Duration::from_millis(250));
    assert_eq!(outcome(&metrics, "delivered"), Some(1.0));
    let sum = |name, labels: &[_]| value(&metrics, &format!("groundswell_{name}_sum"), labels);
    assert_eq!(sum("end_to_end_latency_seconds", &[]), Some(12.0));
    assert_eq!(sum("notification_delivery_seconds", &[("route", "on-call")]), Some(0.25));
}

#[test]
fn made_time_says_nothing_of_latency() {
    let metrics = Metrics::new(10).unwrap();
    let observer = observer(&metrics).0.detached_from_wall_clock();
    observer.delivered("on-call", &change(), Duration::from_millis(250));
    let count = value(&metrics, "groundswell_end_to_end_latency_seconds_count", &[]);
    assert_eq!((outcome(&metrics, "delivered"), count), (Some(1.0), Some(0.0)));
}

#[test]
fn what_is_given_up_is_handed_on_with_its_reason() {
    let metrics = Metrics::new(10).unwrap();
    let (observer, heard) = observer(&metrics);
    let last = Failure::Status { status: 404, code: Some("no_service".into()) };
    observer.retrying("on-call", &change(), 1, &last, Duration::from_secs(1));
    observer.retrying("on-call", &change(), 2, &last, Duration::from_secs(2));
    assert!(heard.lock().unwrap().is_empty());
    let reason = GivenUp { last, attempts: 3, elapsed: Duration::from_secs(3) };
    observer.given_up("on-call", &change(), &reason);
    let told = "on-call 0 given up after 3 tries in 3.0 s: answered 404 Not Found (no_service)";
    assert_eq!(*heard.lock().unwrap(), [told]);
    assert_eq!(outcome(&metrics, "retried"), Some(2.0));
    assert_eq!(outcome(&metrics, "given_up"), Some(1.0));
    assert_eq!(outcome(&metrics, "delivered"), None);
}
