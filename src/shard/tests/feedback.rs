//! What people say of incidents moves limits, in its time and for its series.

use std::time::Duration;

use crate::detect::{Mark, MarkedAs, Monitor, Plan};
use crate::incident::{Change, Direction, Measure};
use crate::shard::Shard;

use super::streams::{
    BRANDS, DAY, HOUR, MINUTE, Made, at, feed, lines, observe, opened, ordinary, plan,
};

/// The days before anything happens.
const CALM: i64 = 8 * DAY;
const SURGE: i64 = CALM + 12 * HOUR;
/// Passes the limit by little.
const SMALL: f64 = 1.45;
/// Passes it by far.
const LARGE: f64 = 2.0;

fn hourly() -> Plan {
    let monitor = Monitor {
        name: "mentions-up".to_owned(),
        measure: Measure::Mentions,
        direction: Direction::Up,
        windows: vec![Duration::from_secs(3_600)],
    };
    Plan { monitors: vec![monitor], ..(*plan()).clone() }
}

/// A stream in which brand `of` is spoken of `times` as much for an hour and a half.
fn surge(of: usize, times: f64) -> Vec<Made> {
    let raised = move |brand: usize, now: i64| {
        if brand == of && (SURGE..SURGE + 90 * MINUTE).contains(&now) { times } else { 1.0 }
    };
    ordinary(91, 0, CALM + DAY, raised)
}

fn mark(made: i64, verdict: MarkedAs) -> Mark {
    let (brand, monitor) = (BRANDS[0].to_owned(), "mentions-up".to_owned());
    Mark { at: at(made), brand, monitor, verdict, incident: None }
}

fn false_alarm(made: i64) -> Mark {
    mark(made, MarkedAs::FalseAlarm)
}

fn run(made: &[Made], marks: &[Mark]) -> (Vec<Change>, u64) {
    let mut shard = Shard::new(hourly().into(), "feed");
    shard.mark(marks.iter().cloned());
    let mut changes = feed(&mut shard, made);
    shard.finish(&mut changes);
    (changes, shard.marks_counted())
}

/// How many incidents of brand `of` the surge opens.
fn pages_of(of: usize, made: &[Made], marks: &[Mark]) -> usize {
    let (changes, _) = run(made, marks);
    let within = at(SURGE)..at(SURGE + 2 * HOUR);
    let opened = opened(&changes).into_iter().map(|change| &change.incident);
    opened.filter(|it| it.brand == BRANDS[of] && within.contains(&it.detected_at)).count()
}

fn pages(made: &[Made], marks: &[Mark]) -> usize {
    pages_of(0, made, marks)
}

#[test]
fn after_a_false_alarm_the_same_swing_pages_no_more_and_a_larger_one_does() {
    let small = surge(0, SMALL);
    let (unmarked, counted) = run(&small, &[]);
    assert_eq!((pages(&small, &[]), counted), (1, 0), "{:#?}", lines(&unmarked));
    let alarms = [false_alarm(CALM), false_alarm(CALM + HOUR)];
    assert_eq!(pages(&small, &alarms), 0);
    assert_eq!(run(&small, &alarms).1, 2);
    assert_eq!(pages(&surge(0, LARGE), &alarms), 1, "nothing is muted");
    let taken_back =
        [&alarms[..], &[MarkedAs::Real; 2].map(|it| mark(CALM + 2 * HOUR, it))].concat();
    assert_eq!(pages(&small, &taken_back), 1);
    let reals = [MarkedAs::Real; 9].map(|verdict| mark(CALM, verdict));
    assert_eq!(run(&small, &reals).0, unmarked, "no limit lies below that of the budget");
}

#[test]
fn fifty_false_alarms_mute_nothing() {
    let alarms = vec![false_alarm(CALM); 50];
    assert_eq!(pages(&surge(0, LARGE), &alarms), 1);
}

#[test]
fn what_was_said_long_ago_has_faded() {
    let alarms = [false_alarm(CALM - 720 * DAY), false_alarm(CALM - 720 * DAY)];
    assert_eq!(pages(&surge(0, SMALL), &alarms), 1);
}

#[test]
fn a_mark_counts_for_its_series_alone() {
    let alarms = vec![false_alarm(CALM); 4];
    let other = surge(1, 2.5);
    assert_eq!(pages_of(1, &other, &[]), 1);
    assert_eq!(run(&other, &alarms).0, run(&other, &[]).0);
    let unknown = [
        Mark { brand: "Nobody".to_owned(), ..false_alarm(CALM) },
        Mark { monitor: "mentions-sideways".to_owned(), ..false_alarm(CALM) },
    ];
    let small = surge(0, SMALL);
    assert_eq!(run(&small, &unknown), (run(&small, &[]).0, 0));
}

#[test]
fn a_mark_counts_from_its_time_on_whenever_it_is_heard_of() {
    let small = surge(0, SMALL);
    let after = vec![false_alarm(SURGE + 3 * HOUR); 4];
    assert_eq!(run(&small, &after).0, run(&small, &[]).0, "not before it was made");

    let late = false_alarm(SURGE + 20 * MINUTE);
    let marks = [false_alarm(DAY), late.clone(), mark(SURGE, MarkedAs::Real), late];
    let (replayed, counted) = run(&small, &marks);
    assert_eq!((pages(&small, &marks), counted), (0, 4));
    assert_eq!(pages(&small, &[marks[0].clone(), mark(SURGE + HOUR / 2, MarkedAs::Real)]), 1);
    assert_eq!(run(&small, &[2, 0, 3, 1].map(|it| marks[it].clone())).0, replayed, "in any order");
    // Live each is heard of as it is made, a little ahead of the watermark.
    let mut shard = Shard::new(hourly().into(), "feed");
    let (mut changes, mut waiting) = (Vec::new(), marks.to_vec());
    waiting.sort_by_key(|mark| mark.at);
    for mention in &small {
        while waiting.first().is_some_and(|mark| mention.at >= mark.at.as_millis()) {
            shard.mark([waiting.remove(0)]);
        }
        observe(&mut shard, mention, &mut changes);
    }
    shard.finish(&mut changes);
    assert_eq!(changes, replayed);
}
