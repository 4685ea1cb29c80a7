//! Who is told, where that may be, and how hard is tried.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::brands::unknown_brand;
use super::route::RouteSettings;
use super::section::Section;
use super::sections::time_zone;
use super::targets::target;
use crate::detect::Brand;
use crate::incident::{Direction, Severity};
use crate::notify::{RetrySettings, Route, Target, TargetPolicy};
use crate::secret::Secret;
use crate::source::KafkaSettings;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

const HOST: &str = "expected a host's name alone, e.g. \"hooks.slack.com\", or \"*.example.com\" for all below one";
const HOURS: &str = "expected hours of the week, e.g. \"Mon-Fri 09:00-17:30\", \"22:00-07:00\" (every night) or \"Sat,Sun\"";
const NETWORK: &str = "expected a network, e.g. \"10.1.0.0/16\"; one address is \"10.1.2.3/32\"";

pub(super) fn routes(
    root: &mut Section<'_, '_>,
    brands: &[Brand],
    targets: &TargetPolicy,
    kafka: (&KafkaSettings, Option<&RouteSettings>),
    zone: &TimeZone,
) -> Vec<Route> {
    let mut names = BTreeSet::new();
    let mut routes = Vec::new();
    for mut section in root.sections("route") {
        let target = target(&mut section, targets, kafka);
        let default_name = match target {
            Some(Target::Webhook { .. }) => "webhook",
            Some(Target::PagerDuty { .. }) => "pagerduty",
            Some(Target::Alertmanager { .. }) => "alertmanager",
            Some(Target::Email { .. }) => "email",
            Some(Target::Kafka { .. }) => "kafka",
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
        let directions = Direction::ALL.map(|direction| (direction.name(), direction));
        let given_zone = section.place("time_zone").is_some();
        let route = target.map(|target| Route::new(name, target));
        let carried = |default: Route| Route {
            brands: wanted.into_iter().map(|brand| brand.0).collect(),
            min_severity: section.choice("min_severity", &severities).unwrap_or(Severity::Notice),
            directions: section.choice("direction", &directions).into_iter().collect(),
            send_resolved: section.boolean("send_resolved", true),
            hours: parsed(&mut section, "hours", HOURS),
            quiet_hours: parsed(&mut section, "quiet_hours", HOURS),
            wake_from: section.choice("wake_from", &severities).unwrap_or(default.wake_from),
            storm_from: storm_from(&mut section, default.storm_from),
            after: section.place("after").map(|_| section.duration("after", MINUTE, SECOND, DAY)),
            time_zone: if given_zone { time_zone(&mut section) } else { zone.clone() },
            ..default
        };
        // What stands beside a route that leads nowhere is read all the same: its faults are told at once.
        let nowhere = Target::Slack { webhook_url: Secret::new("") };
        let leads = route.is_some();
        let route = carried(route.unwrap_or_else(|| Route::new("", nowhere)));
        section.finish();
        routes.extend(leads.then_some(route));
    }
    routes
}

/// From how many incidents on one message tells them all; 0: never.
fn storm_from(section: &mut Section<'_, '_>, default: Option<u32>) -> Option<u32> {
    let given = section.place("storm_from");
    let from = section.integer("storm_from", u64::from(default.unwrap_or(0)), 0..1_001);
    if let Some(at) = given.filter(|_| from == 1) {
        section.disagree(
            "storm_from",
            &at,
            "one incident is no storm; write 2 or more, or 0 for never",
        );
    }
    u32::try_from(from).ok().filter(|&it| it > 1)
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
