//! How long to wait between two tries.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::error::NotifyError;
use super::settings::RetrySettings;

/// Exponential back-off with full jitter: the wait before retry n (from 0) is uniform in
/// `0 ..= min(max, initial * 2^n)` (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture
/// Blog, 2015).
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    initial: Duration,
    max: Duration,
    rng: SmallRng,
}

impl Backoff {
    /// # Errors
    ///
    /// [`NotifyError::Backoff`] when the first wait is nothing, or longer than the longest.
    pub fn new(settings: &RetrySettings, seed: u64) -> Result<Self, NotifyError> {
        let (initial, max) = (settings.initial_backoff, settings.max_backoff);
        if initial.is_zero() || initial > max {
            return Err(NotifyError::Backoff { initial, max });
        }
        Ok(Self { initial, max, rng: SmallRng::seed_from_u64(seed) })
    }

    /// The wait after try number `attempt`, from 1 on.
    pub fn wait_after(&mut self, attempt: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let ceiling = self.initial.saturating_mul(factor).min(self.max);
        // Saturates after half a million years.
        let ceiling = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.rng.random_range(0..=ceiling))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn settings(initial: u64, max: u64) -> RetrySettings {
        RetrySettings {
            initial_backoff: Duration::from_millis(initial),
            max_backoff: Duration::from_millis(max),
            give_up_after: Duration::from_secs(60),
            request_timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn waits_fill_a_doubling_range_up_to_the_longest() {
        let ceilings = [100, 200, 400, 800, 1000, 1000];
        let mut longest = [Duration::ZERO; 6];
        let mut sum = [Duration::ZERO; 6];
        for seed in 0..2000 {
            let mut backoff = Backoff::new(&settings(100, 1000), seed).unwrap();
            for i in 0..ceilings.len() {
                let wait = backoff.wait_after(i as u32 + 1);
                longest[i] = longest[i].max(wait);
                sum[i] += wait;
            }
        }
        for (i, ceiling) in ceilings.into_iter().enumerate() {
            let ceiling = Duration::from_millis(ceiling);
            assert!(longest[i] <= ceiling && longest[i] > ceiling.mul_f64(0.99));
            // The mean of a uniform variable is half its range; six standard errors of 2000 draws
            // are 3.9 % of the range.
            let mean = (sum[i] / 2000).as_secs_f64() / ceiling.as_secs_f64();
            assert!((mean - 0.5).abs() < 0.039, "mean {mean}");
        }
    }

    #[test]
    fn the_same_seed_waits_the_same() {
        let waits = |mut backoff: Backoff| [1, 2].map(|attempt| backoff.wait_after(attempt));
        let new = || Backoff::new(&settings(100, 1000), 7).unwrap();
        assert_eq!(waits(new()), waits(new()));
        assert!(new().wait_after(u32::MAX) <= Duration::from_secs(1));
    }

    #[test]
    fn impossible_waits_are_refused() {
        for (initial, max) in [(0, 100), (101, 100)] {
            let error = Backoff::new(&settings(initial, max), 0).unwrap_err();
            assert!(matches!(error, NotifyError::Backoff { .. }));
        }
    }
}
