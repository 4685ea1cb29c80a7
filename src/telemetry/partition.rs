//! Metrics of one partition and the shard that owns it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use prometheus::{GaugeVec, IntCounterVec};

use super::family::Registrar;
use super::metrics::Metrics;
use super::{MetricsError, seconds_signed};
use crate::detect::Brand;
use crate::incident::Incident;
use crate::mention::Timestamp;
use crate::shard::{Fullness, WindowReading};

const LABELS: &[&str] = &["topic", "partition"];

/// The families with a series for each partition.
#[derive(Debug)]
pub(super) struct Partitions {
    consumer_lag: GaugeVec,
    watermark_lag: GaugeVec,
    dedup_entries: GaugeVec,
    early_turnovers: IntCounterVec,
    attributed_values: GaugeVec,
    fetch_queue: GaugeVec,
    largest_message: GaugeVec,
    /// How many handles there are for (topic, partition).
    handles: Mutex<HashMap<[String; 2], usize>>,
}

impl Partitions {
    pub fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            consumer_lag: registrar.gauges(
                LABELS,
                (
                    "groundswell_consumer_lag_messages",
                    "messages",
                    "Messages in the partition that have not been read yet.",
                ),
            )?,
            watermark_lag: registrar.gauges(
                LABELS,
                (
                    "groundswell_watermark_lag_seconds",
                    "seconds",
                    "Wall clock minus watermark: how far behind now the partition's windows stand.",
                ),
            )?,
            dedup_entries: registrar.gauges(
                LABELS,
                (
                    "groundswell_dedup_entries",
                    "mentions",
                    "Mentions remembered so that a second copy of one is not counted.",
                ),
            )?,
            early_turnovers: registrar.counters(
                LABELS,
                (
                    "groundswell_dedup_early_turnovers_total",
                    "times",
                    "How often mentions were forgotten before the configured horizon, for want of \
                     room; a second copy may then count.",
                ),
            )?,
            attributed_values: registrar.gauges(
                LABELS,
                (
                    "groundswell_attributed_values",
                    "values",
                    "Values, texts, posts and advocates remembered to tell what swings and where it comes from.",
                ),
            )?,
            fetch_queue: registrar.gauges(
                LABELS,
                (
                    "groundswell_fetch_queue_bytes",
                    "bytes",
                    "Bytes of messages that have been fetched from Kafka and not been read yet.",
                ),
            )?,
            largest_message: registrar.gauges(
                LABELS,
                (
                    "groundswell_largest_message_bytes",
                    "bytes",
                    "Size of the largest message since the partition was assigned.",
                ),
            )?,
            handles: Mutex::default(),
        })
    }

    fn hold(&self, labels: &[String; 2]) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        *handles.entry(labels.clone()).or_default() += 1;
    }

    /// Removes the series of `labels` with the last handle: a partition that went to another
    /// instance must not leave its last lag behind.
    fn let_go(&self, labels: &[String; 2]) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = handles.get_mut(labels) {
            *count -= 1;
            if *count > 0 {
                return;
            }
        }
        handles.remove(labels);
        for gauges in [
            &self.consumer_lag,
            &self.watermark_lag,
            &self.dedup_entries,
            &self.attributed_values,
            &self.fetch_queue,
            &self.largest_message,
        ] {
            // Fails when there was none, which is as well.
            let _ = gauges.remove_label_values(labels);
        }
        let _ = self.early_turnovers.remove_label_values(labels);
    }
}

/// What one shard tells about itself. Its series are there as long as this is: drop it when the
/// partition is revoked or its input has ended.
#[derive(Debug)]
pub struct PartitionMetrics {
    metrics: Metrics,
    /// Its name towards the gauges of windows and open incidents; no two are the same.
    shard: u64,
    labels: [String; 2],
    early_turnovers: u64,
}

impl PartitionMetrics {
    pub(super) fn new(metrics: Metrics, shard: u64, topic: &str, partition: i32) -> Self {
        let labels = [topic.to_owned(), partition.to_string()];
        metrics.partitions().hold(&labels);
        Self { metrics, shard, labels, early_turnovers: 0 }
    }

    /// Messages of the partition that have not been read.
    pub fn set_consumer_lag(&self, messages: u64) {
        self.set(&self.metrics.partitions().consumer_lag, messages as f64);
    }

    /// Bytes of the partition that have been fetched and not been read.
    pub fn set_fetch_queue(&self, bytes: u64) {
        self.set(&self.metrics.partitions().fetch_queue, bytes as f64);
    }

    /// Size of the partition's largest message so far.
    pub fn set_largest_message(&self, bytes: usize) {
        self.set(&self.metrics.partitions().largest_message, bytes as f64);
    }

    /// Where the watermark stands when the wall clock shows `now`. Nothing is said before there is
    /// a watermark. Negative when the mentions are ahead of the clock.
    pub fn set_watermark(&self, watermark: Option<Timestamp>, now: Timestamp) {
        if let Some(watermark) = watermark {
            let lag = seconds_signed(watermark, now);
            self.set(&self.metrics.partitions().watermark_lag, lag);
        }
    }

    /// What the last closed pane left in every window: [`Shard::readings`](crate::shard::Shard::readings)
    /// of the plan's `brands`.
    pub fn set_windows(&self, brands: &[Brand], readings: &[WindowReading]) {
        self.metrics.windows().set(self.shard, brands, readings);
    }

    /// The shard's open incidents.
    pub fn set_open_incidents<'a>(&self, incidents: impl IntoIterator<Item = &'a Incident>) {
        self.metrics.incidents().open().set(self.shard, incidents);
    }

    /// How full the shard's bounded parts are.
    pub fn set_fullness(&mut self, fullness: Fullness) {
        let partitions = self.metrics.partitions();
        self.set(&partitions.dedup_entries, fullness.dedup as f64);
        self.set(&partitions.attributed_values, fullness.attributed_values as f64);
        // Fewer than before: the shard was built anew, and counts from 0.
        let turnovers = fullness.dedup_early_turnovers;
        let more = turnovers.checked_sub(self.early_turnovers).unwrap_or(turnovers);
        partitions.early_turnovers.with_label_values(&self.labels).inc_by(more);
        self.early_turnovers = turnovers;
    }

    fn set(&self, gauges: &GaugeVec, value: f64) {
        gauges.with_label_values(&self.labels).set(value);
    }
}

impl Drop for PartitionMetrics {
    fn drop(&mut self) {
        self.metrics.incidents().open().release(self.shard);
        self.metrics.windows().release(self.shard);
        self.metrics.partitions().let_go(&self.labels);
    }
}
