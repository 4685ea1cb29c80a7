//! Hears how deliveries go: counts them and logs them.

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use super::metrics::Metrics;
use crate::incident::Change;
use crate::mention::Timestamp;
use crate::notify::{DeliveryObserver, Failure, GivenUp};
use crate::source::wall_clock;

/// The observer of the service: metrics and logs.
pub struct Observer {
    metrics: Metrics,
    /// What the wall clock shows; `None` when event time has nothing to do with it.
    now: Option<fn() -> Timestamp>,
}

impl Observer {
    /// Counts into `metrics`.
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, now: Some(wall_clock) }
    }

    /// For mentions whose time is not the wall clock's (made, compressed or replayed): the
    /// end-to-end latency is not observed, since it would mean nothing.
    #[must_use]
    pub fn detached_from_wall_clock(self) -> Self {
        Self { now: None, ..self }
    }

    #[cfg(test)]
    pub(super) fn with_clock(self, now: fn() -> Timestamp) -> Self {
        Self { now: Some(now), ..self }
    }
}

impl DeliveryObserver for Observer {
    fn delivered(&self, route: &str, change: &Change, latency: Duration) {
        let notifications = self.metrics.notifications();
        notifications.delivered(route, latency);
        if let Some(now) = self.now {
            notifications.end_to_end(change.incident.updated_at, now());
        }
        let (incident, seconds) = (&change.incident, latency.as_secs_f64());
        tracing::info!(
            route,
            incident = %incident.id,
            alert = change.sequence,
            state = incident.state.name(),
            brand = incident.brand,
            seconds,
            "notification delivered"
        );
    }

    fn retrying(
        &self,
        route: &str,
        change: &Change,
        attempt: u32,
        reason: &Failure,
        wait: Duration,
    ) {
        self.metrics.notifications().retried(route);
        tracing::warn!(
            route,
            incident = %change.incident.id,
            alert = change.sequence,
            attempt,
            %reason,
            wait_seconds = wait.as_secs_f64(),
            "notification not accepted; trying again"
        );
    }

    fn given_up(&self, route: &str, change: &Change, reason: &GivenUp) {
        self.metrics.notifications().given_up(route);
        tracing::error!(
            route,
            incident = %change.incident.id,
            alert = change.sequence,
            state = change.incident.state.name(),
            brand = change.incident.brand,
            %reason,
            "notification given up; it is parked, `groundswell outbox` shows it"
        );
    }

    fn incomplete(&self, route: &str, incident: Option<Uuid>, lacks: &str, reason: &Failure) {
        self.metrics.notifications().incomplete(route);
        let incident = incident.map_or("many".to_owned(), |it| it.to_string());
        tracing::warn!(route, incident, %reason, "an incident is told without {lacks}");
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.now.is_some();
        f.debug_struct("Observer").field("live", &live).finish_non_exhaustive()
    }
}
