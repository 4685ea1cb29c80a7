//! Where a route leads.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use lettre::message::Mailbox;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::kafka;
use super::route::{self, RouteSettings};
use super::section::{Placed, Section};
use crate::notify::email::Encryption;
use crate::notify::pagerduty::ENDPOINT;
use crate::notify::webhook::Signer;
use crate::notify::{AlertFormat, Target, TargetPolicy, slack};
use crate::secret::Secret;
use crate::source::KafkaSettings;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Headers that belong to the request itself, in lower case.
const OWNED_HEADERS: [&str; 8] = [
    "content-type",
    "content-length",
    "host",
    "transfer-encoding",
    "idempotency-key",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// What a route may lead to, and how that is written.
const WAYS: [(&str, &str); 6] = [
    ("slack", "slack = { webhook_url = { env = \"SLACK_WEBHOOK_URL\" } }"),
    ("pagerduty", "pagerduty = { routing_key = { env = \"PAGERDUTY_ROUTING_KEY\" } }"),
    ("alertmanager", "alertmanager = { url = \"http://localhost:9093\" }"),
    (
        "email",
        "email = { server = \"smtp.example.com\", from = \"alerts@example.com\", to = \"oncall@example.com\" }",
    ),
    ("kafka", "kafka = { topic = \"alerts\" }"),
    ("webhook", "webhook = { url = { env = \"WEBHOOK_URL\" } }"),
];

pub(super) fn target(
    section: &mut Section<'_, '_>,
    targets: &TargetPolicy,
    kafka: (&KafkaSettings, Option<&RouteSettings>),
) -> Option<Target> {
    let given: Vec<&str> =
        WAYS.map(|way| way.0).into_iter().filter(|way| section.place(way).is_some()).collect();
    match given[..] {
        ["slack"] => slack_target(section.section("slack"), targets),
        ["pagerduty"] => pagerduty_target(section.section("pagerduty"), targets),
        ["alertmanager"] => alertmanager_target(section.section("alertmanager"), targets),
        ["email"] => email_target(section.section("email"), targets),
        ["kafka"] => kafka_target(section.section("kafka"), kafka),
        ["webhook"] => webhook_target(section.section("webhook"), targets),
        _ => {
            let what = match given[..] {
                [] => "it leads nowhere".to_owned(),
                _ => format!("{} are given", given.join(" and ")),
            };
            let ways = WAYS.map(|way| way.1).join(", or ");
            let message = format_args!("route: {what}; write one of {ways}");
            section.reader.report(&section.at, message);
            None
        }
    }
}

fn slack_target(mut section: Section<'_, '_>, targets: &TargetPolicy) -> Option<Target> {
    if !section.is_there() {
        return None;
    }
    let is_bot =
        ["bot_token", "channel", "url"].into_iter().find(|key| section.place(key).is_some());
    let Some(key) = is_bot else {
        let url = address(&mut section, "webhook_url", targets);
        section.finish();
        return url.map(|webhook_url| Target::Slack { webhook_url });
    };
    if let Some(at) = section.place("webhook_url") {
        let path = section.path_of("webhook_url");
        let message = format_args!(
            "{path}: this is of an incoming webhook, {key} of a bot; remove one of them"
        );
        section.reader.report_value(&at, message);
    }
    let url = match section.string("url") {
        Some((url, at)) => admitted(&section, "url", Secret::new(url), &at, targets),
        None => Some(Secret::new(slack::ENDPOINT)),
    };
    let bot_token = section.required_secret("bot_token");
    let channel = section.required("channel", "\"C0123456789\"");
    section.finish();
    Some(Target::SlackApi { url: url?, bot_token: bot_token?.0, channel: channel?.0 })
}

fn pagerduty_target(mut section: Section<'_, '_>, targets: &TargetPolicy) -> Option<Target> {
    if !section.is_there() {
        return None;
    }
    let url = match section.string("url") {
        Some((url, at)) => admitted(&section, "url", Secret::new(url), &at, targets),
        None => Some(Secret::new(ENDPOINT)),
    };
    let routing_key = section.required_secret("routing_key");
    section.finish();
    Some(Target::PagerDuty { url: url?, routing_key: routing_key?.0 })
}

fn alertmanager_target(mut section: Section<'_, '_>, targets: &TargetPolicy) -> Option<Target> {
    if !section.is_there() {
        return None;
    }
    let url = section
        .required("url", "\"http://localhost:9093\"")
        .and_then(|(url, at)| without_credentials(&section, "url", url, &at))
        .and_then(|(url, at)| admitted(&section, "url", url, &at, targets));
    let headers = headers(&mut section);
    let repeat_every = section.duration("repeat_every", MINUTE, SECOND, 15 * MINUTE);
    section.finish();
    Some(Target::Alertmanager { url: url?, headers, repeat_every })
}

fn email_target(mut section: Section<'_, '_>, targets: &TargetPolicy) -> Option<Target> {
    if !section.is_there() {
        return None;
    }
    let ways =
        [("starttls", Encryption::StartTls), ("tls", Encryption::Tls), ("none", Encryption::None)];
    let encryption = section.choice("encryption", &ways).unwrap_or_default();
    let usual = match encryption {
        Encryption::StartTls => 587,
        Encryption::Tls => 465,
        Encryption::None => 25,
    };
    let port = section.integer("port", usual, 1..65_536) as u16;
    let server = section.required("server", "\"smtp.example.com\"").and_then(|(host, at)| {
        let is_host = Url::parse(&format!("smtp://{host}")).is_ok_and(|it| {
            it.host_str().is_some()
                && it.port().is_none()
                && it.path().is_empty()
                && it.username().is_empty()
        });
        if !is_host {
            section.complain(
                "server",
                &at,
                "expected a host's name alone, e.g. \"smtp.example.com\"",
            );
            return None;
        }
        let path = section.path_of("server");
        let refused = targets.admit_host(&host, encryption == Encryption::None).err();
        let message =
            refused.map(|it| format!("{path}: nothing is sent to the server that it names: {it}"));
        message.into_iter().for_each(|message| section.reader.report(&at, message));
        Some((host, port))
    });
    let username = section.string("username");
    let has_password = section.place("password").is_some();
    let password = section.secret("password");
    match (&username, has_password) {
        (Some((_, at)), false) => section.disagree(
            "username",
            at,
            "a password goes with it; write password = { env = \"SMTP_PASSWORD\" }",
        ),
        (None, true) => section.miss("username", "\"groundswell\""),
        _ => {}
    }
    let credentials = username.zip(password).map(|(user, password)| (user.0, password.0));
    let from = section.required("from", "\"Groundswell <alerts@example.com>\"");
    let from = from.and_then(|(text, at)| mailbox(&section, "from", &text, &at));
    if section.place("to").is_none() {
        section.miss("to", "[\"oncall@example.com\"]");
    }
    let people = section.strings("to");
    let to: Vec<Mailbox> =
        people.iter().filter_map(|(text, at)| mailbox(&section, "to", text, at)).collect();
    if people.is_empty()
        && let Some(at) = section.place("to")
    {
        section.complain("to", &at, "expected somebody, e.g. [\"oncall@example.com\"]");
    }
    section.finish();
    Some(Target::Email { server: server?, encryption, credentials, from: from?, to })
}

/// The person at `key`.
fn mailbox(
    section: &Section<'_, '_>,
    key: &'static str,
    text: &str,
    at: &Range<usize>,
) -> Option<Mailbox> {
    let expected =
        "expected an address, e.g. \"oncall@example.com\" or \"On call <oncall@example.com>\"";
    text.parse().map_err(|_| section.complain(key, at, expected)).ok()
}

/// A topic at the brokers of the source, unless it names others.
fn kafka_target(
    mut section: Section<'_, '_>,
    (source, route): (&KafkaSettings, Option<&RouteSettings>),
) -> Option<Target> {
    if !section.is_there() {
        return None;
    }
    let formats = [("protobuf", AlertFormat::Protobuf), ("json", AlertFormat::Json)];
    let format = section.choice("format", &formats).unwrap_or_default();
    let is_elsewhere = section.place("brokers").is_some();
    let properties = kafka::properties(&section.section("properties"));
    if let Some(at) = section.place("properties").filter(|_| !is_elsewhere) {
        let message =
            "these go with brokers of the route's own; without, those of [source.kafka] hold";
        let path = section.path_of("properties");
        section.reader.report_value(&at, format_args!("{path}: {message}"));
    }
    let mut kafka = source.clone();
    if is_elsewhere {
        (kafka.brokers, kafka.properties) = (kafka::brokers(&mut section), properties);
    }
    let topic = section.required("topic", "\"alerts\"");
    let mut taken =
        if kafka.brokers == source.brokers { used(source, route) } else { BTreeSet::new() };
    let otherwise = "mentions or dead letters are read or written there; write another";
    let topic = route::written(&section, "topic", topic, &mut taken, otherwise);
    section.finish();
    Some(Target::Kafka { kafka: Box::new(kafka), topic: topic?, format })
}

/// The topics that the source and `groundswell route` read and write.
fn used(source: &KafkaSettings, route: Option<&RouteSettings>) -> BTreeSet<String> {
    let read = source.topics.iter().map(|topic| &topic.name).chain(&source.dead_letter_topic);
    let routed = route.into_iter().flat_map(|route| {
        let inputs = route.relay.topics.iter().map(|topic| &topic.name);
        inputs.chain([&route.output]).chain(&route.dead_letter_topic)
    });
    read.chain(routed).cloned().collect()
}

fn webhook_target(mut section: Section<'_, '_>, targets: &TargetPolicy) -> Option<Target> {
    if !section.is_there() {
        return None;
    }
    let url = address(&mut section, "url", targets);
    let headers = headers(&mut section);
    let signing_secrets = signing_secrets(&mut section);
    section.finish();
    url.map(|url| Target::Webhook { url, headers, signing_secrets })
}

/// The headers that are sent with every request.
fn headers(section: &mut Section<'_, '_>) -> Vec<(String, Secret)> {
    let headers = section.section("headers");
    let mut secrets = Vec::new();
    for ((name, at), value) in headers.free() {
        let path = headers.path_of(&name);
        let report = |at, what| headers.reader.report_value(at, format_args!("{path}: {what}"));
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            report(&at, "this is not a header's name; write e.g. Authorization");
        }
        if OWNED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            report(&at, "groundswell sets this header itself; remove it");
        }
        if let Some((secret, at)) = headers.secret_of(&name, value) {
            if HeaderValue::from_str(secret.expose()).is_err() {
                report(&at, "a header cannot hold what it names; it must be one line of text");
            }
            secrets.push((name, secret));
        }
    }
    secrets
}

