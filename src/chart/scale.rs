//! The axis of values.

use super::model::Point;
use crate::incident::Unit;

/// More than this is no count of anything: it keeps sums and labels finite.
const MOST: f64 = 1e15;
/// A band that reaches further than this many times what was seen is cut, or it would press the line
/// flat: what is hardly known is typically "anything".
const BAND_OF_SEEN: f64 = 2.0;

/// What a value of `unit` lies between.
pub fn bounds(unit: Unit) -> (f64, f64) {
    match unit {
        Unit::Mentions | Unit::Persons => (0.0, MOST),
        Unit::Share => (0.0, 1.0),
        Unit::Sentiment => (-1.0, 1.0),
    }
}

/// From which value to which the axis reaches, and where its ticks are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    step: f64,
    bounds: (f64, f64),
}

impl Scale {
    /// The axis for `points`, with about `ticks` ticks, and a part of its length (`headroom`, below 1)
    /// free beyond the values: at the top, for a sentiment at both ends. All but sentiments begin at 0.
    pub fn of(unit: Unit, points: &[Point], ticks: f64, headroom: f64) -> Self {
        let (seen_low, seen_high) = seen(points);
        let ((low, high), least_step) = match unit {
            Unit::Mentions | Unit::Persons => ((0.0, seen_high.max(1.0)), 1.0),
            Unit::Share => ((0.0, seen_high.max(0.04)), 0.01),
            Unit::Sentiment => (widened(seen_low, seen_high, 0.2), 0.05),
        };
        let room = (high - low) * headroom / (1.0 - headroom);
        let low = if unit == Unit::Sentiment { low - room } else { low };
        let high = high + room;
        let step = round_step((high - low) / ticks.max(1.0)).max(least_step);
        Self { low, high, step, bounds: bounds(unit) }
    }

    /// Round values, from the lowest up; never one that the unit does not know.
    pub fn ticks(&self) -> Vec<f64> {
        let first = (self.low.max(self.bounds.0) / self.step).ceil() as i64;
        let last = (self.high.min(self.bounds.1) / self.step + 1e-9).floor() as i64;
        (first..=last).take(50).map(|i| i as f64 * self.step).collect()
    }

    /// Whether `value` has a place on it.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Where `value` lies: 0 at the foot, 1 at the top; what lies beyond is brought back to it.
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The least and the most that is to be seen.
fn seen(points: &[Point]) -> (f64, f64) {
    let mut low = f64::INFINITY;
    let mut high = f64::NEG_INFINITY;
    for point in points {
        let values = [point.observed, point.typical.map(|typical| typical.expected)];
        for value in values.into_iter().flatten() {
            low = low.min(value);
            high = high.max(value);
        }
    }
    let most = if high > 0.0 { high * BAND_OF_SEEN } else { f64::INFINITY };
    for typical in points.iter().filter_map(|point| point.typical) {
        low = low.min(typical.lower);
        high = high.max(typical.upper.min(most));
    }
    (low, high)
}

/// At least `span` from low to high, about the same middle; about 0 when nothing was seen.
fn widened(low: f64, high: f64, span: f64) -> (f64, f64) {
    let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
    let missing = (span - (high - low)).max(0.0) / 2.0;
    (low - missing, high + missing)
}

/// The next of 1, 2, 5, 10, 20, … (or their tenths) that is not less than `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mention::Timestamp;

    fn point(observed: f64) -> Point {
        Point {
            from: Timestamp::from_millis(0),
            until: Timestamp::from_millis(1),
            observed: Some(observed),
            typical: None,
        }
    }

    fn ticks(unit: Unit, values: &[f64]) -> Vec<f64> {
        let points: Vec<Point> = values.iter().map(|value| point(*value)).collect();
        let rounded = |tick: f64| (tick * 1000.0).round() / 1000.0;
        Scale::of(unit, &points, 5.0, 0.1).ticks().into_iter().map(rounded).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(Unit::Mentions, &[3.0, 870.0]), [0.0, 200.0, 400.0, 600.0, 800.0]);
        assert_eq!(ticks(Unit::Mentions, &[0.0]), [0.0, 1.0]);
        assert_eq!(ticks(Unit::Mentions, &[]), [0.0, 1.0]);
        assert_eq!(ticks(Unit::Share, &[0.5, 1.0]), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(Unit::Sentiment, &[-0.3, 0.2]), [-0.2, 0.0, 0.2]);
        assert_eq!(ticks(Unit::Sentiment, &[-1.0, 1.0]), [-1.0, -0.5, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn the_largest_count_has_an_axis() {
        let ticks = ticks(Unit::Mentions, &[MOST]);
        assert_eq!(ticks.last(), Some(&1e15));
        assert!(ticks.len() < 8);
    }
}
