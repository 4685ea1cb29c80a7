//! The rhythm within an hour, read off the hours around it.
//!
//! What is learnt are the means of whole hours; within each the rhythm is taken to be the parabola
//! whose means over it and two hours beside it are those. The hours are the one before and the one
//! after, or, where that parabola bends more than twice as much, the two before or the two after:
//! there a step lies between, as at the minute when the shops open, and it stays a step. This is the
//! essentially non-oscillatory reconstruction from cell averages (Harten, Engquist, Osher &
//! Chakravarthy 1987, Journal of Computational Physics 71), biased to the central stencil (Shu 1990,
//! Journal of Scientific Computing 5). A peak that stands alone, between flanks that bend alike, is left
//! flat: on either side of it the parabola would run down its flank. And a parabola is flattened until no
//! minute holds less than half of its hour's mean (the limiter of Zhang & Shu 2010, Journal of
//! Computational Physics 229): a rhythm that doubles from hour to hour keeps above 0.65, and what falls
//! faster is chance, in hours seen once.

/// How many times more the central parabola may bend than one beside it.
const BIAS: f64 = 2.0;
/// Of the flanks of a lone peak one bends less than so many times as much as the other.
const LIKE_FLANKS: f64 = 2.0;
/// No minute holds less than this part of the mean of its hour.
const LEAST: f64 = 0.5;

/// What exposure with these sums of `t` and of `t² - 1/12` (hours from the middle of its hour) holds
/// beyond what it would hold if the hour were flat. `means`, at least 0, are those of five hours, the
/// third its own.
pub(super) fn beyond_even(means: [f64; 5], lean: f64, bend: f64) -> f64 {
    let (slope, curvature) = parabola(means);
    let excess = slope * lean + curvature / 2.0 * bend;
    let lost = -least_excess(slope, curvature);
    let most = (1.0 - LEAST) * means[2];
    if lost > most { excess * most / lost } else { excess }
}

/// Slope in the middle of the third hour, and curvature.
fn parabola(means: [f64; 5]) -> (f64, f64) {
    let second_difference = |at: usize| means[at + 1] - 2.0 * means[at] + means[at - 1];
    let (before, central, after) =
        (second_difference(1), second_difference(2), second_difference(3));
    let (less, more) = (before.abs().min(after.abs()), before.abs().max(after.abs()));
    if BIAS * less >= central.abs() {
        return ((means[3] - means[1]) / 2.0, central);
    }
    let peak = (means[2] - means[1]) * (means[3] - means[2]) <= 0.0;
    let flanks = before * central < 0.0 && after * central < 0.0 && LIKE_FLANKS * less > more;
    if peak && (flanks || BIAS * more < central.abs()) {
        (0.0, 0.0)
    } else if before.abs() < after.abs() {
        (means[2] - means[1] + before / 2.0, before)
    } else {
        (means[3] - means[2] - after / 2.0, after)
    }
}

