//! The on-call page, as a person on call uses it: in Chromium, while mentions come through Kafka.

use std::process::Stdio;

use groundswell::config::Config;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::service::{self, RunningService};
use crate::support::{DEADLINE, HttpReceiver, KafkaBroker, Record, free_port, repository, unique};

const MINUTE_MS: i64 = 60_000;

/// A day and a half of two mentions a minute, then a quarter of an hour of ten times that.
pub fn mentions(minutes: std::ops::Range<i64>) -> Vec<Record> {
    let end = jiff::Timestamp::now().as_millisecond();
    let texts = [
        "אקמי, הקומקום שלי התפוצץ! חרם עליכם",
        "<img src=x onerror=alert(1)> acme kettles explode, recall them </script>",
        "my acme kettle exploded, this is a scandal 😡",
        "acme again",
    ];
    let mut records = Vec::new();
    for minute in minutes {
        let count = if minute >= -15 { 20 } else { 2 };
        for at in 0..count {
            let text = if minute >= -15 { texts[at as usize % texts.len()] } else { "acme again" };
            let author =
                json!({"id": format!("{minute}-{at}"), "handle": "dana", "followers": at * 997});
            let mention = json!({
                "id": format!("{minute}-{at}"), "channel": "test", "brand": "Acme", "text": text,
                "created_at": end + minute * MINUTE_MS + at * MINUTE_MS / count,
                "sentiment": if minute >= -15 { -0.8 } else { 0.1 }, "author": author,
                "url": format!("https://example.org/{minute}/{at}"),
            });
            records.push(Record::new(mention.to_string()));
        }
    }
    records
}

/// A topic, and where a service that reads it keeps what it knows.
pub struct Crisis {
    topic: String,
    receiver: HttpReceiver,
    folder: tempfile::TempDir,
}

impl Crisis {
    pub async fn new(name: &str) -> Self {
        let topic = unique(name);
        KafkaBroker::shared().create_topic(&topic, 2).await;
        let folder = tempfile::tempdir().unwrap();
        Self { topic, receiver: HttpReceiver::start(), folder }
    }

    pub fn folder(&self) -> std::path::PathBuf {
        self.folder.path().to_owned()
    }

    pub fn config(&self) -> Config {
        self.config_with("")
    }

    /// With `more` in `[http]`, and below it.
    pub fn config_with(&self, more: &str) -> Config {
        let (topic, broker) = (&self.topic, KafkaBroker::shared().address());
        let toml = format!(
            "time_zone = \"Asia/Jerusalem\"\n[[brand]]\nname = \"Acme\"\nmarket = \"kettles\"\n[[brand]]\nname = \"Zenith\"\n\
             [source.kafka]\nbrokers = [\"{broker}\"]\ngroup = \"{topic}\"\nhistory = \"14d\"\n[[source.kafka.topic]]\nname = \"{topic}\"\n\
             [store]\ncheckpoint_every = \"1s\"\n[http]\nrequests_per_second = 1000\n{more}\
             [[route]]\nslack = {{ webhook_url = {{ env = \"SLACK_WEBHOOK_URL\" }} }}\n\
             [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n"
        );
        service::config(&toml, &self.receiver.url("/services/X"), self.folder.path())
    }

    /// Waits until people are told.
    pub async fn told(&self) {
        self.receiver.wait_for(1).await;
    }

    pub async fn tell(&self, mentions: Vec<Record>) {
        let mentions: Vec<_> = mentions.into_iter().map(|it| it.partition(0)).collect();
        KafkaBroker::shared().produce(&self.topic, &mentions).await;
    }
}

/// Chromium, driven by `tests/browser/page.mjs`.
struct Browser {
    child: Child,
    says: tokio::io::Lines<BufReader<ChildStdout>>,
    hears: ChildStdin,
}

impl Browser {
    fn open(url: &str) -> Self {
        let modules = repository("target/browser");
        assert!(
            modules.join("node_modules").exists(),
            "Playwright is not installed ({} is missing): run ./test, which installs it",
            modules.display()
        );
        let mut command = Command::new("node");
        command.arg(repository("tests/browser/page.mjs")).arg(url);
        if let Ok(folder) = std::env::var("GROUNDSWELL_PICTURES") {
            command.arg(folder);
        }
        let mut child = command
            .env("BROWSER_MODULES", modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("run node");
        let says = BufReader::new(child.stdout.take().unwrap()).lines();
        let hears = child.stdin.take().unwrap();
        Self { child, says, hears }
    }

    /// Waits until it asks for `what` to happen.
    async fn asks_for(&mut self, what: &str) {
        let line = timeout(DEADLINE * 2, self.says.next_line()).await;
        let line = line.expect("it gets on").unwrap();
        if line.as_deref() != Some(what) {
            let ended = self.child.wait().await;
            panic!("the page is not as it should be: see above ({line:?}, {ended:?})");
        }
    }

    async fn goes_on(&mut self) {
        self.hears.write_all(b"done\n").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crisis_is_seen_taken_silenced_and_marked_in_a_browser() {
    let (crisis, port) = (Crisis::new("page").await, free_port());
    crisis.tell(mentions(-36 * 60..-15)).await;
    let running = RunningService::ready_at(crisis.config(), port).await;
    let series = "/api/v1/brands/Acme/series";
    running.wait_for(series, |_, body| body.contains("\"lower\":")).await;

    let mut browser = Browser::open(&format!("http://127.0.0.1:{port}"));
    browser.asks_for("crisis").await;
    crisis.tell(mentions(-15..0)).await;
    browser.goes_on().await;
    browser.asks_for("stop").await;
    running.stop().await.unwrap();
    browser.goes_on().await;
    browser.asks_for("start").await;
    let running = RunningService::ready_at(crisis.config(), port).await;
    browser.goes_on().await;
    browser.asks_for("done").await;

    // Who was told of the incident has heard who took it.
    let told = crisis.receiver.received();
    let told: Vec<String> = told.iter().map(|it| it.json()["text"].to_string()).collect();
    assert!(told.iter().any(|it| it.contains("Dana has taken it")), "{told:#?}");
    running.stop().await.unwrap();
}
