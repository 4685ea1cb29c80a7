//! All routes together: who is told, in which order, and what is still on its way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::backoff::Backoff;
use super::delivery::Endpoint;
use super::error::NotifyError;
use super::http::Clients;
use super::observer::DeliveryObserver;
use super::rate_limit::RateLimit;
use super::receiver;
use super::settings::{RetrySettings, Route};
use super::targets::TargetPolicy;
use super::worker::{Queued, Worker};
use crate::incident::Change;

/// Changes that wait for one route before [`Notifier::send`] waits too.
const QUEUE: usize = 10_000;

/// Delivers changes over all routes. Each route has its own task and queue: within a route changes
/// arrive in order, one after the other; between routes none waits for another.
pub struct Notifier {
    routes: Vec<Running>,
    outstanding: watch::Sender<usize>,
    stop: watch::Sender<bool>,
}

/// A change that had not been delivered over a route when the time was up.
#[derive(Debug, Clone, PartialEq)]
pub struct Undelivered {
    /// The route's name.
    pub route: String,
    /// The change.
    pub change: Change,
}

struct Running {
    route: Route,
    queue: mpsc::Sender<Queued>,
    task: JoinHandle<Vec<Arc<Change>>>,
}

/// What tests turn smaller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tuning {
    /// Length of a route's queue, in changes; at least 1.
    pub queue: usize,
    /// Instead of the receivers' own pace.
    pub pace: Option<Duration>,
    /// Of the back-off's jitter.
    pub seed: u64,
}

impl Notifier {
    /// Starts a task per route on the current tokio runtime. They send to no target that `targets`
    /// refuses. Messages tell moments in `time_zone`; `observer` hears how each delivery goes.
    ///
    /// # Errors
    ///
    /// Any [`NotifyError`] but `Stopped`: a route or the retry settings cannot work, or the system
    /// has no certificate authorities. None shows an address or a header value.
    pub fn start(
        routes: Vec<Route>,
        retry: RetrySettings,
        targets: TargetPolicy,
        time_zone: TimeZone,
        observer: Arc<dyn DeliveryObserver>,
    ) -> Result<Self, NotifyError> {
        let tuning = Tuning { queue: QUEUE, pace: None, seed: rand::random() };
        Self::start_tuned(routes, retry, targets, time_zone, observer, tuning)
    }

    pub(super) fn start_tuned(
        routes: Vec<Route>,
        retry: RetrySettings,
        targets: TargetPolicy,
        time_zone: TimeZone,
        observer: Arc<dyn DeliveryObserver>,
        tuning: Tuning,
    ) -> Result<Self, NotifyError> {
        let outstanding = watch::Sender::new(0);
        let stop = watch::Sender::new(false);
        let mut builder = Builder {
            clients: Clients::new(targets),
            retry,
            time_zone,
            observer,
            tuning,
            outstanding: outstanding.clone(),
            limits: HashMap::new(),
            names: HashSet::new(),
        };
        // All workers are built before the first is started: an error leaves nothing running.
        let workers = routes
            .into_iter()
            .map(|route| Ok((builder.worker(&route)?, route)))
            .collect::<Result<Vec<_>, NotifyError>>()?;
        let routes = workers
            .into_iter()
            .map(|(worker, route)| {
                let (sender, queue) = mpsc::channel(tuning.queue);
                Running {
                    route,
                    queue: sender,
                    task: tokio::spawn(worker.run(queue, stop.subscribe())),
                }
            })
            .collect();
        Ok(Self { routes, outstanding, stop })
    }

