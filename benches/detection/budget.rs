//! False pages against the budget: series in which nothing ever happens.

use groundswell::detect::Plan;
use groundswell::incident::{Change, Direction, Subject};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::sim::{Calm, Draw, PANES_PER_WEEK, in_parallel, plan, start_of, watch};

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
    /// False pages a week of all series.
    pub per_week: f64,
}

/// False pages of `simulated` calm series, watched as part of `series` that share one page a week.
pub fn measure(series: usize, simulated: usize, adjust: impl Fn(&mut Plan) + Sync) -> Budget {
    let together = TOGETHER.min(series);
    let shards: Vec<u64> = (0..(simulated / together) as u64).collect();
    let pages: usize = in_parallel(&shards, |&shard| {
        let mut plan = plan(together, together as f64 / series as f64);
        adjust(&mut plan);
        pages(shard, together, plan)
    })
    .into_iter()
    .sum();
    let weeks = (WEEKS - LEARNING) as f64;
    let per_week = pages as f64 / weeks * series as f64 / simulated as f64;
    Budget { series, simulated, pages, per_week }
}

fn pages(seed: u64, series: usize, plan: Plan) -> usize {
    let mut draws: Vec<Draw> =
        (0..series as u64).map(|at| Draw::new(calm(seed, at), (seed << 20) + at)).collect();
    let count = |brand: usize, pane: i64| draws[brand].count(pane, 1.0);
    let changes = watch(plan, WEEKS * PANES_PER_WEEK, count, |_, _| {});
    changes.iter().filter(|it| is_page(it, LEARNING * PANES_PER_WEEK)).count()
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
