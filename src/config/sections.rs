//! The tables of the file, one function each, into the settings of the rooms.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::reader::{Section, closest};
use super::{Limits, LogSettings};
use crate::classify::{BrandRule, Classifier, Rules};
use crate::decode::Format;
use crate::detect::{BaselineSettings, Brand, Monitor, Sensitivity, TimeSettings};
use crate::incident::{Direction, Measure};
use crate::secret::Secret;
use crate::source::{KafkaSettings, Topic};
use crate::telemetry::log::LogFormat;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Kafka properties that the source itself must set.
const OWNED: [&str; 9] = [
    "bootstrap.servers",
    "group.id",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "partition.assignment.strategy",
    "auto.offset.reset",
    "enable.partition.eof",
    "allow.auto.create.topics",
    "statistics.interval.ms",
];

/// Parts of the names of Kafka properties whose values are secret.
const SECRET_PARTS: [&str; 6] =
    ["password", "secret", "ssl.key.pem", "sasl.jaas", "ssl.keystore.pem", "oauthbearer.config"];

pub(super) fn time_zone(root: &mut Section<'_, '_>) -> TimeZone {
    let Some((name, at)) = root.string("time_zone") else { return TimeZone::UTC };
    TimeZone::get(&name).unwrap_or_else(|_| {
        root.complain(
            "time_zone",
            &at,
            "there is no such time zone; expected an IANA name, e.g. \"America/New_York\" or \"UTC\"",
        );
        TimeZone::UTC
    })
}

pub(super) fn rules(root: &mut Section<'_, '_>) -> (Rules, Vec<Brand>) {
    let mut brands = Vec::new();
    let mut names = BTreeSet::new();
    for mut section in root.sections("brand") {
        let name = section.string("name");
        if name.is_none() && section.take("name").is_none() {
            section.reader.report(&section.at, "brand.name is missing; write name = \"...\"");
        }
        if let Some((name, at)) = &name
            && !names.insert(name.to_lowercase())
        {
            section.complain("name", at, "there is another brand of this name");
        }
        brands.push(BrandRule {
            name: name.map(|name| name.0).unwrap_or_default(),
            market: section.string("market").map(|market| market.0),
            any: section.words("any"),
            all: section.words("all"),
            none: section.words("none"),
            employees: handles(&mut section, "employees"),
            officials: handles(&mut section, "officials"),
        });
        section.finish();
    }
    if brands.is_empty() {
        root.reader.report_nowhere("no brand is watched; write [[brand]] and name = \"...\"");
    }
    let mut section = root.section("classification");
    let rules = Rules {
        brands,
        crisis_terms: section.words("crisis_terms"),
        ignored_crisis_terms: section.words("ignored_crisis_terms"),
        journalists: handles(&mut section, "journalists"),
        influencer_followers: section.integer("influencer_followers", 10_000, 1..u64::MAX),
    };
    section.finish();
    // Names that are missing or stand twice have been reported with their place.
    let named = names.len() == rules.brands.len();
    if let Some(error) = Classifier::new(&rules).err().filter(|_| named) {
        for problem in &error.problems {
            root.reader.report_nowhere(problem);
        }
    }
    let known = |rule: &BrandRule| Brand { name: rule.name.clone(), market: rule.market.clone() };
    let brands = rules.brands.iter().map(known).collect();
    (rules, brands)
}

fn handles(section: &mut Section<'_, '_>, key: &'static str) -> Vec<String> {
    section.words(key).iter().map(|handle| handle.trim_start_matches('@').to_owned()).collect()
}

