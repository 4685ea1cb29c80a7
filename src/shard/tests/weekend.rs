//! What a start in the middle of the week cannot know: how the weekend goes.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Poisson};

use super::streams::{DAY, MINUTE, START, at, lines, plan, rhythm};
use crate::detect::{Plan, TimeSettings};
use crate::incident::{Change, Direction};
use crate::mention::{BrandIndex, Timestamp};
use crate::shard::Shard;

const WEEKS: i64 = 6;

/// What is told of a brand whose weekends are `weekend` times as busy as its weekdays, from the
/// first Monday on.
fn told(weekend: f64) -> Vec<Change> {
    let pane = 5 * MINUTE;
    let length = std::time::Duration::from_millis(pane as u64);
    let time = TimeSettings { pane: length, ..TimeSettings::default() };
    let mut shard = Shard::new(Plan { time, ..(*plan()).clone() }.into(), "feed");
    let mut rng = StdRng::seed_from_u64(71);
    let mut changes = Vec::new();
    for now in (0..WEEKS * 7 * DAY).step_by(pane as usize) {
        let week = if now / DAY % 7 >= 5 { weekend } else { 1.0 };
        let count = Poisson::new(20.0 * rhythm(now) * week).unwrap().sample(&mut rng);
        let start = Timestamp::from_millis(START + now);
        shard.tally(start, BrandIndex(0), count as u32, &mut changes);
    }
    changes.retain(|it| it.sequence == 0);
    changes
}

#[test]
fn a_weekend_as_calm_as_most_are_is_no_fall_though_none_was_seen_before() {
    for weekend in [0.8, 0.6, 0.5] {
        let told = told(weekend);
        assert!(told.is_empty(), "{weekend}: {:#?}", lines(&told));
    }
}

/// What is far from usual is told, and held out of what is typical. When it comes again a week later it
/// is the rhythm of the week.
#[test]
fn a_weekend_like_no_weekday_is_told_twice_and_then_known() {
    for (weekend, direction) in [(0.15, Direction::Down), (6.0, Direction::Up)] {
        let told = told(weekend);
        let right = told.iter().all(|it| it.incident.direction == direction);
        assert!(right && told.len() == 2, "{weekend}: {:#?}", lines(&told));
        assert!(told[1].incident.detected_at < at(14 * DAY), "{weekend}: {:#?}", lines(&told));
    }
}
