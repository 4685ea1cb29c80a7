#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bot;
mod many;
mod sdk;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::blocks::{
    MAX_ALL, MAX_BLOCKS, MAX_FALLBACK, MAX_FIELD, MAX_FIELDS, MAX_HEADER, MAX_TEXT,
};
use super::escape::units;
use super::{Pressed, message};
use crate::incident::fixtures::{change, change_of, fall, incident, resolved, silent_feed};
use crate::incident::{Acknowledgement, Incident, State};
use crate::notify::{PageLinks, Telling, hostile};

fn pretty(incident: Incident, sequence: u32) -> String {
    let new_york = TimeZone::get("America/New_York").unwrap();
    serde_json::to_string_pretty(&message(
        &change_of(incident, sequence),
        &Telling::within(new_york),
    ))
    .unwrap()
}

#[test]
fn a_rise_is_told_in_full() {
    insta::assert_snapshot!("rise", pretty(incident(), 0));
}

#[test]
fn an_escalation_is_told() {
    let worse = Incident { state: State::Escalated, ..incident() };
    insta::assert_snapshot!("escalated", pretty(worse, 1));
}

#[test]
fn a_fall_without_sources_or_samples_is_told() {
    insta::assert_snapshot!("fall", pretty(fall(), 0));
}

#[test]
fn a_silent_feed_is_told() {
    insta::assert_snapshot!("silent_feed", pretty(silent_feed(), 0));
}

#[test]
fn a_resolution_is_told() {
    insta::assert_snapshot!("resolved", pretty(resolved(incident(), 190), 2));
}

/// The page, by links that are always the same.
fn page() -> PageLinks {
    PageLinks { public_url: "https://groundswell.example".parse().unwrap(), signing: None }
}

/// The row of buttons below `incident`.
fn buttons(incident: Incident, telling: &Telling) -> Vec<String> {
    let message = message(&change_of(incident, 0), telling);
    let blocks = message["blocks"].as_array().unwrap();
    let row = blocks.iter().find(|block| block["type"] == "actions");
    let row = row.map(|row| row["elements"].as_array().unwrap().clone()).unwrap_or_default();
    row.iter().map(|button| button["text"]["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_can_be_done_is_told_by_buttons() {
    let telling = Telling { page: Some(page()), buttons: true, ..Telling::within(TimeZone::UTC) };
    let told = message(&change_of(incident(), 0), &telling);
    insta::assert_snapshot!("buttons", serde_json::to_string_pretty(&told["blocks"][3]).unwrap());
    let silences = ["Silence 1 h", "Silence 4 h", "Silence 24 h"];
    let by = Acknowledgement { by: "Dana".to_owned(), at: incident().onset };
    let taken = Incident { acknowledged: Some(by), ..incident() };
    let of = |incident| buttons(incident, &telling);
    assert_eq!(of(taken), [&silences[..], &["False alarm", "Open the page"]].concat());
    assert_eq!(of(resolved(incident(), 190)), ["False alarm", "Open the page"]);
    assert_eq!(of(silent_feed()), [&["Acknowledge"], &silences[..], &["Open the page"]].concat());
    let unheard = Telling { buttons: false, ..telling.clone() };
    assert_eq!(buttons(incident(), &unheard), [""; 0]);
    let told = message(&change(), &unheard);
    assert!(told["blocks"][3]["text"]["text"].as_str().unwrap().ends_with("|Open the page>"));
    assert_eq!(buttons(incident(), &Telling::within(TimeZone::UTC)), [""; 0]);
}

#[test]
fn a_button_says_which_incident_it_is_of_and_how_severe_that_was() {
    let told = message(&change(), &Telling { buttons: true, ..Telling::within(TimeZone::UTC) });
    let value = told["blocks"][3]["elements"][0]["value"].as_str().unwrap();
    let pressed = Pressed { incident: incident().id, shown: incident().severity };
    assert_eq!(Pressed::parse(value), Some(pressed));
    for other in [
        "",
        "x critical",
        "0f5e7a1c-9b34-5d2e-8c61-3a4b5c6d7e8f",
        "0f5e7a1c-9b34-5d2e-8c61-3a4b5c6d7e8f severe",
    ] {
        assert_eq!(Pressed::parse(other), None, "{other}");
    }
}

#[test]
fn nothing_unfurls_and_nothing_is_linked_by_itself() {
    let message = message(&change(), &Telling::within(TimeZone::UTC));
    assert_eq!(message["unfurl_links"], false);
    assert_eq!(message["unfurl_media"], false);
    for text in texts(&message).filter(|text| text["type"] == "mrkdwn") {
        assert_eq!(text["verbatim"], true);
    }
}

/// Every text object of the message's blocks.
fn texts(message: &Value) -> impl Iterator<Item = &Value> {
    let blocks = message["blocks"].as_array().unwrap();
    blocks.iter().flat_map(|block| {
        let lists = [&block["fields"], &block["elements"]];
        let listed = lists.into_iter().filter_map(Value::as_array).flatten();
        listed.chain(block.get("text"))
    })
}

fn length(text: &Value) -> usize {
    units(text["text"].as_str().unwrap())
}

/// Slack's published limits, written down once more from its reference, not from our code.
fn assert_slack_accepts(message: &Value) {
    assert!((1..=4000).contains(&units(message["text"].as_str().unwrap())));
    let blocks = message["blocks"].as_array().unwrap();
    assert!((1..=50).contains(&blocks.len()));
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => {
                assert_eq!(block["text"]["type"], "plain_text");
                assert!((1..=150).contains(&length(&block["text"])));
            }
            "section" => {
                let fields = block["fields"].as_array();
                assert!(fields.is_some() || block["text"].is_object());
                if let Some(fields) = fields {
                    assert!((1..=10).contains(&fields.len()));
                    assert!(fields.iter().all(|f| (1..=2000).contains(&length(f))));
                }
                if block["text"].is_object() {
                    assert!((1..=3000).contains(&length(&block["text"])));
                }
            }
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()));
                assert!(elements.iter().all(|e| (1..=3000).contains(&length(e))));
            }
            other => panic!("unexpected block {other}"),
        }
    }
}

