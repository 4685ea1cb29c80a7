//! When a swing really began, as against when it was noticed.

/// The most likely start of the change that the last panes show, as an index into `panes`
/// (`observed` and `expected` mentions, oldest first); `panes.len() - 1` at the latest.
///
/// For every start it compares "the rate has been `Σ observed / Σ expected` times the baseline
/// since then" with "it has been the baseline all along"; the logarithm of the generalised
/// likelihood ratio of a Poisson rate is `X ln(X / M) - (X - M)` (Lorden 1971; Siegmund 1985,
/// Sequential Analysis, II.6). The start with the largest ratio is the maximum likelihood
/// change-point. `rising` says which side counts.
pub fn onset(panes: &[(f64, f64)], rising: bool) -> usize {
    let (mut observed, mut expected) = (0.0, 0.0);
    let (mut best, mut best_at) = (0.0, panes.len().saturating_sub(1));
    for (at, &(x, mean)) in panes.iter().enumerate().rev() {
        observed += x;
        expected += mean;
        let off = if rising { observed > expected } else { observed < expected };
        let gain = if off { likelihood_gain(observed, expected) } else { 0.0 };
        // A rise begins with a mention, not with the empty pane before it.
        let begins = !rising || x > 0.0;
        if gain > best && begins {
            (best, best_at) = (gain, at);
        }
    }
    best_at
}

fn likelihood_gain(observed: f64, expected: f64) -> f64 {
    let expected = expected.max(1e-12);
    let surprise = if observed > 0.0 { observed * (observed / expected).ln() } else { 0.0 };
    surprise - (observed - expected)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use rand_distr::{Distribution, Poisson};

    use super::*;

    #[test]
    fn a_rise_is_dated_to_its_first_pane() {
        let mut panes = vec![(2.0, 2.0); 100];
        panes[70..].fill((9.0, 2.0));
        assert_eq!(onset(&panes, true), 70);
    }

    #[test]
    fn a_rise_from_nothing_begins_with_a_mention() {
        let mut panes = vec![(0.0, 0.001); 50];
        panes[40] = (3.0, 0.001);
        panes[41..].fill((2.0, 0.001));
        assert_eq!(onset(&panes, true), 40);
    }

    #[test]
    fn a_fall_is_dated_to_its_first_pane() {
        let mut panes = vec![(5.0, 5.0); 60];
        panes[30..].fill((0.0, 5.0));
        assert_eq!(onset(&panes, false), 30);
    }

    #[test]
    fn nothing_is_dated_to_now() {
        assert_eq!(onset(&[(1.0, 1.0); 5], true), 4);
        assert_eq!(onset(&[], true), 0);
    }

    /// A triple of a restless rate, dated out of its own noise.
    #[test]
    fn a_noisy_change_is_dated_to_within_a_few_panes() {
        let mut rng = StdRng::seed_from_u64(5);
        for (rising, after) in [(true, 6.0), (false, 0.4)] {
            let mut off = Vec::new();
            for _ in 0..200 {
                let mut draw = |mean: f64| Poisson::new(mean).map_or(0.0, |d| d.sample(&mut rng));
                let panes: Vec<(f64, f64)> =
                    (0..120).map(|at| (draw(if at < 80 { 2.0 } else { after }), 2.0)).collect();
                off.push(onset(&panes, rising).abs_diff(80));
            }
            off.sort_unstable();
            assert!(off[100] <= 2 && off[180] <= 12, "rising {rising}: {off:?}");
        }
    }

    proptest! {
        #[test]
        fn the_onset_lies_within_the_panes_and_nothing_before_it_counts(
            panes in prop::collection::vec((0_u32..1_000_000, 0.0_f64..1e6), 1..80),
            quiet in 0_usize..40,
            rising: bool,
        ) {
            let panes: Vec<(f64, f64)> =
                panes.into_iter().map(|(x, mean)| (f64::from(x), mean)).collect();
            let at = onset(&panes, rising);
            prop_assert!(at < panes.len());
            let off = panes[at..].iter().fold(0.0, |sum, (x, mean)| sum + x - mean);
            let on_its_side = if rising { off > 0.0 } else { off < 0.0 };
            prop_assert!(on_its_side || at == panes.len() - 1, "{off} since {at}");
            // Ordinary panes before it are not drawn in.
            let mut longer = vec![(3.0, 3.0); quiet];
            longer.extend(&panes[at..]);
            let moved = onset(&longer, rising);
            prop_assert!(moved >= quiet, "{moved} {quiet}");
        }
    }
}
