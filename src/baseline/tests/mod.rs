//! The baseline against closed forms and simulated rhythms.
#![allow(clippy::unwrap_used)]

mod closed_forms;

use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Poisson};
use statrs::distribution::{Discrete, DiscreteCDF, NegativeBinomial};

use super::*;
use crate::mention::Timestamp;

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
/// Hours since 1970 of a Monday, 00:00 UTC.
const MONDAY: i64 = 1_789_344_000 / 3_600;

fn baseline(scale: Scale) -> Baseline {
    Baseline::new(scale, &BaselineSettings::default(), MINUTE, &[5 * MINUTE, HOUR, 24 * HOUR])
}

fn slot(hour: i64) -> Slot {
    Calendar::new(TimeZone::UTC).slot(Timestamp::from_millis((MONDAY + hour) * 3_600_000))
}

fn bucket(hour: i64, count: f64) -> Bucket {
    Bucket::new(MONDAY + hour, Part::even(slot(hour), 60.0), count, false)
}

fn hour_shape(hour: i64) -> Shape {
    vec![Part::even(slot(hour), 60.0)]
}

fn expected(baseline: &Baseline, hour: i64) -> f64 {
    baseline.expect(1, &hour_shape(hour)).unwrap().mean
}

/// Mentions an hour with the rhythm of a day and of a week.
fn rhythm(hour: i64) -> f64 {
    let day = 1.0 - 0.8 * ((hour as f64 - 3.0) / 12.0 * std::f64::consts::PI).cos();
    let weekend = if hour.rem_euclid(168) >= 120 { 0.6 } else { 1.0 };
    100.0 * day * weekend
}

#[test]
fn nothing_is_expected_before_the_warm_up() {
    let mut baseline = baseline(Scale::Count);
    assert!(baseline.expect(1, &hour_shape(0)).is_none());
    baseline.learn(bucket(0, 12.0));
    assert!(baseline.expect(1, &hour_shape(1)).is_some());
}

#[test]
fn a_steady_rate_is_learnt_and_scored_as_statrs_scores_it() {
    let mut baseline = baseline(Scale::Count);
    (0..21 * 24).for_each(|hour| baseline.learn(bucket(hour, 30.0)));
    let expected = baseline.expect(1, &hour_shape(5)).unwrap();
    assert!((expected.mean - 30.0).abs() < 0.5, "{}", expected.mean);
    assert!(expected.error > 0.0 && expected.error < expected.doubt, "{expected:?}");
    // Were the mean known, the count would be exactly statrs' negative binomial.
    let expected = Expected { error: 0.0, ..expected };
    let size = 1.0 / expected.dispersion;
    let reference = NegativeBinomial::new(size, size / (size + expected.mean)).unwrap();
    for x in [5_u64, 20, 30, 45, 60] {
        let lower = reference.cdf(x) - reference.pmf(x) / 2.0;
        let want = -tail::z_of_upper_tail(lower.ln());
        let got = expected.z(x as f64);
        assert!((got - want).abs() < 0.02, "{x}: {got} {want}");
    }
}

#[test]
fn the_rhythm_of_day_and_week_is_recovered_from_noise() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut baseline = baseline(Scale::Count);
    for hour in 0..28 * 24 {
        let count = Poisson::new(rhythm(hour)).unwrap().sample(&mut rng);
        baseline.learn(bucket(hour, count));
    }
    for hour in 28 * 24..35 * 24 {
        let (got, want) = (expected(&baseline, hour), rhythm(hour));
        assert!((got / want - 1.0).abs() < 0.2, "hour {hour}: {got} {want}");
    }
}

#[test]
fn what_is_not_known_widens_the_limits_and_shrinks_with_history() {
    let mut baseline = baseline(Scale::Count);
    let mut before = f64::INFINITY;
    for (from, to) in [(0, 6), (6, 24), (24, 7 * 24), (7 * 24, 28 * 24)] {
        (from..to).for_each(|hour| baseline.learn(bucket(hour, 20.0)));
        // Noon, which the first six hours have not seen.
        let doubt = baseline.expect(1, &hour_shape(12)).unwrap().doubt;
        assert!(doubt < before, "{doubt} after {to} hours");
        before = doubt;
    }
    assert!(before < 0.2, "{before}");
}

#[test]
fn one_storm_hour_hardly_moves_what_is_typical() {
    let mut with = baseline(Scale::Count);
    (0..14 * 24).for_each(|hour| with.learn(bucket(hour, 30.0)));
    let before = expected(&with, 14 * 24 + 12);
    with.learn(bucket(14 * 24 + 12, 3_000.0));
    let (next_day, next_week) = (expected(&with, 15 * 24 + 12), expected(&with, 21 * 24 + 12));
    assert!(next_day / before < 1.25, "{before} {next_day}");
    assert!(
        next_week / before < 1.4,
        "the same hour of the week, a hundred times over: {next_week}"
    );
    // Nor do the refits of the days after it let it in little by little.
    (15 * 24..20 * 24).for_each(|hour| with.learn(bucket(hour, 30.0)));
    assert!(expected(&with, 21 * 24 + 12) <= next_week);
}

