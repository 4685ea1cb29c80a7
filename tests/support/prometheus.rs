//! A Prometheus server of a test's own.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use groundswell::notify::http_client;
use reqwest::{Client, Url};
use rustix::process::Signal;
use serde_json::Value;
use tokio::time::{Instant, interval};

use super::server::Server;
use super::{DEADLINE, free_port};

/// Prometheus on loopback, with its data in a temporary folder. It ends with this value or with the test process.
pub struct Prometheus {
    server: Server,
    base: Url,
    client: Client,
}

impl Prometheus {
    /// Starts it with a configuration, and waits until it answers.
    ///
    /// # Panics
    ///
    /// When Prometheus is not installed or does not come up; then with the end of its log.
    pub fn start(configuration: &str) -> Self {
        let installed = Command::new("prometheus").arg("--version").output();
        assert!(
            installed.is_ok_and(|it| it.status.success()),
            "Prometheus is not installed (`prometheus --version` fails): run ./test, which installs it"
        );
        let mut server = Server::new("prometheus", "KILL");
        let file = server.folder().join("prometheus.yml");
        fs::write(&file, configuration).expect("write prometheus.yml");
        let address = format!("127.0.0.1:{}", free_port());
        let mut prometheus = Command::new("prometheus");
        prometheus
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", server.folder().join("data").display()))
            .arg(format!("--web.listen-address={address}"));
        server.run(&mut prometheus);
        tokio::task::block_in_place(|| server.await_answer(|| is_ready(&address)));
        let base = Url::parse(&format!("http://{address}/")).expect("an address");
        Self { server, base, client: http_client().expect("an HTTP client") }
    }

    /// Where its configuration, its log and its data are.
    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// Takes up another configuration; what it has seen so far stays.
    pub fn reconfigure(&mut self, configuration: &str) {
        fs::write(self.folder().join("prometheus.yml"), configuration).expect("write the file");
        self.server.tell(Signal::HUP);
    }

    /// The samples that a query returns now.
    ///
    /// # Panics
    ///
    /// When it is not a valid query; then with what Prometheus says of it.
    pub async fn query(&self, query: &str) -> Vec<Sample> {
        let answer = self.api("api/v1/query", &[("query", query)]).await;
        let result = answer["result"].as_array().expect("a vector");
        assert_eq!(answer["resultType"], "vector", "{query}");
        result.iter().map(Sample::of).collect()
    }

    /// The values of a label of the series that a selector finds, as Grafana asks for those of a variable.
    pub async fn label_values(&self, label: &str, selector: &str) -> Vec<String> {
        let path = format!("api/v1/label/{label}/values");
        let values = self.api(&path, &[("match[]", selector)]).await;
        serde_json::from_value(values).expect("a list of values")
    }

    /// The rules that it has loaded, recording ones and alerts.
    pub async fn rules(&self) -> Vec<Value> {
        let answer = self.api("api/v1/rules", &[]).await;
        let groups = answer["groups"].as_array().expect("groups of rules");
        groups.iter().flat_map(|group| group["rules"].as_array().cloned().expect("rules")).collect()
    }

    /// The alerts that fire now, with their texts.
    pub async fn firing(&self) -> Vec<Value> {
        let mut answer = self.api("api/v1/alerts", &[]).await;
        let Value::Array(mut alerts) = answer["alerts"].take() else { panic!("a list of alerts") };
        alerts.retain(|alert| alert["state"] == "firing");
        alerts
    }

    /// Asks again and again until each of `queries` has returned data. Whatever a query returns once is enough.
    ///
    /// # Panics
    ///
    /// When one has not within [`DEADLINE`]; then with all that have not.
    pub async fn await_data<'a>(&self, queries: impl IntoIterator<Item = &'a str>) {
        let mut without: BTreeSet<&str> = queries.into_iter().collect();
        let deadline = Instant::now() + DEADLINE;
        let mut ticks = interval(Duration::from_millis(500));
        while !without.is_empty() {
            ticks.tick().await;
            assert!(Instant::now() < deadline, "no data within {DEADLINE:?}: {without:#?}");
            for query in without.clone() {
                if self.query(query).await.iter().any(|sample| sample.value.is_finite()) {
                    without.remove(query);
                }
            }
        }
    }

    async fn api(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let mut url = self.base.join(path).expect("a path");
        url.query_pairs_mut().extend_pairs(parameters);
        let answer = self.client.get(url).send().await.expect("an answer");
        let mut answer: Value = answer.json().await.expect("an answer in JSON");
        assert_eq!(answer["status"], "success", "{parameters:?}: {answer}");
        answer["data"].take()
    }
}

/// Whether it has read what it had stored, and answers.
fn is_ready(address: &str) -> bool {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n")?;
        std::io::read_to_string(stream)
    };
    asked().is_ok_and(|answer| answer.starts_with("HTTP/1.0 200 "))
}

/// One series of an answer.
#[derive(Debug)]
pub struct Sample {
    /// Its labels, as an object.
    pub labels: Value,
    /// Its value now.
    pub value: f64,
}

impl Sample {
    fn of(sample: &Value) -> Self {
        let value = sample["value"][1].as_str().and_then(|text| text.parse().ok());
        Self { labels: sample["metric"].clone(), value: value.expect("a number") }
    }
}
