//! Who is told.

use std::fmt::Write;

use crate::config::{Config, duration};
use crate::incident::Direction;
use crate::notify::email::Encryption;
use crate::notify::{AlertFormat, Hours, Route, Target, TargetPolicy};
use crate::secret::Secret;

/// Who is told of what, and how hard is tried.
pub(super) fn write(config: &Config, out: &mut String) -> std::fmt::Result {
    if config.routes.is_empty() {
        return writeln!(out, "Tells nobody: there is no [[route]].");
    }
    config.routes.iter().try_for_each(|route| write_route(route, out))?;
    write_targets(&config.targets, out)?;
    writeln!(
        out,
        "Tries a delivery again for {}, then keeps it as a dead letter.",
        duration::show(config.retry.give_up_after)
    )
}

fn write_route(route: &Route, out: &mut String) -> std::fmt::Result {
    let target = match &route.target {
        Target::Slack { .. } => "Slack".to_owned(),
        Target::SlackApi { channel, .. } => format!("Slack (channel {channel})"),
        Target::PagerDuty { .. } => "PagerDuty".to_owned(),
        Target::Alertmanager { headers, repeat_every, .. } => {
            let mut with = with_headers(headers);
            with.push(format!("open incidents again every {}", duration::show(*repeat_every)));
            format!("Alertmanager ({})", with.join("; "))
        }
        Target::Email { server: (host, port), encryption, to, .. } => {
            let how = match encryption {
                Encryption::StartTls => "STARTTLS",
                Encryption::Tls => "TLS",
                Encryption::None => "not encrypted",
            };
            let to: Vec<String> = to.iter().map(|it| it.email.to_string()).collect();
            format!("{} by e-mail through {host}:{port} ({how})", to.join(", "))
        }
        Target::Kafka { kafka, topic, format } => {
            let format = match format {
                AlertFormat::Protobuf => "protobuf",
                AlertFormat::Json => "JSON",
            };
            format!("the Kafka topic {topic} at {} ({format})", kafka.brokers.join(", "))
        }
        Target::Webhook { headers, signing_secrets, .. } => {
            let mut with = with_headers(headers);
            match signing_secrets.len() {
                0 => {}
                1 => with.push("signed".to_owned()),
                many => with.push(format!("signed with {many} secrets")),
            }
            match with.as_slice() {
                [] => "a webhook".to_owned(),
                with => format!("a webhook ({})", with.join("; ")),
            }
        }
    };
    let brands = match route.brands.as_slice() {
        [] => "every brand".to_owned(),
        brands => brands.join(", "),
    };
    let resolved = if route.send_resolved { "resolutions too" } else { "no resolutions" };
    let direction = match route.directions.as_slice() {
        [Direction::Up] => "rises of ",
        [Direction::Down] => "falls of ",
        _ => "",
    };
    let when = when(route);
    writeln!(
        out,
        "Tells {target} (route {}) of {direction}{brands}, from {} up, {resolved}{when}.",
        route.name,
        route.min_severity.name()
    )
}

/// When it tells what, if not everything at once.
fn when(route: &Route) -> String {
    let list =
        |hours: &[Hours]| hours.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let mut when = String::new();
    if !route.hours.is_empty() {
        when.push_str(&format!("; within {} alone", list(&route.hours)));
    }
    if !route.quiet_hours.is_empty() {
        let (quiet, wakes) = (list(&route.quiet_hours), route.wake_from.name());
        when.push_str(&format!(
            "; in {quiet} what is milder than {wakes} waits until they are over"
        ));
    }
    if let Some(after) = route.after {
        let after = duration::show(after);
        when.push_str(&format!(
            "; {after} after it happens, and only if nobody has acknowledged it"
        ));
    }
    let is_read = matches!(
        route.target,
        Target::Slack { .. } | Target::SlackApi { .. } | Target::Email { .. }
    );
    if let Some(from) = route.storm_from.filter(|_| is_read) {
        when.push_str(&format!("; {from} incidents at once in one message"));
    }
    if !route.hours.is_empty() || !route.quiet_hours.is_empty() {
        let zone = route.time_zone.iana_name().unwrap_or("local time");
        when.push_str(&format!(" (hours of {zone})"));
    }
    when
}

fn with_headers(headers: &[(String, Secret)]) -> Vec<String> {
    let names: Vec<&str> = headers.iter().map(|header| header.0.as_str()).collect();
    if names.is_empty() { Vec::new() } else { vec![format!("with header {}", names.join(", "))] }
}

fn write_targets(targets: &TargetPolicy, out: &mut String) -> std::fmt::Result {
    let TargetPolicy { allow_hosts, allow_networks, allow_private } = targets;
    let hosts: Vec<String> = allow_hosts.iter().map(ToString::to_string).collect();
    let to = if hosts.is_empty() { "any host".to_owned() } else { hosts.join(", ") };
    let own = allow_private.then(|| "this machine and private networks".to_owned());
    let open: Vec<String> =
        own.into_iter().chain(allow_networks.iter().map(ToString::to_string)).collect();
    if open.is_empty() {
        return writeln!(out, "Sends to {to} on the Internet, over https only.");
    }
    writeln!(
        out,
        "Sends to {to} on the Internet, over https only; to {} over http too.",
        open.join(", ")
    )
}
