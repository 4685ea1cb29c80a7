//! The real week of six airlines, decoded and classified as in the service.

use std::path::Path;
use std::sync::OnceLock;

use jiff::tz::TimeZone;

use crate::classify::{BrandRule, Classifier, Rules};
use crate::decode::{Format, Limits, decode};
use crate::detect::{Brand, Plan};
use crate::incident::{
    Change, Direction, Incident, Provenance, Severity, SourceKind, State, Subject,
};
use crate::mention::Timestamp;
use crate::shard::{Outcome, Shard};
use crate::source::{FileLines, Progress};

use super::streams::{opened, plan};

const FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/airline-2015/mentions.ndjson.gz");
const AIRLINES: [&str; 6] =
    ["American", "Delta", "Southwest", "US Airways", "United", "Virgin America"];

struct Week {
    changes: Vec<Change>,
    outcomes: [u64; 4],
}

/// The week, run once for all tests.
fn week() -> &'static Week {
    static WEEK: OnceLock<Week> = OnceLock::new();
    WEEK.get_or_init(run_week)
}

fn run_week() -> Week {
    let brand = |name: &str| Brand { name: name.to_owned(), market: None };
    let rule = |name: &str| BrandRule {
        name: name.to_owned(),
        market: None,
        any: Vec::new(),
        all: Vec::new(),
        none: Vec::new(),
        employees: Vec::new(),
        officials: Vec::new(),
    };
    let rules = Rules {
        brands: AIRLINES.map(rule).to_vec(),
        crisis_terms: Vec::new(),
        ignored_crisis_terms: Vec::new(),
        journalists: Vec::new(),
        influencer_followers: 100_000,
    };
    let classifier = Classifier::new(&rules).unwrap();
    let plan = Plan {
        brands: AIRLINES.map(brand).to_vec(),
        time_zone: TimeZone::get("America/New_York").unwrap(),
        ..(*plan()).clone()
    };
    let limits = Limits { max_bytes: 1 << 20, latest: moment("2015-03-01T00:00:00Z") };
    let mut shard = Shard::new(plan.into(), "feed");
    let (mut changes, mut outcomes) = (Vec::new(), [0; 4]);
    for line in FileLines::open(Path::new(FILE), 1 << 20, &Progress::default()).unwrap() {
        let line = line.unwrap();
        let mention = decode(Format::Json, &line.bytes, &limits).unwrap();
        let outcome = shard.observe(&classifier.classify(&mention).unwrap(), &mut changes);
        let at = Outcome::ALL.iter().position(|&known| known == outcome).unwrap();
        outcomes[at] += 1;
    }
    shard.finish(&mut changes);
    Week { changes, outcomes }
}

fn moment(text: &str) -> Timestamp {
    let parsed: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(parsed.as_millisecond())
}

fn rises(brand: &str) -> impl Iterator<Item = &'static Incident> {
    opened(&week().changes)
        .into_iter()
        .map(|it| &it.incident)
        .filter(move |it| it.brand == brand && it.direction == Direction::Up)
}

#[test]
fn every_mention_is_counted_and_only_the_files_own_duplicates_are_not() {
    assert_eq!(week().outcomes, [14_485, 0, 155, 0], "counted, unmatched, duplicate, late");
}

fn resolved(id: uuid::Uuid) -> Option<Timestamp> {
    week().changes.iter().filter(|it| it.incident.id == id).find_map(|it| it.incident.resolved_at)
}

