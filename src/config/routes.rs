//! Who is told, where that may be, and how hard is tried.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::brands::unknown_brand;
use super::section::Section;
use crate::detect::Brand;
use crate::incident::Severity;
use crate::notify::pagerduty::ENDPOINT;
use crate::notify::webhook::Signer;
use crate::notify::{RetrySettings, Route, Target, TargetPolicy};
use crate::secret::Secret;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

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

const HOST: &str = "expected a host's name alone, e.g. \"hooks.slack.com\", or \"*.example.com\" for all below one";
const NETWORK: &str = "expected a network, e.g. \"10.1.0.0/16\"; one address is \"10.1.2.3/32\"";

pub(super) fn routes(
    root: &mut Section<'_, '_>,
    brands: &[Brand],
    targets: &TargetPolicy,
) -> Vec<Route> {
    let mut names = BTreeSet::new();
    let mut routes = Vec::new();
    for mut section in root.sections("route") {
        let target = target(&mut section, targets);
        let default_name = match target {
            Some(Target::Webhook { .. }) => "webhook",
            Some(Target::PagerDuty { .. }) => "pagerduty",
            _ => "slack",
        };
        let given = section.string("name");
        // A route that leads nowhere has no name of its own to stand twice.
        let counts = given.is_some() || target.is_some();
        let (name, at) = given.unwrap_or((default_name.to_owned(), section.at.clone()));
        if counts && !names.insert(name.clone()) {
            let message = format!("there is another route named \"{name}\"; write name = \"...\"");
            section.reader.report(&at, format_args!("route.name: {message}"));
        }
        let wanted = section.strings("brands");
        for (brand, at) in &wanted {
            if !brands.iter().any(|known| known.name == *brand) {
                unknown_brand(&section, brand, at, brands);
            }
        }
        let severities = Severity::ALL.map(|severity| (severity.name(), severity));
        let min_severity = section.choice("min_severity", &severities).unwrap_or(Severity::Notice);
        let send_resolved = section.boolean("send_resolved", true);
        section.finish();
        routes.extend(target.map(|target| Route {
            name,
            target,
            brands: wanted.into_iter().map(|brand| brand.0).collect(),
            min_severity,
            send_resolved,
        }));
    }
    routes
}

/// What a route may lead to, and how that is written.
const WAYS: [(&str, &str); 3] = [
    ("slack", "slack = { webhook_url = { env = \"SLACK_WEBHOOK_URL\" } }"),
    ("pagerduty", "pagerduty = { routing_key = { env = \"PAGERDUTY_ROUTING_KEY\" } }"),
    ("webhook", "webhook = { url = { env = \"WEBHOOK_URL\" } }"),
];

fn target(section: &mut Section<'_, '_>, targets: &TargetPolicy) -> Option<Target> {
    let given: Vec<&str> =
        WAYS.map(|way| way.0).into_iter().filter(|way| section.place(way).is_some()).collect();
    match given[..] {
        ["slack"] => slack_target(section.section("slack"), targets),
        ["pagerduty"] => pagerduty_target(section.section("pagerduty"), targets),
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
    let url = address(&mut section, "webhook_url", targets);
    section.finish();
    url.map(|webhook_url| Target::Slack { webhook_url })
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

fn webhook_target(mut section: Section<'_, '_>, targets: &TargetPolicy) -> Option<Target> {
    if !section.is_there() {
        return None;
    }
    let url = address(&mut section, "url", targets);
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
    let signing_secrets = signing_secrets(&mut section);
    section.finish();
    url.map(|url| Target::Webhook { url, headers: secrets, signing_secrets })
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

/// `[delivery]`: how hard is tried, and where deliveries may go.
pub(super) fn delivery(root: &mut Section<'_, '_>) -> (RetrySettings, TargetPolicy) {
    let mut section = root.section("delivery");
    let milli = Duration::from_millis(1);
    let initial = section.duration("initial_backoff", SECOND, milli, DAY);
    let longest = section.duration("max_backoff", (300 * SECOND).max(initial), milli, DAY);
    if longest < initial
        && let Some(at) = section.place("max_backoff")
    {
        section.disagree("max_backoff", &at, "must not be shorter than initial_backoff");
    }
    let settings = RetrySettings {
        initial_backoff: initial,
        max_backoff: longest,
        give_up_after: section.duration("give_up_after", DAY, SECOND, 28 * DAY),
        request_timeout: section.duration("request_timeout", 10 * SECOND, milli, 300 * SECOND),
    };
    let targets = TargetPolicy {
        allow_hosts: parsed(&mut section, "allow_hosts", HOST),
        allow_networks: parsed(&mut section, "allow_networks", NETWORK),
        allow_private: section.boolean("allow_private", false),
    };
    section.finish();
    (settings, targets)
}

/// What the texts of the list at `key` stand for.
fn parsed<T: FromStr>(section: &mut Section<'_, '_>, key: &'static str, expected: &str) -> Vec<T> {
    let texts = section.strings(key);
    let parse = |(text, at): (String, _)| {
        text.parse().map_err(|_| section.complain(key, &at, expected)).ok()
    };
    texts.into_iter().filter_map(parse).collect()
}
