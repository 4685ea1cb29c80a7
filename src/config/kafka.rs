//! `[source.kafka]`: where mentions are read from.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;
use toml::Spanned;
use toml::de::DeValue;

use super::reader::closest;
use super::route::{self, RouteSettings};
use super::secrets::Secrets;
use super::section::Section;
use crate::decode::Format;
use crate::secret::Secret;
use crate::source::{KafkaSettings, Topic};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

/// Kafka properties that the source itself sets, and why they are not the user's.
const OWNED: [(&str, &str); 22] = [
    ("bootstrap.servers", "write brokers in [source.kafka] instead"),
    ("metadata.broker.list", "write brokers in [source.kafka] instead"),
    ("group.id", "write group in [source.kafka] instead"),
    ("group.instance.id", "write instance in [source.kafka] instead; route sets its own"),
    ("enable.auto.commit", "offsets are committed only with what was counted from them; remove it"),
    ("auto.commit.enable", "offsets are committed only with what was counted from them; remove it"),
    ("enable.auto.offset.store", "offsets are stored only when counted; remove it"),
    ("partition.assignment.strategy", "it follows from instance; remove it"),
    ("group.protocol", "it is always classic; remove it"),
    ("auto.offset.reset", "history in [source.kafka] says where a start begins; remove it"),
    ("enable.partition.eof", "the end of a partition is how silence is noticed; remove it"),
    ("allow.auto.create.topics", "a topic that is not there is an error; remove it"),
    ("statistics.interval.ms", "the lag metric depends on it; remove it"),
    ("isolation.level", "only what is committed may be counted; remove it"),
    ("transactional.id", "write transactional_id in [source.kafka.route] instead"),
    ("transaction.timeout.ms", "route sets it; remove it"),
    ("enable.idempotence", "transactions depend on it; remove it"),
    ("acks", "what is written must not go with one broker; remove it"),
    ("request.required.acks", "what is written must not go with one broker; remove it"),
    ("message.timeout.ms", "what is not written in time is written again; remove it"),
    ("delivery.timeout.ms", "what is not written in time is written again; remove it"),
    ("message.max.bytes", "write max_message_bytes in [limits] instead"),
];

/// Parts of the names of Kafka properties whose values are secret.
const SECRET_PARTS: [&str; 7] =
    ["password", "secret", "passphrase", ".pem", "sasl.jaas", "oauthbearer.config", "token"];

/// Names with such a part whose values are no secret.
const NOT_SECRET: [&str; 2] = ["sasl.oauthbearer.token.endpoint.url", "ssl.ca.pem"];

/// The properties that most clusters ask for; slips in them get a hint.
const COMMON: [&str; 14] = [
    "security.protocol",
    "sasl.mechanism",
    "sasl.username",
    "sasl.password",
    "sasl.oauthbearer.method",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.token.endpoint.url",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
    "client.id",
    "session.timeout.ms",
];

/// Longest name Kafka allows for a topic, in bytes.
const MAX_TOPIC_BYTES: usize = 249;

/// What is wrong with a topic's name.
pub(super) const TOPIC_NAME: &str = "Kafka allows letters, digits, \".\", \"_\" and \"-\" in a topic's \
     name, 249 at most; write the topic's own name (patterns are not taken)";

/// `memory`: how much of its past a series remembers; a start reads as much, if nothing else is said.
pub(super) fn kafka(
    root: &mut Section<'_, '_>,
    memory: Duration,
    max_message_bytes: usize,
) -> (KafkaSettings, Option<RouteSettings>) {
    let mut source = root.section("source");
    let mut section = source.section("kafka");
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let group =
        section.string("group").map_or_else(|| "groundswell".to_owned(), |(group, _)| group);
    let route = route::route(&mut section, &group, max_message_bytes);
    let topics = topics(&mut section, route.as_ref());
    let settings = KafkaSettings {
        brokers: brokers(&mut section),
        dead_letter_topic: dead_letter_topic(&mut section, &topics, route.as_ref()),
        topics,
        group,
        instance: section.text_or_named("instance"),
        history: section.duration("history", memory, Duration::ZERO, 366 * DAY),
        idle_timeout: section.duration("idle_timeout", 30 * SECOND, SECOND, DAY),
        shards: section.integer("shards", cores, 1..1_025) as usize,
        properties: Properties::read(&section.section("properties")),
    };
    section.finish();
    source.finish();
    (settings, route)
}