/// The storm hits American as the source begins to collect it: a cold start.
#[test]
fn american_opens_within_the_hour() {
    let first = rises("American").next().expect("an incident");
    assert!(first.onset >= moment("2015-02-22T19:50:00Z"), "{}", first.onset);
    assert!(first.detected_at <= moment("2015-02-22T21:00:00Z"), "{}", first.detected_at);
    assert!(first.severity >= Severity::Warning);
    assert_eq!(changes_of(first).map(|it| it.severity).max(), Some(Severity::Critical));
    assert_eq!(rises("American").count(), 1, "one storm, one incident");
    assert!(first.sources.iter().any(|it| it.kind == SourceKind::Channel && it.value == "twitter"));
    let phrases = |it: &Incident| {
        let phrases = it.sources.iter().filter(|it| it.kind == SourceKind::Phrase);
        phrases.map(|it| it.value.clone()).collect::<Vec<_>>()
    };
    let said: Vec<String> = changes_of(first).flat_map(phrases).collect();
    assert!(said.iter().any(|it| it.contains("on hold")), "{said:?}");
    assert!(said.iter().any(|it| it.contains("cancelled")), "{said:?}");
    assert_eq!(first.samples.len(), 3);
    assert!(first.origin.is_none(), "a dozen mentions do not tell");
    let last = changes_of(first).last().expect("it escalates");
    let origin = last.origin.as_ref().expect("enough mentions");
    assert_eq!(origin.provenance, Provenance::Organic, "{origin:?}");
}

fn changes_of(first: &Incident) -> impl Iterator<Item = &'static Incident> {
    week().changes.iter().map(|it| &it.incident).filter(move |it| it.id == first.id)
}

/// Its night of cancellations begins at about 04:00 UTC.
#[test]
fn us_airways_opens_in_the_night() {
    let night = (moment("2015-02-22T00:00:00Z"), moment("2015-02-22T08:00:00Z"));
    let first = rises("US Airways")
        .find(|it| night.0 <= it.detected_at && it.detected_at < night.1)
        .expect("an incident");
    assert!(night.0 <= first.onset, "{}", first.onset);
    assert!(first.negative_mentions * 10 >= first.mentions * 7, "{first:?}");
    // Five times its usual anger, by 61 mentions, in a window that is not the most unusual one.
    let told = week().changes.iter().filter(|it| it.incident.id == first.id);
    assert_eq!(told.map(|it| it.incident.severity).max(), Some(Severity::Critical));
}

#[test]
fn the_quiet_days_before_hold_a_handful_of_incidents() {
    let weekend = moment("2015-02-22T00:00:00Z");
    let before: Vec<_> = opened(&week().changes)
        .into_iter()
        .map(|it| (&it.incident.brand, &it.incident.monitor, it.incident.detected_at))
        .filter(|it| it.2 < weekend)
        .collect();
    assert!(before.len() <= 5, "{before:#?}");
    assert!(!before.iter().any(|it| it.0 == "Virgin America"), "small and calm: {before:#?}");
}

/// Feed gaps of up to 73 minutes in the first night, and nightly lulls down to zero.
#[test]
fn no_gap_of_the_file_is_an_incident() {
    for change in &week().changes {
        assert_eq!(change.incident.subject, Subject::Brand, "{change:#?}");
        assert_eq!(change.incident.direction, Direction::Up, "{change:#?}");
    }
}

/// What goes on is told again about once a day, not by the hour.
#[test]
fn what_gets_worse_costs_a_few_alerts_a_week() {
    let changes = &week().changes;
    let updated = changes.iter().filter(|it| it.incident.state == State::Updated).count();
    let opened = opened(changes).len();
    assert!((1..=opened).contains(&updated), "{:#?}", super::streams::lines(changes));
}

#[test]
fn no_two_incidents_are_named_alike() {
    let opened = opened(&week().changes);
    let ids: std::collections::BTreeSet<_> = opened.iter().map(|it| it.incident.id).collect();
    assert_eq!(ids.len(), opened.len(), "{:#?}", super::streams::lines(&week().changes));
}

#[test]
fn what_opened_resolves_but_for_the_storm_that_goes_on() {
    for change in opened(&week().changes) {
        let incident = &change.incident;
        match resolved(incident.id) {
            Some(at) => assert!(
                at.millis_since(incident.detected_at) >= 30 * 60_000,
                "{:#?}",
                super::streams::lines(&week().changes)
            ),
            None => assert_eq!(incident.brand, "American"),
        }
    }
}
