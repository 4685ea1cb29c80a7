//! Every window's value against what is typical, for dashboards: a bounded number of series.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, Opts};

use super::MetricsError;
use super::family::{About, Family, Kind, Registrar};
use crate::detect::Brand;
use crate::mention::BrandIndex;
use crate::shard::WindowReading;

const LABELS: &[&str] = &["brand", "monitor", "window"];

/// In the order of [`Row::values`].
const READINGS: [About; 5] = [
    (
        "groundswell_window_value",
        "mentions or ratio",
        "What the window holds now: mentions, for a share of mentions a ratio from 0 to 1, for sentiment its mean from -1 to 1.",
    ),
    (
        "groundswell_window_expected",
        "mentions or ratio",
        "What is typical for the window at this hour of the week, in the unit of its value.",
    ),
    (
        "groundswell_window_lower",
        "mentions or ratio",
        "Lower edge of the typical band that 19 of 20 windows fall into, in the unit of its value.",
    ),
    (
        "groundswell_window_upper",
        "mentions or ratio",
        "Upper edge of the typical band that 19 of 20 windows fall into, in the unit of its value.",
    ),
    (
        "groundswell_window_z",
        "standard deviations",
        "How unusual the window is, as a standard normal quantile; above 0 is more than typical.",
    ),
];

/// A shard that holds no mention of a brand in any window, and expects less than one, does not speak
/// for the brand: its mentions are on another partition, if there are any. (Of a brand it never
/// heard of a shard expects about half a mention, which is the baseline's prior.)
const HARDLY_HEARD: f64 = 1.0;

/// The window gauges. The label sets are counted, and no more are made than the cap allows.
///
/// A brand's mentions belong on one partition, but every shard watches every brand. The shard that
/// hears most of a brand speaks for it; the others' readings of the brand are left out.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    table: Arc<Mutex<Table>>,
    gauges: [GaugeVec; 5],
    shown: Gauge,
    omitted: Gauge,
}

#[derive(Debug)]
struct Table {
    cap: usize,
    shown: usize,
    brands: BTreeMap<String, Speaker>,
}

/// A brand's windows as the shard that speaks for it reads them.
#[derive(Debug, Default)]
struct Speaker {
    shard: u64,
    /// Mentions in the brand's fullest window, there or expected.
    heard: f64,
    rows: Vec<Row>,
    /// Readings there was no room for.
    omitted: usize,
}

#[derive(Debug)]
struct Row {
    monitor: String,
    window_seconds: u64,
    values: [f64; 5],
}

impl Windows {
    /// Room for `cap` label sets, each of one series in five gauges.
    pub fn new(registrar: &mut Registrar, cap: usize) -> Result<Self, MetricsError> {
        let limit = registrar.gauge((
            "groundswell_window_series_limit",
            "series",
            "How many windows the window gauges may show.",
        ))?;
        limit.set(cap as f64);
        let shown = registrar.gauge((
            "groundswell_window_series",
            "series",
            "How many windows (brand, monitor and length) the window gauges show.",
        ))?;
        let omitted = registrar.gauge((
            "groundswell_window_series_omitted",
            "series",
            "How many windows the gauges do not show since the limit is reached; they are watched.",
        ))?;
        let gauge = |(name, _, help)| {
            GaugeVec::new(Opts::new(name, help), LABELS)
                .map_err(|source| MetricsError::Register { name, source })
        };
        let [value, expected, lower, upper, z] = READINGS.map(gauge);
        let table = Table { cap, shown: 0, brands: BTreeMap::new() };
        let windows = Self {
            table: Arc::new(Mutex::new(table)),
            gauges: [value?, expected?, lower?, upper?, z?],
            shown,
            omitted,
        };
        let family =
            |(name, unit, help)| Family { name, kind: Kind::Gauge, labels: LABELS, unit, help };
        registrar.collected(READINGS.map(family), windows.clone())?;
        Ok(windows)
    }

