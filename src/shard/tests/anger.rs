//! Negative mentions and their share; what an incident tells of itself while it goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::detect::{Monitor, Plan};
use crate::incident::{Direction, Measure, Severity, State};
use crate::mention::Timestamp;
use crate::shard::Shard;

use super::streams::{
    BRANDS, DAY, HOUR, MINUTE, Made, at, feed, lines, opened, ordinary, ordinary_but, plan, run,
    usual,
};

#[test]
fn a_turn_of_the_mood_is_seen_though_no_more_is_said() {
    let turn = 5 * DAY + 10 * HOUR;
    let negative = |brand: usize, now: i64| {
        if brand == 0 && (turn..turn + 8 * HOUR).contains(&now) { 0.85 } else { 0.3 }
    };
    let changes = run(&ordinary_but(51, 0, 7 * DAY, usual, negative));
    let late: Vec<_> =
        opened(&changes).into_iter().filter(|it| it.incident.detected_at >= at(2 * DAY)).collect();
    assert_eq!(late.len(), 1, "{late:#?}");
    let first = &late[0].incident;
    assert_eq!((first.brand.as_str(), first.direction), (BRANDS[0], Direction::Up));
    assert!(first.measure != Measure::Mentions, "{first:#?}");
    assert!(first.detected_at.millis_since(at(turn)) <= 2 * HOUR, "{}", first.detected_at);
    assert!(first.onset.millis_since(at(turn)).abs() <= 15 * MINUTE, "{}", first.onset);
    assert!(first.severity >= Severity::Warning);
    let end = changes.iter().find_map(|it| it.incident.resolved_at).expect("it ends");
    assert!((at(turn + 8 * HOUR)..at(turn + 16 * HOUR)).contains(&end), "{end}");
}

/// More than twice as many are angry as usual, and nothing else is watched.
#[test]
fn the_share_of_the_angry_is_watched_by_itself() {
    let turn = 9 * DAY + 10 * HOUR;
    let negative = |brand: usize, now: i64| {
        if brand == 0 && (turn..turn + 6 * HOUR).contains(&now) { 0.7 } else { 0.3 }
    };
    let mut alone = (*plan()).clone();
    alone.monitors.retain(|it| it.name == "negative-share-up");
    let mut shard = Shard::new(alone.into(), "feed");
    let changes = feed(&mut shard, &ordinary_but(57, 0, 10 * DAY, usual, negative));
    let told: Vec<_> = opened(&changes).into_iter().map(|it| &it.incident).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((told[0].brand.as_str(), told[0].measure), (BRANDS[0], Measure::NegativeShare));
    assert!(told[0].detected_at.millis_since(at(turn)) <= 2 * HOUR, "{}", told[0].detected_at);
}

#[test]
fn a_crisis_that_grows_escalates_once_a_step_and_never_back() {
    let crisis = 5 * DAY + 10 * HOUR;
    let times = |brand: usize, now: i64| match (now - crisis) / (30 * MINUTE) {
        step @ 0..8 if brand == 0 && now >= crisis => 1.5 + step as f64,
        _ => 1.0,
    };
    let angry = |brand: usize, now: i64| if times(brand, now) > 1.0 { 0.8 } else { 0.3 };
    let changes = run(&ordinary_but(52, 0, 6 * DAY, times, angry));
    let last = changes.last().unwrap().incident.id;
    let life: Vec<_> = changes.iter().filter(|it| it.incident.id == last).collect();
    let states: Vec<State> = life.iter().map(|it| it.incident.state).collect();
    assert_eq!((states[0], states[states.len() - 1]), (State::Opened, State::Resolved));
    let count = |state| states.iter().filter(|&&it| it == state).count();
    assert!((1..=2).contains(&count(State::Escalated)), "{states:?}");
    assert!((1..=3).contains(&count(State::Updated)), "{states:?}");
    assert_eq!(states.len(), 2 + count(State::Escalated) + count(State::Updated), "{states:?}");
    let mut peaks = BTreeMap::new();
    for change in &life {
        // Each swing has a peak of its own, which only grows.
        let it = &change.incident;
        let before = peaks.insert((&it.monitor, it.window_seconds), it.peak_z).unwrap_or(0.0);
        assert!(it.peak_z >= before, "{before} {}", it.peak_z);
    }
    assert!(peaks.len() < life.len(), "one of them leads twice: {peaks:?}");
    for (at, pair) in life.windows(2).enumerate() {
        assert_eq!(pair[1].sequence as usize, at + 1);
        assert!(pair[1].incident.severity >= pair[0].incident.severity);
        assert!(pair[1].incident.updated_at > pair[0].incident.updated_at);
        assert_ne!(pair[1].id, pair[0].id);
    }
    assert_eq!(life.last().unwrap().incident.severity, Severity::Critical);
}

