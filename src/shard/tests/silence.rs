//! A quiet brand, and a dead feed.

use crate::incident::{Direction, State, Subject};
use crate::mention::Timestamp;
use crate::shard::Shard;

use super::streams::{BRANDS, DAY, HOUR, MINUTE, START, at, observe, ordinary, plan, run, usual};

#[test]
fn a_brand_that_falls_silent_is_told_and_the_feed_is_not_blamed() {
    let from = 9 * DAY + 9 * HOUR;
    let times = |brand: usize, now: i64| if brand == 0 && now >= from { 0.0 } else { 1.0 };
    let changes = run(&ordinary(11, 0, 10 * DAY, times));
    let after: Vec<_> = changes.iter().filter(|it| it.incident.detected_at >= at(from)).collect();
    let fall = after.first().expect("the fall is told");
    assert_eq!((fall.incident.subject, fall.incident.brand.as_str()), (Subject::Brand, BRANDS[0]));
    assert_eq!(fall.incident.direction, Direction::Down);
    assert!(
        fall.incident.onset.millis_since(at(from)).abs() <= 15 * MINUTE,
        "{}",
        fall.incident.onset
    );
    assert!(after.iter().all(|it| it.incident.subject == Subject::Brand));
}

#[test]
fn a_dead_feed_is_one_incident_and_no_brands() {
    let (dead, back) = (9 * DAY + 9 * HOUR, 9 * DAY + 14 * HOUR);
    let before = ordinary(12, 0, dead, usual);
    let after = ordinary(13, back, 11 * DAY, usual);
    let mut shard = Shard::new(plan());
    let mut changes = Vec::new();
    for made in &before {
        observe(&mut shard, made, &mut changes);
    }
    let quiet = changes.len();
    // The wall clock moves on while nothing comes.
    for minute in 1..=5 * 60 {
        let now = Timestamp::from_millis(START + dead + minute * MINUTE);
        shard.idle(now, minute * MINUTE, &mut changes);
    }
    let told = &changes[quiet..];
    assert_eq!(told.len(), 1, "one incident while the feed is dead: {told:#?}");
    assert_eq!((told[0].incident.subject, told[0].incident.state), (Subject::Feed, State::Opened));
    assert!(told[0].incident.onset.millis_since(at(dead)).abs() <= 5 * MINUTE);
    assert!(told[0].incident.detected_at.millis_since(at(dead)) <= 30 * MINUTE);
    assert_eq!(shard.open_changes(), told, "what is open can be told again, the same");

    for made in &after {
        observe(&mut shard, made, &mut changes);
    }
    let told = &changes[quiet + 1..];
    assert_eq!(
        told.first().map(|it| (it.incident.subject, it.incident.state)),
        Some((Subject::Feed, State::Resolved))
    );
    assert_eq!(told.len(), 1, "the gap is held against no brand: {told:#?}");
}

#[test]
fn a_year_of_nothing_passes_at_once() {
    let mut shard = Shard::new(plan());
    let mut changes = Vec::new();
    let made = ordinary(14, 0, 3 * DAY, usual);
    for made in &made {
        observe(&mut shard, made, &mut changes);
    }
    let last = *made.last().unwrap();
    for years in [1, 1_000, 100_000] {
        let mut late = last;
        late.at += years * 365 * DAY;
        late.id += years as u64;
        observe(&mut shard, &late, &mut changes);
    }
    // Pane by pane this would not end today.
    assert!(shard.watermark().unwrap() > at(90_000 * 365 * DAY));
}
