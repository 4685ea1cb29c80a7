//! Incidents that are open now: how many, whose, and since when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, Opts};

use super::MetricsError;
use super::family::{About, Family, Kind, Registrar};
use crate::incident::{Incident, Severity};
use crate::mention::Timestamp;

const OPEN: About = (
    "groundswell_incidents_open",
    "incidents",
    "Incidents that are open now, by the highest severity each has had.",
);
const ONSET: About = (
    "groundswell_incident_onset_timestamp_seconds",
    "seconds",
    "When an incident that is open now began, in seconds since 1970; of several alike, the earliest.",
);
const OPEN_LABELS: &[&str] = &["severity"];
const ONSET_LABELS: &[&str] = &["brand", "monitor", "direction", "severity"];

/// The gauges of open incidents over all shards. No more onsets are shown than the cap allows:
/// the most severe first, and of those the oldest.
#[derive(Debug, Clone)]
pub(super) struct OpenIncidents {
    by_shard: Arc<Mutex<BTreeMap<u64, Vec<Open>>>>,
    cap: usize,
    count: GaugeVec,
    onset: GaugeVec,
}

#[derive(Debug)]
struct Open {
    severity: Severity,
    onset: Timestamp,
    brand: String,
    monitor: String,
    direction: &'static str,
}

impl OpenIncidents {
    /// Room for `cap` onsets.
    pub fn new(registrar: &mut Registrar, cap: usize) -> Result<Self, MetricsError> {
        let gauge = |(name, _, help): About, labels: &[&str]| {
            GaugeVec::new(Opts::new(name, help), labels)
                .map_err(|source| MetricsError::Register { name, source })
        };
        let open = Self {
            by_shard: Arc::default(),
            cap,
            count: gauge(OPEN, OPEN_LABELS)?,
            onset: gauge(ONSET, ONSET_LABELS)?,
        };
        let family =
            |(name, unit, help), labels| Family { name, kind: Kind::Gauge, labels, unit, help };
        let families = [family(OPEN, OPEN_LABELS), family(ONSET, ONSET_LABELS)];
        registrar.collected(families, open.clone())?;
        Ok(open)
    }

    /// What is open in the shard numbered `shard`; replaces what it said before.
    pub fn set<'a>(&self, shard: u64, incidents: impl IntoIterator<Item = &'a Incident>) {
        let open = incidents.into_iter().map(Open::of).collect();
        self.by_shard().insert(shard, open);
    }

    /// The shard numbered `shard` is gone, and what is open in it is told elsewhere.
    pub fn release(&self, shard: u64) {
        self.by_shard().remove(&shard);
    }

    fn by_shard(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<Open>>> {
        // A thread that died while it held the table has left entries that are whole.
        self.by_shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn of(incident: &Incident) -> Self {
        Self {
            severity: incident.severity,
            onset: incident.onset,
            brand: incident.brand.clone(),
            monitor: incident.monitor.clone(),
            direction: incident.direction.name(),
        }
    }

    fn labels(&self) -> [&str; 4] {
        [&self.brand, &self.monitor, self.direction, self.severity.name()]
    }
}

impl Collector for OpenIncidents {
    fn desc(&self) -> Vec<&Desc> {
        [&self.count, &self.onset].into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let by_shard = self.by_shard();
        let mut open: Vec<&Open> = by_shard.values().flatten().collect();
        // Every severity is there from the start: an alert on one that is missing would say nothing.
        for severity in Severity::ALL {
            let count = open.iter().filter(|it| it.severity == severity).count();
            self.count.with_label_values(&[severity.name()]).set(count as f64);
        }
        open.sort_by_key(|it| (std::cmp::Reverse(it.severity), it.onset));
        let mut earliest = BTreeMap::new();
        for incident in open {
            if earliest.len() < self.cap {
                earliest.entry(incident.labels()).or_insert(incident.onset);
            }
        }
        self.onset.reset();
        for (labels, onset) in earliest {
            self.onset.with_label_values(&labels).set(onset.as_millis() as f64 / 1_000.0);
        }
        [&self.count, &self.onset].into_iter().flat_map(Collector::collect).collect()
    }
}
