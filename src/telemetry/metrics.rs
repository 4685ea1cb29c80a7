//! Every metric of the service, registered once. `docs/metrics.md` is its catalogue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, TextEncoder,
};

use super::family::{Family, Registrar};
use super::windows::Windows;
use crate::decode::Reason;
use crate::detect::Brand;
use crate::incident::{Change, Direction, Severity, State};
use crate::mention::Timestamp;
use crate::shard::{Outcome, Shard};

/// Bucket bounds of latencies, in seconds.
const LATENCY: [f64; 13] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3_600.0];

/// A metric cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Its name or labels are refused, or it exists already.
    #[error("the metric {name} cannot be registered: {source}")]
    Register {
        /// The metric.
        name: &'static str,
        /// Why.
        source: prometheus::Error,
    },
}

/// All metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<All>);

#[derive(Debug)]
struct All {
    registrar: Registrar,
    outcomes: Outcomes,
    mentions: IntCounterVec,
    dead_letters: IntCounterVec,
    dead_letter_failures: IntCounter,
    received_bytes: IntCounter,
    consumer_lag: GaugeVec,
    watermark_lag: GaugeVec,
    windows: Windows,
    incidents_open: GaugeVec,
    incidents: IntCounterVec,
    changes: IntCounterVec,
    notifications: IntCounterVec,
    outstanding: Gauge,
    end_to_end: HistogramVec,
    delivery: HistogramVec,
    mention_delay: Histogram,
    dedup_entries: GaugeVec,
    dedup_turnovers: GaugeVec,
    attributed_values: GaugeVec,
    shards: Mutex<Shards>,
}

/// Shards by topic and partition, each with a number of its own and its open incidents.
#[derive(Debug, Default)]
struct Shards {
    numbers: BTreeMap<(String, i32), u64>,
    next: u64,
    open: BTreeMap<u64, Vec<Severity>>,
}

/// Counters of mentions by outcome, looked up once.
#[derive(Debug, Clone)]
pub struct Outcomes([IntCounter; Outcome::ALL.len()]);

impl Outcomes {
    /// Counts a mention.
    pub fn count(&self, outcome: Outcome) {
        if let Some(at) = Outcome::ALL.iter().position(|known| *known == outcome) {
            self.0[at].inc();
        }
    }
}