#[test]
fn held_hours_are_kept_but_not_learnt_until_their_level_is_accepted() {
    let mut baseline = baseline(Scale::Count);
    (0..14 * 24).for_each(|hour| baseline.learn(bucket(hour, rhythm(hour))));
    let (noon, night) = (expected(&baseline, 14 * 24 + 12), expected(&baseline, 14 * 24 + 3));
    for hour in 14 * 24..17 * 24 {
        baseline.learn(Bucket { held: true, ..bucket(hour, 4.0 * rhythm(hour)) });
    }
    assert!((expected(&baseline, 17 * 24 + 12) / noon - 1.0).abs() < 0.1, "held out");
    baseline.accept_level_since(MONDAY + 14 * 24);
    let (new_noon, new_night) =
        (expected(&baseline, 17 * 24 + 12), expected(&baseline, 17 * 24 + 3));
    assert!((new_noon / noon - 4.0).abs() < 0.6, "{noon} {new_noon}");
    assert!((new_night / night - 4.0).abs() < 1.0, "the rhythm is kept: {night} {new_night}");
}

#[test]
fn what_is_held_out_in_two_weeks_running_is_the_rhythm_of_the_week() {
    let mut baseline = baseline(Scale::Count);
    let typical = |hour: i64| if hour % 168 >= 120 { 20.0 } else { 100.0 };
    let mut week = |week: i64| {
        for hour in 168 * week..168 * (week + 1) {
            let held = hour % 168 >= 120;
            baseline.learn(Bucket { held, ..bucket(hour, typical(hour)) });
        }
        (expected(&baseline, 130), expected(&baseline, 60))
    };
    let (weekend, weekday) = week(0);
    assert!((weekend - 100.0).abs() < 5.0 && (weekday - 100.0).abs() < 5.0, "{weekend}");
    let (weekend, weekday) = week(1);
    assert!(weekend < 45.0 && (weekday - 100.0).abs() < 10.0, "{weekend} {weekday}");
}

#[test]
fn hours_learnt_in_an_incident_that_began_earlier_are_held_out_again() {
    let mut baseline = baseline(Scale::Count);
    (0..14 * 24).for_each(|hour| baseline.learn(bucket(hour, 30.0)));
    let before = expected(&baseline, 14 * 24);
    (14 * 24..14 * 24 + 6).for_each(|hour| baseline.learn(bucket(hour, 80.0)));
    assert!(expected(&baseline, 14 * 24) > 1.02 * before, "learnt");
    baseline.hold_since(MONDAY + 14 * 24);
    assert!((expected(&baseline, 14 * 24) / before - 1.0).abs() < 0.02, "held out again");
}

#[test]
fn a_share_is_learnt_per_mention_and_stays_a_share() {
    let mut baseline = baseline(Scale::Share);
    for hour in 0..14 * 24 {
        baseline.learn(Bucket { part: Part::even(slot(hour), 50.0), ..bucket(hour, 15.0) });
    }
    let expected = baseline.expect(1, &[Part::even(slot(12), 200.0)]).unwrap();
    assert!((expected.in_units(expected.mean) - 0.3).abs() < 0.02);
    assert!(expected.z(120.0) > 4.0 && expected.z(60.0).abs() < 0.5 && expected.z(20.0) < -3.0);
}

#[test]
fn a_restless_series_gets_wider_limits_than_a_steady_one() {
    let learn = |swing: f64| {
        let mut baseline = baseline(Scale::Count);
        for hour in 0..28 * 24 {
            let count = if hour % 2 == 0 { 100.0 * (1.0 + swing) } else { 100.0 * (1.0 - swing) };
            if let Some(expected) = baseline.expect(1, &hour_shape(hour)) {
                baseline.settle(1, MONDAY + hour, &expected, count);
            }
            // The hour of the day tells even from odd; four hours' turns do not.
            baseline.learn(bucket(hour, if hour / 24 % 2 == 0 { count } else { 200.0 - count }));
        }
        baseline.expect(1, &hour_shape(28 * 24)).unwrap().dispersion
    };
    let (steady, restless) = (learn(0.0), learn(0.5));
    assert!(restless > 2.0 * steady, "{steady} {restless}");
}

proptest! {
    #[test]
    fn nothing_that_is_learnt_makes_a_number_that_is_none(
        counts in prop::collection::vec(prop_oneof![Just(0.0), 0.0..50.0, Just(1e9)], 1..80),
        observed in prop_oneof![Just(0.0), 0.0_f64..1e9],
        scale in prop_oneof![Just(Scale::Count), Just(Scale::Share)],
    ) {
        let mut baseline = baseline(scale);
        for (hour, count) in counts.iter().enumerate() {
            let hour = hour as i64;
            let exposure = if scale == Scale::Share { count + 1.0 } else { 60.0 };
            let part = Part::even(slot(hour), exposure);
            baseline.learn(Bucket { part, held: hour % 7 == 3 && *count < 100.0, ..bucket(hour, *count) });
            if hour % 11 == 5 {
                baseline.accept_level_since(MONDAY + hour - 4);
            }
            let of = observed.max(60.0);
            let Some(expected) = baseline.expect(1, &[Part::even(slot(hour), of)]) else { continue };
            prop_assert!(expected.mean.is_finite() && expected.dispersion.is_finite());
            prop_assert!(expected.mean >= 0.0 && expected.dispersion > 0.0);
            prop_assert!(expected.z(observed.floor()).is_finite());
            let (lower, upper) = expected.band(2.0);
            prop_assert!(0.0 <= lower && lower <= upper, "{lower} {upper}");
            // Whole mentions: of a mean of 0.3 the typical band is 0 to 1, or 0 to 0. (A share of
            // 98 % may be so restless that all or none are typical, and nothing in between.)
            let brackets = lower <= expected.mean.ceil() && expected.mean.floor() <= upper;
            let in_range = brackets || scale == Scale::Share && upper <= of;
            prop_assert!(in_range, "{lower}..{upper}: {expected:?}");
            baseline.settle(1, MONDAY + hour, &expected, observed);
        }
    }
}
