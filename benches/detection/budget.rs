//! False pages against the budget: series in which nothing ever happens.

use groundswell::detect::Plan;
use groundswell::incident::{Change, Direction, Subject};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::sim::{Calm, Draw, PANES_PER_WEEK, counts, in_parallel, start_of, watch};

/// Series watched together in one shard.
const TOGETHER: usize = 50;
const LEARNING: i64 = 4;
const WEEKS: i64 = 12;

/// So many series, of which so many were simulated, each for eight weeks after four of learning.
pub struct Budget {
    pub series: usize,
    pub simulated: usize,
    /// False pages in all, in what was simulated.
    pub pages: usize,
    /// False pages a week of all series...
    pub per_week: f64,
    /// ...and in the four weeks before, from the first on.
    pub while_learning: f64,
}

impl Budget {
    /// False pages a week, or, where none was found, the most there may be at 95 %: three (the rule of three).
    pub fn drawn(&self) -> f64 {
        if self.pages > 0 {
            return self.per_week;
        }
        per_week(3, WEEKS - LEARNING, (self.series, self.simulated))
    }
}

/// Pages a week of all series, of which so many were found in `simulated` of them.
fn per_week(pages: usize, weeks: i64, (series, simulated): (usize, usize)) -> f64 {
    pages as f64 / weeks as f64 * series as f64 / simulated as f64
}

/// False pages, rises and falls, of `simulated` calm series, watched as part of `series` that share one page a week.
pub fn measure(series: usize, simulated: usize, adjust: impl Fn(&mut Plan) + Sync) -> Budget {
    let together = TOGETHER.min(series);
    let shards: Vec<u64> = (0..(simulated / together) as u64).collect();
    let pages = in_parallel(&shards, |&shard| {
        let mut plan = counts(together, together as f64 / series as f64);
        adjust(&mut plan);
        pages(shard, together, plan)
    });
    let early: usize = pages.iter().map(|it| it.0).sum();
    let later: usize = pages.iter().map(|it| it.1).sum();
    Budget {
        series,
        simulated,
        pages: later,
        per_week: per_week(later, WEEKS - LEARNING, (series, simulated)),
        while_learning: per_week(early, LEARNING, (series, simulated)),
    }
}

/// Pages while they learn, and after.
fn pages(seed: u64, series: usize, plan: Plan) -> (usize, usize) {
    let mut draws: Vec<Draw> =
        (0..series as u64).map(|at| Draw::new(calm(seed, at), (seed << 20) + at)).collect();
    let count = |brand: usize, pane: i64| draws[brand].count(pane, 1.0);
    let changes = watch(plan, WEEKS * PANES_PER_WEEK, count, |_, _| {});
    let learnt = start_of(LEARNING * PANES_PER_WEEK);
    let told = changes.iter().filter(|it| it.sequence == 0).map(|it| &it.incident);
    let brands = told.filter(|it| it.subject == Subject::Brand);
    let (early, later): (Vec<_>, Vec<_>) = brands.partition(|it| it.detected_at < learnt);
    (early.len(), later.len())
}

/// From one mention in eight hours to a thousand in five minutes, as steady as chance allows or as
/// restless as people are.
fn calm(seed: u64, at: u64) -> Calm {
    let mut rng = StdRng::seed_from_u64((seed << 20) ^ at ^ 0x5eed);
    let rate = 10_f64.powf(rng.random_range(-2.0..3.0));
    Calm { rate, dispersion: [0.0, 0.05, 0.3][at as usize % 3], missing: 0.0 }
}

/// Whether a brand's rise is told for the first time, from `pane` on.
pub fn is_page(change: &Change, pane: i64) -> bool {
    let incident = &change.incident;
    change.sequence == 0
        && incident.subject == Subject::Brand
        && incident.direction == Direction::Up
        && incident.detected_at >= start_of(pane)
}
