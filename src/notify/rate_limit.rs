//! Keeps messages to one address apart.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets one message through at a time, at least `pace` after the one before, and none before a
/// moment the receiver has asked to wait for. Routes to the same address share one.
#[derive(Debug)]
pub(super) struct RateLimit {
    pace: Duration,
    /// When the next message may leave.
    open_at: Mutex<Instant>,
}

impl RateLimit {
    /// A limit that lets the first message through at once.
    pub fn new(pace: Duration) -> Self {
        Self { pace, open_at: Mutex::new(Instant::now()) }
    }

    /// Waits until a message may leave, and takes its turn.
    pub async fn turn(&self) {
        while let Some(open_at) = self.take_turn() {
            sleep_until(open_at).await;
        }
    }

    /// Nothing leaves for `wait` from now on.
    pub fn hold(&self, wait: Duration) {
        let mut open_at = self.lock();
        *open_at = (*open_at).max(Instant::now() + wait);
    }

    /// Call when a message has been answered: its receiver may have seen it as late as now, so
    /// the pace counts from now.
    pub fn answered(&self) {
        self.hold(self.pace);
    }

    /// `None` when the turn is taken, else when to ask again.
    fn take_turn(&self) -> Option<Instant> {
        let mut open_at = self.lock();
        let now = Instant::now();
        if *open_at > now {
            return Some(*open_at);
        }
        *open_at = now + self.pace;
        None
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        // A plain value is sound even if a thread died holding it.
        self.open_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn keeps_the_pace_over_all_who_share_it() {
        let limit = Arc::new(RateLimit::new(SECOND));
        let start = Instant::now();
        let tasks: Vec<_> = (0..5)
            .map(|_| {
                let limit = Arc::clone(&limit);
                tokio::spawn(async move {
                    limit.turn().await;
                    start.elapsed()
                })
            })
            .collect();
        let mut turns = Vec::new();
        for task in tasks {
            turns.push(task.await.unwrap());
        }
        turns.sort();
        assert_eq!(turns[0], Duration::ZERO);
        assert!(turns.windows(2).all(|pair| pair[1] - pair[0] >= SECOND));
        assert!(turns[4] < 5 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn holds_as_long_as_asked_and_paces_from_the_answer() {
        let limit = RateLimit::new(SECOND);
        let start = Instant::now();
        limit.turn().await;
        tokio::time::sleep(SECOND / 2).await;
        limit.answered();
        limit.turn().await;
        assert!(start.elapsed() >= SECOND * 3 / 2);
        limit.hold(30 * SECOND);
        limit.turn().await;
        assert!(start.elapsed() >= 31 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn no_pace_no_wait() {
        let limit = RateLimit::new(Duration::ZERO);
        let start = Instant::now();
        for _ in 0..100 {
            limit.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
