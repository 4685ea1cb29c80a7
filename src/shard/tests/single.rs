//! One mention that is a crisis by itself.

use std::sync::Arc;

use crate::detect::{Plan, Sensitivity};
use crate::incident::{Change, Incident, Measure, Severity, State};
use crate::mention::{Author, BrandIndex, Classified, Mention, Role, Timestamp, Tone};
use crate::shard::{Outcome, Shard};

use super::streams::{
    BRANDS, DAY, HOUR, MINUTE, Made, START, at, feed, lines, observe, observe_as, opened, ordinary,
    plan, silence, usual,
};

/// When it is made, after the start: within a minute.
const NOW: i64 = 3 * DAY + 12 * HOUR + 30_500;

#[derive(Debug, Clone, Copy)]
struct Said {
    id: &'static str,
    at: i64,
    author: &'static str,
    role: Role,
    followers: u64,
    terms: &'static [&'static str],
    sentiment: f32,
}

const ACCUSATION: Said = Said {
    id: "accusation",
    at: NOW,
    author: "dana",
    role: Role::Journalist,
    followers: 31_000,
    terms: &["contamination"],
    sentiment: -0.7,
};

fn say(shard: &mut Shard, said: &Said, changes: &mut Vec<Change>) -> Outcome {
    let author = Author {
        handle: Some(said.author.into()),
        followers: Some(said.followers),
        ..Author::default()
    };
    let mention = Mention {
        id: said.id.into(),
        created_at: at(said.at),
        channel: "test".into(),
        text: "they knew".into(),
        author,
        ..Mention::default()
    };
    let classified = Classified {
        mention: &mention,
        brands: vec![BrandIndex(0)],
        sentiment: said.sentiment,
        tone: Tone::of(said.sentiment),
        crisis_terms: said.terms.iter().map(|&term| term.into()).collect(),
        role: said.role,
        normal_text: mention.text.to_lowercase(),
        names: Vec::new(),
    };
    shard.observe(&classified, changes)
}

/// A shard that has seen ordinary days up to [`NOW`].
fn lived() -> Shard {
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(91, 0, NOW - 30_500, usual));
    assert_eq!(shard.open_incidents().count(), 0);
    shard
}

fn told(said: &[Said]) -> Vec<Change> {
    let (mut shard, mut changes) = (lived(), Vec::new());
    for it in said {
        assert_eq!(say(&mut shard, it, &mut changes), Outcome::Counted);
    }
    changes
}

#[test]
fn a_journalists_accusation_is_told_at_once_and_is_over_after_the_hold() {
    let (mut shard, mut changes) = (lived(), Vec::new());
    say(&mut shard, &ACCUSATION, &mut changes);
    let [change] = &changes[..] else { panic!("{:#?}", lines(&changes)) };
    let incident = &change.incident;
    assert_eq!(
        (incident.monitor.as_str(), incident.measure),
        ("single-mention", Measure::Audience)
    );
    assert_eq!((incident.severity, incident.state), (Severity::Warning, State::Opened));
    assert_eq!((incident.detected_at, incident.onset), (at(NOW), at(NOW)), "not the pane's end");
    assert_eq!((incident.observed, incident.mentions), (31_000.0, 1));
    assert_eq!(incident.samples[0].id, "accusation");
    assert_eq!(incident.crisis_terms[0].term, "contamination");
    let after = feed(&mut shard, &ordinary(92, NOW, NOW + 2 * HOUR, usual));
    let [change] = &after[..] else { panic!("{:#?}", lines(&after)) };
    assert_eq!(change.incident.state, State::Resolved);
    assert!(change.incident.mentions > 20, "{}", change.incident.mentions);
    assert_eq!(change.incident.samples[0].id, "accusation", "it is still the one");
    let held = change.incident.updated_at.millis_since(at(NOW));
    assert!((30 * MINUTE..33 * MINUTE).contains(&held), "{held}");
}

#[test]
fn what_others_say_in_the_same_minutes_does_not_explain_it() {
    let idle = |id, author| Said {
        id,
        author,
        role: Role::Customer,
        terms: &[],
        sentiment: 0.0,
        ..ACCUSATION
    };
    let changes = told(&[idle("a", "noa"), idle("b", "tom"), idle("c", "noa"), ACCUSATION]);
    let [change] = &changes[..] else { panic!("{:#?}", lines(&changes)) };
    assert_eq!(change.incident.sources, []);
    assert_eq!(change.incident.origin, None);
}