fn signing_secrets(section: &mut Section<'_, '_>) -> Vec<Secret> {
    let secrets = section.secrets("signing_secret");
    let path = section.path_of("signing_secret");
    for (secret, at) in secrets.iter().filter(|(secret, _)| !secret.expose().is_empty()) {
        if let Err(wrong) = Signer::new(std::slice::from_ref(secret)) {
            let message = format_args!("{path}: what it names is none: {wrong}");
            section.reader.report_value(at, message);
        }
    }
    secrets.into_iter().map(|secret| secret.0).collect()
}

/// A secret that is an address, one that `targets` admits. It is never shown, wrong or right.
fn address(
    section: &mut Section<'_, '_>,
    key: &'static str,
    targets: &TargetPolicy,
) -> Option<Secret> {
    let (secret, at) = section.required_secret(key)?;
    if secret.expose().is_empty() {
        return Some(secret);
    }
    admitted(section, key, secret, &at, targets)
}

/// An address that stands in the file itself, where no password belongs.
fn without_credentials(
    section: &Section<'_, '_>,
    key: &'static str,
    address: String,
    at: &Range<usize>,
) -> Option<Placed<Secret>> {
    let held =
        Url::parse(&address).is_ok_and(|it| !it.username().is_empty() || it.password().is_some());
    if held {
        let path = section.path_of(key);
        let message = format_args!(
            "{path}: a password does not belong into this file; remove what stands before @, and write \
             headers = {{ Authorization = {{ env = \"...\" }} }}"
        );
        section.reader.report_value(at, message);
        return None;
    }
    Some((Secret::new(address), at.clone()))
}

/// `address`, which stands at `key`, if it is one and `targets` admits it.
fn admitted(
    section: &Section<'_, '_>,
    key: &'static str,
    address: Secret,
    at: &Range<usize>,
    targets: &TargetPolicy,
) -> Option<Secret> {
    let path = section.path_of(key);
    let url = Url::parse(address.expose()).ok();
    let Some(url) = url.filter(|url| matches!(url.scheme(), "https" | "http")) else {
        let message =
            format_args!("{path}: what it names is no address; it must begin with https://");
        section.reader.report_value(at, message);
        return None;
    };
    if let Err(refused) = targets.admit(&url) {
        let message =
            format_args!("{path}: nothing is sent to the address that it names: {refused}");
        section.reader.report(at, message);
        return None;
    }
    Some(address)
}