pub(super) fn kafka(root: &mut Section<'_, '_>) -> KafkaSettings {
    let mut source = root.section("source");
    let mut section = source.section("kafka");
    let mut brokers = section.words("brokers");
    if brokers.is_empty() {
        brokers.push("localhost:9092".to_owned());
    }
    let mut topics: Vec<Topic> = section.sections("topic").into_iter().map(topic).collect();
    if topics.is_empty() {
        topics.push(Topic { name: "mentions".to_owned(), format: Format::Json });
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let settings = KafkaSettings {
        brokers,
        topics,
        group: section.string("group").map_or_else(|| "groundswell".to_owned(), |group| group.0),
        history: section.duration("history", 14 * DAY, Duration::ZERO, 366 * DAY),
        idle_timeout: section.duration("idle_timeout", 30 * SECOND, SECOND, DAY),
        shards: section.integer("shards", cores, 1..1_025) as usize,
        properties: properties(&section.section("properties")),
    };
    section.finish();
    source.finish();
    settings
}

fn topic(mut section: Section<'_, '_>) -> Topic {
    let formats = [
        ("json", Format::Json),
        ("protobuf", Format::Protobuf),
        ("confluent-protobuf", Format::ConfluentProtobuf),
    ];
    let name = section.string("name");
    if name.is_none() && section.take("name").is_none() {
        section
            .reader
            .report(&section.at, "source.kafka.topic.name is missing; write name = \"...\"");
    }
    let topic = Topic {
        name: name.map(|name| name.0).unwrap_or_default(),
        format: section.choice("format", &formats).unwrap_or_default(),
    };
    section.finish();
    topic
}

fn properties(section: &Section<'_, '_>) -> Vec<(String, Secret)> {
    let mut properties = Vec::new();
    for ((key, at), value) in section.free() {
        if OWNED.contains(&key.as_str()) {
            section.reader.report(
                &at,
                format_args!("source.kafka.properties.{key}: set by groundswell itself, because counting depends on it; remove it"),
            );
            continue;
        }
        let secret = SECRET_PARTS.iter().any(|part| key.contains(part));
        let it = value.get_ref();
        if secret || it.is_table() {
            properties.extend(section.secret_of(&key, value).map(|it| (key, it.0)));
            continue;
        }
        let plain = it
            .as_str()
            .map(str::to_owned)
            .or_else(|| it.as_bool().map(|it| it.to_string()))
            .or_else(|| it.as_integer().map(|it| it.as_str().to_owned()))
            .or_else(|| it.as_float().map(|it| it.as_str().to_owned()));
        match plain {
            Some(plain) => properties.push((key, Secret::new(plain))),
            None => section.complain(
                &key,
                &value.span(),
                "expected a text, a number, true, false, { env = \"NAME\" } or { file = \"path\" }",
            ),
        }
    }
    properties
}

pub(super) fn time(root: &mut Section<'_, '_>) -> (TimeSettings, Duration) {
    let mut section = root.section("time");
    let default = TimeSettings::default();
    let pane_at = section.take("pane").map_or(section.at.clone(), toml::Spanned::span);
    let mut pane = section.duration("pane", default.pane, SECOND, HOUR);
    if !HOUR.as_millis().is_multiple_of(pane.as_millis()) {
        section.complain(
            "pane",
            &pane_at,
            "a pane must divide an hour, e.g. \"30s\", \"1m\", \"5m\"",
        );
        pane = default.pane;
    }
    let lateness =
        section.duration("allowed_lateness", default.allowed_lateness, Duration::ZERO, DAY);
    let horizon_at = section.take("dedup_horizon").map_or(section.at.clone(), toml::Spanned::span);
    let horizon = section.duration("dedup_horizon", default.dedup_horizon, MINUTE, 28 * DAY);
    if horizon < lateness {
        section.complain(
            "dedup_horizon",
            &horizon_at,
            "must not be shorter than allowed_lateness, or late duplicates would count",
        );
    }
    let settings = TimeSettings {
        pane,
        out_of_orderness: section.duration(
            "out_of_orderness",
            default.out_of_orderness,
            Duration::ZERO,
            HOUR,
        ),
        allowed_lateness: lateness,
        dedup_horizon: horizon,
        dedup_capacity: section.integer("dedup_capacity", default.dedup_capacity as u64, 2..1 << 32)
            as usize,
    };
    let max_future = section.duration("max_future", 5 * MINUTE, Duration::ZERO, DAY);
    section.finish();
    (settings, max_future)
}

pub(super) fn sensitivity(root: &mut Section<'_, '_>) -> Sensitivity {
    let mut section = root.section("sensitivity");
    let default = Sensitivity::default();
    let settings = Sensitivity {
        false_pages_per_week: section.number(
            "false_pages_per_week",
            default.false_pages_per_week,
            |it| it > 0.0 && it <= 1_000.0,
            "a number above 0 and at most 1000, e.g. 1.0",
        ),
        min_ratio: section.number(
            "min_ratio",
            default.min_ratio,
            |it| (1.0..=100.0).contains(&it),
            "a number from 1 to 100, e.g. 1.5",
        ),
        min_excess: section.number(
            "min_excess",
            default.min_excess,
            |it| (0.0..=1e9).contains(&it),
            "a number of mentions, e.g. 10",
        ),
        min_share_change: section.number(
            "min_share_change",
            default.min_share_change,
            |it| (0.0..=1.0).contains(&it),
            "a share from 0 to 1, e.g. 0.1",
        ),
        resolve_after: section.duration("resolve_after", default.resolve_after, MINUTE, DAY),
        calm_z: section.number(
            "calm_z",
            default.calm_z,
            |it| it > 0.0 && it < 3.0,
            "a number above 0 and below 3, e.g. 2.0",
        ),
    };
    section.finish();
    settings
}

pub(super) fn baseline(root: &mut Section<'_, '_>) -> BaselineSettings {
    let mut section = root.section("baseline");
    let default = BaselineSettings::default();
    let settings = BaselineSettings {
        memory: section.duration("memory", default.memory, 2 * DAY, 366 * DAY),
        half_life: section.duration("half_life", default.half_life, HOUR, 366 * DAY),
        warm_up: section.duration("warm_up", default.warm_up, MINUTE, 28 * DAY),
        level_shift_after: section.duration(
            "level_shift_after",
            default.level_shift_after,
            HOUR,
            366 * DAY,
        ),
    };
    section.finish();
    settings
}

pub(super) fn monitors(root: &mut Section<'_, '_>, pane: Duration) -> Vec<Monitor> {
    let sections = root.sections("monitor");
    if sections.is_empty() {
        return Monitor::defaults()
            .into_iter()
            .map(|mut monitor| {
                monitor.windows.retain(|window| window.as_millis() % pane.as_millis() == 0);
                monitor
            })
            .collect();
    }
    let mut names = BTreeSet::new();
    let mut monitors = Vec::new();
    for mut section in sections {
        let measures = [Measure::Mentions, Measure::NegativeMentions, Measure::NegativeShare]
            .map(|measure| (measure.name(), measure));
        let directions = [Direction::Up, Direction::Down].map(|it| (it.name(), it));
        let measure = section.choice("measure", &measures);
        if measure.is_none() && section.take("measure").is_none() {
            let names = measures.map(|it| it.0).join(", ");
            let message = format!("monitor.measure is missing; write one of {names}");
            section.reader.report(&section.at, message);
        }
        let measure = measure.unwrap_or(Measure::Mentions);
        let direction = section.choice("direction", &directions).unwrap_or(Direction::Up);
        let default_name = format!("{}-{}", measure.name().replace('_', "-"), direction.name());
        let at = section.at.clone();
        let (name, at) = section.string("name").unwrap_or((default_name, at));
        if !names.insert(name.clone()) {
            section.complain("name", &at, "there is another monitor of this name");
        }
        let windows = windows(&mut section, pane);
        monitors.push(Monitor { name, measure, direction, windows });
        section.finish();
    }
    monitors
}

fn windows(section: &mut Section<'_, '_>, pane: Duration) -> Vec<Duration> {
    let Some(list) = section.durations("windows", pane, DAY) else {
        return vec![HOUR, 6 * HOUR, DAY];
    };
    let at = section.take("windows").map_or(section.at.clone(), toml::Spanned::span);
    if list.is_empty() {
        section.complain("windows", &at, "expected at least one duration, e.g. [\"5m\", \"1h\"]");
    }
    let mut windows = Vec::new();
    for (window, at) in list {
        if window.as_millis() % pane.as_millis() != 0 {
            let pane = super::duration::show(pane);
            section.complain(
                "windows",
                &at,
                format_args!("a window must be a multiple of the pane, {pane}"),
            );
        } else {
            windows.push(window);
        }
    }
    windows.sort_unstable();
    windows.dedup();
    windows
}

pub(super) fn dead_letter_file(root: &mut Section<'_, '_>) -> PathBuf {
    let mut section = root.section("dead_letter");
    let file = section.string("file").map(|file| file.0);
    section.finish();
    PathBuf::from(file.unwrap_or_else(|| "groundswell-dead-letters.ndjson".to_owned()))
}

pub(super) fn limits(root: &mut Section<'_, '_>) -> Limits {
    let mut section = root.section("limits");
    let limits = Limits {
        max_message_bytes: section.integer("max_message_bytes", 1 << 20, 1_024..(1 << 30) + 1)
            as usize,
        metric_series: section.integer("metric_series", 1_000, 0..1_000_001) as usize,
    };
    section.finish();
    limits
}

pub(super) fn http_listen(root: &mut Section<'_, '_>) -> SocketAddr {
    let default = SocketAddr::from(([127, 0, 0, 1], 9_464));
    let mut section = root.section("http");
    let listen = section.string("listen").map_or(default, |(text, at)| {
        text.parse().unwrap_or_else(|_| {
            section.complain(
                "listen",
                &at,
                "expected an address and a port, e.g. \"127.0.0.1:9464\" or \"0.0.0.0:9464\"",
            );
            default
        })
    });
    section.finish();
    listen
}

pub(super) fn log(root: &mut Section<'_, '_>) -> LogSettings {
    let mut section = root.section("log");
    let levels = ["error", "warn", "info", "debug", "trace"].map(|level| (level, level));
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let settings = LogSettings {
        format: section.choice("format", &formats).unwrap_or_default(),
        level: section.choice("level", &levels).unwrap_or("info").to_owned(),
    };
    section.finish();
    settings
}

/// Reports a name that no brand has.
pub(super) fn unknown_brand(
    section: &Section<'_, '_>,
    name: &str,
    at: &std::ops::Range<usize>,
    brands: &[Brand],
) {
    let hint = closest(name, brands.iter().map(|brand| brand.name.as_str()));
    let hint = hint.map_or_else(String::new, |hint| format!("; did you mean \"{hint}\"?"));
    section.complain(
        "brands",
        at,
        format_args!("\"{name}\" is not a [[brand]] of this file{hint}"),
    );
}
