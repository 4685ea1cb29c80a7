//! What Slack's own Python SDK says.

use jiff::tz::TimeZone;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::page;
use crate::notify::slack::blocks::Block;
use crate::notify::slack::blocks::SlackFile;
use crate::notify::slack::message::{compose, message, reply, written};
use crate::notify::slack::storm;
use crate::notify::storm::Storm;
use crate::notify::{Telling, hostile};

#[path = "../../../../tests/support/slack.rs"]
mod slack;

fn repository(path: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn its_models_take_a_thousand_incidents_of_strangers_words() {
    let mut runner = TestRunner::deterministic();
    let strategy = hostile::change();
    let bare = Telling::within(TimeZone::UTC);
    let full = Telling { page: Some(page()), buttons: true, ..bare.clone() };
    let picture = Block::Image {
        slack_file: SlackFile { id: "F0123456789".to_owned() },
        alt_text: "Acme: mentions an hour".to_owned(),
    };
    let payloads: Vec<_> = (0..1_000)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .flat_map(|change| {
            [
                message(&change, &bare),
                message(&change, &full),
                written(&compose(&change, &full, Some(picture.clone()))),
                written(&reply(&change, &full)),
            ]
        })
        .collect();
    assert_eq!(slack::validate(&payloads), Ok(()));
    let with_buttons = payloads.iter().filter(|it| it.to_string().contains("\"actions\"")).count();
    assert_eq!(with_buttons, 2_000, "each has something to press");
}

#[test]
fn its_models_take_storms_of_strangers_words() {
    let mut runner = TestRunner::deterministic();
    let strategy = hostile::change();
    let full = Telling { page: Some(page()), buttons: true, ..Telling::within(TimeZone::UTC) };
    let storm = |incidents: usize, runner: &mut TestRunner| {
        let changes: Vec<_> = (0..incidents)
            .map(|_| strategy.new_tree(runner).unwrap().current())
            .map(|mut change| {
                change.incident.id = uuid::Uuid::from_u128(rand::random());
                change
            })
            .collect();
        written(&storm::message(&Storm::of(&changes, &full)))
    };
    let payloads: Vec<_> = [1, 2, 10, 60, 61, 200]
        .into_iter()
        .map(|incidents| storm(incidents, &mut runner))
        .collect();
    assert_eq!(slack::validate(&payloads), Ok(()));
    // 60 of 200 are told at most, and as many of these as have room.
    assert!(payloads[5].to_string().contains(" more\""));
    assert!(payloads.iter().all(|it| it["blocks"].to_string().len() < 40_000));
}
