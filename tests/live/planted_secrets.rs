//! Secrets planted in every place that holds one show nowhere: the real binary, its log at `trace`,
//! through failures of every kind.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::service::sample;
use crate::support::{
    Answer, DEADLINE, HttpReceiver, KafkaBroker, MailServer, SASL_PASSWORD, SASL_USER, free_port,
    unique,
};

/// A secret, and every form in which it could show.
struct Secret {
    value: String,
    forms: Vec<String>,
}

impl Secret {
    fn new(value: impl Into<String>) -> Self {
        let value = value.into();
        let mut forms = vec![value.clone(), value.escape_debug().to_string()];
        for percent in [percent_encoded(&value, false), percent_encoded(&value, true)] {
            forms.extend([percent.to_lowercase(), percent]);
        }
        for shift in 0..3 {
            forms.extend(in_base64(&value, shift));
        }
        Self { value, forms }
    }

    /// One that stands in addresses and headers, with characters that each of them encodes.
    fn unique(name: &str) -> Self {
        Self::new(unique(&format!("hush \"{name}\"")))
    }

    fn found_in<'a>(&'a self, text: &str) -> Option<&'a str> {
        self.forms.iter().map(String::as_str).find(|form| text.contains(form))
    }
}

/// `all`: every byte; else as URLs have it.
fn percent_encoded(text: &str, all: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let kept = byte.is_ascii_alphanumeric() || (!all && b"-._~/+".contains(&byte));
        let _written =
            if kept { write!(out, "{}", byte as char) } else { write!(out, "%{byte:02X}") };
        out
    })
}

/// `text` as it shows in the base64 of something that it stands in, `shift` bytes (modulo 3) after
/// its beginning: what its neighbours have no part in.
fn in_base64(text: &str, shift: usize) -> [String; 2] {
    let padded = format!("{}{text}", "x".repeat(shift));
    let whole = padded.len() / 3 * 4;
    let from = if shift == 0 { 0 } else { 4 };
    [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)]
        .map(|encoded| encoded[from..whole].to_owned())
}

#[test]
fn a_secret_is_found_in_each_of_its_forms() {
    let secret = Secret::unique("found");
    let bare = &secret.value;
    for before in ["", "a", "ab", "user:", "\0user\0"] {
        let encoded = STANDARD_NO_PAD.encode(format!("{before}{bare} and more"));
        assert!(secret.found_in(&encoded).is_some(), "{encoded}");
    }
    let url = reqwest::Url::parse(&format!("https://a.example/{bare}?x={bare}")).unwrap();
    assert!(
        secret.found_in(url.path()).is_some() && secret.found_in(url.query().unwrap()).is_some()
    );
    assert!(secret.found_in(&format!("{bare:?}")).is_some());
    assert!(secret.found_in(&format!("Authorization: Bearer {bare}\r\n")).is_some());
    assert!(secret.found_in(&Secret::unique("another").value).is_none());
}

