//! What a configuration will do, in plain words.

mod routes;

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Config, duration};
use crate::decode::Format;
use crate::detect::{Parts, Sensitivity, z_limit};
use crate::http::HttpSettings;
use crate::incident::{Direction, Measure, Unit};
use crate::source::Topic;
use crate::store::{Engine, StoreSettings};

/// The text that `groundswell check` prints.
pub fn explain(config: &Config) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _written = write_all(config, &mut text);
    text
}

fn write_all(config: &Config, out: &mut String) -> std::fmt::Result {
    write_watched(config, out)?;
    write_source(config, out)?;
    write_routing(config, out)?;
    write_monitors(config, out)?;
    routes::write(config, out)?;
    write_secrets(config, out)?;
    write_store(&config.store, out)?;
    let dead_letter_topic = config.kafka.as_ref().and_then(|it| it.dead_letter_topic.as_ref());
    let topic = dead_letter_topic
        .map(|topic| format!("the topic {topic}; what is too large for it in "))
        .unwrap_or_default();
    let file = config.dead_letter_file.display();
    writeln!(out, "Keeps what cannot be counted in {topic}{file}.")?;
    writeln!(
        out,
        "Learns from what people mark as false alarm or real in {}.",
        config.feedback_file.display()
    )?;
    write_http(&config.http, out)
}

fn write_store(store: &StoreSettings, out: &mut String) -> std::fmt::Result {
    match &store.engine {
        Engine::Sqlite { file } => {
            write!(
                out,
                "Keeps state, incidents and the outbox in {} (one instance alone)",
                file.display()
            )?;
        }
        Engine::Postgres { .. } => {
            write!(out, "Keeps state, incidents and the outbox in PostgreSQL, for all instances")?;
        }
    }
    writeln!(out, ", at least every {}.", duration::show(store.checkpoint_every))
}

fn write_watched(config: &Config, out: &mut String) -> std::fmt::Result {
    let brands = &config.plan.brands;
    let markets: BTreeSet<&str> = brands.iter().filter_map(|it| it.market.as_deref()).collect();
    write!(out, "Watches {}", count(brands.len(), "brand"))?;
    if !markets.is_empty() {
        let names: Vec<&str> = markets.iter().copied().collect();
        write!(out, " in {} ({})", count(markets.len(), "market"), names.join(", "))?;
    }
    writeln!(out, ":")?;
    for rule in &config.rules.brands {
        let any = if rule.any.is_empty() { vec![rule.name.clone()] } else { rule.any.clone() };
        write!(
            out,
            "  {}: mentions that name it, or whose text holds {}",
            rule.name,
            quoted(&any, "or")
        )?;
        if !rule.all.is_empty() {
            write!(out, " and {}", quoted(&rule.all, "and"))?;
        }
        if !rule.none.is_empty() {
            write!(out, ", but not {}", quoted(&rule.none, "or"))?;
        }
        writeln!(out)?;
    }
    let zone = config.plan.time_zone.iana_name().unwrap_or("UTC");
    writeln!(out, "Compares each hour with the same hour of the week, in {zone}.")
}

fn write_source(config: &Config, out: &mut String) -> std::fmt::Result {
    let Some(kafka) = &config.kafka else { return Ok(()) };
    writeln!(
        out,
        "Reads {} from Kafka at {} as group {}, in {}; a start reads {} back to learn what is typical.",
        with_formats(&kafka.topics),
        kafka.brokers.join(", "),
        kafka.group,
        count(kafka.shards, "shard thread"),
        duration::show(kafka.history),
    )?;
    let memory = config.plan.baseline.memory;
    if kafka.history < memory {
        writeln!(
            out,
            "  Warning: that is less than the {} that are remembered ([baseline] memory): after each start what \
             is typical, and how far out the series has been, is known less well than before. Raise history, \
             and the topic's retention with it.",
            duration::show(memory),
        )?;
    }
    let time = &config.plan.time;
    writeln!(
        out,
        "Counts a mention once, even if it comes again within {}; takes it up to {} late.",
        duration::show(time.dedup_horizon),
        duration::show(time.out_of_orderness + time.allowed_lateness),
    )
}

