//! False pages are budgeted, and what the budget leaves finds a surge.

use super::calm::{Calm, Draw, PANE, WEEK, counts, start_of};
use super::streams::{HOUR, MINUTE, lines, opened};
use crate::incident::{Change, Direction};
use crate::mention::{BrandIndex, Timestamp};
use crate::shard::Shard;

/// What is told of `draws`, watched for `weeks` with that budget, each at `times(brand, pane)` the usual.
fn told(
    draws: &mut [Draw],
    budget: f64,
    weeks: i64,
    times: impl Fn(usize, i64) -> f64,
) -> Vec<Change> {
    let mut shard = Shard::new(counts(draws.len(), budget).into(), "calm");
    let mut changes = Vec::new();
    for pane in 0..weeks * WEEK {
        for (brand, draw) in draws.iter_mut().enumerate() {
            if let Some(count) = draw.count(pane, times(brand, pane)) {
                shard.tally(start_of(pane), BrandIndex(brand as u32), count, &mut changes);
            }
        }
    }
    changes
}

/// From three mentions a day to sixty a minute, steady and restless, from their first hour on. The
/// table in docs/detection.md has what is left of the budget (about four pages are to be expected here), and 1,000 series and
/// more.
#[test]
fn ten_calm_series_page_no_more_often_than_the_team_allows() {
    let calm = |at: i32| Calm {
        rate: 10_f64.powf(f64::from(at) / 2.0 - 2.0),
        dispersion: [0.0, 0.05, 0.3][at as usize % 3],
        missing: 0.0,
    };
    let mut draws: Vec<Draw> = (0..10).map(|at| Draw::new(calm(at), 5)).collect();
    let weeks = 26;
    let changes = told(&mut draws, 1.0, weeks, |_, _| 1.0);
    let pages = opened(&changes).len();
    assert!(pages <= weeks as usize / 3, "{pages} pages in {weeks} weeks: {:#?}", lines(&changes));
}

/// Ten of a thousand series, of mentions alone, that share one false page a week, each with an hour at
/// four times the usual, no two at the same hour of the day.
#[test]
fn a_surge_is_caught_under_the_limits_of_a_thousand_series() {
    let calm = Calm { rate: 100.0, dispersion: 0.05, missing: 0.0 };
    let mut draws: Vec<Draw> = (0..10).map(|seed| Draw::new(calm, seed)).collect();
    let (hour, before) = (HOUR / PANE, 5 * WEEK);
    let begins = |brand: usize| before + brand as i64 * 14 * hour;
    let surges = |brand: usize, pane: i64| (0..hour).contains(&(pane - begins(brand)));
    let times = |brand: usize, pane: i64| if surges(brand, pane) { 4.0 } else { 1.0 };
    let changes = told(&mut draws, 0.01, 6, times);
    let rises: Vec<_> = opened(&changes)
        .into_iter()
        .map(|it| &it.incident)
        .filter(|it| it.direction == Direction::Up)
        .collect();
    let delays: Vec<i64> = (0..10)
        .filter_map(|brand| {
            let of_brand = |name: &str| name == brand.to_string();
            let delay = |at: Timestamp| at.millis_since(start_of(begins(brand)));
            let told =
                rises.iter().filter(|it| of_brand(&it.brand)).map(|it| delay(it.detected_at));
            told.filter(|delay| (0..2 * HOUR).contains(delay)).min()
        })
        .collect();
    let soon = delays.iter().filter(|&&delay| delay <= 20 * MINUTE).count();
    assert!(delays.len() >= 8 && soon >= 6, "{delays:?}: {:#?}", lines(&changes));
    assert_eq!(rises.len(), delays.len(), "nothing else is a rise: {:#?}", lines(&changes));
}
