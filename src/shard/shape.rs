//! What a state is counted for: it can be used again only for the same.

use serde::{Deserialize, Serialize};

use crate::detect::Tally;
use crate::incident::{Direction, Measure};

use super::watch::Watch;

/// What panes, windows and series there are. What only judges them, as sensitivity does, is no part
/// of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Shape {
    time_zone: String,
    pane_ms: i64,
    /// In milliseconds.
    windows: Vec<u64>,
    tallies: Vec<Tally>,
    measures: Vec<Measure>,
    checks: Vec<Check>,
}

/// One window of one monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Check {
    monitor: String,
    measure: Measure,
    direction: Direction,
    window: u64,
}

impl Shape {
    pub(super) fn of(watch: &Watch) -> Self {
        let windows: Vec<u64> = watch.durations.iter().map(|it| it.as_millis() as u64).collect();
        let check = |check: &super::watch::Check| Check {
            monitor: check.monitor.clone(),
            measure: watch.measures[check.measure].measure,
            direction: check.direction,
            window: windows[check.window],
        };
        Self {
            time_zone: watch.time_zone.clone(),
            pane_ms: watch.pane_ms,
            tallies: watch.tallies.clone(),
            measures: watch.measures.iter().map(|it| it.measure).collect(),
            checks: watch.checks.iter().map(check).collect(),
            windows,
        }
    }

    /// What makes the feed, and so everything, useless `now`.
    pub(super) fn differs(&self, now: &Self) -> Option<String> {
        if self.time_zone != now.time_zone {
            return Some(format!("the time zone was {}, now {}", self.time_zone, now.time_zone));
        }
        if self.pane_ms != now.pane_ms {
            let [was, is] = [self.pane_ms, now.pane_ms].map(|it| length(it.unsigned_abs()));
            return Some(format!("a pane was {was}, now {is}"));
        }
        if self.windows != now.windows {
            let [was, are] = [&self.windows, &now.windows].map(|it| lengths(it));
            return Some(format!("the windows were {was}, now {are}"));
        }
        None
    }

    /// What makes a brand useless `now`.
    pub(super) fn differs_for_brands(&self, now: &Self) -> Option<String> {
        if self == now {
            return None;
        }
        let told = |it: &Check| {
            let (monitor, window) = (&it.monitor, length(it.window));
            format!("{monitor} over {window} ({} {})", it.measure.name(), it.direction.name())
        };
        let only_in = |a: &Self, b: &Self| {
            let only = a.checks.iter().filter(|check| !b.checks.contains(check)).map(told);
            only.collect::<Vec<_>>().join(", ")
        };
        let (gone, added) = (only_in(self, now), only_in(now, self));
        Some(match (gone.is_empty(), added.is_empty()) {
            (true, true) => "the monitors stand in another order".to_owned(),
            (true, false) => format!("monitors were added: {added}"),
            (false, true) => format!("monitors are gone: {gone}"),
            (false, false) => format!("monitors are gone: {gone}; others were added: {added}"),
        })
    }
}

fn lengths(windows: &[u64]) -> String {
    windows.iter().map(|it| length(*it)).collect::<Vec<_>>().join(", ")
}

/// Milliseconds in the largest unit that divides them.
fn length(millis: u64) -> String {
    let units = [(3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let fits = units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{millis} ms"), |(unit, name)| format!("{} {name}", millis / unit))
}
