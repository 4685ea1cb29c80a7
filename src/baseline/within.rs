//! The rhythm within an hour, read off the hours around it.
//!
//! What is learnt are the means of whole hours; within each the rhythm is taken to be the parabola
//! whose means over it and two hours beside it are those. The hours are the one before and the one
//! after, or, where that parabola bends more than twice as much, the two before or the two after:
//! there a step lies between, as at the minute when the shops open, and it stays a step. This is the
//! essentially non-oscillatory reconstruction from cell averages (Harten, Engquist, Osher &
//! Chakravarthy 1987, Journal of Computational Physics 71), biased to the central stencil (Shu 1990,
//! Journal of Scientific Computing 5).

/// How many times more the central parabola may bend than one beside it.
const BIAS: f64 = 2.0;

/// What exposure with these sums of `t` and of `t² - 1/12` (hours from the middle of its hour) holds
/// beyond what it would hold if the hour were flat. `means` are those of five hours, the third its own.
pub(super) fn beyond_even(means: [f64; 5], lean: f64, bend: f64) -> f64 {
    let second_difference = |at: usize| means[at + 1] - 2.0 * means[at] + means[at - 1];
    let (before, central, after) =
        (second_difference(1), second_difference(2), second_difference(3));
    let (slope, curvature) = if BIAS * before.abs().min(after.abs()) >= central.abs() {
        ((means[3] - means[1]) / 2.0, central)
    } else if before.abs() < after.abs() {
        (means[2] - means[1] + before / 2.0, before)
    } else {
        (means[3] - means[2] - after / 2.0, after)
    };
    slope * lean + curvature / 2.0 * bend
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

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
                assert!((got - want).abs() < 0.004, "{start} {t}: {got}, {want}, flat {flat}");
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
    }

    #[test]
    fn a_single_busy_hour_is_not_bent_below_nothing() {
        let means = [0.0, 0.0, 9.0, 0.0, 0.0];
        assert!(at(means, -0.5) >= 0.0 && at(means, 0.5) >= 0.0);
        for hours in [[0.0, 9.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 9.0, 0.0]] {
            for t in [-0.5, 0.0, 0.5] {
                assert_eq!(at(hours, t), 0.0, "{hours:?} {t}");
            }
        }
    }
}
