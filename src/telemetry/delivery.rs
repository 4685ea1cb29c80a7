//! What happens to deliveries, counted and logged.

use std::time::Duration;

use tracing::{error, info, warn};

use super::Metrics;
use crate::incident::Change;
use crate::mention::Timestamp;
use crate::notify::{DeliveryObserver, Failure, GivenUp};

/// Counts and logs deliveries; hands what is given up to `keep` (route, change, why).
pub struct DeliveryMetrics<K> {
    metrics: Metrics,
    keep: K,
}

impl<K: Fn(&str, &Change, &str)> DeliveryMetrics<K> {
    /// Counts in `metrics`.
    pub const fn new(metrics: Metrics, keep: K) -> Self {
        Self { metrics, keep }
    }
}

impl<K: Fn(&str, &Change, &str) + Send + Sync> DeliveryObserver for DeliveryMetrics<K> {
    fn delivered(&self, route: &str, change: &Change, latency: Duration) {
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        self.metrics.count_notification(route, "delivered");
        self.metrics.observe_delivery(route, latency, change.incident.updated_at, now);
        info!(route, incident = %change.incident.id, state = change.incident.state.name(), ?latency, "told");
    }

    fn retrying(
        &self,
        route: &str,
        change: &Change,
        attempt: u32,
        reason: &Failure,
        wait: Duration,
    ) {
        self.metrics.count_notification(route, "retried");
        warn!(route, incident = %change.incident.id, attempt, %reason, ?wait, "a delivery failed; it is tried again");
    }

    fn given_up(&self, route: &str, change: &Change, reason: &GivenUp) {
        self.metrics.count_notification(route, "given_up");
        error!(route, incident = %change.incident.id, %reason, "a delivery is given up and kept as a dead letter");
        (self.keep)(route, change, &reason.to_string());
    }
}