/// Mentions "since the onset" are just those, though the panes of the first days are long gone.
#[test]
fn a_long_incident_counts_all_mentions_since_its_onset() {
    let (from, to) = (5 * DAY + 12 * HOUR, 8 * DAY);
    let times =
        |brand: usize, now: i64| if brand == 1 && (from..to).contains(&now) { 5.0 } else { 1.0 };
    let mut stream = ordinary(53, 0, 9 * DAY, times);
    // In its first night one mention in five comes six minutes late.
    let arrives = |it: &Made| {
        let late = it.id.is_multiple_of(5) && (at(from)..at(6 * DAY)).contains(&moment(it));
        it.at + if late { 6 * MINUTE } else { 0 }
    };
    stream.sort_by_key(arrives);
    let changes = run(&stream);
    let over = changes
        .iter()
        .find(|it| it.incident.state == State::Resolved && it.incident.resolved_at >= Some(at(to)))
        .expect("it resolves");
    let incident = &over.incident;
    let since = (incident.onset, incident.resolved_at.unwrap());
    let inside = |it: &&Made| it.brand == 1 && since.0 <= moment(it) && moment(it) < since.1;
    let (all, negative) = (
        stream.iter().filter(inside).count() as u64,
        stream.iter().filter(inside).filter(|it| it.sentiment < 0.0).count() as u64,
    );
    assert!(all > 5_000, "{all}");
    assert_eq!((incident.mentions, incident.negative_mentions), (all, negative));
    // What carries it is told of the last day.
    assert!(incident.sources.iter().any(|it| it.value == "test" && it.share > 0.95));
}

/// The opening counts from the onset too, not from the start of some bucket before it.
#[test]
fn an_opening_counts_just_what_came_since_its_onset() {
    for seed in 54..58 {
        let crisis = 4 * DAY + 12 * HOUR + 3 * MINUTE;
        let times = |brand: usize, now: i64| if brand == 0 && now >= crisis { 8.0 } else { 1.0 };
        let stream = ordinary(seed, 0, 4 * DAY + 14 * HOUR, times);
        let changes = run(&stream);
        let opening = opened(&changes)
            .into_iter()
            .find(|it| it.incident.detected_at >= at(crisis))
            .expect("it opens");
        let incident = &opening.incident;
        let inside = |it: &&Made| {
            it.brand == 0 && incident.onset <= moment(it) && moment(it) < incident.detected_at
        };
        assert_eq!(incident.mentions, stream.iter().filter(inside).count() as u64, "seed {seed}");
    }
}

/// Counted and expected are of the same panes, whether the incident has lasted for longer than
/// attribution reaches back or for longer than any window does.
#[test]
fn the_share_of_a_source_is_of_the_excess_it_is_held_against() {
    let long = attention();
    let mut short = long.clone();
    short.monitors.iter_mut().for_each(|it| it.windows = vec![Duration::from_secs(3_600)]);
    for (plan, length) in [(long, 60 * HOUR), (short, 20 * HOUR)] {
        let from = 12 * DAY + 2 * HOUR;
        let crisis = |brand: usize, now: i64| brand == 0 && (from..from + length).contains(&now);
        let times = |brand: usize, now: i64| if crisis(brand, now) { 2.0 } else { 1.0 };
        let angry = |brand: usize, now: i64| if crisis(brand, now) { 0.5 } else { 0.3 };
        let stream = ordinary_but(59, 0, from + length, times, angry);
        let mut shard = Shard::new(plan.into(), "feed");
        let mut told = feed(&mut shard, &stream);
        shard.finish(&mut told);
        let open = shard
            .open_incidents()
            .next()
            .unwrap_or_else(|| panic!("it lasts: {:#?}", lines(&told)));
        let bad = open.sources.iter().find(|it| it.value == "bad").expect("half carry it");
        // Half of twice the usual, less three tenths of the usual, of an excess of the usual. What
        // is usual is known to a few per cent.
        assert!((bad.share - 0.7).abs() < 0.03, "{}", bad.share);
    }
}

/// A source that has become usual after an incident is not held against the next one.
#[test]
fn what_comes_after_an_incident_becomes_usual() {
    let (first, turn, second) = (9 * DAY + 12 * HOUR, 10 * DAY, 30 * DAY + 12 * HOUR);
    let crisis = |now: i64| [first, second].iter().any(|&it| (it..it + 5 * HOUR).contains(&now));
    let times = |brand: usize, now: i64| match brand {
        0 if crisis(now) => 4.0,
        0 => 1.0,
        _ => 0.0,
    };
    let angry = |_: usize, now: i64| if now >= turn { 0.6 } else { 0.2 };
    let mut shard = Shard::new(attention().into(), "feed");
    let mut told = feed(&mut shard, &ordinary_but(60, 0, second + 5 * HOUR, times, angry));
    shard.finish(&mut told);
    let open = shard.open_incidents().next().expect("the second");
    let bad = open.sources.iter().find(|it| it.value == "bad").expect("most carry it");
    assert!(bad.share < 0.67, "no more than usual: {}", bad.share);
}

/// Only mentions count, not their mood.
fn attention() -> Plan {
    let mentions = Monitor::defaults().into_iter().filter(|it| it.measure == Measure::Mentions);
    Plan { monitors: mentions.collect(), ..(*plan()).clone() }
}

fn moment(made: &Made) -> Timestamp {
    Timestamp::from_millis(made.at)
}
