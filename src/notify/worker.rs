//! One route's task: takes changes from its queue and delivers them in order.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::delivery::{Endpoint, Refusal};
use super::observer::{DeliveryObserver, Failure, GivenUp};
use super::rate_limit::RateLimit;
use super::receiver::Receiver;
use crate::incident::Change;

/// A change on its way.
pub(super) struct Queued {
    pub change: Arc<Change>,
    /// When it was sent on its way.
    pub since: Instant,
}

/// What one route needs to deliver.
pub(super) struct Worker {
    pub route: String,
    pub receiver: Box<dyn Receiver>,
    pub endpoint: Endpoint,
    pub limit: Arc<RateLimit>,
    pub backoff: Backoff,
    pub give_up_after: Duration,
    pub observer: Arc<dyn DeliveryObserver>,
    /// Deliveries of all routes that have not ended.
    pub outstanding: watch::Sender<usize>,
}

impl Worker {
    /// Delivers until the queue is closed and empty, or until `stop` says so. Returns what is
    /// left, oldest first; of the first of them a try may just have been under way.
    pub async fn run(
        mut self,
        mut queue: mpsc::Receiver<Queued>,
        mut stop: watch::Receiver<bool>,
    ) -> Vec<Arc<Change>> {
        while let Some(queued) = queue.recv().await {
            tokio::select! {
                outcome = self.deliver(&queued.change) => self.report(&queued, outcome),
                () = stopped(&mut stop) => {
                    let mut left = vec![queued.change];
                    while let Ok(queued) = queue.try_recv() {
                        left.push(queued.change);
                    }
                    return left;
                }
            }
        }
        Vec::new()
    }

    /// Tries until the receiver accepts or it is of no more use.
    async fn deliver(&mut self, change: &Change) -> Result<(), GivenUp> {
        let body = self.receiver.compose(change).map_err(|error| GivenUp {
            last: Failure::Encoding(error.to_string()),
            attempts: 0,
            elapsed: Duration::ZERO,
        })?;
        let body = bytes::Bytes::from(body);
        self.backoff.reset();
        self.limit.turn().await;
        let first = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.endpoint.post(change.id, body.clone()).await;
            self.limit.answered();
            let Err(refusal) = answer else {
                return Ok(());
            };
            let elapsed = first.elapsed();
            let Some(wait) = self.wait(&refusal, elapsed) else {
                return Err(GivenUp { last: refusal.failure, attempts, elapsed });
            };
            self.observer.retrying(&self.route, change, attempts, &refusal.failure, wait);
            sleep(wait).await;
            self.limit.turn().await;
        }
    }

    /// How long to wait before the next try; `None` if there is none. The last try falls at the
    /// end of `give_up_after`, unless the receiver asks for silence until later than that.
    fn wait(&mut self, refusal: &Refusal, elapsed: Duration) -> Option<Duration> {
        if !refusal.failure.is_transient() {
            return None;
        }
        let asked = refusal.retry_after.unwrap_or_default();
        // Also holds the next change, and other routes to the same address.
        self.limit.hold(asked);
        let left = self.give_up_after.checked_sub(elapsed)?;
        if left.is_zero() || asked > left {
            return None;
        }
        Some(self.backoff.next_wait().min(left).max(asked))
    }

    fn report(&self, queued: &Queued, outcome: Result<(), GivenUp>) {
        let (route, change) = (&self.route, &queued.change);
        match outcome {
            Ok(()) => self.observer.delivered(route, change, queued.since.elapsed()),
            Err(reason) => self.observer.given_up(route, change, &reason),
        }
        self.outstanding.send_modify(|n| *n = n.saturating_sub(1));
    }
}

/// Resolves when told to stop; never if whoever could tell is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|&stop| stop).await.is_err() {
        future::pending::<()>().await;
    }
}
