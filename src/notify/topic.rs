//! A topic of Kafka that takes alerts, for programs that read topics.

use std::time::Duration;

use prost::Message as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;

use super::alert::alert;
use super::channel::Refusal;
use super::error::NotifyError;
use super::observer::Failure;
use super::settings::AlertFormat;
use crate::incident::Change;
use crate::proto;
use crate::source::KafkaSettings;
use crate::source::kafka::{client, explain};

/// Largest alert, in bytes: what a broker takes unless it is told otherwise.
const LARGEST: usize = 1 << 20;

/// Header of a record: of what type its value is.
const CONTENT_TYPE: &str = "content-type";
/// Header of a record: the alert's id, by which a reader drops what it has seen.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A topic that takes alerts. Its producer is no idempotent one: such a producer dies of what it cannot explain, and
/// whoever reads must drop what comes twice anyway.
pub(super) struct AlertTopic {
    producer: FutureProducer,
    brokers: String,
    topic: String,
    format: AlertFormat,
    timeout: Duration,
}

impl AlertTopic {
    /// `topic` at the brokers of `kafka`, which need not be there yet; `route` names the route in errors.
    pub fn new(
        route: &str,
        kafka: &KafkaSettings,
        topic: &str,
        format: AlertFormat,
        timeout: Duration,
    ) -> Result<Self, NotifyError> {
        let producer = client::producer(kafka, "groundswell-alerts", LARGEST)
            .set("acks", "all")
            .set("message.timeout.ms", timeout.as_millis().max(1).to_string())
            // Each alert is waited for: nothing comes that it could wait for.
            .set("linger.ms", "0")
            .set("statistics.interval.ms", "0")
            .create()
            .map_err(|error| NotifyError::Kafka {
                route: route.into(),
                reason: error.to_string(),
            })?;
        let (brokers, topic) = (kafka.brokers.join(", "), topic.to_owned());
        Ok(Self { producer, brokers, topic, format, timeout })
    }

    /// Names the topic among all targets.
    pub fn identity(&self) -> String {
        format!("{} {}", self.brokers, self.topic)
    }

    /// Writes `change`, keyed by its incident, and waits until Kafka has it.
    pub async fn deliver(&self, change: &Change) -> Result<(), Refusal> {
        let (kind, value) = self.written(change)?;
        let (key, id) = (change.incident.id.to_string(), change.id.to_string());
        let headers = OwnedHeaders::new()
            .insert(Header { key: CONTENT_TYPE, value: Some(kind) })
            .insert(Header { key: IDEMPOTENCY_KEY, value: Some(&id) });
        let record = FutureRecord::to(&self.topic).key(&key).payload(&value).headers(headers);
        let sent = self.producer.send(record, Timeout::After(self.timeout)).await;
        sent.map(drop).map_err(|(error, _)| self.failure(&error).into())
    }

    fn written(&self, change: &Change) -> Result<(&'static str, Vec<u8>), Failure> {
        match self.format {
            AlertFormat::Protobuf => Ok((
                "application/x-protobuf; messageType=\"groundswell.v1.Alert\"",
                proto::Alert::from(change).encode_to_vec(),
            )),
            AlertFormat::Json => {
                let json = serde_json::to_vec(&alert(change));
                let json = json.map_err(|error| Failure::Encoding(error.to_string()))?;
                Ok(("application/json", json))
            }
        }
    }

    fn failure(&self, error: &KafkaError) -> Failure {
        let setting = "the route's kafka.topic";
        let words = explain(error, &self.brokers, &self.topic, setting);
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::MessageTimedOut) => {
                let words = format!(
                    "{} did not take it within {:?}; check that its brokers run, and that the topic {} is there",
                    self.brokers, self.timeout, self.topic
                );
                Failure::Deferred { words }
            }
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                let words = format!(
                    "the topic {} takes no record as large as this; raise its max.message.bytes, and send it \
                     again with `groundswell outbox`",
                    self.topic
                );
                Failure::Refused { words }
            }
            Some(code) if LASTING.contains(&code) => Failure::Refused { words },
            _ => Failure::Deferred { words },
        }
    }
}

/// What does not pass by itself.
const LASTING: [RDKafkaErrorCode; 6] = [
    RDKafkaErrorCode::ClusterAuthorizationFailed,
    RDKafkaErrorCode::InvalidRecord,
    RDKafkaErrorCode::InvalidTopic,
    RDKafkaErrorCode::PolicyViolation,
    RDKafkaErrorCode::TopicAuthorizationFailed,
    RDKafkaErrorCode::UnsupportedForMessageFormat,
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::{Config, Secrets};

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let toml = "brand = [{ name = \"Acme\" }]\n[source.kafka]\nbrokers = \"127.0.0.1:1\"\n";
        let config = Config::parse(toml, "test", Secrets::Ignore, &|_| None).unwrap();
        let (kafka, timeout) = (config.kafka.unwrap(), Duration::from_secs(1));
        let topic = AlertTopic::new("r", &kafka, "alerts", AlertFormat::Json, timeout).unwrap();
        let failure = |code| topic.failure(&KafkaError::MessageProduction(code));
        for passing in [
            RDKafkaErrorCode::UnknownTopicOrPartition,
            RDKafkaErrorCode::MessageTimedOut,
            RDKafkaErrorCode::NotEnoughReplicas,
            RDKafkaErrorCode::QueueFull,
        ] {
            assert!(failure(passing).is_transient(), "{passing:?}");
        }
        for lasting in LASTING.into_iter().chain([RDKafkaErrorCode::MessageSizeTooLarge]) {
            assert!(!failure(lasting).is_transient(), "{lasting:?}");
        }
        let words = failure(RDKafkaErrorCode::UnknownTopicOrPartition).to_string();
        assert_eq!(
            words,
            "a topic of alerts does not exist at 127.0.0.1:1; create it, or correct the route's kafka.topic"
        );
    }
}