fn with_formats(topics: &[Topic]) -> String {
    let topics = topics.iter().map(|topic| {
        let format = match topic.format {
            Format::Json => "JSON",
            Format::Protobuf => "protobuf",
            Format::ConfluentProtobuf => "protobuf in Confluent's wire format",
        };
        format!("{} ({format})", topic.name)
    });
    topics.collect::<Vec<_>>().join(", ")
}

/// What `groundswell route` does.
fn write_routing(config: &Config, out: &mut String) -> std::fmt::Result {
    let (Some(route), Some(kafka)) = (&config.route, &config.kafka) else { return Ok(()) };
    let relay = &route.relay;
    writeln!(
        out,
        "`groundswell route` reads {} there as group {}, and writes to {} one record for each market that a \
         mention speaks of, keyed by the market; one of no watched brand is dropped.",
        with_formats(&relay.topics),
        relay.group,
        route.output,
    )?;
    writeln!(
        out,
        "  It commits every {}, or {} messages, in transactions as {}; what is no mention it keeps in {}.",
        duration::show(relay.commit_interval),
        relay.commit_messages,
        relay.transactional_id,
        route.dead_letter_topic.as_ref().map_or_else(
            || config.dead_letter_file.display().to_string(),
            |topic| format!("the topic {topic}"),
        ),
    )?;
    if kafka.topics.iter().all(|topic| topic.name != route.output) {
        writeln!(
            out,
            "  Warning: run does not read {}; name it in [[source.kafka.topic]], or leave that out.",
            route.output
        )?;
    }
    Ok(())
}

/// What is watched of a brand beside windows, and has a part of the budget once there is any.
fn beside_windows(sensitivity: &Sensitivity) -> Vec<&'static str> {
    let mut beside = vec!["shared posts", "hashtags"];
    if sensitivity.advocates {
        beside.push("advocates");
    }
    beside
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str], and: &str) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} {and} {last}", first.join(", ")),
        names => names.concat(),
    }
}

fn write_monitors(config: &Config, out: &mut String) -> std::fmt::Result {
    let plan = &config.plan;
    let budget = plan.sensitivity.false_pages_per_week;
    let windows: usize = plan.monitors.iter().map(|monitor| monitor.windows.len()).sum();
    let brands = plan.brands.len();
    let beside = beside_windows(&plan.sensitivity);
    let series = (windows + beside.len()) * brands;
    writeln!(
        out,
        "Signals, with a budget of {budget} {} a week over {} in all, and each brand's {}:",
        if budget == 1.0 { "false page" } else { "false pages" },
        count(plan.series(), "window"),
        listed(&beside, "and"),
    )?;
    for monitor in &plan.monitors {
        let limits: Vec<String> = monitor
            .windows
            .iter()
            .map(|&window| {
                format!("{} (z {:.1})", duration::show(window), z_limit(budget, series, window))
            })
            .collect();
        let when = when(monitor.measure, monitor.direction);
        writeln!(out, "  {}: when {when} over {}", monitor.name, limits.join(", "))?;
    }
    let rare = Measure::ALL
        .into_iter()
        .filter(|&it| plan.monitors.iter().any(|monitor| monitor.measure == it))
        .filter(|&it| Parts::of(it).is_some_and(|parts| !parts.count.is_universal()))
        .map(Measure::noun);
    let rare: Vec<&str> = rare.chain(beside).collect();
    writeln!(
        out,
        "  ... and sooner for a brand that has no {}, which leaves their budget to the rest;",
        listed(&rare, "or"),
    )?;
    writeln!(
        out,
        "  ... and later for a series that is often far out, or was marked as false alarm;"
    )?;
    let sensitivity = &plan.sensitivity;
    writeln!(
        out,
        "  ... and only if a count reaches {} times the usual (a fall: the inverse) and differs by {} \
         mentions, or a share differs by {:.0} points.",
        sensitivity.min_ratio,
        sensitivity.min_excess,
        sensitivity.min_share_change * 100.0,
    )?;
    if let Some(min_audience) = sensitivity.min_audience {
        writeln!(
            out,
            "Tells a single severe mention at once, if an ordinary author's words would reach {min_audience} \
             people; a journalist or an authority is told from a tenth of that on, an employee from a \
             thousandth.",
        )?;
    }
    writeln!(
        out,
        "Tells a post that is shared within an hour as no post of its brand usually is, from {} shares on.",
        sensitivity.min_post_shares,
    )?;
    writeln!(
        out,
        "Tells a hashtag or campaign that comes to life while the brand has no rise: within an hour {} \
         mentions more, and {} times as many, as usual at least.",
        sensitivity.min_excess, sensitivity.min_ratio,
    )?;
    if sensitivity.advocates {
        writeln!(
            out,
            "Tells, at 9:00, when an unusual number of those who regularly speak well of a brand have \
             been silent for a week.",
        )?;
    }
    let delay = plan.time.pane + plan.time.out_of_orderness;
    writeln!(
        out,
        "A page leaves within {} of the mention that makes it due; it is resolved after {} of calm.",
        duration::show(delay),
        duration::show(sensitivity.resolve_after),
    )?;
    let baseline = &plan.baseline;
    writeln!(
        out,
        "A new brand may signal after {}; {} are remembered, and after {} half as strongly.",
        duration::show(baseline.warm_up),
        duration::show(baseline.memory),
        duration::show(baseline.half_life),
    )?;
    let shown = config.limits.metric_series;
    let series = plan.series();
    if series > shown {
        writeln!(out, "Shows {shown} of the {series} windows as metrics: limits.metric_series.")?;
    }
    Ok(())
}