    /// Puts `change` into the queue of every route that carries it. Returns at once, unless a
    /// route has been behind for so long that its queue (10,000 changes) is full: then the other
    /// routes get theirs, and this waits until there is room. Nothing is dropped.
    ///
    /// Changes sent one after the other arrive in that order. If the future is dropped while it
    /// waits, the routes it waits for do not get the change.
    ///
    /// # Errors
    ///
    /// [`NotifyError::Stopped`] when a route's task has died; the other routes got the change.
    pub async fn send(&self, change: Change) -> Result<(), NotifyError> {
        let change = Arc::new(change);
        let mut stopped = None;
        let mut full = Vec::new();
        for running in self.routes.iter().filter(|r| r.route.carries(&change)) {
            match running.queue.try_reserve() {
                Ok(room) => self.enqueue(room, &change),
                Err(TrySendError::Full(())) => full.push(running),
                Err(TrySendError::Closed(())) => stopped = Some(running),
            }
        }
        for running in full {
            match running.queue.reserve().await {
                Ok(room) => self.enqueue(room, &change),
                Err(_) => stopped = Some(running),
            }
        }
        match stopped {
            None => Ok(()),
            Some(running) => Err(NotifyError::Stopped(running.route.name.clone())),
        }
    }

    fn enqueue(&self, room: mpsc::Permit<'_, Queued>, change: &Arc<Change>) {
        self.outstanding.send_modify(|n| *n += 1);
        room.send(Queued { change: Arc::clone(change), since: Instant::now() });
    }

    /// Deliveries (a change on a route) that are neither accepted nor given up yet.
    pub fn outstanding(&self) -> usize {
        *self.outstanding.borrow()
    }

    /// Resolves when nothing is outstanding: everything sent so far has been accepted by its
    /// receivers, or given up and reported to the observer.
    pub async fn idle(&self) {
        // `self` holds the sender, so this cannot fail.
        let _ = self.outstanding.subscribe().wait_for(|&n| n == 0).await;
    }

    /// Takes no more changes, goes on delivering (and retrying) for at most `deadline`, then
    /// abandons what is left and returns it, oldest first within each route. The first of a route
    /// may have been accepted just now, its answer not yet read: sent again later, under the same
    /// idempotency key.
    ///
    /// A notifier that is dropped instead delivers its queues in the background.
    pub async fn shutdown(self, deadline: Duration) -> Vec<Undelivered> {
        let deadline = Instant::now() + deadline;
        let Self { routes, stop, .. } = self;
        let tasks: Vec<_> =
            routes.into_iter().map(|running| (running.route.name, running.task)).collect();
        let mut undelivered = Vec::new();
        for (route, mut task) in tasks {
            let left = match timeout_at(deadline, &mut task).await {
                Ok(left) => left,
                Err(_) => {
                    stop.send_replace(true);
                    task.await
                }
            };
            match left {
                Ok(left) => undelivered.extend(left.into_iter().map(|change| Undelivered {
                    route: route.clone(),
                    change: Arc::unwrap_or_clone(change),
                })),
                Err(error) => tracing::error!(route, %error, "a notification route has died"),
            }
        }
        undelivered
    }
}

/// What the workers of all routes share while they are built.
struct Builder {
    clients: Clients,
    retry: RetrySettings,
    time_zone: TimeZone,
    observer: Arc<dyn DeliveryObserver>,
    tuning: Tuning,
    outstanding: watch::Sender<usize>,
    /// By address and pace.
    limits: HashMap<(String, Duration), Arc<RateLimit>>,
    names: HashSet<String>,
}

impl Builder {
    fn worker(&mut self, route: &Route) -> Result<Worker, NotifyError> {
        if !self.names.insert(route.name.clone()) {
            return Err(NotifyError::SameName(route.name.clone()));
        }
        let receiver = receiver::of(route, &self.time_zone)?;
        let pace = self.tuning.pace.unwrap_or(receiver.pace());
        let address = receiver.url().expose().to_owned();
        let limit =
            self.limits.entry((address, pace)).or_insert_with(|| Arc::new(RateLimit::new(pace)));
        // Routes that fail together shall not come back together.
        let seed = self.tuning.seed.wrapping_add(self.names.len() as u64);
        Ok(Worker {
            route: route.name.clone(),
            endpoint: Endpoint::new(
                &mut self.clients,
                &route.name,
                receiver.as_ref(),
                self.retry.request_timeout,
            )?,
            receiver,
            limit: Arc::clone(limit),
            backoff: Backoff::new(&self.retry, seed)?,
            give_up_after: self.retry.give_up_after,
            observer: Arc::clone(&self.observer),
            outstanding: self.outstanding.clone(),
        })
    }
}
