//! One route's task: takes what is due from the outbox and delivers it.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use tracing::{error, warn};

use super::backoff::Backoff;
use super::channel::{Channel, Refusal};
use super::observer::{DeliveryObserver, Failure, GivenUp};
use super::rate_limit::RateLimit;
use super::rest::{Rest, Rests};
use super::settings::Route;
use super::told::Told;
use crate::incident::{Change, State};
use crate::mention::{Timestamp, millis};
use crate::source::wall_clock;
use crate::store::{Delivery, Store, StoreError};

/// How often the outbox is looked at for what others have put there.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Wait before a store that fails is asked again.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// A notification is held for longer than a try may take, so that nobody else sends it meanwhile.
const HOLD_MARGIN: Duration = Duration::from_secs(5);

/// A resolution is told again for this long, too: of several instances one may have told again what was
/// open while another told that it is over.
const SETTLES_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Notifications that are told in one go.
const MOST_AT_ONCE: u32 = 500;
/// How long incidents are told one by one after many in one message were refused.
const ONE_BY_ONE: Duration = Duration::from_secs(15 * 60);
/// Incidents that are told again in one message.
const REPEATED_AT_ONCE: usize = 100;

/// What one route needs to deliver.
pub(super) struct Worker {
    pub route: Route,
    pub store: Store,
    pub channel: Channel,
    pub limit: Arc<RateLimit>,
    pub backoff: Backoff,
    pub give_up_after: Duration,
    pub request_timeout: Duration,
    pub observer: Arc<dyn DeliveryObserver>,
    /// What is left to do of what has been told.
    pub rests: Rests,
    /// Until then nothing is told in one go: it was refused.
    pub one_by_one_until: Option<Timestamp>,
}