/// One run of the binary, with its files in a folder of its own.
struct Run {
    folder: tempfile::TempDir,
    http: String,
    env: Vec<(&'static str, String)>,
    token: Secret,
    /// What links are signed with, and what Slack signs with.
    signing: [Secret; 2],
}

impl Run {
    /// `toml` is the configuration without the parts that every run has; `env` holds the secrets.
    fn new(toml: &str, mut env: Vec<(&'static str, String)>) -> Self {
        let token = Secret::new(unique("hush-token"));
        let signing = ["hush-links", "hush-presses"].map(|it| Secret::new(unique(it)));
        env.push(("TOKEN", token.value.clone()));
        env.extend([("LINKS", signing[0].value.clone()), ("PRESSES", signing[1].value.clone())]);
        let folder = tempfile::tempdir().unwrap();
        let http = format!("127.0.0.1:{}", free_port());
        let whole = format!(
            "brand = [{{ name = \"Acme\" }}]\n[http]\nlisten = \"{http}\"\nopen_metrics = true\n\
             public_url = \"http://{http}\"\nlinks = {{ secret = {{ env = \"LINKS\" }} }}\n\
             slack = {{ signing_secret = {{ env = \"PRESSES\" }} }}\n\
             [[http.token]]\nname = \"me\"\nrole = \"admin\"\ntoken = {{ env = \"TOKEN\" }}\n{toml}"
        );
        std::fs::write(folder.path().join("groundswell.toml"), whole).unwrap();
        Self { folder, http, env, token, signing }
    }

    /// The secrets of its HTTP side.
    fn own(&self) -> [&Secret; 3] {
        [&self.token, &self.signing[0], &self.signing[1]]
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundswell"));
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(proxy).env_remove(proxy.to_lowercase());
        }
        command
            .arg(name)
            .arg("--config")
            .arg("groundswell.toml")
            .current_dir(self.folder.path())
            .env("RUST_LOG", "trace")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, name: &str) -> Running {
        let mut command = self.command(name);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let id = child.id().to_string();
        // Read while it runs: a full pipe would hold it up.
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
        Running { id, output }
    }

    /// Runs the service until what it answers at `path` is `enough`, then has it end. Returns all
    /// that it has shown.
    async fn until(&self, path: &str, enough: impl Fn(&str) -> bool) -> String {
        let running = self.start("run");
        let waited = timeout(DEADLINE, self.asked(path, enough)).await;
        let answers = format!("{}{}", self.get("/metrics").await, self.get("/readyz").await);
        running.signal("TERM");
        let shown = format!("{}{answers}{}", text(&running.ended().await), self.kept());
        assert_silent(&shown, &self.own());
        assert!(waited.is_ok(), "{path} never said what it should: {answers}\n{}", end_of(&shown));
        shown
    }

    async fn asked(&self, path: &str, enough: impl Fn(&str) -> bool) {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        while !enough(&self.get(path).await) {
            ticks.tick().await;
        }
    }

    /// Nothing when it does not answer (yet).
    async fn get(&self, path: &str) -> String {
        let client = groundswell::notify::http_client().unwrap();
        let request = client.get(format!("http://{}{path}", self.http));
        match request.bearer_auth(&self.token.value).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// All files that it has written.
    fn kept(&self) -> String {
        let config = self.path("groundswell.toml");
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let written = files.map(|file| file.unwrap().path()).filter(|path| *path != config);
        written.map(|path| read(&path)).collect()
    }

    /// What the command `name` shows, and its exit code.
    async fn says(&self, name: &str) -> (String, Option<i32>) {
        let output = self.start(name).ended().await;
        let shown = format!("{}{}", text(&output), self.kept());
        assert_silent(&shown, &self.own());
        (shown, output.status.code())
    }
}

/// The binary while it runs.
struct Running {
    id: String,
    output: JoinHandle<Output>,
}

impl Running {
    fn signal(&self, signal: &str) {
        // An error: it has ended by itself.
        let _ended = Command::new("kill").args(["-s", signal, &self.id]).status();
    }