pub(super) fn brokers(section: &mut Section<'_, '_>) -> Vec<String> {
    if section.take("brokers").is_none() {
        return vec!["localhost:9092".to_owned()];
    }
    let mut brokers = Vec::new();
    for (broker, at) in section.strings("brokers") {
        if broker.contains("://") {
            section.complain(
                "brokers",
                &at,
                "a broker has no protocol in front; write \"host:9092\", and the protocol as \
                 \"security.protocol\" in [source.kafka.properties]",
            );
        } else if !is_host_and_port(&broker) {
            section.complain(
                "brokers",
                &at,
                "expected a host and a port, e.g. \"localhost:9092\"; several as a list",
            );
        }
        brokers.push(broker);
    }
    brokers
}

fn is_host_and_port(broker: &str) -> bool {
    let Some((host, port)) = broker.rsplit_once(':') else { return false };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_good = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', ',', '/', '[']),
    };
    let port_is_good = port.parse::<u16>().is_ok_and(|port| port > 0);
    host_is_good && port_is_good && !broker.contains(char::is_whitespace)
}

/// The topics that `run` reads: what `route` writes, if nothing is said, or else `mentions`.
fn topics(section: &mut Section<'_, '_>, route: Option<&RouteSettings>) -> Vec<Topic> {
    let mut names = BTreeSet::new();
    let mut topics = Vec::new();
    for mut section in section.sections("topic") {
        let topic = topic(&mut section, &mut names);
        if let Some(route) = route {
            check_routed(&mut section, &topic, route);
        }
        topics.push(topic);
        section.finish();
    }
    if topics.is_empty() {
        topics.push(route.map_or_else(
            || Topic { name: "mentions".to_owned(), format: Format::Json },
            RouteSettings::written,
        ));
    }
    topics
}

/// Where `run` puts what is no mention: no topic that anybody reads mentions from.
fn dead_letter_topic(
    section: &mut Section<'_, '_>,
    topics: &[Topic],
    route: Option<&RouteSettings>,
) -> Option<String> {
    let given = section.string("dead_letter_topic");
    let inputs = route.map_or(&[][..], |route| &route.relay.topics);
    let read = topics.iter().chain(inputs).map(|topic| &topic.name);
    let mut read: BTreeSet<String> =
        read.chain(route.map(|route| &route.output)).cloned().collect();
    let otherwise = "mentions are read from this topic; write another";
    route::written(section, "dead_letter_topic", given, &mut read, otherwise)
}

/// Reports a topic of `run` that does not go with what `route` reads and writes.
fn check_routed(section: &mut Section<'_, '_>, topic: &Topic, route: &RouteSettings) {
    let written = route.written();
    let place = |section: &mut Section<'_, '_>, key| {
        section.place(key).unwrap_or_else(|| section.at.clone())
    };
    if route.relay.topics.iter().any(|read| read.name == topic.name) {
        let at = place(section, "name");
        section.disagree(
            "name",
            &at,
            format_args!(
                "route reads this topic and writes its mentions to \"{}\"; read that, or they \
                 would count twice",
                written.name
            ),
        );
    } else if topic.name == written.name && topic.format != written.format {
        let message = format!(
            "{}: route writes this topic, in the format of what it reads; write the same here",
            section.path_of("format")
        );
        section.reader.report(&place(section, "format"), message);
    }
}

pub(super) fn topic(section: &mut Section<'_, '_>, names: &mut BTreeSet<String>) -> Topic {
    let formats = [
        ("json", Format::Json),
        ("protobuf", Format::Protobuf),
        ("confluent-protobuf", Format::ConfluentProtobuf),
    ];
    let format = section.choice("format", &formats).unwrap_or_default();
    let Some((name, at)) = section.required("name", "\"mentions\"") else {
        return Topic { name: String::new(), format };
    };
    if !is_topic_name(&name) {
        section.complain("name", &at, TOPIC_NAME);
    } else if !names.insert(name.clone()) {
        section.disagree("name", &at, "this topic is read already; remove one of the two");
    }
    Topic { name, format }
}

