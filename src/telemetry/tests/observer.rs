//! Deliveries are counted and logged.

use super::*;
use crate::notify::{DeliveryObserver, Failure, GivenUp};

fn outcome(metrics: &Metrics, outcome: &str) -> Option<f64> {
    let labels = [("route", "on-call"), ("outcome", outcome)];
    value(metrics, "groundswell_notifications_total", &labels)
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
    let observer = Observer::new(metrics.clone()).with_clock(twelve_seconds_on);
    observer.delivered("on-call", &change(), Duration::from_millis(250));
    assert_eq!(outcome(&metrics, "delivered"), Some(1.0));
    let sum = |name, labels: &[_]| value(&metrics, &format!("groundswell_{name}_sum"), labels);
    assert_eq!(sum("end_to_end_latency_seconds", &[]), Some(12.0));
    assert_eq!(sum("notification_delivery_seconds", &[("route", "on-call")]), Some(0.25));
}

#[test]
fn made_time_says_nothing_of_latency() {
    let metrics = Metrics::new(10).unwrap();
    let observer = Observer::new(metrics.clone()).detached_from_wall_clock();
    observer.delivered("on-call", &change(), Duration::from_millis(250));
    let count = value(&metrics, "groundswell_end_to_end_latency_seconds_count", &[]);
    assert_eq!((outcome(&metrics, "delivered"), count), (Some(1.0), Some(0.0)));
}

#[test]
fn what_is_given_up_is_counted() {
    let metrics = Metrics::new(10).unwrap();
    let observer = Observer::new(metrics.clone());
    let last = Failure::Status { status: 404, code: Some("no_service".into()) };
    observer.retrying("on-call", &change(), 1, &last, Duration::from_secs(1));
    observer.retrying("on-call", &change(), 2, &last, Duration::from_secs(2));
    let reason = GivenUp { last, attempts: 3, elapsed: Duration::from_secs(3) };
    observer.given_up("on-call", &change(), &reason);
    assert_eq!(outcome(&metrics, "retried"), Some(2.0));
    assert_eq!(outcome(&metrics, "given_up"), Some(1.0));
    assert_eq!(outcome(&metrics, "delivered"), None);
}

#[test]
fn what_a_delivered_notification_lacks_is_counted() {
    let metrics = Metrics::new(10).unwrap();
    metrics.notifications().expect_routes(["on-call"]);
    let incomplete = || {
        let name = "groundswell_notifications_incomplete_total";
        value(&metrics, name, &[("route", "on-call")])
    };
    assert_eq!(incomplete(), Some(0.0), "there before anything happens");
    let failure = Failure::Refused { words: "no".into() };
    let observer = Observer::new(metrics.clone());
    observer.incomplete("on-call", Some(change().incident.id), "its picture", &failure);
    assert_eq!(incomplete(), Some(1.0));
}

#[test]
fn what_is_where_is_shown_by_route() {
    let metrics = Metrics::new(10).unwrap();
    let busy = crate::store::RouteCounts {
        route: "on-call".into(),
        pending: 3,
        waiting: 2,
        parked: 1,
        oldest_pending: Some(at(100)),
    };
    metrics.notifications().set_outbox(["on-call", "crm"], &[busy], at(130));
    let of = |name: &str, route| value(&metrics, name, &[("route", route)]);
    for (name, on_call) in
        [("outstanding", 3.0), ("oldest_seconds", 30.0), ("waiting", 2.0), ("parked", 1.0)]
    {
        let name = format!("groundswell_notifications_{name}");
        assert_eq!((of(&name, "on-call"), of(&name, "crm")), (Some(on_call), Some(0.0)));
    }
}
