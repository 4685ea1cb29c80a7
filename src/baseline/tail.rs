//! How unusual a count is: tail probabilities as standard normal quantiles.
//!
//! Everything is computed in logarithms, so that a tail of 10⁻⁵⁰⁰⁰ still has a finite, ordered z.
//! Discrete tails are mid-p (Lancaster 1961): half of the probability of the observed value itself
//! counts as "at least as unusual", which centres z on 0 under the baseline.
//!
//! Two regimes, each tested against the other and against `statrs`' incomplete beta and gamma
//! functions:
//!
//! - small counts: the probabilities are summed, up to half of [`SUMMED_BELOW`] alone, from there on with
//!   less and less weight;
//! - large counts: the saddlepoint approximation in Barndorff-Nielsen's form
//!   `r* = w + ln(u / w) / w`, where `w` is the signed root of the deviance and `u` the Wald
//!   statistic in the canonical parameter. Without a continuity correction it approximates the
//!   mid-p tail (Pierce & Peters 1992, JRSS B 54(3)), here to
//!   within 1 % of z (the tests' tolerance).
//!
//! The mean is itself an estimate. Where it was taken over restless hours its error is as skewed as
//! they are, and it stands in the denominator: a gamma count over the mean of others is no gamma but
//! an F variable, whose tail is much heavier. See [`z_count`].

use std::f64::consts::{LN_2, PI, SQRT_2};

use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::ln_gamma;

/// Counts below this are summed; larger ones use the saddlepoint approximation.
pub const SUMMED_BELOW: f64 = 64.0;

/// No |z| is reported beyond this; it stands for "never in the life of the universe".
pub const Z_MAX: f64 = 1_000.0;

