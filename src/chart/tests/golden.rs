//! What charts look like, to the letter.

use super::fixtures::{calm_day, cold_start, crisis, empty, fall, sentiment, share, week};
use crate::chart::{Size, standalone, svg};

#[test]
fn a_calm_day() {
    insta::assert_snapshot!("calm_day", svg(&calm_day(), Size::WIDE, "calm"));
}

#[test]
fn a_crisis_with_an_open_incident() {
    insta::assert_snapshot!("crisis", svg(&crisis(), Size::WIDE, "crisis"));
}

#[test]
fn a_crisis_on_a_telephone() {
    insta::assert_snapshot!("crisis_phone", svg(&crisis(), Size::PHONE, "crisis"));
}

#[test]
fn a_fall() {
    insta::assert_snapshot!("fall", svg(&fall(), Size::WIDE, "fall"));
}

#[test]
fn a_share() {
    insta::assert_snapshot!("share", svg(&share(), Size::WIDE, "share"));
}

#[test]
fn a_sentiment() {
    insta::assert_snapshot!("sentiment", svg(&sentiment(), Size::PHONE, "sentiment"));
}

#[test]
fn a_cold_start() {
    insta::assert_snapshot!("cold_start", svg(&cold_start(), Size::PHONE, "cold"));
}

#[test]
fn a_week_in_which_clocks_change() {
    insta::assert_snapshot!("week", svg(&week(), Size::WIDE, "week"));
}

#[test]
fn a_time_of_which_nothing_is_known() {
    insta::assert_snapshot!("empty", standalone(&empty(), Size::PHONE));
}