#[test]
fn an_employees_outburst_needs_few_readers_and_no_crisis_word() {
    let employee = Said { role: Role::Employee, followers: 300, ..ACCUSATION };
    assert_eq!(told(&[employee]).len(), 1);
    let outburst = Said { terms: &[], followers: 1_100, ..employee };
    assert_eq!(told(&[outburst]).len(), 1);
    assert!(told(&[Said { sentiment: 0.5, ..outburst }]).is_empty(), "praise");
    let heard = Said { followers: 1_000, terms: &["boycott", "lawsuit"], ..employee };
    assert_eq!(told(&[heard])[0].incident.severity, Severity::Critical);
}

#[test]
fn nobody_is_paged_by_nobody() {
    let customer = Said { role: Role::Customer, followers: 12, ..ACCUSATION };
    assert!(told(&[customer]).is_empty());
    let boycott = Said { terms: &["boycott"], followers: 4_000, sentiment: 0.8, ..customer };
    assert!(told(&[boycott]).is_empty());
    assert!(told(&[Said { role: Role::Journalist, ..boycott }]).is_empty());
    assert!(told(&[Said { terms: &[], ..ACCUSATION }]).is_empty(), "an article like any other");
    assert!(told(&[Said { role: Role::Official, followers: 9_000_000, ..ACCUSATION }]).is_empty());
}

#[test]
fn neither_copies_nor_late_ones_nor_switched_off_ones_page() {
    let (mut shard, mut changes) = (lived(), Vec::new());
    let late = Said { id: "late", at: NOW - HOUR, ..ACCUSATION };
    assert_eq!(say(&mut shard, &late, &mut changes), Outcome::Late);
    assert!(changes.is_empty());
    say(&mut shard, &ACCUSATION, &mut changes);
    assert_eq!(say(&mut shard, &ACCUSATION, &mut changes), Outcome::Duplicate);
    assert_eq!(changes.len(), 1);
    let off = Sensitivity { min_audience: None, ..Sensitivity::default() };
    let mut shard = Shard::new(Arc::new(Plan { sensitivity: off, ..(*plan()).clone() }), "feed");
    say(&mut shard, &ACCUSATION, &mut changes);
    assert_eq!(changes.len(), 1);
}

/// What is read again is the same incident, to whoever receives it.
#[test]
fn history_read_again_names_it_the_same() {
    let (once, again) = (told(&[ACCUSATION]), told(&[ACCUSATION]));
    assert_eq!(once, again);
}

#[test]
fn one_incident_a_brand_and_an_author_once_a_day() {
    let more = Said { id: "more", at: NOW + MINUTE, terms: &["recall", "lawsuit"], ..ACCUSATION };
    assert_eq!(told(&[ACCUSATION, more]).len(), 1, "the same author");
    let other = Said { id: "other", author: "lee", ..more };
    assert_eq!(told(&[ACCUSATION, other]).len(), 1, "as severe");
    let worse = Said { followers: 900_000, ..other };
    let changes = told(&[ACCUSATION, worse]);
    assert_eq!(changes.len(), 2);
    let last = &changes[1].incident;
    assert_eq!((last.id, last.state), (changes[0].incident.id, State::Escalated));
    assert_eq!((last.severity, last.samples[0].id.as_str()), (Severity::Critical, "other"));
    assert_eq!((last.observed, last.measure), (900_000.0, Measure::Audience));

    // The same author an hour after it is over, and a day later.
    let (mut shard, mut changes) = (lived(), Vec::new());
    say(&mut shard, &ACCUSATION, &mut changes);
    changes.extend(feed(&mut shard, &ordinary(93, NOW, NOW + 2 * HOUR, usual)));
    assert_eq!(changes.len(), 2, "{:#?}", lines(&changes));
    say(&mut shard, &Said { at: NOW + 2 * HOUR, id: "again", ..ACCUSATION }, &mut changes);
    assert_eq!(changes.len(), 2, "{:#?}", lines(&changes));
    changes.extend(feed(&mut shard, &ordinary(94, NOW + 2 * HOUR, NOW + 25 * HOUR, usual)));
    say(&mut shard, &Said { at: NOW + 25 * HOUR, id: "next day", ..ACCUSATION }, &mut changes);
    assert_eq!(opened(&changes).len(), 2, "{:#?}", lines(&changes));
}

