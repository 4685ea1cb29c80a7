//! What a shard can be asked: windows, open incidents, and how full it is.

use std::time::Duration;

use super::Shard;
use super::brand::{BrandState, TYPICAL_Z};
use super::watch::Check;
use crate::detect::{Reading, Record, in_units};
use crate::incident::{Change, Direction, Incident};
use crate::mention::{BrandIndex, Timestamp};

/// One window of one monitor of one brand, as the last closed pane left it.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowReading {
    /// The brand.
    pub brand: BrandIndex,
    /// The monitor's name.
    pub monitor: String,
    /// Which way it must go to signal.
    pub direction: Direction,
    /// Length of the window, in seconds.
    pub window_seconds: u64,
    /// The window's value: mentions, a share in 0..=1, or a sentiment in -1..=1.
    pub observed: f64,
    /// What is typical, in the unit of `observed`.
    pub expected: f64,
    /// Lower edge of the typical band (19 of 20 windows), in the unit of `observed`.
    pub lower: f64,
    /// Upper edge of the typical band.
    pub upper: f64,
    /// How unusual it is; the sign is the direction.
    pub z: f64,
}

/// How unusual one window of one monitor of one brand is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surprise<'a> {
    /// The brand.
    pub brand: BrandIndex,
    /// The monitor's name.
    pub monitor: &'a str,
    /// Which way it must go to signal.
    pub direction: Direction,
    /// Length of the window.
    pub window: Duration,
    /// What came and what was expected.
    pub reading: &'a Reading,
    /// In how many days a window lies so far out once, by the series' own record; `None` before its
    /// first day is over.
    pub return_days: Option<f64>,
}

/// How full a shard's bounded parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fullness {
    /// Mentions remembered for deduplication.
    pub dedup: usize,
    /// How often the dedup capacity, not its horizon, made it forget.
    pub dedup_early_turnovers: u64,
    /// Values remembered for attribution.
    pub attributed_values: usize,
}

impl Shard {
    /// Event time of the earliest and the latest mention seen.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.watermark.span()
    }

    /// Open incidents, the feed's first, then by brand.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.state.iter().flat_map(|state| {
            state
                .feed
                .incident()
                .into_iter()
                .chain(state.brands.iter().flat_map(BrandState::open_incidents))
        })
    }

    /// The latest change of every open incident, once more: for people who were not there when it
    /// happened.
    pub fn open_changes(&self) -> Vec<Change> {
        let Some(state) = &self.state else { return Vec::new() };
        let of_brands = state.brands.iter().flat_map(BrandState::latest);
        state.feed.latest().into_iter().chain(of_brands).collect()
    }

    /// What the last closed pane left in every window, for metrics.
    pub fn readings(&self) -> Vec<WindowReading> {
        self.windows()
            .map(|(brand, check, _, reading)| {
                let expected = &reading.expected;
                let (lower, upper) = expected.band(TYPICAL_Z);
                let units = |it| in_units(self.watch.measures[check.measure].measure, expected, it);
                WindowReading {
                    brand,
                    monitor: check.monitor.clone(),
                    direction: check.direction,
                    window_seconds: self.watch.durations[check.window].as_secs(),
                    observed: units(reading.observed),
                    expected: units(expected.mean),
                    lower: units(lower),
                    upper: units(upper),
                    z: reading.z,
                }
            })
            .collect()
    }

    /// How unusual every window is, as the last closed pane left it.
    pub fn surprises(&self) -> impl Iterator<Item = Surprise<'_>> {
        self.windows().map(|(brand, check, record, reading)| Surprise {
            brand,
            monitor: &check.monitor,
            direction: check.direction,
            window: self.watch.durations[check.window],
            reading,
            return_days: record.return_days(reading.z_towards(check.direction)),
        })
    }

    fn windows(&self) -> impl Iterator<Item = (BrandIndex, &Check, &Record, &Reading)> {
        let brands = self.state.iter().flat_map(|state| &state.brands).enumerate();
        brands.flat_map(move |(index, brand)| {
            let index = BrandIndex(u32::try_from(index).unwrap_or(u32::MAX));
            self.watch.checks.iter().zip(&brand.records).filter_map(move |(check, record)| {
                let reading = brand.reading(&self.watch, check.measure, check.window)?;
                Some((index, check, record, reading))
            })
        })
    }

    /// How full the bounded parts are.
    pub fn fullness(&self) -> Fullness {
        Fullness {
            dedup: self.dedup.len(),
            dedup_early_turnovers: self.dedup.early_turnovers(),
            attributed_values: self
                .state
                .iter()
                .flat_map(|state| &state.brands)
                .map(BrandState::remembered_values)
                .sum(),
        }
    }
}
