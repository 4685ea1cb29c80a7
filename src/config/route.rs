//! `[source.kafka.route]`: what `groundswell route` reads, and where it writes.

use std::collections::BTreeSet;
use std::time::Duration;

use super::kafka::{self, is_topic_name};
use super::section::{Placed, Section};
use crate::relay::RelaySettings;
use crate::source::Topic;

/// What `groundswell route` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSettings {
    /// What is read, as whom, and when it is committed.
    pub relay: RelaySettings,
    /// The topic that is keyed by market.
    pub output: String,
    /// Where messages go that are no mentions; `None`: into the dead letter file.
    pub dead_letter_topic: Option<String>,
}

impl RouteSettings {
    /// The topic that is written, in the format of what is read.
    pub(super) fn written(&self) -> Topic {
        let format = self.relay.topics.first().map(|topic| topic.format).unwrap_or_default();
        Topic { name: self.output.clone(), format }
    }
}

/// Why a topic cannot be written.
const TAKEN: &str = "route reads this topic, or writes something else there; write another";

/// Reads the table of `[source.kafka]`, of the consumer group `run_group`, if it is there.
pub(super) fn route(
    source: &mut Section<'_, '_>,
    run_group: &str,
    max_message_bytes: usize,
) -> Option<RouteSettings> {
    let mut section = source.section("route");
    if !section.is_there() {
        return None;
    }
    let topics = inputs(&mut section);
    let mut taken: BTreeSet<String> = topics.iter().map(|topic| topic.name.clone()).collect();
    let output = section.required("output", "\"mentions-by-market\"");
    let output = written(&section, "output", output, &mut taken, TAKEN);
    let dead_letter_topic = section.string("dead_letter_topic");
    let dead_letter_topic =
        written(&section, "dead_letter_topic", dead_letter_topic, &mut taken, TAKEN);
    let group = group(&mut section, run_group);
    let transactional_id = section
        .string("transactional_id")
        .map_or_else(|| format!("{group}-{}", host_name()), |(id, _)| id);
    let output = output.unwrap_or_default();
    let second = Duration::from_secs(1);
    let settings = RouteSettings {
        relay: RelaySettings {
            topics,
            group,
            transactional_id,
            outputs: [Some(output.clone()), dead_letter_topic.clone()]
                .into_iter()
                .flatten()
                .collect(),
            commit_interval: section.duration("commit_interval", second, second / 100, 10 * second),
            commit_messages: section.integer("commit_messages", 10_000, 1..1_000_001) as usize,
            max_message_bytes,
        },
        output,
        dead_letter_topic,
    };
    section.finish();
    Some(settings)
}

/// The topics that are read: at least one, all in one format, since one topic is written.
fn inputs(section: &mut Section<'_, '_>) -> Vec<Topic> {
    let mut names = BTreeSet::new();
    let mut topics: Vec<Topic> = Vec::new();
    for mut section in section.sections("topic") {
        let topic = kafka::topic(&mut section, &mut names);
        if topics.first().is_some_and(|first| first.format != topic.format) {
            let place = section.place("format").unwrap_or_else(|| section.at.clone());
            let message = format!(
                "{}: all topics that are routed have one format, because they go into one topic",
                section.path_of("format")
            );
            section.reader.report(&place, message);
        }
        topics.push(topic);
        section.finish();
    }
    if topics.is_empty() && section.take("topic").is_none() {
        section.miss("topic", "[{ name = \"mentions\" }]");
    }
    topics
}

/// The topic that stands at `key`; none of those already `taken`, for what `otherwise` says.
pub(super) fn written(
    section: &Section<'_, '_>,
    key: &str,
    given: Option<Placed<String>>,
    taken: &mut BTreeSet<String>,
    otherwise: &str,
) -> Option<String> {
    let (name, at) = given?;
    if !is_topic_name(&name) {
        section.complain(key, &at, kafka::TOPIC_NAME);
    } else if !taken.insert(name.clone()) {
        section.disagree(key, &at, otherwise);
    }
    Some(name)
}

fn group(section: &mut Section<'_, '_>, run_group: &str) -> String {
    let Some((group, at)) = section.string("group") else { return format!("{run_group}-route") };
    if group == run_group {
        section.disagree(
            "group",
            &at,
            "this is the group of run ([source.kafka] group); route needs one of its own",
        );
    }
    group
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
