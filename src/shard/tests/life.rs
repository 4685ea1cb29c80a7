//! Bursts, cold starts, new levels, long crises.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Poisson};

use crate::incident::{Change, Direction, State};
use crate::mention::{BrandIndex, Timestamp};
use crate::shard::WindowReading;

use super::streams::{
    BRANDS, DAY, HOUR, MINUTE, START, at, lines, opened, ordinary, rhythm, run, series, usual,
};

fn burst(from: i64, length: i64, factor: f64) -> impl Fn(usize, i64) -> f64 {
    move |brand, now| if brand == 1 && (from..from + length).contains(&now) { factor } else { 1.0 }
}

#[test]
fn a_burst_is_one_incident_of_its_brand_with_its_onset_and_its_end() {
    let from = 6 * DAY + 13 * HOUR;
    let changes = run(&ordinary(1, 0, 7 * DAY, burst(from, HOUR, 5.0)));
    let late: Vec<_> = changes.iter().filter(|it| it.incident.detected_at >= at(2 * DAY)).collect();
    assert_eq!(late.first().map(|it| it.sequence), Some(0));
    assert!(late.iter().all(|it| it.incident.id == late[0].incident.id), "one incident: {late:#?}");
    let first = &late[0].incident;
    assert_eq!((first.brand.as_str(), first.direction), (BRANDS[1], Direction::Up));
    let off = first.onset.millis_since(at(from)).abs();
    assert!(off <= 10 * MINUTE, "onset {} off by {off} ms", first.onset);
    assert!(first.detected_at.millis_since(at(from)) <= 30 * MINUTE, "{}", first.detected_at);
    let last = &late[late.len() - 1].incident;
    assert_eq!(last.state, State::Resolved);
    assert!(
        last.resolved_at.unwrap() > at(from + HOUR)
            && last.resolved_at.unwrap() < at(from + 4 * HOUR)
    );
}

#[test]
fn a_cold_start_pages_little_and_yet_sees_a_storm_on_the_second_day() {
    let storm = 30 * HOUR;
    let changes = run(&ordinary(2, 0, 2 * DAY, burst(storm, 2 * HOUR, 15.0)));
    let early = opened(&changes).iter().filter(|it| it.incident.detected_at < at(storm)).count();
    assert!(early <= 2, "{early} pages on an ordinary first day");
    let seen = opened(&changes).into_iter().any(|it| {
        it.incident.brand == BRANDS[1]
            && it.incident.direction == Direction::Up
            && it.incident.detected_at.millis_since(at(storm)) < 2 * HOUR
    });
    assert!(seen, "the storm: {changes:#?}");
}

/// Of a feed that is new the hours to come are not known: a storm has to be larger than that.
#[test]
fn a_storm_is_seen_in_the_first_hours_of_a_feed() {
    let start = 9 * HOUR;
    for after in [2, 3, 6] {
        let storm = start + after * HOUR;
        let changes = run(&ordinary(2, start, storm + 2 * HOUR, burst(storm, 2 * HOUR, 20.0)));
        let told: Vec<_> = opened(&changes).into_iter().map(|it| &it.incident).collect();
        assert!(told.iter().all(|it| it.detected_at >= at(storm)), "calm so far: {told:#?}");
        let seen = told.iter().any(|it| it.brand == BRANDS[1] && it.direction == Direction::Up);
        assert!(seen, "{after} h after the start: {told:#?}");
    }
}

#[test]
fn ordinary_weeks_are_quiet() {
    let changes = run(&ordinary(3, 0, 28 * DAY, usual));
    let pages: Vec<_> =
        opened(&changes).into_iter().filter(|it| it.incident.detected_at >= at(2 * DAY)).collect();
    // The default budget is one false page a week; twice that is left for the first weeks.
    assert!(pages.len() <= 7, "{} pages in four quiet weeks: {pages:#?}", pages.len());
}

