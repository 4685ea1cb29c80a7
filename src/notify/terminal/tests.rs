#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::render;
use crate::incident::fixtures::{change, change_of, incident, resolved, silent_feed};
use crate::notify::hostile;

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

#[test]
fn a_rise_is_shown_in_full() {
    insta::assert_snapshot!("rise", render(&change(), &new_york(), false));
}

#[test]
fn a_silent_feed_is_shown() {
    let change = change_of(silent_feed(), 0);
    insta::assert_snapshot!("silent_feed", render(&change, &new_york(), false));
}

#[test]
fn a_resolution_is_shown() {
    let change = change_of(resolved(incident(), 190), 2);
    insta::assert_snapshot!("resolved", render(&change, &new_york(), false));
}

#[test]
fn colors_are_all_that_color_adds() {
    let plain = render(&change(), &new_york(), false);
    let mut colored = render(&change(), &new_york(), true);
    assert!(colored.starts_with("\u{1b}[31m┃\u{1b}[0m \u{1b}[1m🚨"));
    for code in ["0", "1", "2", "31"] {
        colored = colored.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(colored, plain);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strangers_cannot_control_the_terminal(change in hostile::change()) {
        let text = render(&change, &TimeZone::UTC, false);
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        prop_assert!(text.lines().all(|line| line.starts_with('┃')));
    }
}