    /// What the shard numbered `shard` now reads; replaces what it said before.
    pub fn set(&self, shard: u64, brands: &[Brand], readings: &[WindowReading]) {
        let mut by_brand: BTreeMap<&str, Vec<&WindowReading>> = BTreeMap::new();
        for reading in readings {
            let BrandIndex(index) = reading.brand;
            if let Some(brand) = brands.get(index as usize) {
                by_brand.entry(&brand.name).or_default().push(reading);
            }
        }
        by_brand.retain(|_, readings| heard(readings) >= HARDLY_HEARD);
        let mut table = self.table();
        table.forget(|brand, speaker| speaker.shard == shard && !by_brand.contains_key(brand));
        for (brand, readings) in by_brand {
            table.update(shard, brand, &readings);
        }
        self.tell(&table);
    }

    /// The shard numbered `shard` is gone, and what it said with it.
    pub fn release(&self, shard: u64) {
        let mut table = self.table();
        table.forget(|_, speaker| speaker.shard == shard);
        self.tell(&table);
    }

    fn tell(&self, table: &Table) {
        self.shown.set(table.shown as f64);
        self.omitted.set(table.brands.values().map(|speaker| speaker.omitted as f64).sum());
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A thread that died while it held the table has left rows that are whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn update(&mut self, shard: u64, brand: &str, readings: &[&WindowReading]) {
        let heard = heard(readings);
        let mut speaker = self.brands.remove(brand).unwrap_or_default();
        if speaker.shard == shard || heard > speaker.heard {
            let room = (self.cap + speaker.rows.len()).saturating_sub(self.shown);
            self.shown -= speaker.rows.len();
            // What is on a dashboard stays there: only what is new may find no room.
            let (known, new): (Vec<&WindowReading>, Vec<_>) =
                readings.iter().partition(|reading| speaker.shows(reading));
            speaker = Speaker {
                shard,
                heard,
                rows: known.into_iter().chain(new).take(room).map(Row::of).collect(),
                omitted: readings.len().saturating_sub(room),
            };
            self.shown += speaker.rows.len();
        }
        self.brands.insert(brand.to_owned(), speaker);
    }

    fn forget(&mut self, gone: impl Fn(&str, &Speaker) -> bool) {
        self.brands.retain(|brand, speaker| !gone(brand, speaker));
        self.shown = self.brands.values().map(|speaker| speaker.rows.len()).sum();
    }
}

impl Speaker {
    fn shows(&self, reading: &WindowReading) -> bool {
        let same = |row: &Row| {
            row.monitor == reading.monitor && row.window_seconds == reading.window_seconds
        };
        self.rows.iter().any(same)
    }
}

impl Row {
    fn of(reading: &WindowReading) -> Self {
        let WindowReading { observed, expected, lower, upper, z, .. } = *reading;
        Self {
            monitor: reading.monitor.clone(),
            window_seconds: reading.window_seconds,
            values: [observed, expected, lower, upper, z],
        }
    }
}

fn heard(readings: &[&WindowReading]) -> f64 {
    // `f64::max` passes over NaN.
    readings.iter().fold(0.0, |most, reading| most.max(reading.observed).max(reading.expected))
}

/// All five gauges are filled from one state of the table, so that a value and its band belong
/// together.
impl Collector for Windows {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges.iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let table = self.table();
        self.gauges.iter().for_each(GaugeVec::reset);
        for (brand, speaker) in &table.brands {
            for row in &speaker.rows {
                let window = window_name(row.window_seconds);
                let labels = [brand.as_str(), row.monitor.as_str(), window.as_str()];
                for (gauge, value) in self.gauges.iter().zip(row.values) {
                    // A gap in a graph is honest; NaN would poison every sum and alert.
                    if value.is_finite() {
                        gauge.with_label_values(&labels).set(value);
                    }
                }
            }
        }
        self.gauges.iter().flat_map(Collector::collect).collect()
    }
}

/// A window's length as its label: `90s`, `5m`, `24h`.
pub(super) fn window_name(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}
