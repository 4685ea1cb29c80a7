//! Over real sockets, as Prometheus, Kubernetes, people and those who mean harm ask.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod answers;
mod limits;
mod page;
mod slack;
mod tls;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::routing::post;
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::tls::Certificates;
use super::*;
use crate::notify::http_client;
use crate::secret::Secret;

/// Longer than anything takes that does happen.
const DEADLINE: Duration = Duration::from_secs(20);
/// A time-out to be waited for.
const SHORT: Duration = Duration::from_millis(150);

const VIEWER: &str = "viewer-0123456789abcdef";
const RESPONDER: &str = "responder-0123456789abcdef";
const ADMIN: &str = "admin-0123456789abcdef";

/// What a server is started with.
struct Setup {
    settings: HttpSettings,
    grace: Option<Duration>,
    series_cap: usize,
    desk: Option<Desk>,
}

impl Setup {
    /// On a free port of `address`, without anything that is refused by default.
    fn at(address: &str) -> Self {
        let listen = SocketAddr::new(address.parse().unwrap(), 0);
        let rate = Rate { requests: NonZeroU32::MAX, per: DEADLINE };
        let limits = HttpLimits { rate, ..HttpLimits::default() };
        let settings = HttpSettings { listen, limits, ..HttpSettings::default() };
        Self { settings, grace: None, series_cap: 10, desk: None }
    }

    fn local() -> Self {
        Self::at("127.0.0.1")
    }

    fn limited(change: impl FnOnce(&mut HttpLimits)) -> Self {
        let mut setup = Self::local();
        change(&mut setup.settings.limits);
        setup
    }

    /// With a token for each role.
    fn with_tokens() -> Self {
        let mut setup = Self::local();
        let tokens = [VIEWER, RESPONDER, ADMIN].into_iter().zip(Role::ALL);
        setup.settings.tokens = tokens
            .map(|(token, role)| Token {
                name: format!("the-{}", role.name()),
                role,
                token: Secret::new(token),
            })
            .collect();
        setup
    }

    async fn start(self) -> Running {
        let state = HttpState {
            metrics: Metrics::new(self.series_cap).unwrap(),
            readiness: Readiness::new(&["source", "notifier"]),
            desk: self.desk,
        };
        let listener = TcpListener::bind(self.settings.listen).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let access = Access::new(&self.settings, state.metrics.clone());
        let mut server = Server::new(listener, &self.settings, state.clone()).unwrap();
        server.router = server.router.merge(later(&access));
        server.grace = self.grace.unwrap_or(server.grace);
        // A test says itself when files are looked at, or it would be seen between two of them.
        server.reload_every = Duration::from_secs(86_400);
        let certificates = server.certificates.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(server.serve(shutdown));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let client = http_client().unwrap();
        Running { address, state, certificates, client, stop, task }
    }
}

/// Routes as later issues will add them.
fn later(access: &Access) -> Router {
    let whoami = async |Extension(caller): Extension<Caller>| {
        format!("{} {}", caller.name, caller.role.name())
    };
    let view = Router::new().route("/view", get(whoami));
    let respond = Router::new().route("/respond", post(whoami));
    let administer = Router::new().route("/administer", post(whoami));
    Router::new()
        .merge(access.require(Role::Viewer, view))
        .merge(access.require(Role::Responder, respond))
        .merge(access.require(Role::Admin, administer))
        .route("/count", post(async |body: Bytes| body.len().to_string()))
        .route("/never", get(std::future::pending::<&str>))
}

/// A server on a free port of this machine.
struct Running {
    address: SocketAddr,
    state: HttpState,
    certificates: Option<Arc<Certificates>>,
    client: Client,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).timeout(DEADLINE)
    }

    async fn ask(&self, method: Method, path: &str) -> reqwest::Response {
        self.request(method, path).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let response = self.ask(Method::GET, path).await;
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A bare connection.
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// The value of a metric with its labels, as `/metrics` would show it.
    fn metric(&self, series: &str) -> Option<f64> {
        let text = self.state.metrics.exposition().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} ")))?;
        Some(line.parse().unwrap())
    }

    /// How often something was refused for `reason`.
    fn refused(&self, reason: &str) -> f64 {
        self.metric(&format!("groundswell_http_refused_total{{reason=\"{reason}\"}}")).unwrap()
    }

    /// Waits until a metric is `value`.
    async fn until(&self, series: &str, value: f64) {
        let reached = async {
            while self.metric(series) != Some(value) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let reached = timeout(DEADLINE, reached).await;
        reached.unwrap_or_else(|_| panic!("{series} is {:?}", self.metric(series)));
    }
}

/// Sends `request` as it is, and reads until the other side ends the connection.
async fn say(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_end(stream).await
}

async fn read_to_end(mut stream: impl AsyncReadExt + Unpin) -> String {
    let mut answer = Vec::new();
    let read = timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
    read.expect("the connection is ended").unwrap();
    String::from_utf8(answer).unwrap()
}

/// The problem that `response` tells, after its status.
async fn problem(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    (status, problem)
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Everything from here on, until what is returned is dropped.
    fn listen(&self) -> (tracing::subscriber::DefaultGuard, tracing::Dispatch) {
        // While there is a second listener, what another test logs first, on a thread that nobody
        // listens to, is not taken to be of interest to nobody (tokio-rs/tracing#2743).
        let second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        (tracing::subscriber::set_default(subscriber), second)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
