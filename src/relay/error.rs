//! Why a relay does not go on.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A relay that cannot go on as it is. Most pass, and the relay starts anew from what is committed.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// librdkafka refuses a setting.
    #[error("the Kafka settings are refused: {0}; correct [source.kafka] or its properties")]
    Settings(KafkaError),
    /// Another instance has taken this one's place.
    #[error(
        "another instance runs as {transactional_id:?}, and has taken this one's place; give each \
         instance a transactional_id of its own in [source.kafka.route]"
    )]
    Replaced {
        /// Who both are.
        transactional_id: String,
    },
    /// Kafka knows, or knew, another by this one's name: often an earlier life of its own.
    #[error(
        "Kafka does not take the transaction of {transactional_id:?}: it was open for too long, the \
         group has given this instance up meanwhile, or another instance runs as the same"
    )]
    Fenced {
        /// Who this instance is.
        transactional_id: String,
    },
    /// The group has given this instance's partitions to others.
    #[error("the group has given this instance up; joining it anew")]
    Lost,
    /// A record was not taken.
    #[error("the topic {topic} does not take a record of {bytes} bytes: {reason}; {remedy}")]
    Undelivered {
        /// Where it was to go.
        topic: String,
        /// The bytes of its payload.
        bytes: usize,
        /// Why not, as Kafka says.
        reason: RDKafkaErrorCode,
        /// What to do.
        remedy: &'static str,
    },
    /// A record is larger than any topic is asked to take. Nothing is lost: the transaction goes on.
    #[error(
        "a record of {bytes} bytes, its key and headers not counted, is larger than may be sent"
    )]
    TooLarge {
        /// The bytes of its payload.
        bytes: usize,
    },
    /// What was not routed cannot be kept.
    #[error("{0}")]
    Keep(String),
    /// Anything else that Kafka says.
    #[error("cannot {action}: {words}")]
    Kafka {
        /// What was tried.
        action: &'static str,
        /// Why it failed, in words.
        words: String,
    },
}

impl RelayError {
    /// Kafka refuses `transactional_id`.
    pub(super) fn fenced(transactional_id: &str) -> Self {
        Self::Fenced { transactional_id: transactional_id.to_owned() }
    }

    /// `topic` has not taken a record of `bytes` bytes for `reason`.
    pub(super) fn undelivered(topic: &str, bytes: usize, reason: RDKafkaErrorCode) -> Self {
        let remedy = match reason {
            RDKafkaErrorCode::MessageSizeTooLarge => {
                "raise its max.message.bytes to 2 MiB above [limits] max_message_bytes"
            }
            _ => "check its configuration",
        };
        Self::Undelivered { topic: topic.to_owned(), bytes, reason, remedy }
    }

    /// Whether trying again is of no use.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Settings(_) | Self::Replaced { .. })
    }
}

/// Whether `code` may say that another instance has taken this one's place. It need not: a transaction
/// that was open for too long is answered like this, too, and so are offsets of a member that is
/// joining the group anew.
pub(super) const fn is_fenced(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::FencedInstanceId
    )
}