#[test]
fn a_lasting_level_becomes_normal_and_the_next_burst_at_it_is_seen() {
    let (moved, burst) = (10 * DAY, 20 * DAY + 12 * HOUR);
    let times = |brand: usize, now: i64| match (brand, now) {
        (1, now) if now >= burst && now < burst + HOUR => 15.0,
        (1, now) if now >= moved => 3.0,
        _ => 1.0,
    };
    let changes = run(&ordinary(4, 0, 21 * DAY, times));
    let level: Vec<_> = changes
        .iter()
        .filter(|it| {
            it.incident.brand == BRANDS[1]
                && it.incident.detected_at >= at(moved)
                && it.incident.detected_at < at(moved + DAY)
        })
        .collect();
    assert_eq!(level.first().map(|it| it.sequence), Some(0), "the new level is noticed");
    let resolved =
        level.iter().find_map(|it| it.incident.resolved_at).expect("and resolves itself");
    let after = resolved.millis_since(at(moved));
    assert!((3 * DAY..6 * DAY).contains(&after), "after {} h", after / HOUR);
    let seen = opened(&changes).into_iter().any(|it| {
        it.incident.brand == BRANDS[1]
            && it.incident.detected_at >= at(burst)
            && it.incident.detected_at < at(burst + HOUR)
    });
    assert!(seen, "five times the new level is seen");
}

/// Too high to be over, too low to signal: what never calms is the new level all the same.
#[test]
fn a_level_between_over_and_open_becomes_normal_too() {
    let moved = 8 * 24 * 12;
    let mut changes = Vec::new();
    let mut shard = series();
    for pane in 0..moved + 8 * 24 * 12 {
        let count = match pane - moved {
            ..0 => 1_000,
            0..36 => 2_000,
            _ => 1_400,
        };
        let at = Timestamp::from_millis(START + pane * 5 * MINUTE);
        shard.tally(at, BrandIndex(0), count, &mut changes);
    }
    assert_eq!(opened(&changes).len(), 1, "{:#?}", lines(&changes));
    let over = changes.iter().find_map(|it| it.incident.resolved_at).expect("it is over");
    let days = over.millis_since(changes[0].incident.onset) as f64 / DAY as f64;
    assert!((3.9..5.5).contains(&days), "after {days} days");
}

/// What is told of a series that from its fourth week on is `times(days)` as busy as it was, and the
/// last day of it as a multiple of what is then expected.
fn slowly(seed: u64, level: f64, times: impl Fn(f64) -> f64) -> (Vec<Change>, f64) {
    let moved = 28 * DAY;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut shard = series();
    let mut changes = Vec::new();
    for now in (0..moved + 40 * DAY).step_by(5 * MINUTE as usize) {
        let days = (now - moved).max(0) as f64 / DAY as f64;
        let mean = level * rhythm(now) * times(days);
        let count = Poisson::new(mean.max(1e-9)).unwrap().sample(&mut rng) as u32;
        shard.tally(at(now), BrandIndex(0), count, &mut changes);
    }
    let day = |it: &WindowReading| it.window_seconds == 86_400 && it.monitor == "mentions-up";
    let reading = shard.readings().into_iter().find(day).unwrap();
    (changes, (reading.observed + 1.0) / (reading.expected + 1.0))
}

/// What grows by and by is learnt level by level, and soon after it has ended.
#[test]
fn what_goes_on_growing_is_learnt_too() {
    let (changes, off) = slowly(74, 30.0, |days| 16_f64.powf((days / 12.0).min(1.0)));
    assert!((0.8..1.25).contains(&off), "{off}");
    assert!(opened(&changes).len() <= 4, "{:#?}", lines(&changes));
    let over: Vec<_> = changes.iter().filter_map(|it| it.incident.resolved_at).collect();
    // The growth itself is over with its last level; what it did to the days of the week, later.
    assert!(over[0] < at((28 + 12 + 5) * DAY), "{:#?}", lines(&changes));
    assert!(over[over.len() - 1] < at((28 + 12 + 14) * DAY), "{:#?}", lines(&changes));
}

/// A fade is a fall every morning: it is told more than once, but not for weeks after it has ended.
#[test]
fn what_fades_to_nothing_is_seen_and_learnt() {
    for (half_life, most) in [(1.0, 6), (3.0, 12)] {
        let (changes, _) = slowly(75, 30.0, |days| (-days / half_life).exp2());
        let told = opened(&changes);
        let falls = told.iter().all(|it| it.incident.direction == Direction::Down);
        assert!(falls && told.len() <= most, "{half_life}: {:#?}", lines(&changes));
        assert!(told[0].incident.detected_at < at(30 * DAY), "{half_life}: {:#?}", lines(&changes));
        let last = told[told.len() - 1].incident.detected_at;
        // Less than one mention a day is left by the ninth half-life and more.
        let until = (28 + 14 * half_life as i64 + 7) * DAY;
        assert!(last < at(until), "{half_life}: {:#?}", lines(&changes));
    }
}

