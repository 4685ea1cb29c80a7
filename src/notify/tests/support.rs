//! A real HTTP receiver on loopback, and an observer that tells what it has seen.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::incident::Change;
use crate::incident::fixtures::{change_of, incident};
use crate::notify::pipeline::Tuning;
use crate::notify::{
    DeliveryObserver, Failure, GivenUp, Notifier, NotifierSettings, RetrySettings, Route, Target,
    TargetPolicy, Telling, carriers,
};
use crate::secret::Secret;
use crate::source::wall_clock;
use crate::store::{Engine, Store, StoreSettings};

/// What the receiver does with one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers with a status and, if not empty, a `Retry-After` and a body.
    Status(u16, &'static str, &'static str),
    /// Answers a 404 page that repeats the address, as many servers do.
    Echo,
    /// Accepts after this many milliseconds.
    Late(u64),
    /// Never answers.
    Hang,
}

pub const OK: Reply = Reply::Status(200, "", "ok");
pub const BROKEN: Reply = Reply::Status(500, "", "");

/// An outbox in a folder of its own, and the routes that lead out of it.
pub struct Outbox {
    pub store: Store,
    pub routes: Vec<Route>,
    _folder: TempDir,
}

impl Outbox {
    pub async fn of(routes: Vec<Route>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings {
            engine: Engine::Sqlite { file: folder.path().join("outbox.db") },
            checkpoint_every: Duration::from_secs(10),
        };
        Self { store: Store::open(&settings).await.unwrap(), routes, _folder: folder }
    }

    pub fn notifier(&self, retry: RetrySettings, tuning: Tuning) -> (Notifier, Events) {
        self.notifier_to(loopback(), retry, tuning)
    }

    /// One that may deliver to `targets` alone.
    pub fn notifier_to(
        &self,
        targets: TargetPolicy,
        retry: RetrySettings,
        tuning: Tuning,
    ) -> (Notifier, Events) {
        let (observer, events) = recorder();
        let (store, settings) = (self.store.clone(), settings(targets, retry));
        let notifier = Notifier::start_tuned(&self.routes, settings, store, observer, None, tuning);
        (notifier.unwrap(), events)
    }

    pub async fn send(&self, changes: &[Change]) {
        for change in changes {
            let carriers = carriers(&self.routes, change, wall_clock());
            self.store.post(change, &carriers, wall_clock()).await.unwrap();
        }
    }

    pub async fn outstanding(&self) -> u64 {
        self.store
            .outbox_counts(wall_clock())
            .await
            .unwrap()
            .iter()
            .map(|route| route.pending)
            .sum()
    }
}

pub fn settings(targets: TargetPolicy, retry: RetrySettings) -> NotifierSettings {
    NotifierSettings { retry, targets, telling: Telling::within(TimeZone::UTC) }
}

/// A request as it arrived.
#[derive(Debug)]
pub struct Received {
    pub at: Instant,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    /// The change it is about.
    pub fn key(&self) -> Uuid {
        self.header("idempotency-key").parse().unwrap()
    }
}

