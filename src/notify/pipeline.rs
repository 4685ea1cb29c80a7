//! All routes together, each delivering its part of the outbox.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use super::builder::Builder;
use super::error::NotifyError;
use super::http::Clients;
use super::observer::DeliveryObserver;
use super::picture::Pictures;
use super::settings::{RetrySettings, Route};
use super::targets::TargetPolicy;
use super::telling::Telling;
use crate::store::Store;

/// Delivers what stands in the outbox over all routes. Each route has its own task: within a route
/// the changes of one incident arrive in order; an incident whose change is not accepted holds up no
/// other, and a route no other route.
pub struct Notifier {
    pub(super) routes: Vec<(String, JoinHandle<()>)>,
    store: Store,
    stop: watch::Sender<bool>,
}

/// How routes deliver, all alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifierSettings {
    /// How hard is tried.
    pub retry: RetrySettings,
    /// Where deliveries may go; nothing is sent elsewhere.
    pub targets: TargetPolicy,
    /// How people are told.
    pub telling: Telling,
}

/// What tests turn smaller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    /// Instead of the receivers' own pace.
    pub pace: Option<Duration>,
    /// Of the back-off's jitter.
    pub seed: u64,
}

impl Notifier {
    /// Starts a task per route on the current tokio runtime. `observer` hears how each delivery goes;
    /// `pictures` draws for channels that show pictures.
    ///
    /// # Errors
    ///
    /// Any [`NotifyError`]: a route or the retry settings cannot work, or the system has no
    /// certificate authorities. None shows an address or a header value.
    pub fn start(
        routes: &[Route],
        settings: NotifierSettings,
        store: Store,
        observer: Arc<dyn DeliveryObserver>,
        pictures: Option<Arc<dyn Pictures>>,
    ) -> Result<Self, NotifyError> {
        let tuning = Tuning { pace: None, seed: rand::random() };
        Self::start_tuned(routes, settings, store, observer, pictures, tuning)
    }

    pub(super) fn start_tuned(
        routes: &[Route],
        NotifierSettings { retry, targets, telling }: NotifierSettings,
        store: Store,
        observer: Arc<dyn DeliveryObserver>,
        pictures: Option<Arc<dyn Pictures>>,
        tuning: Tuning,
    ) -> Result<Self, NotifyError> {
        let stop = watch::Sender::new(false);
        let mut builder = Builder {
            clients: Clients::new(targets),
            retry,
            telling,
            store: store.clone(),
            observer,
            pictures,
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