    async fn ended(mut self) -> Output {
        match timeout(DEADLINE, &mut self.output).await {
            Ok(output) => output.unwrap(),
            Err(_) => {
                self.signal("KILL");
                panic!("it does not end: {}", end_of(&text(&self.output.await.unwrap())));
            }
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn end_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

fn assert_silent(shown: &str, secrets: &[&Secret]) {
    for secret in secrets {
        if let Some(form) = secret.found_in(shown) {
            let at = shown.find(form).unwrap();
            let line = shown[..at].rfind('\n').map_or(0, |it| it + 1);
            let line = shown[line..].lines().next().unwrap();
            panic!("{:?} shows as {form:?} in:\n{line}", secret.value);
        }
    }
}

fn source(address: &str, topic: &str) -> String {
    format!(
        "[source.kafka]\nbrokers = [\"{address}\"]\ngroup = \"{}\"\nidle_timeout = \"1s\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n",
        unique(topic)
    )
}

/// The properties of a source that authenticates itself, and has librdkafka say all it can.
fn sasl(protocol: &str) -> String {
    format!(
        "[source.kafka.properties]\n\"debug\" = \"all\"\n\"security.protocol\" = \"{protocol}\"\n\
         \"sasl.mechanism\" = \"PLAIN\"\n\"sasl.username\" = \"{SASL_USER}\"\n\
         \"sasl.password\" = {{ env = \"KAFKA_PASSWORD\" }}\n"
    )
}

/// A route for every way in which a delivery can fail, by name.
const FAILING: [(&str, &str); 11] = [
    ("unauthorized", "slack = { webhook_url = { env = \"SLACK\" } }"),
    (
        "broken",
        "webhook = { url = { env = \"HOOK\" }, headers = { Authorization = { env = \"HEADER\" } }, \
         signing_secret = { env = \"SIGNING\" } }",
    ),
    ("basic", "webhook = { url = { env = \"BASIC\" } }"),
    ("tls", "webhook = { url = { env = \"TLS\" } }"),
    ("gone", "webhook = { url = { env = \"GONE\" } }"),
    ("slow", "webhook = { url = { env = \"SLOW\" } }"),
    ("on-call", "pagerduty = { routing_key = { env = \"ROUTING_KEY\" }, url = \"PAGER\" }"),
    (
        "alerts",
        "alertmanager = { url = \"ALERTS\", headers = { Authorization = { env = \"HEADER\" } } }",
    ),
    ("bot", "slack = { bot_token = { env = \"BOT\" }, channel = \"C0\", url = \"BROKEN\" }"),
    (
        "mail",
        "email = { server = \"127.0.0.1\", port = MAIL, encryption = \"none\", username = \"me\", \
         password = { env = \"MAIL_PASSWORD\" }, from = \"a@a.example\", to = \"b@b.example\" }",
    ),
    ("proxied", "webhook = { url = { env = \"PROXIED\" } }"),
];

/// What each of them says of it.
const FAILURES: [&str; 7] = [
    "check username and password of the route's email",
    "answered 401",
    "answered 500",
    "InvalidContentType",
    "Connection refused",
    "no answer within",
    "proxy authorization required",
];

fn failing(source: &str) -> String {
    let tables = FAILING.map(|(name, target)| format!("[[route]]\nname = \"{name}\"\n{target}\n"));
    format!(
        "{source}{}{}[delivery]\nallow_networks = [\"127.0.0.0/8\"]\ninitial_backoff = \"100ms\"\n\
         max_backoff = \"100ms\"\ngive_up_after = \"4s\"\nrequest_timeout = \"2s\"\n",
        sasl("SASL_PLAINTEXT"),
        tables.concat(),
    )
}

/// Whether every route of [`FAILING`] has given a delivery up, by the metrics.
fn all_have_failed(metrics: &str) -> bool {
    FAILING.iter().all(|(route, _)| {
        let labels = format!("{{outcome=\"given_up\",route=\"{route}\"}}");
        sample(metrics, &format!("groundswell_notifications_total{labels}")) >= Some(1.0)
    })
}

async fn topic_with_news(broker: &KafkaBroker) -> String {
    let topic = unique("planted");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &crate::restart::burst(40)).await;
    topic
}

/// Receivers that refuse, break, hang, speak no TLS, are not there, or ask for what a proxy does not let
/// through; a broker whose password is right.
#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_fail_in_every_way_bring_no_secret_to_light() {
    let broker = KafkaBroker::shared();
    let topic = topic_with_news(broker).await;
    let [slack, hook, header, basic, tls, gone, slow, proxied, proxy, routing_key, bot, mail] = [
        "slack", "hook", "header", "basic", "tls", "gone", "slow", "proxied", "proxy", "routing",
        "bot", "mail",
    ]
    .map(Secret::unique);
    // A part of the address like any other; in a host's own form.
    let host = Secret::new(unique("hidden"));
    let (signing, sasl) = (Secret::new(unique("k3y of 24 bytes")), Secret::new(SASL_PASSWORD));
    let whsec = Secret::new(format!("whsec_{}", STANDARD_NO_PAD.encode(&signing.value)));

    let [unauthorized, broken, hanging, no_way] = std::array::from_fn(|_| HttpReceiver::start());
    // Error pages like to repeat what they were asked for.
    let page = format!("no {} here: {}", slack.value, percent_encoded(&slack.value, false));
    unauthorized.answer_otherwise(Answer::status(401).body(&page));
    broken.answer_otherwise(Answer::status(500).body(&hook.value));
    hanging.answer_otherwise(Answer::Hang);
    no_way.answer_otherwise(Answer::status(407));
    let at = |receiver: &HttpReceiver, secret: &Secret| receiver.url(&format!("/{}", secret.value));
    let env = vec![
        ("KAFKA_PASSWORD", SASL_PASSWORD.to_owned()),
        ("SLACK", at(&unauthorized, &slack)),
        ("HOOK", format!("{}?key={}", at(&broken, &hook), hook.value)),
        ("HEADER", format!("Bearer {}", header.value)),
        ("SIGNING", whsec.value.clone()),
        (
            "BASIC",
            at(&unauthorized, &basic)
                .replace("//", &format!("//{}@", percent_encoded(&basic.value, true))),
        ),
        ("ROUTING_KEY", routing_key.value.clone()),
        ("BOT", bot.value.clone()),
        ("MAIL_PASSWORD", mail.value.clone()),
        ("TLS", at(&broken, &tls).replace("http:", "https:")),
        ("GONE", format!("http://127.0.0.1:{}/{}", free_port(), gone.value)),
        ("SLOW", at(&hanging, &slow)),
        ("PROXIED", format!("https://{}.example/{}", host.value, proxied.value)),
        (
            "HTTPS_PROXY",
            no_way.url("").replace("//", &format!("//me:{}@", percent_encoded(&proxy.value, true))),
        ),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ];
    // PagerDuty's answer repeats the key, as a word alone.
    let refusing = HttpReceiver::start();
    refusing.answer_otherwise(Answer::status(400).body(&routing_key.value));
    let toml = failing(&source(&broker.sasl_address(), &topic));
    let toml = toml.replace("PAGER", &refusing.url("/v2/enqueue"));
    let toml = toml.replace("BROKEN", &broken.url("/api/"));
    let strict = MailServer::start(&["--user", "me", "another"]);
    let toml = toml.replace("port = MAIL", &format!("port = {}", strict.port()));
    let run = Run::new(&toml.replace("ALERTS", &refusing.url("/")), env);
    let shown = run.until("/metrics", all_have_failed).await;

    let bodies = refusing.received().iter().map(|it| it.json().to_string()).collect::<String>();
    assert!(routing_key.found_in(&bodies).is_some(), "it is what was sent");
    let paths: String = [&unauthorized, &broken, &hanging]
        .iter()
        .flat_map(|receiver| receiver.received())
        .map(|request| request.path)
        .collect();
    for sent in [&slack, &hook, &basic, &slow] {
        assert!(sent.found_in(&paths).is_some(), "{} is what was sent", sent.value);
    }
    assert!(!no_way.received().is_empty(), "the proxy is asked");
    for said in FAILURES {
        assert!(shown.contains(said), "{said} is not among\n{}", end_of(&shown));
    }
    let secrets = [
        &slack,
        &hook,
        &header,
        &basic,
        &tls,
        &gone,
        &slow,
        &proxied,
        &proxy,
        &signing,
        &whsec,
        &sasl,
        &host,
        &routing_key,
        &bot,
        &mail,
    ];
    assert_silent(&shown, &secrets);
    let (checked, code) = run.says("check").await;
    assert_eq!(code, Some(0), "{checked}");
    assert_silent(&checked, &secrets);
}

/// A target whose name leads where it may not, found as it is connected to; one whose address says
/// so itself, found before.
#[tokio::test(flavor = "multi_thread")]
async fn refused_targets_bring_no_secret_to_light() {
    let broker = KafkaBroker::shared();
    let topic = topic_with_news(broker).await;
    let (slack, hook) = (Secret::unique("slack"), Secret::unique("hook"));
    let receiver = HttpReceiver::start();
    let route = "[[route]]\nslack = { webhook_url = { env = \"SLACK\" } }\n";
    let literal = "[[route]]\nwebhook = { url = { env = \"HOOK\" } }\n";
    let env = vec![
        ("SLACK", format!("https://localhost:{}/{}", receiver.port(), slack.value)),
        ("HOOK", receiver.url(&format!("/{}", hook.value))),
    ];
    let source = source(&broker.address(), &topic);
    let run = Run::new(&format!("{source}{route}"), env.clone());
    let retried = "groundswell_notifications_total{outcome=\"retried\",route=\"slack\"}";
    let shown = run.until("/metrics", |text| sample(text, retried) >= Some(1.0)).await;
    assert!(
        shown.contains("this machine itself; if it shall, write allow_private"),
        "{}",
        end_of(&shown)
    );
    assert_silent(&shown, &[&slack]);
    for command in ["check", "run"] {
        let run = Run::new(&format!("{source}{route}{literal}"), env.clone());
        let (said, code) = run.says(command).await;
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("allow_networks = [\"127.0.0.1/32\"]"), "{said}");
        assert_silent(&said, &[&slack, &hook]);
    }
    assert!(receiver.received().is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_credentials_for_the_broker_bring_no_secret_to_light() {
    let broker = KafkaBroker::shared();
    let topic = unique("planted");
    broker.create_topic(&topic, 1).await;
    let (password, key, phrase) =
        (Secret::unique("password"), Secret::unique("key"), Secret::unique("phrase"));
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD_NO_PAD.encode(&key.value)
    );
    let source = source(&broker.sasl_address(), &topic);
    let env = vec![
        ("KAFKA_PASSWORD", password.value.clone()),
        ("KEY", pem),
        ("PHRASE", phrase.value.clone()),
    ];
    let secrets = [&password, &key, &phrase];

    let wrong = format!("{source}{}", sasl("SASL_PLAINTEXT"));
    let run = Run::new(&wrong, env.clone());
    let refused = |text: &str| text.contains("refuses the credentials");
    let shown = run.until("/readyz", refused).await;
    assert!(shown.contains("Authentication failed"), "{}", end_of(&shown));
    assert_silent(&shown, &secrets);

    let no_tls = format!("{source}{}", sasl("SASL_SSL"));
    let run = Run::new(&no_tls, env.clone());
    let unheard =
        |text: &str| text.contains("no broker answers") || text.contains("no TLS connection to");
    let shown = run.until("/readyz", unheard).await;
    assert!(shown.contains("SSL handshake failed"), "{}", end_of(&shown));
    assert_silent(&shown, &secrets);

    let no_key = format!(
        "{no_tls}\"ssl.key.pem\" = {{ env = \"KEY\" }}\n\"ssl.key.password\" = {{ env = \"PHRASE\" }}\n"
    );
    let (said, code) = Run::new(&no_key, env).says("run").await;
    assert_ne!(code, Some(0), "{said}");
    assert_silent(&said, &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_out_of_reach_brings_no_secret_to_light() {
    let password = Secret::unique("store");
    let encoded = percent_encoded(&password.value, true);
    let address = format!("postgres://me:{encoded}@127.0.0.1:{}/alerts", free_port());
    let toml = "[store]\npostgres = { env = \"POSTGRES\" }\n";
    let (said, code) = Run::new(toml, vec![("POSTGRES", address)]).says("run").await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the store (PostgreSQL) cannot be opened"), "{said}");
    assert_silent(&said, &[&password]);
}
