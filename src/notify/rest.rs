//! What is left to do once people have been told: a picture, a mailbox that is full for now. Nothing that is
//! due waits for it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, warn};
use uuid::Uuid;

use super::backoff::Backoff;
use super::channel::Refusal;
use super::observer::DeliveryObserver;
use super::rate_limit::RateLimit;

/// How long what has begun may take when the route ends.
const AT_THE_END: Duration = Duration::from_secs(2);

/// Something that is left to do when people have been told.
///
/// Whoever tells of the incident next, here or in another instance, leaves what is then left to do: of what is not
/// the last that was told an attempt does nothing, and is done.
pub(super) trait Rest: Send {
    /// The incident; none: it is about many.
    fn incident(&self) -> Option<Uuid>;

    /// What people lack without it, in words that go on "is told without".
    fn lacks(&self) -> String;

    /// One try.
    fn attempt(&mut self) -> BoxFuture<'_, Result<(), Refusal>>;
}

/// All that is left to do on a route: one thing at a time, and as hard as a notification is tried.
pub(super) struct Rests {
    effort: Effort,
    /// They end with this.
    tasks: JoinSet<()>,
}

/// How hard is tried.
#[derive(Clone)]
pub(super) struct Effort {
    pub route: String,
    /// Not that of notifications: they wait for nothing of this.
    pub limit: Arc<RateLimit>,
    pub backoff: Backoff,
    pub give_up_after: Duration,
    pub observer: Arc<dyn DeliveryObserver>,
    /// Held by the one that is at it.
    pub turn: Arc<Mutex<()>>,
}

impl Rests {
    /// Nothing is left yet.
    pub fn new(effort: Effort) -> Self {
        Self { effort, tasks: JoinSet::new() }
    }

    /// Begins with `rest`; `stop` ends its waiting for another try.
    pub fn begin(&mut self, rest: Box<dyn Rest>, stop: watch::Receiver<bool>) {
        while let Some(ended) = self.tasks.try_join_next() {
            if let Err(failure) = ended {
                let route = &self.effort.route;
                error!(route, %failure, "what was left to do has died");
            }
        }
        self.tasks.spawn(self.effort.clone().make(rest, stop));
    }

    /// Lets what has begun come to its end, for a moment.
    pub async fn end(mut self) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(AT_THE_END, ended).await.is_err() {
            let (route, left) = (&self.effort.route, self.tasks.len());
            warn!(route, left, "people have been told; what was left to do then is cut off");
        }
    }
}

impl Effort {
    async fn make(mut self, mut rest: Box<dyn Rest>, mut stop: watch::Receiver<bool>) {
        let begun = Instant::now();
        let mut attempt = 0;
        while let Err(refusal) = self.attempt(&mut *rest).await {
            attempt += 1;
            let asked = refusal.retry_after.unwrap_or_default();
            self.limit.hold(asked);
            let wait = self.backoff.wait_after(attempt).max(asked);
            let is_late = begun.elapsed() + wait > self.give_up_after;
            let goes_on = !is_late && refusal.failure.is_transient() && {
                tokio::select! {
                    () = sleep(wait) => true,
                    _stopped = stop.wait_for(|&stop| stop) => false,
                }
            };
            if !goes_on {
                let (incident, lacks) = (rest.incident(), rest.lacks());
                self.observer.incomplete(&self.route, incident, &lacks, &refusal.failure);
                return;
            }
        }
    }

    async fn attempt(&self, rest: &mut dyn Rest) -> Result<(), Refusal> {
        let _turn = self.turn.lock().await;
        self.limit.turn().await;
        let attempt = rest.attempt().await;
        self.limit.answered();
        attempt
    }
}
