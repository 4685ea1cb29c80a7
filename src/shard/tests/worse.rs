//! What is told of an incident that goes on.

use crate::incident::{Change, State};

use super::streams::{BRANDS, DAY, HOUR, at, lines, ordinary, ordinary_but, run};

/// When a crisis begins: a Thursday's noon.
const CRISIS: i64 = 10 * DAY + 12 * HOUR;

/// The alerts of the second brand that begin with the crisis.
fn told(seed: u64, until: i64, times: impl Fn(i64) -> f64, angry: f64) -> Vec<Change> {
    let is_crisis = |brand: usize, now: i64| brand == 1 && now >= CRISIS;
    let times =
        |brand: usize, now: i64| if is_crisis(brand, now) { times(now - CRISIS) } else { 1.0 };
    let negative = |brand: usize, now: i64| if is_crisis(brand, now) { angry } else { 0.3 };
    let mut changes = run(&ordinary_but(seed, 0, CRISIS + until, times, negative));
    changes.retain(|it| it.incident.brand == BRANDS[1] && it.incident.updated_at >= at(CRISIS));
    changes
}

fn updates(changes: &[Change]) -> Vec<&Change> {
    changes.iter().filter(|it| it.incident.state == State::Updated).collect()
}

/// The hour after the last alert shows how high it is; after that next to nothing is new.
#[test]
fn a_crisis_that_keeps_its_height_for_three_days_is_told_once_or_twice_more() {
    for (seed, height, angry) in [(1, 5.0, 0.8), (2, 3.0, 0.3), (3, 12.0, 0.8)] {
        let changes = told(seed, 3 * DAY, |_| height, angry);
        let updates = updates(&changes);
        assert!((1..=2).contains(&updates.len()), "{height}: {:#?}", lines(&changes));
        assert!(updates[0].incident.updated_at <= at(CRISIS + 6 * HOUR), "{:#?}", lines(&changes));
    }
}

#[test]
fn a_crisis_that_grows_by_the_hour_is_told_a_handful_of_times() {
    for (seed, angry) in [(1, 0.8), (2, 0.3), (3, 0.8)] {
        let changes = told(seed, 14 * HOUR, |now| 1.5 + (now / HOUR) as f64, angry);
        let updates = updates(&changes);
        assert!((1..=4).contains(&updates.len()), "{:#?}", lines(&changes));
        for pair in updates.windows(2) {
            assert!(pair[1].incident.peak_z.abs() >= 1.2 * pair[0].incident.peak_z.abs());
            assert!(pair[1].incident.updated_at.millis_since(pair[0].incident.updated_at) >= HOUR);
        }
        for (sequence, change) in changes.iter().enumerate() {
            assert_eq!(
                (change.sequence as usize, change.incident.id),
                (sequence, changes[0].incident.id)
            );
        }
    }
}

/// A critical incident that has come down, and is ten times worse than that two days later.
#[test]
fn a_crisis_that_rises_again_is_told_again() {
    let second = 48 * HOUR;
    let times = move |now: i64| match now / HOUR {
        0..5 => 8.0,
        48.. => 12.0,
        _ => 2.0,
    };
    for seed in 1..4 {
        let changes = told(seed, second + 3 * HOUR, times, 0.8);
        let again: Vec<_> = updates(&changes)
            .into_iter()
            .filter(|it| it.incident.updated_at >= at(CRISIS + second))
            .collect();
        assert!((1..=2).contains(&again.len()), "seed {seed}: {:#?}", lines(&changes));
        let told = &again[0].incident;
        assert!(told.updated_at <= at(CRISIS + second + HOUR), "{}", told.updated_at);
        assert!(told.observed > 3.0 * told.expected, "of now: {told:#?}");
    }
}

/// A page is decided by the record, and says so once there is one of two weeks.
#[test]
fn how_seldom_it_is_is_told_of_two_weeks() {
    let signal = |days: i64| {
        let from = days * DAY + 12 * HOUR;
        let times = |brand: usize, now: i64| if brand == 1 && now >= from { 6.0 } else { 1.0 };
        let changes = run(&ordinary(5, 0, from + HOUR, times));
        let first = changes.iter().find(|it| it.incident.detected_at >= at(from)).unwrap();
        first.incident.signals[0].return_days
    };
    assert_eq!(signal(10), None);
    let days = signal(16).unwrap();
    assert!(days.is_finite() && days > 1.0, "{days}");
}
