//! The plan in the units a shard works in: panes, indexes, limits.

use std::time::Duration;

use crate::detect::{Plan, z_limit};
use crate::incident::{Direction, Measure};
use crate::mention::{Timestamp, millis};
use crate::window::Pane;

/// Measures, in the order a brand keeps its baselines.
pub(super) const MEASURES: [Measure; 3] =
    [Measure::Mentions, Measure::NegativeMentions, Measure::NegativeShare];

/// One window of one monitor.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub monitor: String,
    /// Index into [`MEASURES`].
    pub measure: usize,
    pub direction: Direction,
    /// Index into [`Watch::windows`].
    pub window: usize,
    /// The limit by the fitted distribution.
    pub z_limit: f64,
    /// Its part of the budget: it may page for nothing once in so many days.
    pub page_days: f64,
}

/// Everything a shard derives from its plan once.
#[derive(Debug)]
pub(super) struct Watch {
    pub pane_ms: i64,
    pub panes_per_day: usize,
    /// Window lengths in panes, ascending.
    pub windows: Vec<usize>,
    pub durations: Vec<Duration>,
    pub checks: Vec<Check>,
    /// Panes after an hour's end before it may be learnt: late mentions have come by then.
    pub lateness_panes: Pane,
    /// Panes after an hour's end before it is learnt once the rhythm of the day is known: no
    /// window may be judged by a baseline that has learnt from that very window.
    pub learning_delay: Pane,
    /// Closed panes kept.
    pub retained: usize,
    /// Panes past the first open one that a mention may lie in.
    pub ahead: usize,
    /// The limit, below zero, at which silence of the whole feed is no accident.
    pub feed_z_limit: f64,
}

impl Watch {
    pub(super) fn new(plan: &Plan) -> Self {
        let pane = plan.time.pane;
        let pane_ms = millis(pane).max(1);
        let panes =
            |duration: Duration| (duration.as_millis() / pane.as_millis().max(1)).max(1) as usize;
        let mut durations: Vec<Duration> =
            plan.monitors.iter().flat_map(|monitor| monitor.windows.iter().copied()).collect();
        durations.push(Duration::from_secs(3_600).max(pane));
        durations.sort_unstable();
        durations.dedup();
        let windows: Vec<usize> = durations.iter().map(|&duration| panes(duration)).collect();
        let checks = checks(plan, &durations);
        let lateness_panes = panes(plan.time.allowed_lateness + pane) as Pane;
        let hour = panes(Duration::from_secs(3_600));
        let learning_delay = (windows.last().copied().unwrap_or(1) as Pane).max(lateness_panes);
        // An hour of the week lasts two hours when the clocks are set back. What an excess comes
        // from is asked about a day, and a bucket more.
        let retained = (learning_delay as usize + 3 * hour).max(25 * hour);
        Self {
            pane_ms,
            panes_per_day: 24 * hour,
            lateness_panes,
            learning_delay,
            retained,
            ahead: panes(plan.time.out_of_orderness) + 1,
            feed_z_limit: z_limit(
                plan.sensitivity.false_pages_per_week,
                checks.len().max(1) * plan.brands.len(),
                Duration::from_secs(3_600),
            ),
            windows,
            durations,
            checks,
        }
    }

    pub(super) fn pane_of(&self, at: Timestamp) -> Pane {
        at.as_millis().div_euclid(self.pane_ms)
    }

    pub(super) fn start_of(&self, pane: Pane) -> Timestamp {
        Timestamp::from_millis(pane.saturating_mul(self.pane_ms))
    }

    pub(super) fn hour_of(&self, pane: Pane) -> i64 {
        self.start_of(pane).as_millis().div_euclid(3_600_000)
    }

    /// The window by which an incident that a window of `shortest` seconds raised is judged over:
    /// not shorter than the time it must be calm for.
    pub(super) fn resolving(&self, shortest: Duration, hold: Duration) -> usize {
        let wanted = shortest.max(hold);
        self.durations
            .iter()
            .position(|&duration| duration >= wanted)
            .unwrap_or(self.durations.len() - 1)
    }
}

fn checks(plan: &Plan, durations: &[Duration]) -> Vec<Check> {
    let per_brand: usize = plan.monitors.iter().map(|monitor| monitor.windows.len()).sum();
    let series = per_brand * plan.brands.len();
    let mut checks = Vec::with_capacity(per_brand);
    for monitor in &plan.monitors {
        for window in &monitor.windows {
            let Some(index) = durations.iter().position(|known| known == window) else {
                continue;
            };
            checks.push(Check {
                monitor: monitor.name.clone(),
                measure: measure_index(monitor.measure),
                direction: monitor.direction,
                window: index,
                z_limit: z_limit(plan.sensitivity.false_pages_per_week, series, *window),
                page_days: 7.0 * series as f64 / plan.sensitivity.false_pages_per_week,
            });
        }
    }
    checks
}

const fn measure_index(measure: Measure) -> usize {
    match measure {
        Measure::Mentions => 0,
        Measure::NegativeMentions => 1,
        Measure::NegativeShare => 2,
    }
}
