//! What each element is worth: switched off in turn.

use std::time::Duration;

use groundswell::detect::Plan;

use super::sim::{PANES_PER_DAY, PANES_PER_HOUR};
use super::surge::{self, Event, Surge};
use super::{budget, calibration, nab};

type Adjust = fn(&mut Plan);

pub struct Row {
    pub name: &'static str,
    /// On the benchmark's series; `None` where they are not at hand.
    pub score: Option<f64>,
    /// How many times the nominal part of calm windows lies at z 3 or beyond; `None` for what z is not made
    /// of.
    pub beyond: Option<f64>,
    /// Of ten calm series, in a week.
    pub false_pages: f64,
    /// In the order of [`EVENTS`].
    pub events: Vec<Surge>,
}

const HOUR: Event = Event::hour(10.0, 3.0, 10);

pub const EVENTS: [(&str, Event); 4] = [
    ("3x, an hour", HOUR),
    ("the same after a crisis", Event { after_crisis: true, ..HOUR }),
    ("10x, ten minutes", Event { size: 10.0, lasts: 2, within: PANES_PER_HOUR, ..HOUR }),
    (
        "1.6x, two days",
        Event { size: 1.6, lasts: 2 * PANES_PER_DAY, within: 2 * PANES_PER_DAY, ..HOUR },
    ),
];

/// Each with whether z is made of it: the record and the budget only say how far out is too far.
const ELEMENTS: [(&str, bool, Adjust); 9] = [
    ("all of it", true, |_| {}),
    ("without seasonality", true, |plan| plan.baseline.elements.seasonality = false),
    ("flat within the hour", true, |plan| plan.baseline.elements.within_hour = false),
    ("without the robust update", true, |plan| plan.baseline.elements.robust = false),
    ("Poisson, not negative binomial", true, |plan| plan.baseline.elements.over_dispersion = false),
    ("expected values not skewed", true, |plan| plan.baseline.elements.estimated_mean = false),
    ("one window, an hour", true, |plan| {
        for monitor in &mut plan.monitors {
            monitor.windows.retain(|it| *it == Duration::from_secs(3_600));
        }
    }),
    ("without the record", false, |plan| plan.baseline.elements.record = false),
    ("z 3, not a budget", false, |plan| plan.sensitivity.false_pages_per_week = 1e6),
];

pub fn measure() -> Vec<Row> {
    ELEMENTS
        .into_iter()
        .map(|(name, makes_z, adjust)| Row {
            name,
            score: nab::measure(name, adjust),
            beyond: makes_z.then(|| calibration::adjusted(adjust)),
            false_pages: budget::measure(10, 200, adjust).per_week,
            events: EVENTS.iter().map(|(_, event)| surge::measure(*event, adjust)).collect(),
        })
        .collect()
}
