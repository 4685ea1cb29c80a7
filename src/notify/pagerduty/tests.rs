#![allow(clippy::unwrap_used, clippy::expect_used)]

use jiff::tz::TimeZone;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::event;
use crate::incident::fixtures::{change_of, incident, resolved, silent_feed};
use crate::incident::{Change, Incident, Severity, State};
use crate::notify::{Telling, hostile};

const KEY: &str = "e93facc04764012d7bfb002500d5d1a6";

fn told(incident: Incident, sequence: u32) -> Value {
    let new_york = TimeZone::get("America/New_York").unwrap();
    json!(event(&change_of(incident, sequence), KEY, &Telling::within(new_york)))
}

fn pretty(incident: Incident, sequence: u32) -> String {
    serde_json::to_string_pretty(&told(incident, sequence)).unwrap()
}

/// What PagerDuty takes.
fn published() -> Validator {
    let schema = include_str!("../../../tests/pagerduty-event.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

#[test]
fn a_rise_is_told_in_full() {
    insta::assert_snapshot!("rise", pretty(incident(), 0));
}

#[test]
fn a_silent_feed_is_told() {
    insta::assert_snapshot!("silent_feed", pretty(silent_feed(), 0));
}

#[test]
fn an_incident_is_one_alert_from_its_opening_to_its_end() {
    let of = |state| Incident { state, ..incident() };
    let states = [State::Opened, State::Escalated, State::Updated, State::Acknowledged];
    let mut events: Vec<Value> = (0..).zip(states).map(|(at, it)| told(of(it), at)).collect();
    events.push(told(resolved(incident(), 190), 4));
    let actions: Vec<&Value> = events.iter().map(|event| &event["event_action"]).collect();
    assert_eq!(actions, ["trigger", "trigger", "trigger", "acknowledge", "resolve"]);
    assert!(events.iter().all(|event| event["dedup_key"] == events[0]["dedup_key"]));
    assert!(events.iter().all(|event| published().is_valid(event)));
}

/// PagerDuty would wake nobody when it becomes critical.
#[test]
fn what_may_become_more_severe_is_not_acknowledged_there() {
    let of = |severity| {
        let taken = Incident { severity, state: State::Acknowledged, ..incident() };
        told(taken, 1)["event_action"].clone()
    };
    assert_eq!(Severity::ALL.map(of), ["trigger", "trigger", "acknowledge"]);
}

#[test]
fn severities_are_pagerdutys() {
    let of = |severity| told(Incident { severity, ..incident() }, 0)["payload"]["severity"].clone();
    assert_eq!(Severity::ALL.map(of), ["info", "warning", "critical"]);
}

fn assert_accepted(change: &Change) {
    let event = json!(event(change, KEY, &Telling::within(TimeZone::UTC)));
    let wrong: Vec<String> = published()
        .iter_errors(&event)
        .map(|wrong| format!("{wrong} at {}", wrong.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} in {event:#}");
    // Events larger than that are refused.
    assert!(event.to_string().len() < 512 << 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn pagerduty_accepts_whatever_strangers_write(mut change in hostile::change()) {
        // Decoding lets no mention of another millennium through.
        change.incident.updated_at = incident().updated_at;
        assert_accepted(&change);
    }
}