impl Worker {
    /// Delivers until `stop` says so, and then what is due by then.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut repeats = self.channel.repeat_every().map(often);
        loop {
            // What is taken is delivered, whatever comes due meanwhile: only waiting is cut off.
            tokio::select! {
                () = self.due() => {
                    let taken = self.take().await;
                    let is_over = |it: &Delivery| it.change.incident.state == State::Resolved;
                    let over = taken.iter().any(is_over);
                    self.deliver(taken, &stop).await;
                    // All that was told of it before is over with it.
                    if over && let Some(repeats) = &mut repeats {
                        repeats.reset_immediately();
                    }
                }
                () = next(&mut repeats) => self.repeat().await,
                () = stopped(&mut stop) => break,
            }
        }
        while let Ok(Some(due)) = self.store.next_due(self.name()).await
            && until(due).is_zero()
        {
            let taken = self.take().await;
            if taken.is_empty() {
                break;
            }
            self.deliver(taken, &stop).await;
        }
        self.rests.end().await;
    }

    fn name(&self) -> &str {
        &self.route.name
    }

    /// Waits for its turn and takes what is due: one notification, or in a storm all; nothing when another
    /// instance was faster, or the store fails.
    async fn take(&self) -> Vec<Delivery> {
        self.limit.turn().await;
        let taken = async {
            let is_storm = self.is_storm(wall_clock()).await?;
            let (route, now, hold) = (
                self.name(),
                wall_clock(),
                self.channel.patience(self.request_timeout) + HOLD_MARGIN,
            );
            if is_storm {
                return self.store.take_all(route, now, hold, MOST_AT_ONCE).await;
            }
            Ok(self.store.take(route, now, hold).await?.into_iter().collect())
        };
        match taken.await {
            Ok(taken) => taken,
            Err(failure) => {
                self.wait_for_store(&failure).await;
                Vec::new()
            }
        }
    }

    /// Whether so many incidents are to be told that one message tells them all.
    async fn is_storm(&self, now: Timestamp) -> Result<bool, StoreError> {
        let Some(from) = self.route.storm_from.filter(|_| self.channel.tells_storms()) else {
            return Ok(false);
        };
        let is_refused = self.one_by_one_until.is_some_and(|until| now < until);
        Ok(!is_refused && self.store.incidents_due(self.name(), now).await? >= u64::from(from))
    }

    /// Waits until something is due.
    async fn due(&self) {
        let mut posted = self.store.posted();
        loop {
            posted.mark_unchanged();
            let wait = match self.store.next_due(self.name()).await {
                Ok(due) => due.map_or(LOOK_EVERY, |due| until(due).min(LOOK_EVERY)),
                Err(failure) => {
                    self.wait_for_store(&failure).await;
                    continue;
                }
            };
            if wait.is_zero() {
                return;
            }
            tokio::select! {
                // The store lives as long as this does.
                _posted = posted.changed() => {}
                () = sleep(wait) => {}
            }
        }
    }

    /// One try to tell all of `taken`, and what follows from it.
    async fn deliver(&mut self, taken: Vec<Delivery>, stop: &watch::Receiver<bool>) {
        let answer = match &taken[..] {
            [] => return,
            [one] => self.channel.deliver(&one.change).await,
            many => {
                let changes: Vec<Change> = many.iter().map(|it| it.change.clone()).collect();
                self.channel.deliver_storm(&changes).await
            }
        };
        self.limit.answered();
        let now = wall_clock();
        match answer {
            Ok(rests) => self.told(&taken, rests, now, stop).await,
            Err(Refusal { failure, .. }) if taken.len() > 1 && !failure.is_transient() => {
                let route = self.name();
                warn!(route, %failure, "many incidents in one message are refused; they are told one by one");
                self.one_by_one_until = Some(now.plus_millis(millis(ONE_BY_ONE)));
                for delivery in &taken {
                    self.write(|| self.store.put_back(delivery, now)).await;
                }
            }
            Err(refusal) => {
                let waits: Vec<_> = taken
                    .iter()
                    .map(|it| self.wait(&refusal, it.attempt, tried_for(it, now)))
                    .collect();
                // What is told in one go is told so again.
                let together = waits.iter().copied().flatten().max();
                for (delivery, wait) in taken.iter().zip(waits) {
                    self.try_later(delivery, &refusal.failure, wait.and(together), now).await;
                }
            }
        }
    }

    /// All of `taken` has been told, and `rests` are left to do.
    async fn told(
        &mut self,
        taken: &[Delivery],
        rests: Vec<Box<dyn Rest>>,
        now: Timestamp,
        stop: &watch::Receiver<bool>,
    ) {
        self.write(|| self.store.accepted(taken, now)).await;
        for delivery in taken {
            let latency = between(delivery.due_at, now);
            self.observer.delivered(self.name(), &delivery.change, latency);
        }
        for rest in rests {
            self.rests.begin(rest, stop.clone());
        }
    }

    /// `delivery` has not been accepted: it is tried again after `wait`, or given up.
    async fn try_later(
        &self,
        delivery: &Delivery,
        failure: &Failure,
        wait: Option<Duration>,
        now: Timestamp,
    ) {
        let (change, attempt) = (&delivery.change, delivery.attempt);
        match wait {
            Some(wait) => {
                self.observer.retrying(self.name(), change, attempt, failure, wait);
                let due = now.plus_millis(millis(wait));
                self.write(|| self.store.put_back(delivery, due)).await;
            }
            None => {
                let elapsed = tried_for(delivery, now);
                let reason = GivenUp { last: failure.clone(), attempts: attempt, elapsed };
                let words = reason.to_string();
                self.write(|| self.store.park(delivery, &words, now)).await;
                self.observer.given_up(self.name(), change, &reason);
            }
        }
    }

    /// Tells again what has been told of what is open. What fails is told at the next time.
    async fn repeat(&self) {
        let since = wall_clock().plus_millis(-millis(SETTLES_WITHIN));
        let told = match self.store.told(self.name(), since).await {
            Ok(changes) => Told::of(&self.route, changes),
            Err(failure) => {
                let route = self.name();
                return warn!(route, %failure, "what is open cannot be told again for now");
            }
        };
        for told in told.chunks(REPEATED_AT_ONCE) {
            self.limit.turn().await;
            let answer = self.channel.repeat(told).await;
            self.limit.answered();
            if let Err(Refusal { failure, retry_after }) = answer {
                self.limit.hold(retry_after.unwrap_or_default());
                let (route, incidents) = (self.name(), told.len());
                warn!(route, incidents, %failure, "what is open was told again and not accepted");
            }
        }
    }

    /// How long to wait before the next try; `None` if there is none. The last try falls at the
    /// end of `give_up_after`, unless the receiver asks for silence until later than that.
    fn wait(&mut self, refusal: &Refusal, attempt: u32, elapsed: Duration) -> Option<Duration> {
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
        Some(self.backoff.wait_after(attempt).min(left).max(asked))
    }

    /// Writes down how a try went, however long the store is away: while nobody knows that a
    /// notification was accepted, nothing else is sent.
    async fn write<F: Future<Output = Result<(), StoreError>>>(&self, write: impl Fn() -> F) {
        while let Err(failure) = write().await {
            self.wait_for_store(&failure).await;
        }
    }

    async fn wait_for_store(&self, failure: &StoreError) {
        if failure.is_transient() {
            warn!(route = self.name(), %failure, "the outbox is out of reach; notifications wait");
        } else {
            error!(route = self.name(), %failure, "a notification cannot be sent");
        }
        sleep(STORE_RETRY).await;
    }
}

/// How long it has been tried for.
fn tried_for(delivery: &Delivery, now: Timestamp) -> Duration {
    between(delivery.first_try_at, now)
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(to.millis_since(from).try_into().unwrap_or(0))
}

fn until(due: Timestamp) -> Duration {
    between(wall_clock(), due)
}

/// Ticks now and then `every` so long.
fn often(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Resolves at the next tick; never when there are none.
async fn next(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => future::pending().await,
    }
}

/// Resolves when told to stop; never if whoever could tell is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|&stop| stop).await.is_err() {
        future::pending::<()>().await;
    }
}
