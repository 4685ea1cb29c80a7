//! What decoding is told by the configuration.

use crate::mention::Timestamp;

/// How the mentions of one topic are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object per message.
    #[default]
    Json,
    /// `groundswell.v1.Mention`, bare.
    Protobuf,
    /// `groundswell.v1.Mention` behind Confluent's wire format header: magic byte 0, four bytes of
    /// schema id, message indexes.
    ConfluentProtobuf,
}

/// What decoding refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest message, in bytes.
    pub max_bytes: usize,
    /// `created_at` may not be later than this; the caller moves it with the wall clock.
    pub latest: Timestamp,
}