#[test]
fn a_three_day_crisis_does_not_hide_the_next_one() {
    let (first, second) = (10 * DAY, 15 * DAY + 13 * HOUR);
    let times = |brand: usize, now: i64| match (brand, now) {
        (1, now) if (first..first + 3 * DAY).contains(&now) => 5.0,
        (1, now) if (second..second + HOUR).contains(&now) => 5.0,
        _ => 1.0,
    };
    let changes = run(&ordinary(5, 0, 16 * DAY, times));
    let pages = opened(&changes);
    let pages: Vec<_> = pages
        .iter()
        .filter(|it| {
            it.incident.brand == BRANDS[1]
                && it.incident.direction == Direction::Up
                && it.incident.detected_at >= at(2 * DAY)
        })
        .collect();
    let near = |from: i64, to: i64| {
        pages.iter().any(|it| (at(from)..at(to)).contains(&it.incident.detected_at))
    };
    assert!(near(first, first + HOUR), "{pages:#?}");
    assert!(near(second, second + HOUR), "{pages:#?}");
}

/// A busy day after a burst lifts the day's window over its limit, full as it still is of the
/// incident that is over; what it holds of it is no news.
#[test]
fn what_longer_windows_still_hold_of_an_incident_opens_no_other() {
    let burst = 10 * DAY + 6 * HOUR;
    let busy = burst + 3 * HOUR..burst + 23 * HOUR;
    let times = |brand: usize, now: i64| match (brand, now) {
        (1, now) if (burst..burst + HOUR).contains(&now) => 10.0,
        (1, now) if busy.contains(&now) => 1.2,
        _ => 1.0,
    };
    for seed in [2, 4, 5] {
        let changes = run(&ordinary(seed, 0, 12 * DAY, times));
        let pages: Vec<_> = opened(&changes)
            .into_iter()
            .filter(|it| it.incident.detected_at >= at(burst))
            .collect();
        assert_eq!(pages.len(), 1, "seed {seed}: {:#?}", lines(&changes));
    }
}

/// What a fall and a rise of one brand tell are two things, whichever comes first.
#[test]
fn a_swing_the_other_way_is_told_too() {
    let (first, second) = (5 * DAY + 9 * HOUR, 5 * DAY + 14 * HOUR);
    for (before, after, then) in [(0.05, 12.0, Direction::Up), (6.0, 0.0, Direction::Down)] {
        let times = |brand: usize, now: i64| match now {
            now if brand != 0 || now < first => 1.0,
            now if now < second => before,
            _ => after,
        };
        let changes = run(&ordinary(71, 0, second + 12 * HOUR, times));
        let late: Vec<_> = opened(&changes)
            .into_iter()
            .filter(|it| it.incident.detected_at >= at(second))
            .map(|it| &it.incident)
            .collect();
        let [told] = late[..] else { panic!("{:#?}", lines(&changes)) };
        assert_eq!((told.brand.as_str(), told.direction), (BRANDS[0], then));
        assert!(told.detected_at <= at(second + HOUR), "{}", told.detected_at);
        let is_over = |it: &&crate::incident::Change| {
            it.incident.state == State::Resolved && it.incident.direction != then
        };
        assert_eq!(changes.iter().filter(is_over).count(), 1, "{:#?}", lines(&changes));
    }
}

/// A brand that bursts every day at another hour is known for it after four weeks; a burst that
/// none of them came near is told.
#[test]
fn a_brand_known_for_its_bursts_pages_for_the_unheard_of() {
    let last = 42 * DAY + 13 * HOUR;
    let times = |brand: usize, now: i64| {
        let (day, hour) = (now / DAY, now / HOUR % 24);
        let bursts = brand == 1 && hour == 8 + day * 7 % 13;
        match now {
            now if brand == 1 && now >= last => 40.0,
            _ if bursts => 4.0,
            _ => 1.0,
        }
    };
    let changes = run(&ordinary(8, 0, last + HOUR, times));
    let pages = |from: i64, to: i64| {
        let within =
            |it: &&&crate::incident::Change| (at(from)..at(to)).contains(&it.incident.detected_at);
        opened(&changes).iter().filter(within).filter(|it| it.incident.brand == BRANDS[1]).count()
    };
    let (first, later) = (pages(2 * DAY, 16 * DAY), pages(28 * DAY, 42 * DAY));
    assert!(first >= 8 && later * 2 <= first, "{first} {later}: {:#?}", lines(&changes));
    assert_eq!(pages(last, last + HOUR), 1, "{:#?}", lines(&changes));
}