impl Metrics {
    /// Registers everything. The window gauges show at most `series_cap` windows.
    ///
    /// # Errors
    ///
    /// When a metric's name is refused, which a test rules out.
    pub fn new(series_cap: usize) -> Result<Self, MetricsError> {
        let mut r = Registrar::default();
        r.gauges(&["version"], ("groundswell_build_info", "1", "The running version; always 1."))?
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1.0);
        let mentions = r.counters(
            &["outcome"],
            ("groundswell_mentions_total", "mentions", "Messages by what became of them."),
        )?;
        let outcomes = Outcomes(Outcome::ALL.map(|it| mentions.with_label_values(&[it.name()])));
        mentions.with_label_values(&["rejected"]);
        let dead_letters = r.counters(
            &["reason"],
            (
                "groundswell_dead_letters_total",
                "messages",
                "Messages kept as dead letters, by why.",
            ),
        )?;
        Reason::ALL.iter().for_each(|it| drop(dead_letters.with_label_values(&[it.name()])));
        let notifications = r.counters(
            &["route", "outcome"],
            (
                "groundswell_notifications_total",
                "notifications",
                "Deliveries by route and by what became of them.",
            ),
        )?;
        let partition = &["topic", "partition"];
        let all = All {
            outcomes,
            mentions,
            dead_letters,
            dead_letter_failures: r.counter(("groundswell_dead_letter_write_failures_total", "writes", "Dead letters that could not be written at once; they are tried again."))?,
            received_bytes: r.counter(("groundswell_received_bytes_total", "bytes", "Bytes of all messages read."))?,
            consumer_lag: r.gauges(partition, ("groundswell_consumer_lag_messages", "messages", "Messages of the partition that wait to be read."))?,
            watermark_lag: r.gauges(partition, ("groundswell_watermark_lag_seconds", "seconds", "How far the partition's watermark is behind the wall clock."))?,
            windows: Windows::new(&mut r, series_cap)?,
            incidents_open: r.gauges(&["severity"], ("groundswell_incidents_open", "incidents", "Open incidents by the highest severity they have had."))?,
            incidents: r.counters(&["severity", "direction"], ("groundswell_incidents_total", "incidents", "Incidents opened, by the severity they were opened with."))?,
            changes: r.counters(&["state"], ("groundswell_incident_changes_total", "changes", "Changes of incidents, by the state they came to."))?,
            notifications,
            outstanding: r.gauge(("groundswell_notifications_outstanding", "notifications", "Notifications on their way."))?,
            end_to_end: r.histograms(&["route"], &LATENCY, ("groundswell_end_to_end_latency_seconds", "seconds", "From the end of the window that changed an incident to its delivery."))?,
            delivery: r.histograms(&["route"], &LATENCY, ("groundswell_notification_delivery_seconds", "seconds", "From a change being sent on its way to its delivery, retries included."))?,
            mention_delay: r.histogram(&LATENCY, ("groundswell_mention_delay_seconds", "seconds", "From a mention being made to its being counted."))?,
            dedup_entries: r.gauges(partition, ("groundswell_dedup_entries", "mentions", "Mentions remembered to recognise duplicates."))?,
            dedup_turnovers: r.gauges(partition, ("groundswell_dedup_early_turnovers", "turnovers", "How often the capacity, not the horizon, made duplicates be forgotten."))?,
            attributed_values: r.gauges(partition, ("groundswell_attributed_values", "values", "Channels, links, hashtags and authors remembered to say what an excess comes from."))?,
            shards: Mutex::default(),
            registrar: r,
        };
        Severity::ALL
            .iter()
            .for_each(|it| all.incidents_open.with_label_values(&[it.name()]).set(0.0));
        Ok(Self(Arc::new(all)))
    }

    /// The catalogue.
    pub fn families(&self) -> &[Family] {
        &self.0.registrar.families
    }

    /// The text that Prometheus scrapes (exposition format 0.0.4).
    ///
    /// # Errors
    ///
    /// When a metric cannot be written as text.
    pub fn render(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.0.registrar.registry.gather())
    }

    /// The counters of mentions that were taken.
    pub fn outcomes(&self) -> &Outcomes {
        &self.0.outcomes
    }

    /// A message was turned away.
    pub fn count_rejected(&self, reason: Reason) {
        // Late mentions have an outcome of their own.
        match reason {
            Reason::Late => self.0.outcomes.count(Outcome::Late),
            _ => self.0.mentions.with_label_values(&["rejected"]).inc(),
        }
        self.count_dead_letter(reason);
    }

    /// Something was kept as a dead letter.
    pub fn count_dead_letter(&self, reason: Reason) {
        self.0.dead_letters.with_label_values(&[reason.name()]).inc();
    }

    /// A dead letter could not be written at once.
    pub fn count_dead_letter_failure(&self) {
        self.0.dead_letter_failures.inc();
    }

    /// A message of `bytes` was read.
    pub fn observe_bytes(&self, bytes: usize) {
        self.0.received_bytes.inc_by(bytes as u64);
    }

    /// A mention made at `created_at` is counted `now`.
    pub fn observe_mention_delay(&self, now: Timestamp, created_at: Timestamp) {
        self.0.mention_delay.observe(seconds_between(created_at, now));
    }

    /// Messages of a partition that wait.
    pub fn set_consumer_lag(&self, topic: &str, partition: i32, messages: i64) {
        self.0
            .consumer_lag
            .with_label_values(&[topic, &partition.to_string()])
            .set(messages as f64);
    }

    /// An incident changed.
    pub fn count_change(&self, change: &Change) {
        let incident = &change.incident;
        if incident.state == State::Opened {
            let direction = match incident.direction {
                Direction::Up => "up",
                Direction::Down => "down",
            };
            self.0.incidents.with_label_values(&[incident.severity.name(), direction]).inc();
        }
        self.0.changes.with_label_values(&[incident.state.name()]).inc();
    }

    /// What a partition's shard holds `now`.
    pub fn set_shard(
        &self,
        topic: &str,
        partition: i32,
        now: Timestamp,
        brands: &[Brand],
        shard: &Shard,
    ) {
        let labels = [topic, &partition.to_string()];
        if let Some(watermark) = shard.watermark() {
            self.0.watermark_lag.with_label_values(&labels).set(seconds_between(watermark, now));
        }
        let fullness = shard.fullness();
        self.0.dedup_entries.with_label_values(&labels).set(fullness.dedup as f64);
        let turnovers = fullness.dedup_early_turnovers as f64;
        self.0.dedup_turnovers.with_label_values(&labels).set(turnovers);
        let values = fullness.attributed_values as f64;
        self.0.attributed_values.with_label_values(&labels).set(values);
        let mut shards = self.shards();
        let number = shards.number(topic, partition);
        shards
            .open
            .insert(number, shard.open_incidents().map(|incident| incident.severity).collect());
        self.set_open(&shards);
        drop(shards);
        self.0.windows.set(number, brands, &shard.readings());
    }

    /// A partition has gone.
    pub fn release_shard(&self, topic: &str, partition: i32) {
        let labels = [topic, &partition.to_string()];
        for gauges in [
            &self.0.consumer_lag,
            &self.0.watermark_lag,
            &self.0.dedup_entries,
            &self.0.dedup_turnovers,
            &self.0.attributed_values,
        ] {
            // A gauge that was never set is not there to be removed.
            let _absent = gauges.remove_label_values(&labels);
        }
        let mut shards = self.shards();
        if let Some(number) = shards.numbers.remove(&(topic.to_owned(), partition)) {
            shards.open.remove(&number);
            self.0.windows.release(number);
        }
        self.set_open(&shards);
    }

    /// Notifications on their way.
    pub fn set_notifications_outstanding(&self, count: usize) {
        self.0.outstanding.set(count as f64);
    }

    pub(super) fn count_notification(&self, route: &str, outcome: &str) {
        self.0.notifications.with_label_values(&[route, outcome]).inc();
    }

    pub(super) fn observe_delivery(
        &self,
        route: &str,
        latency: Duration,
        changed_at: Timestamp,
        now: Timestamp,
    ) {
        self.0.delivery.with_label_values(&[route]).observe(latency.as_secs_f64());
        let end_to_end = seconds_between(changed_at, now);
        self.0.end_to_end.with_label_values(&[route]).observe(end_to_end);
    }

    fn set_open(&self, shards: &Shards) {
        for severity in Severity::ALL {
            let open = shards.open.values().flatten().filter(|it| **it == severity).count();
            self.0.incidents_open.with_label_values(&[severity.name()]).set(open as f64);
        }
    }

    fn shards(&self) -> MutexGuard<'_, Shards> {
        self.0.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shards {
    fn number(&mut self, topic: &str, partition: i32) -> u64 {
        let next = &mut self.next;
        *self.numbers.entry((topic.to_owned(), partition)).or_insert_with(|| {
            *next += 1;
            *next
        })
    }
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    (later.millis_since(earlier) as f64 / 1_000.0).max(0.0)
}