/// Upper tail probability of the standard normal distribution, `P(Z > z)`, in 0..=1.
pub fn normal_upper_tail(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

/// The z with `P(Z > z) = exp(ln_p)`; `ln_p` at most 0. Beyond what a double's exponent holds it
/// uses the asymptotic inverse of Mills' ratio, `z² ≈ -2 ln p - ln(2π) - ln(z²)`, iterated.
pub fn z_of_upper_tail(ln_p: f64) -> f64 {
    if ln_p > -680.0 {
        return (SQRT_2 * erfc_inv(2.0 * ln_p.exp())).clamp(-Z_MAX, Z_MAX);
    }
    let mut square = -2.0 * ln_p;
    for _ in 0..8 {
        square = -2.0 * ln_p - (2.0 * PI).ln() - square.ln();
    }
    square.sqrt().min(Z_MAX)
}

/// An error of the mean that is less than this part of a count's relative variance changes no z.
const LEAST_ERROR: f64 = 1e-4;

/// Less than this is taken as this much.
const LEAST_MEAN: f64 = 1e-200;

/// z of `x` mentions where a negative binomial of mean `mean * y` and variance
/// `mean * y + dispersion * (mean * y)²` is typical; `dispersion` 0 is the Poisson limit. `1 / y` is
/// gamma with mean 1 and variance `error`: how far the mean was misjudged; with 0 it is exact.
///
/// `x` is at least 0, `mean`, `dispersion` and `error` too, none above 1e20; a mean below 1e-200
/// is taken as that, so that the result is never NaN: no count is so large that its ratio to the
/// mean overflows.
///
/// Small counts amend the saddlepoint approximation by what it is off for a negative binomial as
/// restless as dispersion and error together; the amends fade from half of [`SUMMED_BELOW`] on, so that
/// no step is left where the sums end.
pub fn z_count(x: f64, mean: f64, dispersion: f64, error: f64) -> f64 {
    let mean = mean.max(LEAST_MEAN);
    // Below this a distribution cannot be told from its limit in double precision.
    let tiny = |part: f64| part * mean.max(x) < 1e-9;
    let flat = |part: f64| if tiny(part) { 0.0 } else { part };
    let error = if error < LEAST_ERROR * (error + dispersion + 1.0 / mean) { 0.0 } else { error };
    let whole = flat(dispersion + error);
    if x >= SUMMED_BELOW {
        return z_count_saddlepoint(x, mean, flat(dispersion), error);
    }
    let ln_first = ln_count_at_zero(mean, whole);
    let exact = z_by_summing(x, ln_first, |k| ln_count_ratio(k, mean, whole));
    let fading = (2.0 - 2.0 * x / SUMMED_BELOW).min(1.0);
    if error == 0.0 && fading == 1.0 {
        return exact;
    }
    let at = x.max(0.5);
    let amends = fading * (exact - z_count_saddlepoint(at, mean, whole, 0.0));
    z_count_saddlepoint(at, mean, flat(dispersion), error) + amends
}

/// z of `x` successes out of `n` where the share `mean` (0..1, exclusive) is typical, with
/// intra-class correlation `correlation` (0 is the plain binomial): a beta-binomial of variance
/// `n p (1 - p) (1 + (n - 1) ρ)`.
///
/// For large `n` it is the binomial of the effective size `n / (1 + (n - 1) ρ)` with the same
/// share, which has the same mean and variance of the share.
pub fn z_share(x: f64, n: f64, mean: f64, correlation: f64) -> f64 {
    if n <= 0.0 {
        return 0.0;
    }
    let mean = mean.clamp(1e-9, 1.0 - 1e-9);
    if n < SUMMED_BELOW {
        // Sums of sentiments are not whole.
        z_share_exact(x.round(), n, mean, correlation)
    } else {
        z_share_saddlepoint(x, n, mean, correlation)
    }
}

/// `P(X > x)` of the negative binomial, `x` whole; 1 below 0.
pub fn count_beyond(x: f64, mean: f64, dispersion: f64) -> f64 {
    if x < 0.0 {
        return 1.0;
    }
    let at_least_half = normal_upper_tail(z_count(x, mean, dispersion, 0.0));
    (at_least_half - ln_count(x, mean, dispersion).exp() / 2.0).max(0.0)
}

/// `ln P(X = x)` of the negative binomial.
pub fn ln_count(x: f64, mean: f64, dispersion: f64) -> f64 {
    let mean = mean.max(f64::MIN_POSITIVE);
    // Steadier than this no digits are left of what tells it from its limit.
    let size = 1.0 / dispersion.max(1e-9);
    ln_gamma(x + size) - ln_gamma(size) - ln_gamma(x + 1.0) + x * (mean / (mean + size)).ln()
        - size * (mean / size).ln_1p()
}

/// `ln P(X = 0)` of the negative binomial.
pub fn ln_count_at_zero(mean: f64, dispersion: f64) -> f64 {
    if dispersion == 0.0 { -mean } else { -(dispersion * mean).ln_1p() / dispersion }
}

/// `ln (P(X = k + 1) / P(X = k))` of the negative binomial.
fn ln_count_ratio(k: f64, mean: f64, dispersion: f64) -> f64 {
    (mean * dispersion.mul_add(k, 1.0) / ((k + 1.0) * dispersion.mul_add(mean, 1.0))).ln()
}

/// The mid-p z of `x`, given `ln P(X = 0)` and the log ratio of neighbouring probabilities.
fn z_by_summing(x: f64, ln_first: f64, ln_ratio: impl Fn(f64) -> f64) -> f64 {
    let mut ln_term = ln_first;
    let mut ln_below = f64::NEG_INFINITY;
    let mut k = 0.0;
    while k < x {
        ln_below = ln_add(ln_below, ln_term);
        ln_term += ln_ratio(k);
        k += 1.0;
    }
    let ln_half = ln_term - LN_2;
    let ln_lower = ln_add(ln_below, ln_half);
    let lower = ln_lower.exp();
    if lower < 0.5 {
        return -z_of_upper_tail(ln_lower);
    }
    if 1.0 - lower > 1e-7 {
        return z_of_upper_tail((1.0 - lower).ln());
    }
    // The complement has lost its digits: sum the upper tail itself.
    let mut ln_upper = ln_half;
    for _ in 0..20_000 {
        ln_term += ln_ratio(k);
        k += 1.0;
        ln_upper = ln_add(ln_upper, ln_term);
        if ln_term <= ln_upper - 34.0 {
            break;
        }
    }
    z_of_upper_tail(ln_upper)
}

/// `ln(exp(a) + exp(b))` without overflow.
fn ln_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// `r* = w + ln(u / w) / w`; `at_centre` is its limit for `w -> 0`, a sixth of the skewness.
fn saddlepoint(half_deviance: f64, wald: f64, at_centre: f64) -> f64 {
    let w = (2.0 * half_deviance.max(0.0)).sqrt().copysign(wald);
    // Nearer to the centre the digits of w are lost to cancellation.
    let z = if w.abs() < 1e-3 { w + at_centre } else { w + (wald / w).ln() / w };
    z.clamp(-Z_MAX, Z_MAX)
}

/// What is not known of the mean is taken as what explains `x` best: `y` is where the product of both
/// densities is largest, `w²` twice what its logarithm has lost by then, and `u` grows by the square
/// root of what the logarithm's curvature there is to that of the mean's density alone (Laplace's
/// approximation of the integral over `y`). In the limit of large counts it is that of the F
/// distribution with `2 / dispersion` and `2 / error` degrees of freedom.
fn z_count_saddlepoint(x: f64, mean: f64, dispersion: f64, error: f64) -> f64 {
    let Misjudged { y, off } = misjudged(x, mean, dispersion, error);
    let rate = mean * y;
    // How the odds of x, and the totals, stand to those of the rate, as logarithms.
    let (near, far) = (dispersion.mul_add(x, 1.0), dispersion.mul_add(rate, 1.0));
    // Where the product is largest both slopes are equal: `x - rate` itself loses its digits.
    let gap = if error == 0.0 { x - rate } else { far * off / (y * error) };
    let ln_odds = (gap / (rate * near)).ln_1p();
    let ln_totals =
        if dispersion == 0.0 { gap } else { (dispersion * gap / far).ln_1p() / dispersion };
    let half_deviance = x * ln_odds - ln_totals;
    let wald = ln_odds * (x * near).sqrt();
    if error == 0.0 {
        let skewness = dispersion.mul_add(2.0 * x, 1.0) / (x * near).sqrt();
        return saddlepoint(half_deviance, wald, skewness / 6.0);
    }
    let of_mean = (off.ln_1p() - off / y) / error;
    let curvature = error * rate * near / (far * far) + 1.0 / y;
    let spread = (mean * (1.0 + (dispersion + error) * mean)).sqrt();
    let cubes = 2.0 * dispersion * dispersion + 4.0 * error * error + 6.0 * dispersion * error;
    let third = mean * (1.0 + 3.0 * (dispersion + error) * mean + cubes * mean * mean);
    let at_centre = third / (6.0 * spread.powi(3)) - error * mean / spread;
    saddlepoint(half_deviance + of_mean, wald * curvature.sqrt(), at_centre)
}

/// The `y` that makes a count most likely together with the error of its mean, and `off = y - 1`.
struct Misjudged {
    y: f64,
    off: f64,
}

/// The positive root of `a y² - b y - 1 = 0` with `a = (dispersion + error) m` and
/// `b = dispersion m + error x - 1`, each of its two forms where nothing in it cancels.
fn misjudged(x: f64, mean: f64, dispersion: f64, error: f64) -> Misjudged {
    if error == 0.0 {
        return Misjudged { y: 1.0, off: 0.0 };
    }
    let square = (dispersion + error) * mean;
    let linear = dispersion * mean + error * x - 1.0;
    let root = linear.hypot(2.0 * square.sqrt());
    let y = if linear < 0.0 { 2.0 / (root - linear) } else { (root + linear) / (2.0 * square) };
    // The same equation in y - 1.
    let (right, slope) = (error * (x - mean), 2.0 * square - linear);
    let off =
        if slope > 0.0 { 2.0 * right / (slope + root) } else { (root - slope) / (2.0 * square) };
    Misjudged { y, off }
}

fn z_share_exact(x: f64, n: f64, mean: f64, correlation: f64) -> f64 {
    if correlation < 1e-9 {
        let ln_odds = mean.ln() - (-mean).ln_1p();
        return z_by_summing(x, n * (-mean).ln_1p(), |k| ((n - k) / (k + 1.0)).ln() + ln_odds);
    }
    let total = 1.0 / correlation - 1.0;
    let (alpha, beta) = (mean * total, (1.0 - mean) * total);
    let ln_first = ln_gamma(n + beta) - ln_gamma(n + total) + ln_gamma(total) - ln_gamma(beta);
    z_by_summing(x, ln_first, |k| {
        let ratio = (n - k) * (k + alpha) / ((k + 1.0) * (n - k - 1.0 + beta));
        if ratio > 0.0 { ratio.ln() } else { f64::NEG_INFINITY }
    })
}

fn z_share_saddlepoint(x: f64, n: f64, mean: f64, correlation: f64) -> f64 {
    let effective = n / (n - 1.0).mul_add(correlation.max(0.0), 1.0);
    // A quarter of a mention keeps the logarithms finite at 0 and n.
    let share = (x / n).clamp(0.25 / effective.max(1.0), 1.0 - 0.25 / effective.max(1.0));
    let (yes, no) = ((share - mean) / mean, (mean - share) / (1.0 - mean));
    let half_deviance = effective * (share * yes.ln_1p() + (1.0 - share) * no.ln_1p());
    let variance = effective * share * (1.0 - share);
    let skewness = (1.0 - 2.0 * share) / variance.sqrt();
    let canonical = yes.ln_1p() - no.ln_1p();
    saddlepoint(half_deviance, canonical * variance.sqrt(), skewness / 6.0)
}

/// The largest value whose z does not exceed `z`, by bisection on the monotone `z_at`, searched in
/// `0..=highest`. The edge of a typical band.
pub fn value_at(z: f64, highest: f64, z_at: impl Fn(f64) -> f64) -> f64 {
    if z_at(highest) <= z {
        return highest;
    }
    let (mut low, mut high) = (-1.0, highest);
    // Sixty-four halvings reach the last digit of any double.
    for _ in 0..64 {
        if high - low <= 1.0 {
            break;
        }
        let middle = ((low + high) / 2.0).floor();
        if z_at(middle) <= z { low = middle } else { high = middle }
    }
    low.max(0.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use statrs::distribution::{Binomial, Discrete, DiscreteCDF, NegativeBinomial, Poisson};
    use statrs::function::beta::beta_reg;

    use super::*;

    /// The mid-p z from a distribution's own tails.
    fn reference<D: DiscreteCDF<u64, f64> + Discrete<u64, f64>>(d: &D, x: u64) -> f64 {
        let half = d.pmf(x) / 2.0;
        let upper = d.sf(x) + half;
        let lower = if x == 0 { half } else { d.cdf(x - 1) + half };
        if upper < lower { z_of_upper_tail(upper.ln()) } else { -z_of_upper_tail(lower.ln()) }
    }

    /// Within 1 % of z, or 0.005 near the centre.
    fn close(got: f64, want: f64) -> bool {
        (got - want).abs() < (0.01 * want.abs()).max(0.005)
    }

    #[test]
    fn the_normal_quantile_has_its_textbook_values() {
        assert!((normal_upper_tail(3.0) - 1.0 / 740.796_6).abs() < 1e-8);
        for z in [0.0, 1.0, 3.0, 8.0, 30.0] {
            assert!((z_of_upper_tail(normal_upper_tail(z).ln()) - z).abs() < 1e-6, "{z}");
        }
        // Where the exponent ends, the asymptotic form takes over without a step.
        let exact = z_of_upper_tail(-679.999);
        let asymptotic = z_of_upper_tail(-680.001);
        assert!(asymptotic > exact && asymptotic - exact < 1e-3, "{exact} {asymptotic}");
    }

    #[test]
    fn poisson_tails_agree_with_statrs() {
        for mean in [0.02, 0.5, 3.0, 40.0, 63.0, 90.0, 400.0] {
            let d = Poisson::new(mean).unwrap();
            for x in [0_u64, 1, 3, 10, 45, 63, 64, 90, 120, 380, 430, 600] {
                let want = reference(&d, x);
                if want.abs() < 25.0 {
                    let got = z_count(x as f64, mean, 0.0, 0.0);
                    assert!(close(got, want), "mean {mean} x {x}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn negative_binomial_tails_agree_with_statrs() {
        for (mean, size) in [(0.1, 0.5), (3.0, 0.77), (20.0, 4.0), (100.0, 10.0), (300.0, 50.0)] {
            let d = NegativeBinomial::new(size, size / (size + mean)).unwrap();
            for x in [0_u64, 1, 5, 30, 63, 64, 100, 200, 300, 500, 900] {
                let half = d.pmf(x) / 2.0;
                let upper = beta_reg(x as f64 + 1.0, size, mean / (mean + size)) + half;
                let lower = 1.0 - upper;
                let want = if upper < 0.5 {
                    z_of_upper_tail(upper.ln())
                } else {
                    -z_of_upper_tail(lower.ln())
                };
                if want.is_finite() && want.abs() < 8.0 {
                    let got = z_count(x as f64, mean, 1.0 / size, 0.0);
                    assert!(close(got, want), "mean {mean} size {size} x {x}: {got} {want}");
                }
            }
        }
    }

    /// A gamma variable over a gamma variable is F.
    #[test]
    fn a_large_count_over_an_estimated_mean_is_an_f_variable() {
        let mean = 1e12;
        for (dispersion, error) in [(0.3_f64, 0.03_f64), (0.3, 0.3), (0.05, 0.02), (0.004, 0.1)] {
            let (a, b) = (1.0 / dispersion, 1.0 / error);
            for ratio in [0.2, 0.6, 0.9, 1.0, 1.3, 2.0, 3.0, 5.0, 20.0] {
                let upper = beta_reg(b, a, b / (b + a * ratio));
                let lower = beta_reg(a, b, a * ratio / (b + a * ratio));
                let want = if upper < lower {
                    z_of_upper_tail(upper.ln())
                } else {
                    -z_of_upper_tail(lower.ln())
                };
                let got = z_count(ratio * mean, mean, dispersion, error);
                if want.abs() < 8.0 {
                    assert!(close(got, want), "{dispersion} {error} x {ratio}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn a_huge_count_over_an_estimated_mean_loses_no_digits() {
        let (mean, x) = (4_051_988_849_413.9, 33_592_093_136_159.0);
        let z = |x: f64| z_count(x, mean, 0.0, 1.833_778_883_353_508_2);
        assert!(z(x) < z(x + 109_741_709_444.0), "{} {}", z(x), z(x + 109_741_709_444.0));
    }

    /// Summed over all that the mean may be.
    #[test]
    fn a_count_over_an_estimated_mean_is_what_its_mixture_says() {
        let gamma =
            |shape: f64, x: f64| (shape * (shape * x).ln() - shape * x - ln_gamma(shape)).exp() / x;
        for (mean, dispersion, error) in [
            (8.0, 0.3, 0.04),
            (30.0, 0.3, 0.04),
            (30.0, 0.05, 0.1),
            (200.0, 0.3, 0.04),
            (90.0, 0.0, 0.05),
        ] {
            let spread = f64::sqrt(mean * (1.0 + (dispersion + error) * mean));
            for step in [-1.5, -0.5, 0.0, 0.5, 1.5, 3.0, 5.0] {
                let x = (mean + step * spread).max(0.0).round();
                let (mut upper, mut all) = (0.0, 0.0);
                for at in 1..3_000 {
                    let inverse = f64::from(at) * 0.001;
                    let weight = gamma(1.0 / error, inverse);
                    upper +=
                        weight * normal_upper_tail(z_count(x, mean / inverse, dispersion, 0.0));
                    all += weight;
                }
                let (want, got) =
                    (z_of_upper_tail((upper / all).ln()), z_count(x, mean, dispersion, error));
                println!("{mean} {dispersion} {error} x {x}: {got} {want}");
                assert!(
                    (got - want).abs() < 0.05,
                    "{mean} {dispersion} {error} x {x}: {got} {want}"
                );
            }
        }
    }

    #[test]
    fn probabilities_agree_with_statrs() {
        for (mean, size) in [(0.1, 0.5), (3.0, 0.77), (100.0, 10.0)] {
            let (d, limit) = (
                NegativeBinomial::new(size, size / (size + mean)).unwrap(),
                Poisson::new(mean).unwrap(),
            );
            for x in [0_u64, 1, 5, 30, 120] {
                let got = ln_count(x as f64, mean, 1.0 / size);
                assert!((got - d.ln_pmf(x)).abs() < 1e-6, "{mean} {size} {x}: {got}");
                let got = ln_count(x as f64, mean, 0.0);
                assert!((got - limit.ln_pmf(x)).abs() < 1e-4, "{mean} {x}: {got}");
            }
        }
    }

    #[test]
    fn share_tails_agree_with_statrs() {
        for (n, share) in [(10_u64, 0.3), (63, 0.6), (64, 0.6), (200, 0.62), (1_000, 0.1)] {
            let d = Binomial::new(share, n).unwrap();
            for x in (0..=n).step_by(1.max(n as usize / 37)) {
                let want = reference(&d, x);
                if want.is_finite() && want.abs() < 7.0 {
                    let got = z_share(x as f64, n as f64, share, 0.0);
                    assert!(close(got, want), "n {n} x {x}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn the_effective_size_stands_in_for_the_beta_binomial() {
        for (n, share, rho) in [(64.0_f64, 0.5, 0.02), (150.0, 0.6, 0.01), (400.0, 0.7, 0.005)] {
            for step in -3..=3 {
                let spread = (n * share * (1.0 - share) * (1.0 + (n - 1.0) * rho)).sqrt();
                let x = (n * share + f64::from(step) * spread).round();
                let exact = z_share_exact(x, n, share, rho);
                let quick = z_share_saddlepoint(x, n, share, rho);
                assert!((exact - quick).abs() < 0.15, "n {n} x {x}: {exact} {quick}");
            }
        }
    }

    #[test]
    fn the_band_edge_is_the_last_value_inside() {
        let z_at = |x| z_count(x, 20.0, 0.1, 0.0);
        let upper = value_at(3.0, 1e9, z_at);
        assert!(z_at(upper) <= 3.0 && z_at(upper + 1.0) > 3.0);
        // Two of two are nothing unusual: the band reaches to its end.
        assert_eq!(value_at(2.0, 2.0, |x| z_share(x, 2.0, 0.6, 0.0)), 2.0);
        assert_eq!(value_at(-2.0, 2.0, |x| z_share(x, 2.0, 0.6, 0.0)), 0.0);
    }

    /// Near the centre, where everything cancels, z is the standardised count (less a sixth of the
    /// skewness) for a day's thousand mentions as for a year's ten thousand million.
    #[test]
    fn near_the_centre_large_counts_lose_no_digits() {
        for mean in [1e3_f64, 1e5, 1e7, 1e10, 1e13] {
            for dispersion in [0.0_f64, 1e-4, 0.04, 0.6] {
                let spread = (mean * (1.0 + dispersion * mean)).sqrt();
                let skewness = (1.0 + 2.0 * dispersion * mean) / spread;
                for step in [-0.02, -0.002, -0.0011, 0.0, 0.0011, 0.002, 0.02] {
                    let z = z_count(mean + step * spread, mean, dispersion, 0.0);
                    let want = step + skewness / 6.0;
                    assert!((z - want).abs() < 0.02, "{mean} {dispersion} {step}: {z} {want}");
                }
            }
            for share in [0.01_f64, 0.6] {
                let spread = (mean * share * (1.0 - share)).sqrt();
                let z = z_share(mean * share + 0.002 * spread, mean, share, 0.0);
                assert!(z.abs() < 0.06, "{mean} {share}: {z}");
            }
        }
    }

    proptest! {
        #[test]
        fn z_grows_with_the_count_around_any_mean(
            ln_mean in 4.2_f64..30.0,
            dispersion in prop_oneof![Just(0.0), 1e-8_f64..4.0],
            error in prop_oneof![Just(0.0), 1e-8_f64..2.0],
            at in -3.0_f64..6.0,
        ) {
            let mean = ln_mean.exp();
            let spread = (mean * (1.0 + (dispersion + error) * mean)).sqrt();
            let x = (mean + at * spread).max(SUMMED_BELOW).round();
            let step = (0.02 * spread).max(1.0).round();
            let (z, more) = (z_count(x, mean, dispersion, error), z_count(x + step, mean, dispersion, error));
            prop_assert!(z.is_finite() && more > z, "{x} + {step} of {mean}: {z} {more}");
        }

        #[test]
        fn z_is_finite_and_grows_with_the_count(
            x in prop_oneof![0_u32..200, 0_u32..2_000_000, Just(u32::MAX)],
            mean in prop_oneof![
                4 => (-12.0_f64..15.0).prop_map(f64::exp),
                1 => (-745.0_f64..-12.0).prop_map(f64::exp),
                1 => Just(0.0),
            ],
            dispersion in prop_oneof![Just(0.0), 1e-8_f64..4.0],
            error in prop_oneof![Just(0.0), 1e-8_f64..2.0],
        ) {
            let x = f64::from(x);
            let z = z_count(x, mean, dispersion, error);
            prop_assert!(z.is_finite());
            let step = (x * 0.02).max(1.0).ceil();
            prop_assert!(z_count(x + step, mean, dispersion, error) >= z, "{x} {mean} {dispersion} {error}");
        }

        #[test]
        fn z_of_a_share_is_finite_and_grows(
            n in 1_u32..100_000, part in 0.0_f64..=1.0, mean in 0.0_f64..=1.0, rho in 0.0_f64..0.5,
        ) {
            let n = f64::from(n);
            let x = (part * n).floor();
            let z = z_share(x, n, mean, rho);
            prop_assert!(z.is_finite());
            let more = (x + (n * 0.03).ceil()).min(n);
            prop_assert!(z_share(more, n, mean, rho) >= z - 1e-6, "{x} {n} {mean} {rho}");
        }
    }
}