fn write_secrets(config: &Config, out: &mut String) -> std::fmt::Result {
    config
        .secrets
        .iter()
        .try_for_each(|source| writeln!(out, "Takes {} from the {}.", source.key, source.holder))
}

fn write_http(http: &HttpSettings, out: &mut String) -> std::fmt::Result {
    let scheme = if http.tls.is_some() { "https" } else { "http" };
    write!(out, "Serves /metrics, /healthz and /readyz at {scheme}://{}", http.listen)?;
    if let Some(tls) = &http.tls {
        write!(out, ", with the certificate in {}", tls.cert.display())?;
        if let Some(authorities) = &tls.client_ca {
            write!(out, ", to clients whose own is signed by {}", authorities.display())?;
        }
    }
    writeln!(out, ".")?;
    let holders: Vec<String> =
        http.tokens.iter().map(|it| format!("{} ({})", it.name, it.role.name())).collect();
    let holders = holders.join(", ");
    match (http.tokens.is_empty(), http.open_metrics) {
        (false, true) => writeln!(out, "  /metrics needs no token; known are those of {holders}.")?,
        (false, false) => writeln!(out, "  /metrics needs a token: known are those of {holders}.")?,
        (true, _) if http.is_local() => {
            writeln!(out, "  No token is needed: only this machine can ask.")?;
        }
        (true, _) => writeln!(
            out,
            "  No token is known: /metrics needs none, and what needs one is refused."
        )?,
    }
    if let Some(page) = &http.page {
        let url = page.public_url.as_str().trim_end_matches('/');
        write!(out, "  Messages link to the page at {url}")?;
        match &page.signing {
            Some(signing) => writeln!(
                out,
                "; a link lets in as {} for {}.",
                http.link_role.name(),
                duration::show(signing.valid_for)
            )?,
            None => writeln!(out, "; who follows a link signs in.")?,
        }
    }
    if http.slack.is_some() {
        writeln!(out, "  Hears at /slack/interactions what is pressed in Slack.")?;
    }
    for warning in http.warnings() {
        writeln!(out, "  Warning: {warning}.")?;
    }
    let limits = &http.limits;
    write!(
        out,
        "  One address may ask {} times a second, all together may hold {} connections open; a request's head \
         must come within {}, its body of up to {} bytes and the answer within {}.",
        limits.rate.requests,
        limits.max_connections,
        duration::show(limits.header_timeout),
        limits.max_body_bytes,
        duration::show(limits.request_timeout),
    )
}

fn when(measure: Measure, direction: Direction) -> String {
    let goes = match direction {
        Direction::Up => "rise",
        Direction::Down => "fall",
    };
    match measure.unit() {
        Unit::Mentions | Unit::Persons => format!("{} {goes}", measure.noun()),
        Unit::Share | Unit::Sentiment => format!("the {} {goes}s", measure.noun()),
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn quoted(words: &[String], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.as_slice() {
        [first @ .., end] if !first.is_empty() => format!("{} {last} {end}", first.join(", ")),
        _ => quoted.join(""),
    }
}
