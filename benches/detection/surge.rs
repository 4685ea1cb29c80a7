//! Time to detect: a surge on one series.

use groundswell::detect::Plan;

use super::budget::is_page;
use super::sim::{
    Calm, Draw, PANE, PANES_PER_DAY, PANES_PER_HOUR, PANES_PER_WEEK, in_parallel, plan, start_of,
    watch,
};

pub const SIZES: [f64; 7] = [1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0];
/// Mentions in an average pane of five minutes.
pub const RATES: [f64; 3] = [1.0, 10.0, 100.0];
const TRIALS: u64 = 24;
const LEARNING: i64 = 4 * PANES_PER_WEEK;

/// How surges of one size were found.
pub struct Surge {
    /// The part found in time.
    pub found: f64,
    /// Minutes from the beginning to the page, the median of those found.
    pub minutes: Option<f64>,
}

/// What happens to one series.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Mentions in an average pane.
    pub rate: f64,
    /// Times the usual.
    pub size: f64,
    /// Panes it lasts, and panes after its beginning by which it must be found.
    pub lasts: i64,
    pub within: i64,
    /// Series that share one false page a week.
    pub series: usize,
    /// Whether a crisis of three days, five times the usual, has ended two days before.
    pub after_crisis: bool,
}

impl Event {
    /// An hour of `size` times the usual, to be found within two.
    pub const fn hour(rate: f64, size: f64, series: usize) -> Self {
        let (lasts, within) = (PANES_PER_HOUR, 2 * PANES_PER_HOUR);
        Self { rate, size, lasts, within, series, after_crisis: false }
    }
}

/// Lets `event` happen at many hours of the week.
pub fn measure(event: Event, adjust: impl Fn(&mut Plan) + Sync) -> Surge {
    let trials: Vec<u64> = (0..TRIALS).collect();
    let delays = in_parallel(&trials, |&trial| {
        let mut plan = plan(1, 1.0 / event.series as f64);
        adjust(&mut plan);
        delay(trial, event, plan)
    });
    let mut found: Vec<f64> = delays.into_iter().flatten().collect();
    found.sort_by(f64::total_cmp);
    Surge {
        found: found.len() as f64 / TRIALS as f64,
        minutes: found.get(found.len() / 2).copied(),
    }
}

fn delay(trial: u64, event: Event, plan: Plan) -> Option<f64> {
    let crisis = LEARNING..LEARNING + 3 * PANES_PER_DAY;
    let hour = (trial as i64 * 37) % 168;
    let calm = if event.after_crisis { 5 * PANES_PER_DAY } else { 0 };
    let from = LEARNING + calm + hour * PANES_PER_HOUR;
    let mut draw = Draw::new(Calm { rate: event.rate, dispersion: 0.05, missing: 0.0 }, trial);
    let count = |_: usize, pane: i64| {
        let times = match pane {
            pane if (from..from + event.lasts).contains(&pane) => event.size,
            pane if event.after_crisis && crisis.contains(&pane) => 5.0,
            _ => 1.0,
        };
        draw.count(pane, times)
    };
    let changes = watch(plan, from + event.within + 1, count, |_, _| {});
    let page = changes.iter().find(|it| is_page(it, from))?;
    let minutes = page.incident.detected_at.millis_since(start_of(from)) as f64 / 60_000.0;
    let latest = event.within as f64 * PANE.as_secs_f64() / 60.0;
    (minutes <= latest).then_some(minutes)
}
