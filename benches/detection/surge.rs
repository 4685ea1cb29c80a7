//! Time to detect: a surge of an hour on one series.

use groundswell::detect::Plan;

use super::budget::is_page;
use super::sim::{
    Calm, Draw, PANES_PER_DAY, PANES_PER_HOUR, PANES_PER_WEEK, in_parallel, plan, start_of, watch,
};

pub const SIZES: [f64; 7] = [1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0];
/// Mentions in an average pane of five minutes.
pub const RATES: [f64; 3] = [1.0, 10.0, 100.0];
const TRIALS: u64 = 24;
const LEARNING: i64 = 4 * PANES_PER_WEEK;

/// How surges of one size were found.
pub struct Surge {
    /// The part found within two hours of their beginning.
    pub found: f64,
    /// Minutes from the beginning to the page, the median of those found.
    pub minutes: Option<f64>,
}

/// Surges of `size` times the usual, each an hour long at another hour of the week, on one of
/// `series` that share one false page a week. With `after_crisis` a crisis of three days, five
/// times the usual, has ended two days before.
pub fn measure(
    (rate, size, series): (f64, f64, usize),
    after_crisis: bool,
    adjust: impl Fn(&mut Plan) + Sync,
) -> Surge {
    let trials: Vec<u64> = (0..TRIALS).collect();
    let delays = in_parallel(&trials, |&trial| {
        let mut plan = plan(1, 1.0 / series as f64);
        adjust(&mut plan);
        delay(trial, (rate, size), after_crisis, plan)
    });
    let mut found: Vec<f64> = delays.into_iter().flatten().collect();
    found.sort_by(f64::total_cmp);
    Surge {
        found: found.len() as f64 / TRIALS as f64,
        minutes: found.get(found.len() / 2).copied(),
    }
}

fn delay(trial: u64, (rate, size): (f64, f64), after_crisis: bool, plan: Plan) -> Option<f64> {
    let crisis = LEARNING..LEARNING + 3 * PANES_PER_DAY;
    let hour = (trial as i64 * 37) % 168;
    let from = LEARNING + if after_crisis { 5 * PANES_PER_DAY } else { 0 } + hour * PANES_PER_HOUR;
    let mut draw = Draw::new(Calm { rate, dispersion: 0.05, missing: 0.0 }, trial);
    let count = |_: usize, pane: i64| {
        let times = match pane {
            pane if (from..from + PANES_PER_HOUR).contains(&pane) => size,
            pane if after_crisis && crisis.contains(&pane) => 5.0,
            _ => 1.0,
        };
        draw.count(pane, times)
    };
    let changes = watch(plan, from + 3 * PANES_PER_HOUR, count, |_, _| {});
    let page = changes.iter().find(|it| is_page(it, from))?;
    let minutes = page.incident.detected_at.millis_since(start_of(from)) as f64 / 60_000.0;
    (minutes <= 120.0).then_some(minutes)
}
