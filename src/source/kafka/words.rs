//! librdkafka's errors in words for people.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

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
        Some(RDKafkaErrorCode::InconsistentGroupProtocol) => {
            "the group's other members share its partitions in another way; give each of them an \
             instance in [source.kafka], or none of them"
                .to_owned()
        }
        _ => error.to_string(),
    }
}
