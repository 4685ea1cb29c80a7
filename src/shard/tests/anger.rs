//! Negative mentions and their share; what an incident tells of itself while it goes on.

use crate::incident::{Direction, Measure, Severity, State};

use super::streams::{BRANDS, DAY, HOUR, MINUTE, at, opened, ordinary, ordinary_but, run, usual};

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
    assert!(states[1..states.len() - 1].iter().all(|&it| it == State::Escalated), "{states:?}");
    assert!((3..=4).contains(&states.len()), "{states:?}");
    for (at, pair) in life.windows(2).enumerate() {
        assert_eq!(pair[1].sequence as usize, at + 1);
        assert!(pair[1].incident.severity >= pair[0].incident.severity);
        assert!(pair[1].incident.updated_at > pair[0].incident.updated_at);
        assert!(pair[1].incident.peak_z >= pair[0].incident.peak_z);
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
    let stream = ordinary(53, 0, 9 * DAY, times);
    let changes = run(&stream);
    let over = changes
        .iter()
        .find(|it| it.incident.state == State::Resolved && it.incident.resolved_at >= Some(at(to)))
        .expect("it resolves");
    let incident = &over.incident;
    let since = (incident.onset, incident.resolved_at.unwrap());
    let inside = |it: &&super::streams::Made| {
        let made = crate::mention::Timestamp::from_millis(it.at);
        it.brand == 1 && since.0 <= made && made < since.1
    };
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
        let inside = |it: &&super::streams::Made| {
            let made = crate::mention::Timestamp::from_millis(it.at);
            it.brand == 0 && incident.onset <= made && made < incident.detected_at
        };
        assert_eq!(incident.mentions, stream.iter().filter(inside).count() as u64, "seed {seed}");
    }
}