/// Everything between `<` and `>` is a web link of ours.
fn assert_only_links(text: &str) {
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let close = rest[open..].find('>').expect("a link ends") + open;
        let inside = &rest[open + 1..close];
        let (url, label) = inside.split_once('|').expect("a link has a label");
        assert!(url.starts_with("https://") || url.starts_with("http://"), "{inside}");
        assert!(!label.is_empty() && !label.contains(['|', '<']));
        assert!(!inside.contains(['\n', ' ']) || !url.contains(['\n', ' ']));
        rest = &rest[close + 1..];
    }
}

#[test]
fn our_limits_are_slacks() {
    assert_eq!(
        (MAX_HEADER, MAX_TEXT, MAX_FIELD, MAX_FIELDS, MAX_BLOCKS, MAX_FALLBACK),
        (150, 3000, 2000, 10, 50, 4000)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn slack_accepts_whatever_strangers_write(change in hostile::change()) {
        let message = message(&change, &Telling::within(TimeZone::UTC));
        assert_slack_accepts(&message);
        let told: usize = texts(&message).map(length).sum();
        prop_assert!(told <= MAX_ALL, "{told}");
        let json = message.to_string();
        for call in ["<!channel", "<!here", "<!everyone", "<!subteam", "<@", "@channel", "@here", "@everyone"] {
            prop_assert!(!json.contains(call), "{call} in {json}");
        }
        assert_only_links(message["text"].as_str().unwrap());
        for text in texts(&message) {
            let text = text["text"].as_str().unwrap();
            assert_only_links(text);
            prop_assert!(!text.contains("NaN") && !text.contains("inf "), "{text}");
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn a_quote_stays_one_quoted_line(words in hostile::text()) {
        let mut incident = incident();
        incident.samples.truncate(1);
        incident.samples[0].text = words;
        let message = message(&change_of(incident, 0), &Telling::within(TimeZone::UTC));
        let text = texts(&message)
            .filter_map(|text| text["text"].as_str())
            .find(|text| text.contains("In their words"))
            .unwrap();
        let lines: Vec<&str> = text.lines().collect();
        prop_assert_eq!(lines.len(), 3);
        prop_assert!(lines[1].starts_with("> "));
        prop_assert!(lines[2].contains("customer"));
    }
}
