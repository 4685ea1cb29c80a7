//! librdkafka's errors in words for people.

use std::sync::Mutex;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::source::lock;

/// What `error` of a client of `topics` at `brokers` means, and what to do. `setting` is what names
/// the topics in the configuration.
pub(crate) fn explain(error: &KafkaError, brokers: &str, topics: &str, setting: &str) -> String {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            format!(
                "a topic of {topics} does not exist at {brokers}; create it, or correct {setting}"
            )
        }
        Some(
            RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::Resolve,
        ) => format!(
            "no broker answers at {brokers}; check [source.kafka] brokers and the network (still trying)"
        ),
        Some(RDKafkaErrorCode::OperationTimedOut | RDKafkaErrorCode::RequestTimedOut) => format!(
            "{brokers} does not answer in time; check [source.kafka] brokers and the network (still trying)"
        ),
        Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed) => {
            format!("{brokers} refuses the credentials; check the sasl.* and ssl.* properties")
        }
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::GroupAuthorizationFailed,
        ) => format!("{brokers} does not allow this user to use the topic or the group: {error}"),
        Some(RDKafkaErrorCode::SSL) => format!(
            "no TLS connection to {brokers} comes about; check the ssl.* properties, and that its \
             listener speaks TLS (still trying)"
        ),
        Some(RDKafkaErrorCode::InconsistentGroupProtocol) => {
            "the group's other members share its partitions in another way; give each of them an \
             instance in [source.kafka], or none of them"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

/// What a client was told last when it was refused. To librdkafka a broker that refuses it is one that
/// is away, and it says so right afterwards.
#[derive(Debug, Default)]
pub(crate) struct Refused(Mutex<Option<String>>);

impl Refused {
    /// As [`explain`], but for what another error has led to.
    pub(crate) fn explain(
        &self,
        error: &KafkaError,
        brokers: &str,
        topics: &str,
        setting: &str,
    ) -> String {
        let words = explain(error, brokers, topics, setting);
        let mut refused = lock(&self.0);
        match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::SSL,
            ) => refused.insert(words).clone(),
            Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure) => {
                refused.clone().unwrap_or(words)
            }
            _ => words,
        }
    }

    /// A broker has let it in.
    pub(crate) fn forget(&self) {
        *lock(&self.0) = None;
    }
}
