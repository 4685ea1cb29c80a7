//! The buckets that are drawn: sound ones, in order, no more than there are pixels.

use super::model::{Chart, Point, Side, Typical};
use super::scale::bounds;
use crate::incident::Unit;
use crate::mention::Timestamp;

/// The stretch of time that is shown, within what a calendar can hold; `from` is earlier than `until`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Extent {
    /// That of `chart`; `None` when it has no length.
    pub fn of(chart: &Chart) -> Option<Self> {
        let held = |at: Timestamp| Timestamp::from_millis(at.to_jiff().as_millisecond());
        let (from, until) = (held(chart.from), held(chart.until));
        (from < until).then_some(Self { from, until })
    }

    /// Where `at` lies: 0 at the beginning, 1 at the end; not clamped.
    pub fn share(self, at: Timestamp) -> f64 {
        at.millis_since(self.from) as f64 / self.until.millis_since(self.from) as f64
    }
}

/// The buckets of `chart` that lie in `extent`, in order: cut to it, and without what is no number or
/// lies outside of what the unit allows.
pub fn sound(chart: &Chart, extent: Extent) -> Vec<Point> {
    let unit = chart.measure.unit();
    let mut points: Vec<Point> = chart
        .points
        .iter()
        .map(|point| Point {
            from: point.from.max(extent.from),
            until: point.until.min(extent.until),
            observed: point.observed.and_then(|value| number(unit, value)),
            typical: point.typical.and_then(|typical| band(unit, typical)),
        })
        .filter(|point| point.from < point.until)
        .collect();
    points.sort_by_key(|point| (point.from, point.until));
    points
}

fn number(unit: Unit, value: f64) -> Option<f64> {
    let (least, most) = bounds(unit);
    value.is_finite().then(|| value.clamp(least, most))
}

fn band(unit: Unit, typical: Typical) -> Option<Typical> {
    let (lower, upper) = (number(unit, typical.lower)?, number(unit, typical.upper)?);
    Some(Typical {
        lower: lower.min(upper),
        expected: number(unit, typical.expected)?,
        upper: lower.max(upper),
    })
}

/// At most `columns` of `points`: of those that lie in one column the most telling is kept, and takes
/// the time of all.
pub fn thinned(points: Vec<Point>, extent: Extent, columns: usize) -> Vec<Point> {
    if points.len() <= columns {
        return points;
    }
    let column = |point: &Point| {
        let middle = (extent.share(point.from) + extent.share(point.until)) / 2.0;
        // Within 0..columns: the points are cut to the extent.
        ((middle * columns as f64) as usize).min(columns.saturating_sub(1))
    };
    let mut kept: Vec<Option<Point>> = vec![None; columns];
    for point in &points {
        if let Some(place) = kept.get_mut(column(point)) {
            *place = Some(place.map_or(*point, |other| more_telling(other, *point)));
        }
    }
    kept.into_iter().flatten().collect()
}

/// The one of two neighbours that is to be seen: the higher, unless that is usual and the other is
/// below what is typical, where the deeper counts.
fn more_telling(a: Point, b: Point) -> Point {
    let rank = |point: &Point| match (point.observed, point.outside()) {
        (None, _) => (0, 0.0),
        (Some(_), Some((_, Side::Below))) => (2, point.excess()),
        (Some(value), None) if point.typical.is_some() => (1, value),
        (Some(value), _) => (3, value),
    };
    let ((class_a, value_a), (class_b, value_b)) = (rank(&a), rank(&b));
    let kept = if (class_b, value_b) > (class_a, value_a) { b } else { a };
    Point { from: a.from.min(b.from), until: a.until.max(b.until), ..kept }
}

/// Stretches of neighbouring points for which `wanted` is something: there is no gap in any of them.
pub fn runs<T>(points: &[Point], wanted: impl Fn(&Point) -> Option<T>) -> Vec<Vec<(&Point, T)>> {
    let mut runs: Vec<Vec<(&Point, T)>> = Vec::new();
    let mut reached = None;
    for point in points {
        let Some(value) = wanted(point) else {
            reached = None;
            continue;
        };
        match runs.last_mut() {
            Some(run) if reached.is_some_and(|reached| point.from <= reached) => {
                run.push((point, value));
            }
            _ => runs.push(vec![(point, value)]),
        }
        reached = reached.max(Some(point.until));
    }
    runs
}
