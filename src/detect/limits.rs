//! From "false pages a week" to a limit for z.

use std::f64::consts::TAU;
use std::time::Duration;

/// Seconds in a week.
const WEEK: f64 = 604_800.0;
/// No limit lies below this, however large the budget: one window in 741.
const LOWEST: f64 = 3.0;
/// No limit lies above this, however small the budget.
const HIGHEST: f64 = 12.0;

/// The z a window must reach so that `series` such windows, each sliding over a calm week, pass it
/// `pages_per_week` times in all, in 3..=12.
///
/// A sum over a sliding window of length `W` crosses a high `z` in clumps, about `z φ(z) / W` of
/// them in a unit of time, `φ` the normal density (Aldous 1989, Probability Approximations via the
/// Poisson Clumping Heuristic, C: the Slepian process). The limit is where the clumps of all
/// windows are the budget. It holds as far as the baseline does; how far that is, is measured, not
/// promised.
pub fn z_limit(pages_per_week: f64, series: usize, window: Duration) -> f64 {
    let windows_per_week = WEEK / window.as_secs_f64().max(1.0);
    let wanted = pages_per_week / (windows_per_week * series.max(1) as f64);
    let clumps = |z: f64| z * (-0.5 * z * z).exp() / TAU.sqrt();
    let (mut low, mut high) = (LOWEST, HIGHEST);
    if clumps(low) <= wanted {
        return low;
    }
    // `clumps` falls beyond z = 1.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if clumps(middle) > wanted { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn a_tighter_budget_or_more_series_raise_the_limit() {
        let base = z_limit(1.0, 10, HOUR);
        // 168 hours of ten series: z φ(z) = 1 / 1680.
        assert!((base - 3.9716).abs() < 1e-3, "{base}");
        assert!(z_limit(0.1, 10, HOUR) > base);
        assert!(z_limit(1.0, 1_000, HOUR) > base);
        assert!(z_limit(1.0, 10, 24 * HOUR) < base, "fewer independent windows");
    }

    #[test]
    fn limits_stay_within_their_bounds() {
        assert_eq!(z_limit(1e9, 1, HOUR), LOWEST);
        assert!(z_limit(0.0, 1, HOUR) <= HIGHEST);
    }

    /// Independent normals summed over a sliding window: the clump rate is the one counted.
    #[test]
    fn the_clump_rate_is_that_of_a_simulated_sliding_window() {
        use rand::SeedableRng;
        use rand_distr::{Distribution, StandardNormal};
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let (window, panes) = (60_usize, 1_200_000_usize);
        let limit = z_limit(WEEK / 3_600.0 * 0.01, 1, HOUR);
        let mut ring = vec![0.0_f64; window];
        let (mut sum, mut above, mut clumps, mut calm_for) = (0.0, false, 0_u32, 0);
        for pane in 0..panes {
            let x: f64 = StandardNormal.sample(&mut rng);
            sum += x - ring[pane % window];
            ring[pane % window] = x;
            let z = sum / (window as f64).sqrt();
            calm_for = if z > limit { 0 } else { calm_for + 1 };
            if z > limit && !above {
                clumps += 1;
            }
            above = calm_for < window;
        }
        let expected = 0.01 * panes as f64 / window as f64;
        let ratio = f64::from(clumps) / expected;
        assert!((0.6..1.6).contains(&ratio), "{clumps} clumps, {expected} expected");
    }
}
