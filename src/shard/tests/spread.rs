//! A post that is shared faster than any of its brand before.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::detect::Plan;
use crate::incident::{Change, Direction, Incident, Measure, Severity, State};
use crate::mention::{Kind, Mention};
use crate::shard::Shard;

use super::streams::{
    DAY, HOUR, MINUTE, Made, START, at, false_alarm, lines, observe_as, opened, ordinary, plan,
    usual,
};

/// Ids of shares say which post they share.
const POST: u64 = 1_000_000_000_000_000;

/// `count` shares of the `post`th post, evenly from `from` on for `length`.
fn shares(post: u64, count: u64, from: i64, length: i64, sentiment: f32) -> Vec<Made> {
    let share = |at: u64| Made {
        id: post * POST + at,
        at: START + from + length * at as i64 / count as i64,
        brand: 0,
        sentiment,
    };
    (0..count).map(share).collect()
}

fn shape(made: &Made, mention: &mut Mention<'_>) {
    if made.id >= POST {
        mention.kind = Kind::Share;
        mention.parent = Some((made.id / POST).to_string().into());
        mention.text = format!("post {}", made.id / POST).into();
    }
}

/// What `more` changes in ordinary `days`, every one of which has a post shared a dozen times.
fn told(plan: Plan, days: i64, more: Vec<Made>) -> Vec<Change> {
    marked(plan, days, more, 0)
}

/// [`told`], after so many false alarms of such posts.
fn marked(plan: Plan, days: i64, more: Vec<Made>, false_alarms: usize) -> Vec<Change> {
    let mut made = ordinary(101, 0, days * DAY, usual);
    for day in 0..days {
        made.extend(shares(1_000 + day as u64, 12, day * DAY + 10 * HOUR, HOUR, 0.2));
    }
    made.extend(more);
    made.sort_by_key(|it| it.at);
    let mut shard = Shard::new(plan.into(), "feed");
    shard.mark(vec![false_alarm("post-velocity", at(DAY)); false_alarms]);
    let mut changes = Vec::new();
    for it in &made {
        observe_as(&mut shard, it, &shape, &mut changes);
    }
    shard.finish(&mut changes);
    changes
}

/// Only anger is watched in windows, so that what is told is told of the post.
fn anger() -> Plan {
    let mut plan = (*plan()).clone();
    plan.monitors.retain(|it| it.measure == Measure::NegativeMentions);
    plan
}

fn of_posts(changes: &[Change]) -> Vec<&Incident> {
    let posts = opened(changes).into_iter().map(|it| &it.incident);
    posts.filter(|it| it.measure == Measure::PostShares).collect()
}

#[test]
fn a_post_that_spreads_is_told_by_itself() {
    let from = 12 * DAY + 14 * HOUR;
    let changes = told(anger(), 14, shares(7, 150, from, 40 * MINUTE, 0.2));
    let [incident] = of_posts(&changes)[..] else { panic!("{:#?}", lines(&changes)) };
    assert_eq!((incident.monitor.as_str(), incident.direction), ("post-velocity", Direction::Up));
    assert_eq!(incident.severity, Severity::Notice);
    assert_eq!(incident.samples[0].text, "post 7");
    assert!((at(from - 5 * MINUTE)..=at(from)).contains(&incident.onset), "{}", incident.onset);
    assert!(incident.detected_at < at(from + 30 * MINUTE), "{}", incident.detected_at);
    // Every day had a post that was shared a dozen times, and none was ever shared more.
    assert_eq!((incident.expected, incident.upper), (12.0, 12.0), "{incident:#?}");
    assert!(incident.observed >= 50.0 && incident.lower <= 12.0, "{incident:#?}");
    assert!(incident.peak_z > 3.0, "{}", incident.peak_z);
    let over = changes.iter().find(|it| it.incident.state == State::Resolved).unwrap();
    assert_eq!(over.incident.samples[0].text, "post 7");
    assert!(over.incident.updated_at > at(from + HOUR), "{}", over.incident.updated_at);
}