/// The least that the parabola adds to the mean of its hour anywhere in it: at an end, or between.
fn least_excess(slope: f64, curvature: f64) -> f64 {
    if 2.0 * slope.abs() < curvature {
        -slope * slope / (2.0 * curvature) - curvature / 24.0
    } else {
        curvature / 12.0 - slope.abs() / 2.0
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    /// The value at `t` in the third of five hours.
    fn at(means: [f64; 5], t: f64) -> f64 {
        means[2] + beyond_even(means, t, t * t - 1.0 / 12.0)
    }

    #[test]
    fn a_daily_rhythm_is_followed_within_the_hour() {
        // Means of 1 + 0.8 sin over whole hours, which begin at any phase.
        let mean = |from: f64| {
            let integral = |x: f64| -0.8 * (TAU * x / 24.0).cos() * 24.0 / TAU;
            1.0 + integral(from + 1.0) - integral(from)
        };
        for step in 0..48 {
            let start = f64::from(step) / 2.0;
            let means = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|hours| mean(start + hours));
            for t in [-0.5, -0.4, -0.2, 0.0, 0.3, 0.5] {
                let want = 0.8_f64.mul_add((TAU * (start + 0.5 + t) / 24.0).sin(), 1.0);
                let (got, flat) = (at(means, t), means[2]);
                assert!(
                    (got - want).abs() < 0.007 * want,
                    "{start} {t}: {got}, {want}, flat {flat}"
                );
            }
        }
    }

    #[test]
    fn a_step_stays_a_step() {
        let means = [1.0, 1.0, 9.0, 9.0, 9.0];
        let both = [means, [1.0, 1.0, 1.0, 9.0, 9.0]];
        for means in both.into_iter().chain(both.map(|means| means.map(|mean| 10.0 - mean))) {
            for t in [-0.5, -0.1, 0.5] {
                assert_eq!(at(means, t), means[2], "{means:?} {t}");
            }
        }
        // A slope beside it is followed.
        assert_eq!([-0.5, 0.5].map(|t| at([2.0, 1.0, 9.0, 8.0, 7.0], t)), [9.5, 8.5]);
        assert_eq!([-0.5, 0.5].map(|t| at([3.0, 2.0, 1.0, 9.0, 8.0], t)), [1.5, 0.5]);
        // The last hours of a Sunday and the first of a Monday.
        let [first, last] = [-0.5, 0.5].map(|t| at([0.486, 0.36, 0.411, 0.295, 0.234], t));
        assert!(first > 0.48 && last < 0.35, "{first} {last}");
    }

    /// A slope of which the hours are known to half a percent is followed all the same.
    #[test]
    fn errors_of_the_means_flatten_no_slope() {
        for sign in [-1.0, 1.0] {
            for errors in [
                [0.0, 0.0, 1.0, 0.0, 0.0],
                [0.0, -1.0, 1.0, -1.0, 0.0],
                [1.0, -1.0, 1.0, -1.0, 1.0],
            ] {
                let means = [0, 1, 2, 3, 4]
                    .map(|hour| 1.0 + 0.2 * f64::from(hour) + sign * 0.005 * errors[hour as usize]);
                for t in [-0.5, 0.5] {
                    assert!(
                        (at(means, t) - 1.4 - 0.2 * t).abs() < 0.025,
                        "{means:?} {t}: {}",
                        at(means, t)
                    );
                }
            }
        }
    }

    #[test]
    fn a_peak_that_stands_alone_is_no_ramp() {
        let lone =
            [[1.0, 1.0, 9.0, 1.0, 0.9], [1.0, 2.0, 9.0, 2.0, 1.0], [5.0, 7.0, 9.0, 7.0, 5.0]];
        for means in lone.into_iter().chain(lone.map(|means| means.map(|mean| 10.0 - mean))) {
            for t in [-0.5, 0.0, 0.5] {
                assert_eq!(at(means, t), means[2], "{means:?} {t}");
            }
        }
        for hours in [[0.0, 9.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 9.0, 0.0]] {
            for t in [-0.5, 0.0, 0.5] {
                assert_eq!(at(hours, t), 0.0, "{hours:?} {t}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_minute_is_emptied(means in prop::array::uniform5(0.0_f64..9.0), t in -0.5_f64..=0.5) {
            prop_assert!(at(means, t) >= 0.499 * means[2], "{means:?} {t}: {}", at(means, t));
        }

        #[test]
        fn a_parabola_is_found_again(level in 2.0_f64..9.0, slope in -0.5_f64..0.5, t in -0.5_f64..=0.5) {
            let value = |x: f64| level + slope * x + 0.1 * x * x;
            // The mean over an hour lies above the value in its middle.
            let means = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|x| value(x) + 0.1 / 12.0);
            prop_assert!((at(means, t) - value(t)).abs() < 1e-9);
        }
    }
}
