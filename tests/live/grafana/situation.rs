//! A service in a crisis, scraped by Prometheus; then one with every trouble that can be made here.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::restart::burst;
use crate::support::{
    Answer, HttpReceiver, KafkaBroker, Program, Prometheus, Record, repository, unique,
};

const TOKEN: &str = "a-token-of-prometheus-alone";

/// `groundswell run` and `route`, and the Prometheus that scrapes them, over HTTPS and with a token.
pub struct Situation {
    pub prometheus: Prometheus,
    run: Program,
    route: Program,
    receiver: HttpReceiver,
    broker: &'static KafkaBroker,
    input: String,
    keyed: String,
    other: String,
    files: TempDir,
}

impl Situation {
    /// Starts them, and waits until partitions are read.
    pub async fn new() -> Self {
        let broker = KafkaBroker::shared();
        let [input, keyed, other] = ["unkeyed", "keyed", "other"].map(unique);
        for topic in [&input, &keyed, &other] {
            broker.create_topic(topic, 1).await;
        }
        let files = tempfile::tempdir().unwrap();
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        fs::write(files.path().join("tls.crt"), own.cert.pem()).unwrap();
        fs::write(files.path().join("ca.crt"), own.cert.pem()).unwrap();
        fs::write(files.path().join("tls.key"), own.signing_key.serialize_pem()).unwrap();
        let receiver = HttpReceiver::start();
        let toml = format!(
            "[[brand]]\nname = \"Acme\"\nmarket = \"anvils\"\n[[brand]]\nname = \"Globex\"\nmarket = \"rockets\"\n\
             [source.kafka]\nbrokers = {:?}\ngroup = \"{keyed}\"\nhistory = \"14d\"\nidle_timeout = \"1s\"\n\
             [[source.kafka.topic]]\nname = \"{keyed}\"\n[[source.kafka.topic]]\nname = \"{other}\"\n\
             [source.kafka.route]\noutput = \"{keyed}\"\n\
             [[source.kafka.route.topic]]\nname = \"{input}\"\n\
             [[route]]\nwebhook = {{ url = {{ env = \"RECEIVER\" }} }}\n\
             [delivery]\nallow_networks = \"127.0.0.0/8\"\n\
             [http.tls]\ncert = {:?}\nkey = {:?}\n\
             [[http.token]]\nname = \"prometheus\"\nrole = \"viewer\"\ntoken = {{ env = \"TOKEN\" }}\n",
            broker.addresses(),
            files.path().join("tls.crt"),
            files.path().join("tls.key"),
        );
        let environment = [("RECEIVER", &*receiver.url("/alerts")), ("TOKEN", TOKEN)];
        let run = Program::start(&toml, &environment);
        let route = Program::start_route(&toml, &environment);
        let scraped = configuration(files.path(), &run, &route, "");
        let prometheus = Prometheus::start(&scraped);
        let situation =
            Self { prometheus, run, route, receiver, broker, input, keyed, other, files };
        let read = format!("groundswell_dedup_entries{{topic=\"{}\"}}", situation.keyed);
        situation.prometheus.await_data([&*read]).await;
        situation
    }

    /// Thirty hours of mentions whose end is a crisis, and somebody is told of it.
    pub async fn crisis(&self) {
        self.broker.produce(&self.input, &burst(0)).await;
        self.receiver.wait_for(1).await;
        let told = [
            "groundswell_incident_onset_timestamp_seconds{brand=\"Acme\"}",
            "groundswell_notifications_total{outcome=\"delivered\"} > 0",
            "max(groundswell_watermark_lag_seconds) < 300",
            // Not 0: the end of a transaction is a record that nobody reads.
            "max(groundswell_consumer_lag_messages) < 10",
        ];
        self.prometheus.await_data(told).await;
    }

    /// Dead letters, a dead feed, a receiver that refuses for good, a broken certificate, and a stranger who guesses
    /// tokens.
    pub async fn trouble(&mut self) {
        self.receiver.answer_otherwise(Answer::status(404));
        let bad: Vec<Record> = (0..300).map(|_| Record::new("no mention")).collect();
        self.broker.produce(&self.keyed, &bad).await;
        self.broker.produce(&self.other, &of_globex(burst(40))).await;
        fs::write(self.files.path().join("tls.crt"), "no certificate").unwrap();
        let stranger = scrape("stranger", "no-token-of-anybody", &[&self.run], self.files.path());
        let more = configuration(self.files.path(), &self.run, &self.route, &stranger);
        self.prometheus.reconfigure(&more);
    }
}

/// The same mentions, of another brand.
fn of_globex(records: Vec<Record>) -> Vec<Record> {
    let of = |record: Record| {
        let mut mention: serde_json::Value =
            serde_json::from_slice(&record.payload.unwrap()).unwrap();
        mention["brand"] = json!("Globex");
        Record::new(mention.to_string())
    };
    records.into_iter().map(of).collect()
}

/// Scrapes both programs, and whatever `more` says, with the rules.
fn configuration(files: &Path, run: &Program, route: &Program, more: &str) -> String {
    let rules: PathBuf = repository("prometheus/groundswell.rules.yml");
    format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
         rule_files: [{:?}]\nscrape_configs:\n{}{}{more}",
        rules,
        scrape("groundswell", TOKEN, &[run], files),
        scrape("groundswell-route", TOKEN, &[route], files),
    )
}

fn scrape(job: &str, token: &str, programs: &[&Program], files: &Path) -> String {
    let targets: Vec<String> = programs.iter().map(|it| it.address().to_string()).collect();
    format!(
        "  - job_name: {job}\n    scheme: https\n    authorization: {{ credentials: {token} }}\n    \
         tls_config: {{ ca_file: {:?} }}\n    static_configs: [{{ targets: {targets:?} }}]\n",
        files.join("ca.crt"),
    )
}
