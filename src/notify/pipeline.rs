//! All routes together, each delivering its part of the outbox.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use super::backoff::Backoff;
use super::channel::Channel;
use super::error::NotifyError;
use super::http::Clients;
use super::observer::DeliveryObserver;
use super::post::Post;
use super::rate_limit::RateLimit;
use super::receiver;
use super::settings::{RetrySettings, Route};
use super::targets::TargetPolicy;
use super::worker::Worker;
use crate::store::Store;

/// Delivers what stands in the outbox over all routes. Each route has its own task: within a route
/// the changes of one incident arrive in order; an incident whose change is not accepted holds up no
/// other, and a route no other route.
pub struct Notifier {
    pub(super) routes: Vec<(String, JoinHandle<()>)>,
    store: Store,
    stop: watch::Sender<bool>,
}

/// What tests turn smaller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tuning {
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
    /// Any [`NotifyError`]: a route or the retry settings cannot work, or the system has no
    /// certificate authorities. None shows an address or a header value.
    pub fn start(
        routes: &[Route],
        retry: RetrySettings,
        targets: TargetPolicy,
        time_zone: TimeZone,
        store: Store,
        observer: Arc<dyn DeliveryObserver>,
    ) -> Result<Self, NotifyError> {
        let tuning = Tuning { pace: None, seed: rand::random() };
        Self::start_tuned(routes, retry, targets, time_zone, store, observer, tuning)
    }

    pub(super) fn start_tuned(
        routes: &[Route],
        retry: RetrySettings,
        targets: TargetPolicy,
        time_zone: TimeZone,
        store: Store,
        observer: Arc<dyn DeliveryObserver>,
        tuning: Tuning,
    ) -> Result<Self, NotifyError> {
        let stop = watch::Sender::new(false);
        let mut builder = Builder {
            clients: Clients::new(targets),
            retry,
            time_zone,
            store: store.clone(),
            observer,
            tuning,
            limits: HashMap::new(),
            names: HashSet::new(),
        };
        // All workers are built before the first is started: an error leaves nothing running.
        let workers = routes
            .iter()
            .map(|route| builder.worker(route))
            .collect::<Result<Vec<_>, NotifyError>>()?;
        let routes = workers
            .into_iter()
            .map(|worker| (worker.route.name.clone(), tokio::spawn(worker.run(stop.subscribe()))))
            .collect();
        Ok(Self { routes, store, stop })
    }

    /// Resolves when a route has ended by itself: nobody sends what is due on it.
    pub async fn failed(&mut self) -> NotifyError {
        poll_fn(|context| {
            let ended = self
                .routes
                .iter_mut()
                .position(|(_, task)| Pin::new(task).poll(context).is_ready());
            ended.map_or(Poll::Pending, |at| {
                Poll::Ready(NotifyError::Died(self.routes.remove(at).0))
            })
        })
        .await
    }

    /// Ends every route once what is due has been tried, or at `deadline` from now. What has not been
    /// accepted stays in the outbox. A try that was cut off may have been accepted, its
    /// answer not yet read: it is sent again later, under the same idempotency key.
    pub async fn shutdown(self, deadline: Duration) {
        let deadline = Instant::now() + deadline;
        self.stop.send_replace(true);
        for (route, mut task) in self.routes {
            match timeout_at(deadline, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => error!(route, %failure, "a notification route has died"),
                Err(_) => {
                    warn!(route, "a notification is cut off; it is sent again after a restart");
                    task.abort();
                }
            }
        }
        if let Err(failure) = self.store.let_go().await {
            warn!(%failure, "what was being sent is free for others only when its time is over");
        }
    }
}

/// What the workers of all routes share while they are built.
struct Builder {
    clients: Clients,
    retry: RetrySettings,
    time_zone: TimeZone,
    store: Store,
    observer: Arc<dyn DeliveryObserver>,
    tuning: Tuning,
    /// By address and pace.
    limits: HashMap<(String, Duration), Arc<RateLimit>>,
    names: HashSet<String>,
}

impl Builder {
    fn worker(&mut self, route: &Route) -> Result<Worker, NotifyError> {
        if !self.names.insert(route.name.clone()) {
            return Err(NotifyError::SameName(route.name.clone()));
        }
        let channel = self.channel(route)?;
        let pace = self.tuning.pace.unwrap_or(channel.pace());
        let address = channel.address().to_owned();
        let limit =
            self.limits.entry((address, pace)).or_insert_with(|| Arc::new(RateLimit::new(pace)));
        // Routes that fail together shall not come back together.
        let seed = self.tuning.seed.wrapping_add(self.names.len() as u64);
        Ok(Worker {
            route: route.clone(),
            store: self.store.clone(),
            channel,
            limit: Arc::clone(limit),
            backoff: Backoff::new(&self.retry, seed)?,
            give_up_after: self.retry.give_up_after,
            request_timeout: self.retry.request_timeout,
            observer: Arc::clone(&self.observer),
        })
    }

    fn channel(&mut self, route: &Route) -> Result<Channel, NotifyError> {
        let receiver = receiver::of(route, &self.time_zone)?;
        let timeout = self.retry.request_timeout;
        Ok(Channel::Post(Post::new(&mut self.clients, &route.name, receiver, timeout)?))
    }
}
