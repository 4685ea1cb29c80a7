//! z means what it says: of the windows of a calm series one in 741 lies at 3 or beyond.

use super::calm::{Calm, Draw, WEEK, counts, start_of};
use crate::baseline::tail;
use crate::incident::Direction;
use crate::mention::BrandIndex;
use crate::shard::{Shard, Surprise};

const Z: f64 = 3.0;
const WEEKS: i64 = 64;
/// By then a series' restlessness is learnt.
const LEARNING: i64 = 12;
const SERIES: u64 = 6;

/// One brand, its rises watched in all windows. No incident opens: what it holds out would not be learnt.
fn shard() -> Shard {
    let mut plan = counts(1, 1.0);
    plan.sensitivity.min_excess = f64::INFINITY;
    plan.monitors.retain(|it| it.direction == Direction::Up);
    Shard::new(plan.into(), "calm")
}

/// How many times the nominal part of all its windows lie beyond 3.
fn ratio(calm: Calm) -> f64 {
    let (mut windows, mut beyond) = (0.0, 0.0);
    for seed in 0..SERIES {
        let (mut shard, mut draw) = (shard(), Draw::new(calm, seed));
        for pane in 0..WEEKS * WEEK {
            let Some(count) = draw.count(pane, 1.0) else { continue };
            shard.tally(start_of(pane), BrandIndex(0), count, &mut Vec::new());
            let held = |it: &Surprise<'_>| it.reading.expected.mean > 0.0;
            for window in shard.surprises().filter(|it| pane >= LEARNING * WEEK && held(it)) {
                windows += 1.0;
                beyond += window.reading.expected.part_beyond(Z, window.reading.observed);
            }
        }
    }
    beyond / windows / tail::normal_upper_tail(Z)
}

/// From three mentions a day to two thousand a minute, Poisson and restless by 22 % and by 55 %, without
/// and with panes missing. The
/// table in docs/detection.md tells window from window, and is measured over more series.
#[test]
fn whatever_the_rate_z_3_is_as_rare_as_it_says() {
    let kinds = [(0.0, 0.05), (0.05, 0.0), (0.3, 0.05)];
    let rates = [0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];
    let calms =
        kinds.map(|(dispersion, missing)| rates.map(|rate| Calm { rate, dispersion, missing }));
    let ratios: Vec<(Calm, f64)> = std::thread::scope(|scope| {
        let of = |calms: [Calm; 7]| scope.spawn(move || calms.map(|calm| (calm, ratio(calm))));
        let threads = calms.map(of);
        threads.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    ratios.iter().for_each(|(calm, ratio)| println!("{calm:?}: {ratio:.2}"));
    for (calm, ratio) in ratios {
        assert!((1.0 / 1.5..1.5).contains(&ratio), "{calm:?}: {ratio}");
    }
}