/// An employee's leak on Wednesday, inside what has been critical since Monday.
#[test]
fn a_severe_mention_in_an_incident_as_severe_is_told() {
    let monday = NOW - 30_500;
    let storm = |brand: usize, now: i64| if brand == 0 && now >= monday { 8.0 } else { 1.0 };
    let (mut shard, mut changes) = (lived(), Vec::new());
    changes.extend(feed(&mut shard, &ordinary(97, monday, monday + 2 * DAY, storm)));
    let last = changes.iter().rfind(|it| it.incident.brand == BRANDS[0]).unwrap().clone();
    assert_eq!(last.incident.severity, Severity::Critical, "{:#?}", lines(&changes));
    changes.clear();
    let leak = Said { id: "leak", role: Role::Employee, author: "ed", ..ACCUSATION };
    let leak = Said { at: monday + 2 * DAY, followers: 1_000_000, ..leak };
    say(&mut shard, &leak, &mut changes);
    let [change] = &changes[..] else { panic!("{:#?}", lines(&changes)) };
    assert_eq!((change.incident.id, change.sequence), (last.incident.id, last.sequence + 1));
    let told = &change.incident;
    assert_eq!((told.state, told.measure), (State::Updated, Measure::Audience));
    assert_eq!((told.observed, told.samples[0].id.as_str()), (1_000_000.0, "leak"));
    // One that is less severe than the incident is shown, and wakes nobody.
    let minor = Said { id: "minor", author: "lee", at: leak.at + 500, ..ACCUSATION };
    say(&mut shard, &minor, &mut changes);
    assert_eq!(changes.len(), 1, "{:#?}", lines(&changes));
}

/// Everybody writes of a crisis; people are told of the first, and of who says it as somebody else.
#[test]
fn thirty_journalists_are_told_once() {
    const NAMES: [&str; 30] = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r",
        "s", "t", "u", "v", "w", "x", "y", "z", "aa", "bb", "cc", "dd",
    ];
    let journalists = NAMES.iter().zip(0..).map(|(&name, n)| Said {
        id: name,
        author: name,
        at: NOW + n * MINUTE,
        followers: 15_000 + 2_000 * n as u64,
        ..ACCUSATION
    });
    let employee =
        Said { id: "leak", author: "ed", role: Role::Employee, followers: 300, ..ACCUSATION };
    let said: Vec<Said> = journalists.chain([Said { at: NOW + 31 * MINUTE, ..employee }]).collect();
    let changes = told(&said);
    let states: Vec<State> = changes.iter().map(|it| it.incident.state).collect();
    assert_eq!(states, [State::Opened, State::Updated], "{:#?}", lines(&changes));
    let last = &changes[1].incident;
    assert_eq!((last.observed, last.samples[0].id.as_str()), (300.0, "leak"), "of whom it tells");
}

/// A severe mention keeps its incident open, whoever makes it.
#[test]
fn it_is_over_after_the_last_of_them() {
    let (mut shard, mut changes) = (lived(), Vec::new());
    say(&mut shard, &ACCUSATION, &mut changes);
    let second = NOW + 20 * MINUTE;
    feed(&mut shard, &ordinary(95, NOW, second, usual));
    say(&mut shard, &Said { id: "second", at: second, ..ACCUSATION }, &mut changes);
    changes.extend(silence(&mut shard, second, 5));
    changes.extend(feed(&mut shard, &ordinary(96, second + 5 * MINUTE, second + HOUR, usual)));
    let over = changes.iter().find_map(|it| it.incident.resolved_at).expect("it ends");
    assert!(over.millis_since(at(second)) >= 30 * MINUTE, "{over}");
}