/// A receiver that follows a script, then accepts everything.
pub struct Server {
    pub address: SocketAddr,
    requests: UnboundedReceiver<Received>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), script, OK).await
    }

    /// Gives every request the same reply.
    pub async fn always(reply: Reply) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), [], reply).await
    }

    pub async fn start_at(
        address: SocketAddr,
        script: impl IntoIterator<Item = Reply>,
        then: Reply,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = unbounded_channel();
        let script: VecDeque<Reply> = script.into_iter().collect();
        let script = Arc::new(Mutex::new(script));
        let app = Router::new().fallback(move |request: Request| {
            let next = script.lock().unwrap().pop_front();
            respond(request, next.unwrap_or(then.clone()), sender.clone())
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, requests, task }
    }

    /// The next request.
    pub async fn received(&mut self) -> Received {
        soon(self.requests.recv()).await.unwrap()
    }

    /// How many have arrived and were not asked for.
    pub fn waiting(&self) -> usize {
        self.requests.len()
    }

    pub fn webhook(&self, name: &str) -> Route {
        self.route(
            name,
            Target::Webhook {
                url: self.url("/alerts"),
                headers: vec![("Authorization".into(), Secret::new("Bearer t0ken"))],
                signing_secrets: vec![],
            },
        )
    }

    pub fn slack(&self, name: &str) -> Route {
        let webhook_url = self.url("/services/T0/B0/x");
        self.route(name, Target::Slack { webhook_url })
    }

    pub fn pagerduty(&self, name: &str) -> Route {
        let routing_key = Secret::new("e93facc04764012d7bfb002500d5d1a6");
        self.route(name, Target::PagerDuty { url: self.url("/v2/enqueue"), routing_key })
    }

    fn route(&self, name: &str, target: Target) -> Route {
        Route::new(name, target)
    }

    fn url(&self, path: &str) -> Secret {
        Secret::new(format!("http://{}{path}", self.address))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(
    request: Request,
    reply: Reply,
    seen: UnboundedSender<Received>,
) -> Response<Body> {
    let at = Instant::now();
    let path = request.uri().to_string();
    let headers = request.headers().clone();
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let _ = seen.send(Received {
        at,
        path: path.clone(),
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    });
    let response = Response::builder();
    match reply {
        Reply::Hang => std::future::pending().await,
        Reply::Late(millis) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            response.body(Body::empty()).unwrap()
        }
        Reply::Echo => response.status(404).body(Body::from(path)).unwrap(),
        Reply::Status(status, retry_after, body) => {
            let mut response = response.status(status);
            if !retry_after.is_empty() {
                response = response.header("retry-after", retry_after);
            }
            if (300..400).contains(&status) {
                response = response.header("location", "/moved");
            }
            response.body(Body::from(body)).unwrap()
        }
    }
}

/// What an observer was told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Delivered(String, Uuid),
    Retrying(String, Uuid, u32, Failure, Duration),
    GivenUp(String, Uuid, GivenUp),
    Incomplete(String, Option<Uuid>, String, Failure),
}

struct Recorder(UnboundedSender<Event>);

/// Everything observed, in order.
pub struct Events(UnboundedReceiver<Event>);

impl Events {
    pub async fn next(&mut self) -> Event {
        soon(self.0.recv()).await.unwrap()
    }

    /// What is observed until `count` deliveries have ended.
    pub async fn until_ended(&mut self, count: usize) -> Vec<Event> {
        let (mut events, mut ended) = (Vec::new(), 0);
        while ended < count {
            let event = self.next().await;
            ended += usize::from(matches!(event, Event::Delivered(..) | Event::GivenUp(..)));
            events.push(event);
        }
        events
    }
}

/// An observer and what it observes.
pub fn recorder() -> (Arc<dyn DeliveryObserver>, Events) {
    let (sender, events) = unbounded_channel();
    (Arc::new(Recorder(sender)), Events(events))
}

impl DeliveryObserver for Recorder {
    fn delivered(&self, route: &str, change: &Change, _: Duration) {
        let _ = self.0.send(Event::Delivered(route.into(), change.id));
    }

    fn retrying(&self, route: &str, change: &Change, attempt: u32, why: &Failure, wait: Duration) {
        let event = Event::Retrying(route.into(), change.id, attempt, why.clone(), wait);
        let _ = self.0.send(event);
    }

    fn given_up(&self, route: &str, change: &Change, why: &GivenUp) {
        let event = Event::GivenUp(route.into(), change.id, why.clone());
        let _ = self.0.send(event);
    }

    fn incomplete(&self, route: &str, incident: Option<Uuid>, lacks: &str, why: &Failure) {
        let event = Event::Incomplete(route.into(), incident, lacks.into(), why.clone());
        let _ = self.0.send(event);
    }
}

/// Fast retries that do not give up.
pub fn retry() -> RetrySettings {
    RetrySettings {
        initial_backoff: Duration::from_millis(5),
        max_backoff: Duration::from_millis(40),
        give_up_after: Duration::from_secs(60),
        request_timeout: Duration::from_secs(20),
    }
}

/// Where the receivers of tests are.
pub fn loopback() -> TargetPolicy {
    TargetPolicy {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..TargetPolicy::default()
    }
}

/// `n` changes, each its own.
pub fn changes(n: u32) -> Vec<Change> {
    (0..n).map(|sequence| change_of(incident(), sequence)).collect()
}

/// What must happen anyway, a deadline against hanging for ever.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future)
        .await
        .expect("it does not take half a minute")
}