pub(super) fn is_topic_name(name: &str) -> bool {
    let legal = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
    name.chars().all(legal) && name.len() <= MAX_TOPIC_BYTES && !matches!(name, "." | "..")
}

/// The properties of `section`.
pub(super) fn properties(section: &Section<'_, '_>) -> Vec<(String, Secret)> {
    Properties::read(section)
}

/// Properties passed through to librdkafka.
struct Properties<'s, 'a, 't> {
    section: &'s Section<'a, 't>,
    names: BTreeSet<String>,
    found: Vec<(String, Secret)>,
}

impl<'s, 'a, 't> Properties<'s, 'a, 't> {
    fn read(section: &'s Section<'a, 't>) -> Vec<(String, Secret)> {
        let mut properties = Self { section, names: BTreeSet::new(), found: Vec::new() };
        for ((name, at), value) in section.free() {
            properties.take(name, &at, value);
        }
        properties.found
    }

    /// Takes one property. TOML reads `security.protocol = ...` without quotation marks as a table
    /// in a table; it means the same here.
    fn take(&mut self, name: String, at: &Range<usize>, value: &Spanned<DeValue<'_>>) {
        if let Some(table) = value.get_ref().as_table().filter(|table| !may_name_a_secret(table)) {
            for (part, value) in table.iter() {
                self.take(format!("{name}.{}", part.get_ref()), &part.span(), value);
            }
            return;
        }
        let path = self.section.path_of(&name);
        let reader = self.section.reader;
        if let Some((_, why)) = OWNED.iter().find(|(owned, _)| *owned == name) {
            reader.report_value(at, format_args!("{path}: groundswell sets this itself: {why}"));
        } else if !self.names.insert(name.clone()) {
            reader.report(at, format_args!("{path} stands twice; remove one of the two"));
        } else if let Some(setting) = self.value(&name, value) {
            self.check(&name, &setting, at, value);
            self.found.push((name, setting));
        }
    }

    fn value(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<Secret> {
        if is_secret(name) || value.get_ref().is_table() {
            return self.section.secret_of(name, value).map(|secret| secret.0);
        }
        let plain = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            _ => {
                self.section.complain(
                    name,
                    &value.span(),
                    "expected a text, a number, true, false, { env = \"NAME\" } or { file = \"path\" }",
                );
                return None;
            }
        };
        Some(Secret::new(plain))
    }

    /// Asks librdkafka whether it takes the property.
    fn check(&self, name: &str, setting: &Secret, at: &Range<usize>, value: &Spanned<DeValue<'_>>) {
        let (reader, named) = (self.section.reader, value.get_ref().is_table());
        // A secret that was not looked up has no value to try; libraries are not loaded to try one.
        if (named && reader.secrets == Secrets::Ignore) || name == "plugin.library.paths" {
            return;
        }
        let mut config = ClientConfig::new();
        config.set(name, setting.expose());
        let path = self.section.path_of(name);
        match config.create_native_config() {
            Ok(_) => {}
            Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
                let hint = closest(name, COMMON.into_iter()).map_or_else(
                    || "its CONFIGURATION.md lists them".to_owned(),
                    |meant| format!("did you mean {meant}?"),
                );
                let message = format_args!("{path}: librdkafka has no such property; {hint}");
                reader.report_value(at, message);
            }
            Err(KafkaError::ClientConfig(_, why, ..)) if !named => {
                self.section.complain(name, &value.span(), format_args!("librdkafka says: {why}"));
            }
            Err(_) => {
                let message = format_args!("{path}: librdkafka does not take the value it names");
                reader.report_value(&value.span(), message);
            }
        }
    }
}

fn may_name_a_secret(table: &toml::de::DeTable<'_>) -> bool {
    table.is_empty() || table.contains_key("env") || table.contains_key("file")
}

fn is_secret(name: &str) -> bool {
    !NOT_SECRET.contains(&name) && SECRET_PARTS.iter().any(|part| name.contains(part))
}