#[test]
fn as_many_shares_of_many_posts_are_not() {
    let from = 12 * DAY + 14 * HOUR;
    let many = (10..40).flat_map(|post| shares(post, 5, from, 40 * MINUTE, 0.2)).collect();
    let changes = told(anger(), 14, many);
    assert!(of_posts(&changes).is_empty(), "{:#?}", lines(&changes));
}

#[test]
fn a_hostile_post_is_a_warning_and_is_told_once_a_day() {
    let from = 12 * DAY + 2 * HOUR;
    let mut more = shares(7, 150, from, 40 * MINUTE, -0.6);
    more.extend((0..300).map(|at| Made {
        id: 7 * POST + 1_000 + at,
        at: START + from + 12 * HOUR + at as i64 * 5_000,
        brand: 0,
        sentiment: 0.2,
    }));
    let mut plan = anger();
    plan.monitors.retain(|it| it.direction == Direction::Down);
    let changes = told(plan, 14, more);
    let [incident] = of_posts(&changes)[..] else { panic!("{:#?}", lines(&changes)) };
    assert_eq!(incident.severity, Severity::Warning);
}

#[test]
fn within_a_rise_it_is_shown_there() {
    let from = 12 * DAY + 14 * HOUR;
    let changes = told((*plan()).clone(), 14, shares(7, 400, from, 40 * MINUTE, 0.2));
    let late = |it: &&&Change| it.incident.detected_at >= at(12 * DAY);
    assert_eq!(opened(&changes).iter().filter(late).count(), 1, "{:#?}", lines(&changes));
    let last = changes.last().unwrap();
    let measures: Vec<Measure> = last.incident.signals.iter().map(|it| it.measure).collect();
    assert!(measures.contains(&Measure::PostShares), "{measures:?}");
    assert!(measures.contains(&Measure::Mentions), "{measures:?}");
    assert_eq!(last.incident.samples[0].text, "post 7");
}

/// A brand whose best post of a day is shared by hundreds, now and then by a thousand.
#[test]
fn a_brand_that_is_shared_every_day_pages_for_none_of_it() {
    let mut rng = StdRng::seed_from_u64(5);
    let mut days = Vec::new();
    for day in 0..35 {
        // A Pareto tail of index 1.6.
        let count = 60.0 * rng.random_range(0.01_f64..1.0).powf(-1.0 / 1.6);
        days.extend(shares(100 + day, count as u64, day as i64 * DAY + 15 * HOUR, HOUR, 0.2));
    }
    let changes = told(anger(), 35, days);
    assert!(of_posts(&changes).len() <= 1, "{:#?}", lines(&changes));
}

#[test]
fn nothing_is_told_on_the_first_day() {
    let changes = told(anger(), 1, shares(7, 500, 14 * HOUR, HOUR, 0.2));
    assert!(of_posts(&changes).is_empty(), "{:#?}", lines(&changes));
}

/// A receiver drops what it has seen: two things told may not look like one.
#[test]
fn two_posts_that_begin_to_spread_in_the_same_minutes_have_incidents_of_their_own() {
    let from = 12 * DAY + 14 * HOUR;
    let ids = |changes: Vec<Change>| {
        let [incident] = of_posts(&changes)[..] else { panic!("{:#?}", lines(&changes)) };
        (incident.onset, incident.id, opened(&changes)[0].id)
    };
    let of = |post| ids(told(anger(), 14, shares(post, 150, from, 40 * MINUTE, 0.2)));
    let (one, other) = (of(7), of(8));
    assert_eq!(one.0, other.0, "they began at the same moment");
    assert_ne!(one.1, other.1);
    assert_ne!(one.2, other.2);
    assert_eq!(one, of(7), "the same post is the same incident");
}

#[test]
fn false_alarms_raise_what_a_post_has_to_reach_and_mute_none() {
    let from = 12 * DAY + 14 * HOUR;
    let pages = |count: u64, false_alarms: usize| {
        let more = shares(7, count, from, 40 * MINUTE, 0.2);
        of_posts(&marked(anger(), 14, more, false_alarms)).len()
    };
    assert_eq!((pages(100, 0), pages(100, 4)), (1, 0));
    assert_eq!(pages(3_000, 4), 1);
}
