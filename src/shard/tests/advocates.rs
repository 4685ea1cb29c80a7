//! Advocates who go quiet.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Poisson};

use crate::detect::Plan;
use crate::incident::{Change, Direction, Incident, Measure, Severity, SourceKind, State};
use crate::mention::Mention;
use crate::shard::Shard;

use super::streams::{
    BRANDS, DAY, HOUR, MINUTE, Made, START, at, false_alarm, lines, made, observe_as, opened, plan,
};

/// Six weeks.
const QUIET: i64 = 42 * DAY;
/// Mentions that belong to nobody in particular.
const NOBODY: u64 = 1 << 32;

/// Longer panes, so that weeks pass quickly.
fn weeks() -> Plan {
    let mut plan = (*plan()).clone();
    plan.time.pane = Duration::from_secs(900);
    for monitor in &mut plan.monitors {
        monitor.windows.retain(|&window| window > plan.time.pane);
    }
    plan
}

/// Three mentions of each brand an hour by passers-by, and of the first brand those of as many
/// `advocates` as have a rate (praise a week), each where it `speaks(advocate, at)`.
fn stream(
    seed: u64,
    days: i64,
    advocates: &[f64],
    speaks: impl Fn(usize, i64) -> bool,
) -> Vec<Made> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut all = Vec::new();
    for day in 0..days {
        for brand in 0..BRANDS.len() as u32 {
            for _ in 0..Poisson::new(72.0).unwrap().sample(&mut rng) as u64 {
                let at = day * DAY + rng.random_range(0..DAY);
                all.push(made(NOBODY + all.len() as u64, at, brand));
            }
        }
        for (advocate, rate) in advocates.iter().enumerate() {
            for _ in 0..Poisson::new(rate / 7.0).unwrap().sample(&mut rng) as u64 {
                let at = day * DAY + rng.random_range(0..DAY);
                if speaks(advocate, at) {
                    let id = ((advocate as u64 + 1) << 40) + all.len() as u64;
                    all.push(Made { sentiment: 0.7, ..made(id, at, 0) });
                }
            }
        }
    }
    all.sort_by_key(|mention| mention.at);
    all
}

/// The author of each mention: an advocate, or somebody who is heard once.
fn named(made: &Made, mention: &mut Mention<'_>) {
    mention.author.handle = Some(match made.id >> 40 {
        0 => format!("passer_by_{}", made.id).into(),
        advocate => format!("fan_{}", advocate - 1).into(),
    });
}

fn run(plan: Plan, stream: &[Made]) -> (Vec<Change>, Shard) {
    marked(plan, stream, 0)
}

/// [`run`], after so many false alarms.
fn marked(plan: Plan, stream: &[Made], false_alarms: usize) -> (Vec<Change>, Shard) {
    let mut shard = Shard::new(plan.into(), "feed");
    shard.mark(vec![false_alarm("advocates-quiet", at(QUIET)); false_alarms]);
    let mut changes = Vec::new();
    for made in stream {
        observe_as(&mut shard, made, &named, &mut changes);
    }
    shard.finish(&mut changes);
    (changes, shard)
}

fn of_advocates(changes: &[Change]) -> Vec<&Incident> {
    let all = opened(changes).into_iter().map(|it| &it.incident);
    all.filter(|it| it.monitor == "advocates-quiet").collect()
}

fn names(incident: &Incident) -> BTreeSet<&str> {
    assert!(incident.sources.iter().all(|it| it.kind == SourceKind::Author && it.share <= 1.0));
    incident.sources.iter().map(|it| it.value.as_str()).collect()
}