/// Angry people who follow lead the incident; in one that is open a mention leads its own alert.
#[test]
fn a_rise_and_a_single_mention_are_one_incident() {
    let storm =
        |from: i64| move |brand: usize, now: i64| if brand == 0 && now >= from { 8.0 } else { 1.0 };
    let (mut shard, mut changes) = (lived(), Vec::new());
    say(&mut shard, &ACCUSATION, &mut changes);
    changes.extend(feed(&mut shard, &ordinary(97, NOW, NOW + 2 * HOUR, storm(NOW))));
    assert_eq!(opened(&changes).len(), 1, "{:#?}", lines(&changes));
    let open: Vec<&Incident> = shard.open_incidents().collect();
    assert_eq!(open.len(), 1);
    assert!(open[0].measure != Measure::Audience && open[0].peak_z > 5.0, "{:#?}", open[0]);

    let (mut shard, mut changes) = (lived(), Vec::new());
    let then = NOW + 15 * MINUTE;
    changes.extend(feed(&mut shard, &ordinary(97, NOW, then, storm(NOW))));
    let before = changes.len();
    let severe = Said { at: then, followers: 900_000, ..ACCUSATION };
    say(&mut shard, &severe, &mut changes);
    let [change] = &changes[before..] else { panic!("{:#?}", lines(&changes)) };
    assert_eq!(change.incident.state, State::Escalated);
    assert_eq!(change.incident.samples[0].id, "accusation");
    assert_eq!((change.incident.measure, change.incident.observed), (Measure::Audience, 900_000.0));
    let open = shard.open_incidents().next().unwrap();
    assert!(open.measure != Measure::Audience, "many are angry: {open:#?}");
    assert!(open.sources.iter().any(|it| it.value == "bad"), "what the rise comes from: {open:#?}");
}

/// What people want more of is no headline while a journalist writes of contamination.
#[test]
fn a_severe_mention_is_told_in_the_midst_of_a_rush_to_buy() {
    let rush = NOW - 30_500 - 9 * HOUR;
    let wants = |made: &Made, mention: &mut Mention<'_>| {
        let part = if made.at >= START + rush { 2 } else { 20 };
        if made.id.is_multiple_of(part) {
            mention.intent = Some("purchase".into());
        }
    };
    let (mut shard, mut changes) = (Shard::new(plan(), "feed"), Vec::new());
    for made in ordinary(91, 0, NOW - 30_500, usual) {
        observe_as(&mut shard, &made, &wants, &mut changes);
    }
    let open = shard.open_incidents().find(|it| it.brand == BRANDS[0]).expect("the rush");
    assert_eq!((open.measure, open.severity), (Measure::PurchaseIntent, Severity::Notice));
    changes.clear();
    say(&mut shard, &Said { followers: 48_000, ..ACCUSATION }, &mut changes);
    let [change] = &changes[..] else { panic!("{:#?}", lines(&changes)) };
    let told = &change.incident;
    assert_eq!((told.state, told.severity), (State::Escalated, Severity::Warning));
    assert_eq!((told.measure, told.observed), (Measure::Audience, 48_000.0));
    assert_eq!(told.samples[0].id, "accusation");
    for made in ordinary(92, NOW, NOW + 20 * MINUTE, usual) {
        observe_as(&mut shard, &made, &wants, &mut changes);
    }
    let open = shard.open_incidents().find(|it| it.brand == BRANDS[0]).unwrap();
    assert_eq!(open.measure, Measure::Audience, "it still leads");
}

/// What no window raised keeps no window from speaking after it.
#[test]
fn a_storm_after_it_is_told_by_every_window() {
    let storm = NOW + 2 * HOUR;
    let times = |brand: usize, now: i64| if brand == 0 && now >= storm { 3.0 } else { 1.0 };
    let after = |alone: bool| {
        let (mut shard, mut changes) = (lived(), Vec::new());
        if alone {
            say(&mut shard, &ACCUSATION, &mut changes);
        }
        changes.extend(feed(&mut shard, &ordinary(98, NOW, storm + 8 * HOUR, times)));
        let late = |it: &&&Change| it.incident.detected_at >= at(storm);
        let first: Option<Timestamp> =
            opened(&changes).iter().find(late).map(|it| it.incident.detected_at);
        let day = shard.open_incidents().flat_map(|it| &it.signals).map(|it| it.window_seconds);
        (first, day.max())
    };
    assert_eq!(after(true), after(false));
    assert_eq!(after(true).1, Some(86_400));
}

#[test]
fn nothing_is_told_of_ordinary_mentions() {
    let mut changes = Vec::new();
    let mut shard = lived();
    for made in ordinary(99, NOW, NOW + HOUR, usual) {
        observe(&mut shard, &made, &mut changes);
    }
    assert!(changes.is_empty());
}
