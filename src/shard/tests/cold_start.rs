//! What a start cannot know: how the weekend goes, and what was before the first mention.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp, Poisson};

use super::streams::{DAY, HOUR, MINUTE, START, at, lines, made, rhythm, run, series};
use crate::incident::{Change, Direction};
use crate::mention::{BrandIndex, Timestamp};

const WEEKS: i64 = 6;

/// What is told of a brand whose weekends are `weekend` times as busy as its weekdays, from the
/// first Monday on.
fn told(weekend: f64) -> Vec<Change> {
    let mut shard = series();
    let mut rng = StdRng::seed_from_u64(71);
    let mut changes = Vec::new();
    for now in (0..WEEKS * 7 * DAY).step_by(5 * MINUTE as usize) {
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

/// What came before the first mention was not watched, and its own pane in part: that hour of the day
/// is not known to be calm.
#[test]
fn a_start_about_the_full_hour_makes_no_hour_a_calm_one() {
    for start in [0, HOUR - 20_000, HOUR - 70_000] {
        let mut rng = StdRng::seed_from_u64(73);
        let gap = Exp::new(10.0 / MINUTE as f64).unwrap();
        let mut now = start as f64;
        let mut stream = vec![made(0, start, 0)];
        while now < (start + 2 * DAY) as f64 {
            now += gap.sample(&mut rng);
            stream.push(made(stream.len() as u64, now as i64, 0));
        }
        let changes = run(&stream);
        assert!(changes.is_empty(), "{start}: {:#?}", lines(&changes));
    }
}
