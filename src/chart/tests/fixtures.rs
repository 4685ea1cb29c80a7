//! Charts as they are seen: made of whole numbers, so that they are the same on every machine.

use jiff::tz::TimeZone;

use crate::chart::{Chart, Point, Span, Typical};
use crate::incident::{Measure, Severity};
use crate::mention::Timestamp;

/// What the hours of a day are like, in percent of the mean, midnight first.
const RHYTHM: [i64; 24] = [
    60, 45, 35, 30, 28, 32, 45, 65, 85, 100, 110, 118, 125, 130, 134, 136, 138, 140, 142, 140, 132,
    118, 98, 78,
];

pub fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// `count` buckets of `minutes` from `from` on, about `level`; observed is `swing` percent of what is
/// expected, give or take.
pub fn chart(
    from: &str,
    (count, minutes): (i64, i64),
    level: i64,
    swing: impl Fn(i64) -> i64,
) -> Chart {
    let from = at(from);
    let length = minutes * 60_000;
    let points = (0..count).map(|i| {
        let begin = from.plus_millis(i * length);
        let hour = begin.as_millis().div_euclid(3_600_000).rem_euclid(24);
        let expected = level * RHYTHM[hour as usize] / 100;
        let noise = (i * 7_919 % 31 - 15) * expected / 100;
        Point {
            from: begin,
            until: begin.plus_millis(length),
            observed: Some(((expected + noise) * swing(i) / 100) as f64),
            typical: Some(Typical {
                lower: (expected * 7 / 10) as f64,
                expected: expected as f64,
                upper: (expected * 14 / 10 + 3) as f64,
            }),
        }
    });
    Chart {
        title: "Acme: mentions".into(),
        measure: Measure::Mentions,
        from,
        until: from.plus_millis(count * length),
        points: points.collect(),
        incidents: Vec::new(),
        time_zone: TimeZone::UTC,
    }
}

/// An ordinary day.
pub fn calm_day() -> Chart {
    chart("2026-11-23T20:00:00Z", (48, 30), 60, |_| 100)
}

/// Six hours in which a storm breaks, with a gap before it.
pub fn crisis() -> Chart {
    let mut chart = chart("2026-11-24T14:00:00Z", (72, 5), 6, |i| 100 + (i - 45).max(0) * 90);
    chart.title = "Morvanto: negative mentions".into();
    chart.measure = Measure::NegativeMentions;
    chart.time_zone = zone("America/New_York");
    for point in &mut chart.points[20..24] {
        (point.observed, point.typical) = (None, None);
    }
    chart.incidents = vec![
        Span {
            from: at("2026-11-24T17:45:00Z"),
            until: None,
            severity: Severity::Critical,
            label: "anger at 12x its usual level".into(),
        },
        Span {
            from: at("2026-11-24T17:35:00Z"),
            until: Some(at("2026-11-24T18:00:00Z")),
            severity: Severity::Warning,
            label: "a journalist reaching 48,000 people".into(),
        },
        Span {
            from: at("2026-11-24T14:50:00Z"),
            until: Some(at("2026-11-24T15:20:00Z")),
            severity: Severity::Notice,
            label: "#morvantomorning comes to life".into(),
        },
    ];
    chart
}

/// A day with hours in which next to nothing is said.
pub fn fall() -> Chart {
    let mut chart =
        chart(
            "2026-11-23T22:00:00Z",
            (48, 30),
            900,
            |i| if (20..30).contains(&i) { 12 } else { 100 },
        );
    chart.time_zone = zone("Asia/Jerusalem");
    chart.incidents = vec![Span {
        from: at("2026-11-24T08:10:00Z"),
        until: Some(at("2026-11-24T13:20:00Z")),
        severity: Severity::Warning,
        label: "mentions fall to a tenth of the usual".into(),
    }];
    chart
}

/// A share, of a brand with a Hebrew name.
pub fn share() -> Chart {
    let mut chart = chart("2026-11-24T00:00:00Z", (24, 60), 12, |i| if i > 17 { 300 } else { 100 });
    chart.title = "אלפא קפה (Alpha Café): negative share".into();
    chart.measure = Measure::NegativeShare;
    chart.time_zone = zone("Asia/Jerusalem");
    rescale(&mut chart, |value| value / 100.0);
    chart.incidents = vec![Span {
        from: at("2026-11-24T17:40:00Z"),
        until: None,
        severity: Severity::Warning,
        label: "חרם על אלפא קפה, 12x".into(),
    }];
    chart
}

/// A sentiment that turns for some hours.
pub fn sentiment() -> Chart {
    let swing = |i| if (14..18).contains(&i) { 20 } else { 100 };
    let mut chart = chart("2026-11-24T00:00:00Z", (24, 60), 30, swing);
    chart.title = "Acme: sentiment".into();
    chart.measure = Measure::Sentiment;
    chart.time_zone = zone("Europe/Berlin");
    rescale(&mut chart, |value| value / 60.0 - 0.3);
    chart
}

/// A feed that was not there at first, and of which little is known then.
pub fn cold_start() -> Chart {
    let mut chart = chart("2026-11-24T06:00:00Z", (36, 10), 14, |_| 100);
    for (i, point) in chart.points.iter_mut().enumerate() {
        match point.typical.as_mut() {
            Some(typical) if i >= 20 => (typical.lower, typical.upper) = (0.0, typical.upper * 5.0),
            _ => point.typical = None,
        }
        if i < 5 {
            point.observed = None;
        }
    }
    chart
}

/// Seven days, in one of which clocks are set back.
pub fn week() -> Chart {
    let swing = |i| if (90..102).contains(&i) { 400 } else { 100 };
    let mut chart = chart("2026-10-29T15:00:00Z", (168, 60), 4_200, swing);
    chart.time_zone = zone("America/New_York");
    chart.incidents = vec![Span {
        from: at("2026-11-02T09:10:00Z"),
        until: Some(at("2026-11-02T21:20:00Z")),
        severity: Severity::Critical,
        label: "negative mentions at 4x".into(),
    }];
    chart
}

/// A time of which nothing is known.
pub fn empty() -> Chart {
    Chart { points: Vec::new(), ..calm_day() }
}

fn rescale(chart: &mut Chart, scale: impl Fn(f64) -> f64) {
    for point in &mut chart.points {
        point.observed = point.observed.map(&scale);
        point.typical = point.typical.map(|typical| Typical {
            lower: scale(typical.lower),
            expected: scale(typical.expected),
            upper: scale(typical.upper),
        });
    }
}