#[test]
fn six_of_ten_who_fall_silent_are_told_within_eight_days() {
    let back = QUIET + 16 * DAY;
    let speaks = |advocate: usize, at: i64| advocate >= 6 || !(QUIET..back).contains(&at);
    let stream = stream(201, 70, &[5.0; 10], speaks);
    let (changes, _) = run(weeks(), &stream);
    let [incident] = of_advocates(&changes)[..] else { panic!("{:#?}", lines(&changes)) };
    assert_eq!((incident.measure, incident.direction), (Measure::Advocates, Direction::Down));
    assert_eq!((incident.severity, incident.brand.as_str()), (Severity::Notice, BRANDS[0]));
    assert!((at(QUIET + 7 * DAY)..=at(QUIET + 8 * DAY)).contains(&incident.detected_at));
    assert!((at(QUIET - 2 * DAY)..=at(QUIET)).contains(&incident.onset), "{}", incident.onset);
    assert!(incident.observed <= 4.0 && incident.expected > 9.0, "{incident:#?}");
    assert!(incident.lower > 7.0 && incident.upper == 10.0, "{incident:#?}");
    let silent: BTreeSet<String> = (0..6).map(|it| format!("fan_{it}")).collect();
    assert_eq!(incident.sources.len(), 5);
    assert!(names(incident).iter().all(|&it| silent.contains(it)), "{:?}", incident.sources);
    assert!(incident.mentions > 7 * 60, "{}", incident.mentions);
    let mut over = changes.iter().filter(|it| it.incident.measure == Measure::Advocates);
    let over = over.find(|it| it.incident.state == State::Resolved).unwrap();
    let resolved_at = over.incident.updated_at;
    assert!((at(back)..at(back + 3 * DAY)).contains(&resolved_at), "{resolved_at}");
    assert!(over.incident.mentions > 16 * 60, "{}", over.incident.mentions);
}

#[test]
fn what_is_open_is_shown_and_the_switch_turns_it_off() {
    let speaks = |advocate: usize, at: i64| advocate >= 6 || at < QUIET;
    let stream = stream(202, 52, &[5.0; 10], speaks);
    let (changes, shard) = run(weeks(), &stream);
    assert_eq!(of_advocates(&changes).len(), 1, "{:#?}", lines(&changes));
    assert_eq!(shard.open_incidents().filter(|it| it.measure == Measure::Advocates).count(), 1);
    assert_eq!(shard.open_changes().len(), shard.open_incidents().count());
    let mut off = weeks();
    off.sensitivity.advocates = false;
    let (changes, _) = run(off, &stream);
    assert!(of_advocates(&changes).is_empty(), "{:#?}", lines(&changes));
}

#[test]
fn advocates_who_speak_as_ever_page_nobody() {
    let rates = [2.0, 2.5, 3.0, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 10.0];
    for seed in 203..208 {
        let (changes, _) = run(weeks(), &stream(seed, 70, &rates, |_, _| true));
        assert!(of_advocates(&changes).is_empty(), "{seed}: {:#?}", lines(&changes));
    }
}

#[test]
fn a_dead_feed_makes_nobody_quiet() {
    // As many as would be told: followed live, the days of silence pass one by one.
    let (dead, lasts) = (QUIET + 6 * HOUR, 6 * DAY + 12 * HOUR);
    let stream = stream(209, 60, &[3.0; 20], |_, _| true);
    let mut shard = Shard::new(weeks().into(), "feed");
    let mut changes = Vec::new();
    for made in stream.iter().filter(|it| it.at < START + dead) {
        observe_as(&mut shard, made, &named, &mut changes);
    }
    for quarter in 1..lasts / (15 * MINUTE) {
        let silent = quarter * 15 * MINUTE;
        shard.idle(at(dead + silent), silent, &mut changes);
    }
    for made in stream.iter().filter(|it| it.at >= START + dead + lasts) {
        observe_as(&mut shard, made, &named, &mut changes);
    }
    shard.finish(&mut changes);
    assert!(of_advocates(&changes).is_empty(), "{:#?}", lines(&changes));
    assert!(opened(&changes).iter().any(|it| it.incident.monitor == "feed-silent"));
}

#[test]
fn a_brand_without_advocates_has_nothing_to_tell() {
    // Two who praise are too few, and ten who praise once in three weeks are no advocates.
    let rates = [5.0, 5.0, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
    let (changes, _) = run(weeks(), &stream(210, 60, &rates, |_, at| at < QUIET));
    assert!(of_advocates(&changes).is_empty(), "{:#?}", lines(&changes));
}

#[test]
fn false_alarms_raise_how_many_must_be_quiet_and_mute_nothing() {
    let told = |quiet: usize, false_alarms: usize| {
        let speaks = |advocate: usize, at: i64| advocate >= quiet || at < QUIET;
        let (changes, _) = marked(weeks(), &stream(211, 52, &[5.0; 10], speaks), false_alarms);
        of_advocates(&changes).len()
    };
    let fewest = (1..10).find(|it| told(*it, 0) == 1).unwrap();
    assert_eq!(told(fewest, 4), 0, "{fewest}");
    assert_eq!(told(10, 4), 1);
}
