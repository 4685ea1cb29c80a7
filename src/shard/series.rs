//! A series over time as people look at it: what came in each hour against what is typical of it.

use std::time::Duration;

use super::Shard;
use super::brand::{BrandState, MENTIONS, TYPICAL_Z};
use super::exposure::Exposure;
use super::watch::{Watch, Watched};
use crate::baseline::Shape;
use crate::detect::in_units;
use crate::incident::Measure;
use crate::mention::{BrandIndex, Timestamp, millis};
use crate::window::Pane;

/// Most points that are read at once.
const MOST_POINTS: i64 = 10_000;

/// The hour that ends at a moment, in the measure's unit: mentions, a share in 0..=1, or a sentiment
/// in -1..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesPoint {
    /// When the hour ends.
    pub at: Timestamp,
    /// What came; `None` when nobody watched, or nobody remembers.
    pub observed: Option<f64>,
    /// What is typical, as it is known today; `None` when it is not known.
    pub typical: Option<Typical>,
}

/// What is typical.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typical {
    /// Lower edge of the typical band (19 of 20 hours lie inside).
    pub lower: f64,
    /// What is expected.
    pub expected: f64,
    /// Upper edge of the typical band.
    pub upper: f64,
}

/// Which moments of a series are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesRange {
    /// The first moment, at the earliest.
    pub from: Timestamp,
    /// The last moment, at the latest.
    pub until: Timestamp,
    /// From one to the next: whole panes. Minutes of the last day are known, hours of those before.
    pub step: Duration,
}

impl Shard {
    /// `measure` of `brand` over time, hour by hour; nothing when no monitor watches it. What is not
    /// closed yet is not shown.
    pub fn series(
        &self,
        brand: BrandIndex,
        measure: Measure,
        range: SeriesRange,
    ) -> Vec<SeriesPoint> {
        let state = self.state.as_ref();
        let of_brand = state.and_then(|it| Some((it, it.brands.get(brand.0 as usize)?)));
        of_brand.map_or_else(Vec::new, |(state, brand)| {
            series(&self.watch, &state.exposure, brand, measure, range)
        })
    }
}

pub(super) fn series(
    watch: &Watch,
    exposure: &Exposure,
    brand: &BrandState,
    measure: Measure,
    range: SeriesRange,
) -> Vec<SeriesPoint> {
    let Some(position) = watch.position(measure) else { return Vec::new() };
    let step = (millis(range.step) / watch.pane_ms).max(1);
    let last = watch.pane_of(range.until).min(exposure.end()).div_euclid(step);
    let first = (watch.pane_of(range.from) + step - 1).div_euclid(step).max(last - MOST_POINTS);
    let read = Hours { watch, exposure, brand, position };
    (first..=last).map(|at| read.until(at * step)).collect()
}

/// Reads hours of one measure.
struct Hours<'a> {
    watch: &'a Watch,
    exposure: &'a Exposure,
    brand: &'a BrandState,
    /// Index into [`Watch::measures`].
    position: usize,
}

/// What came in an hour, and where that lay in the week.
struct Hour {
    shape: Shape,
    /// Mentions of the kind that is counted.
    count: f64,
}

impl Hours<'_> {
    /// The hour before pane `end`.
    fn until(&self, end: Pane) -> SeriesPoint {
        let at = self.watch.start_of(end);
        let hour = self.recent(end).or_else(|| self.learnt(end));
        let Some(Hour { shape, count }) = hour.filter(|it| !it.shape.is_empty()) else {
            return SeriesPoint { at, observed: None, typical: None };
        };
        let expected = self.brand.baselines[self.position].expect(self.window(), &shape);
        let measure = self.watched().measure;
        let Some(expected) = expected else {
            let is_count = self.watched().of.is_none();
            return SeriesPoint { at, observed: is_count.then_some(count), typical: None };
        };
        let units = |mentions| in_units(measure, &expected, mentions);
        let (lower, upper) = expected.band(TYPICAL_Z);
        let typical =
            Typical { lower: units(lower), expected: units(expected.mean), upper: units(upper) };
        // A part of nothing is no share.
        let is_told = self.watched().of.is_none() || expected.of > 0.0;
        SeriesPoint { at, observed: is_told.then(|| units(count)), typical: Some(typical) }
    }

    /// From the panes that are held; `None` when not all of them are.
    fn recent(&self, end: Pane) -> Option<Hour> {
        let from = end - self.watch.windows[self.window()] as Pane;
        if from < self.exposure.oldest() {
            return None;
        }
        let sum = |tally: usize| self.brand.counters[tally].sum_between(from, end) as f64;
        let watched = self.watched();
        let shape = self.exposure.shape(from..end);
        let shape = match watched.of {
            Some(of) if !shape.is_empty() => self.brand.share_shape(&shape, sum(of)),
            _ => shape,
        };
        Some(Hour { shape, count: sum(watched.count) * watched.worth })
    }

    /// From the hours that have been learnt.
    fn learnt(&self, end: Pane) -> Option<Hour> {
        let start = self.watch.start_of(end).as_millis() - 3_600_000;
        let is_whole = start.rem_euclid(3_600_000) == 0;
        let hour = is_whole.then_some(start.div_euclid(3_600_000))?;
        let learnt = self.brand.baselines[self.position].hour(hour)?;
        Some(Hour { shape: vec![learnt.part], count: learnt.seen() })
    }

    /// The window of an hour, or of a pane that is longer.
    fn window(&self) -> usize {
        let hour = Duration::from_secs(3_600);
        let is_hour = |length: &Duration| *length >= hour;
        self.watch.durations.iter().position(is_hour).unwrap_or(MENTIONS)
    }

    fn watched(&self) -> &Watched {
        &self.watch.measures[self.position]
    }
}
