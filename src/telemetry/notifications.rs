//! Notifications: whether people are reached, and how fast.

use std::time::Duration;

use prometheus::{GaugeVec, Histogram, HistogramVec, IntCounterVec};

use super::MetricsError;
use super::family::Registrar;
use super::seconds_between;
use crate::mention::Timestamp;
use crate::store::RouteCounts;

/// The promise is a minute; 60 is a bound so that it can be checked.
const END_TO_END: &[f64] =
    &[1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1_800.0, 3_600.0];
/// From a receiver next door to a receiver that was down for hours.
const DELIVERY: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0, 3_600.0];

const DELIVERED: &str = "delivered";
const RETRIED: &str = "retried";
const GIVEN_UP: &str = "given_up";

/// Metrics of deliveries over all routes.
#[derive(Debug)]
pub struct Notifications {
    outcomes: IntCounterVec,
    incomplete: IntCounterVec,
    outstanding: GaugeVec,
    oldest: GaugeVec,
    waiting: GaugeVec,
    parked: GaugeVec,
    delivery: HistogramVec,
    end_to_end: Histogram,
}

impl Notifications {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            outcomes: registrar.counters(
                &["route", "outcome"],
                (
                    "groundswell_notifications_total",
                    "notifications",
                    "Notifications that ended as delivered or given_up; retried counts failed tries \
                     that are followed by another.",
                ),
            )?,
            incomplete: registrar.counters(
                &["route"],
                (
                    "groundswell_notifications_incomplete_total",
                    "notifications",
                    "Notifications that were delivered and lack something for good: their picture, a mailbox that was \
                     not reached, an older message that does not say yet how things stand.",
                ),
            )?,
            outstanding: registrar.gauges(
                &["route"],
                (
                    "groundswell_notifications_outstanding",
                    "notifications",
                    "Notifications in the outbox that are due, and neither accepted by their receiver nor parked.",
                ),
            )?,
            oldest: registrar.gauges(
                &["route"],
                (
                    "groundswell_notifications_oldest_seconds",
                    "seconds",
                    "How long the oldest outstanding notification has been due; 0 when there \
                     is none.",
                ),
            )?,
            waiting: registrar.gauges(
                &["route"],
                (
                    "groundswell_notifications_waiting",
                    "notifications",
                    "Notifications whose time has not come: people are silenced, or their route tells later.",
                ),
            )?,
            parked: registrar.gauges(
                &["route"],
                (
                    "groundswell_notifications_parked",
                    "notifications",
                    "Notifications that were given up and are kept; `groundswell outbox` shows them.",
                ),
            )?,
            delivery: registrar.histograms(
                &["route"],
                DELIVERY,
                (
                    "groundswell_notification_delivery_seconds",
                    "seconds",
                    "From an incident's change to its acceptance by the route's receiver, retries \
                     and waiting included.",
                ),
            )?,
            end_to_end: registrar.histogram(
                END_TO_END,
                (
                    "groundswell_end_to_end_latency_seconds",
                    "seconds",
                    "From the event time at which an incident changed (the end of the window that \
                     showed it) to the acceptance of its notification by the wall clock.",
                ),
            )?,
        })
    }

    /// Makes the series of the configured routes before anything happens on them.
    pub fn expect_routes<'a>(&self, routes: impl IntoIterator<Item = &'a str>) {
        for route in routes {
            for outcome in [DELIVERED, RETRIED, GIVEN_UP] {
                self.outcomes.with_label_values(&[route, outcome]);
            }
            self.incomplete.with_label_values(&[route]);
            self.delivery.with_label_values(&[route]);
        }
    }

    /// How many notifications of each of `routes` are where, `now`; `counts` says it of those that
    /// have any.
    pub fn set_outbox<'a>(
        &self,
        routes: impl IntoIterator<Item = &'a str>,
        counts: &[RouteCounts],
        now: Timestamp,
    ) {
        let none = |route: &str| RouteCounts {
            route: route.to_owned(),
            pending: 0,
            waiting: 0,
            parked: 0,
            oldest_pending: None,
        };
        let empty = routes.into_iter().filter(|name| counts.iter().all(|it| it.route != *name));
        for of in empty.map(none).collect::<Vec<_>>().iter().chain(counts) {
            let labels = &[of.route.as_str()];
            let age = of.oldest_pending.map_or(0.0, |oldest| seconds_between(oldest, now));
            self.outstanding.with_label_values(labels).set(of.pending as f64);
            self.oldest.with_label_values(labels).set(age);
            self.waiting.with_label_values(labels).set(of.waiting as f64);
            self.parked.with_label_values(labels).set(of.parked as f64);
        }
    }

    pub(super) fn delivered(&self, route: &str, latency: Duration) {
        self.outcomes.with_label_values(&[route, DELIVERED]).inc();
        self.delivery.with_label_values(&[route]).observe(latency.as_secs_f64());
    }

    pub(super) fn end_to_end(&self, changed_at: Timestamp, delivered_at: Timestamp) {
        self.end_to_end.observe(seconds_between(changed_at, delivered_at));
    }

    pub(super) fn retried(&self, route: &str) {
        self.outcomes.with_label_values(&[route, RETRIED]).inc();
    }

    pub(super) fn given_up(&self, route: &str) {
        self.outcomes.with_label_values(&[route, GIVEN_UP]).inc();
    }

    pub(super) fn incomplete(&self, route: &str) {
        self.incomplete.with_label_values(&[route]).inc();
    }
}
