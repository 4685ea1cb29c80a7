#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod real;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::alerts;
use crate::incident::fixtures::{ONSET, change_of, incident, resolved, silent_feed};
use crate::incident::{Incident, Severity, State};
use crate::mention::Timestamp;
use crate::notify::Telling;
use crate::notify::told::Told;

/// An hour after the onset.
const NOW: Timestamp = Timestamp::from_millis(ONSET.as_millis() + 3_600_000);

/// What Alertmanager gets once each of `incidents`, changes of one, has been told.
fn told(incidents: &[Incident]) -> Value {
    let changes = (0..).zip(incidents).map(|(at, it)| change_of(it.clone(), at));
    let severities = incidents.iter().map(|it| it.severity).collect();
    let told = Told { latest: changes.last().unwrap(), severities };
    json!(alerts(&told, NOW, &Telling::within(TimeZone::get("America/New_York").unwrap())))
}

fn pretty(incidents: &[Incident]) -> String {
    serde_json::to_string_pretty(&told(incidents)).unwrap()
}

fn warning() -> Incident {
    Incident { severity: Severity::Warning, ..incident() }
}

#[test]
fn a_rise_is_told_in_full() {
    insta::assert_snapshot!("rise", pretty(&[incident()]));
}

#[test]
fn a_silent_feed_is_told() {
    insta::assert_snapshot!("silent_feed", pretty(&[silent_feed()]));
}

#[test]
fn each_severity_is_an_alert_of_its_own_that_stays_until_all_is_over() {
    let worse = Incident { state: State::Escalated, ..incident() };
    let mut life = vec![warning()];
    let of_warning = told(&life)[0]["labels"].clone();
    assert_eq!(of_warning["severity"], "warning");
    for state in [State::Escalated, State::Updated, State::Acknowledged] {
        life.push(Incident {
            state,
            mentions: 9_999,
            measure: silent_feed().measure,
            ..worse.clone()
        });
        let now = told(&life);
        assert_eq!(now.as_array().unwrap().len(), 2, "{now:#}");
        assert_eq!(now[0]["labels"], of_warning);
        assert_eq!(now[1]["labels"]["severity"], "critical");
        assert_eq!(now[0]["endsAt"], NOW.plus_millis(3_600_000).to_string());
    }
    life.push(resolved(worse, 40));
    let over = told(&life);
    let severities: Vec<&Value> =
        over.as_array().unwrap().iter().map(|alert| &alert["labels"]["severity"]).collect();
    assert_eq!(severities, ["warning", "critical"], "and none that never was");
    assert_eq!(over[0]["labels"], of_warning);
    let end = ONSET.plus_millis(40 * 60_000).to_string();
    assert!(over.as_array().unwrap().iter().all(|alert| alert["endsAt"] == end));
}

#[test]
fn what_is_over_ends_by_now_and_not_before_it_began() {
    let ends = |minutes| told(&[resolved(incident(), minutes)])[0]["endsAt"].clone();
    assert_eq!(ends(600), NOW.to_string(), "event time may be ahead of the clock");
    assert_eq!(ends(-1), ONSET.to_string());
}
