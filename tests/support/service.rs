//! A running service, started and stopped by a test.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use groundswell::config::{Config, Secrets};
use groundswell::http::Readiness;
use groundswell::notify::http_client;
use groundswell::pipeline::{RunError, Service, run};
use groundswell::store::Engine;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::DEADLINE;

/// A configuration for tests: `toml` with `SLACK_WEBHOOK_URL` set to `slack`, the store, dead letters
/// and feedback below `folder`.
pub fn config(toml: &str, slack: &str, folder: &Path) -> Config {
    let env = |name: &str| (name == "SLACK_WEBHOOK_URL").then(|| slack.to_owned());
    let mut config =
        Config::parse(toml, "test", Secrets::Resolve, &env).expect("a valid configuration");
    config.dead_letter_file = folder.join("dead-letters.ndjson");
    config.feedback_file = folder.join("feedback.ndjson");
    config.store.engine = Engine::Sqlite { file: folder.join("groundswell.db") };
    config
}

/// `groundswell run`, in this process.
pub struct RunningService {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), RunError>>,
    http: Http,
    readiness: Readiness,
}

impl RunningService {
    /// Starts it; it may not be ready yet.
    pub async fn start(config: Config) -> Self {
        Self::start_at(config, 0).await
    }

    /// Starts it at `port`.
    async fn start_at(config: Config, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener");
        let readiness = Readiness::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let service =
            Service { listener, readiness: readiness.clone(), on_change: Box::new(|_| {}) };
        let shutdown = async move {
            let _dropped = stopped.await;
        };
        let task = tokio::spawn(run(config, service, shutdown));
        Self { stop, task, http: Http::at(address), readiness }
    }

    /// Starts it and waits until it reads its partitions.
    pub async fn ready(config: Config) -> Self {
        Self::ready_at(config, 0).await
    }

    /// As [`Self::ready`], at `port`.
    pub async fn ready_at(config: Config, port: u16) -> Self {
        let running = Self::start_at(config, port).await;
        let ready = timeout(DEADLINE, running.readiness.ready()).await;
        assert!(ready.is_ok(), "not ready: {:?}", running.readiness.report());
        running
    }

    /// Where it answers `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http.address)
    }

    /// What it answers at `path`: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        self.http.get(path).await.expect("an answer")
    }

    /// As [`Http::wait_for`].
    pub async fn wait_for(&self, path: &str, enough: impl Fn(u16, &str) -> bool) -> String {
        self.http.wait_for(path, enough).await
    }

    /// Stops it gracefully.
    pub async fn stop(self) -> Result<(), RunError> {
        let _gone = self.stop.send(());
        timeout(DEADLINE, self.task).await.expect("it stops in time").expect("no panic")
    }
}

/// What a service answers over HTTP.
pub struct Http {
    address: SocketAddr,
    client: reqwest::Client,
}

impl Http {
    /// That of the service that listens here.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, client: http_client().expect("an HTTP client") }
    }

    /// What it answers at `path`: status and body; nothing while it does not answer.
    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        let answer = self.client.get(format!("http://{}{path}", self.address)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Asks again and again, as Prometheus does, until the body at `path` is `enough`; returns it.
    ///
    /// # Panics
    ///
    /// When it is not within [`DEADLINE`]; then with what it is.
    pub async fn wait_for(&self, path: &str, enough: impl Fn(u16, &str) -> bool) -> String {
        let asked = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            loop {
                ticks.tick().await;
                match self.get(path).await {
                    Some((status, body)) if enough(status, &body) => return body,
                    _ => {}
                }
            }
        };
        match timeout(DEADLINE, asked).await {
            Ok(body) => body,
            Err(_) => panic!("{path} never said what it should: {:?}", self.get(path).await),
        }
    }
}

/// The value of the sample `name{labels}` in a Prometheus text.
pub fn sample(text: &str, series: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}
