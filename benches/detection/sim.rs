//! Made series whose truth is known, watched by the core as mentions are.

use std::f64::consts::PI;
use std::sync::Arc;
use std::time::Duration;

use groundswell::detect::{BaselineSettings, Brand, Monitor, Plan, Sensitivity, TimeSettings};
use groundswell::incident::{Change, Measure};
use groundswell::mention::{BrandIndex, Timestamp};
use groundswell::shard::Shard;
use jiff::tz::TimeZone;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Gamma, Poisson};

pub const PANE: Duration = Duration::from_secs(300);
pub const PANES_PER_HOUR: i64 = 12;
pub const PANES_PER_DAY: i64 = 24 * PANES_PER_HOUR;
pub const PANES_PER_WEEK: i64 = 7 * PANES_PER_DAY;
/// A Monday, 00:00 UTC.
const START_MS: i64 = 1_789_344_000_000;

/// A series in which nothing ever happens.
#[derive(Debug, Clone, Copy)]
pub struct Calm {
    /// Mentions in an average pane.
    pub rate: f64,
    /// Squared relative deviation of each hour's rate, gamma; 0 is Poisson.
    pub dispersion: f64,
    /// The part of panes that are missing.
    pub missing: f64,
}

impl Calm {
    /// How restless it is from hour to hour, and how much of it is missing, in percent.
    pub fn percents(&self) -> (f64, f64) {
        (100.0 * self.dispersion.sqrt(), 100.0 * self.missing)
    }

    /// All but its rate, in words.
    pub fn kind(&self) -> String {
        let (restless, missing) = self.percents();
        format!("restless by {restless:.0} %, {missing:.0} % missing")
    }
}

/// How busy a pane is next to the average: nights are calm, weekends calmer.
pub fn rhythm(pane: i64) -> f64 {
    let hour = ((pane as f64 + 0.5) / PANES_PER_HOUR as f64).rem_euclid(24.0);
    let weekday = pane.rem_euclid(PANES_PER_WEEK) / PANES_PER_DAY;
    let week = if weekday >= 5 { 0.7 } else { 1.12 };
    week * (1.0 - 0.7 * ((hour - 3.0) / 12.0 * PI).cos())
}

/// Draws a series pane by pane.
pub struct Draw {
    calm: Calm,
    rng: StdRng,
    hour: i64,
    restless: f64,
}

impl Draw {
    pub fn new(calm: Calm, seed: u64) -> Self {
        Self { calm, rng: StdRng::seed_from_u64(seed), hour: -1, restless: 1.0 }
    }

    /// What comes in `pane` at `times` the usual rate; `None` when it is missing.
    pub fn count(&mut self, pane: i64, times: f64) -> Option<u32> {
        let hour = pane / PANES_PER_HOUR;
        if hour != self.hour && self.calm.dispersion > 0.0 {
            let gamma = Gamma::new(1.0 / self.calm.dispersion, self.calm.dispersion);
            self.restless = gamma.map_or(1.0, |gamma| gamma.sample(&mut self.rng));
        }
        self.hour = hour;
        let mean = self.calm.rate * rhythm(pane) * self.restless * times;
        let count = Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(&mut self.rng));
        let missing = rand::RngExt::random_bool(&mut self.rng, self.calm.missing);
        (!missing).then_some(count as u32)
    }
}

/// So many series, each watched by all that is watched by default, with their part of a budget.
pub fn plan(series: usize, false_pages_per_week: f64) -> Plan {
    Plan {
        brands: (0..series).map(|at| Brand { name: format!("{at}"), market: None }).collect(),
        time_zone: TimeZone::UTC,
        time: TimeSettings {
            pane: PANE,
            out_of_orderness: Duration::ZERO,
            ..TimeSettings::default()
        },
        monitors: Monitor::defaults(),
        sensitivity: Sensitivity { false_pages_per_week, ..Sensitivity::default() },
        baseline: BaselineSettings::default(),
    }
}

/// As [`plan`], but of the counts of mentions alone, which have all of the budget.
pub fn counts(series: usize, false_pages_per_week: f64) -> Plan {
    let mut plan = plan(series, false_pages_per_week);
    plan.monitors.retain(|it| it.measure == Measure::Mentions);
    plan
}

/// Lets the series of `plan` pass by, `panes` of them; `count` says what comes of each, `each_pane`
/// looks at the shard after each.
pub fn watch(
    plan: Plan,
    panes: i64,
    mut count: impl FnMut(usize, i64) -> Option<u32>,
    mut each_pane: impl FnMut(&Shard, i64),
) -> Vec<Change> {
    let series = plan.brands.len();
    let mut shard = Shard::new(Arc::new(plan), "simulated");
    let mut changes = Vec::new();
    for pane in 0..panes {
        let at = start_of(pane);
        for brand in 0..series {
            if let Some(count) = count(brand, pane) {
                let brand = BrandIndex(u32::try_from(brand).unwrap_or(u32::MAX));
                shard.tally(at, brand, count, &mut changes);
            }
        }
        each_pane(&shard, pane);
    }
    changes
}

pub fn start_of(pane: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + pane * PANE.as_millis() as i64)
}

/// Does `work` for every item on all cores, in order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let take = || {
            let mut mine = Vec::new();
            loop {
                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(item) = items.get(at) else { return mine };
                mine.push((at, work(item)));
            }
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(take)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    done.sort_by_key(|it| it.0);
    done.into_iter().map(|it| it.1).collect()
}
