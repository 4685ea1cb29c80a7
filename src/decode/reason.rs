//! Why a message was turned away.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a message did not become a counted mention; the `reason` label in metrics and dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is nothing in it.
    Empty,
    /// Longer than [`super::Limits::max_bytes`].
    TooLarge,
    /// A text in it is not UTF-8.
    InvalidUtf8,
    /// Not a JSON object.
    NotJson,
    /// It stops before its end.
    Truncated,
    /// Nested deeper than any mention needs to be (more than about a hundred levels).
    TooDeep,
    /// Not a protobuf message of the type `groundswell.v1.Mention`.
    NotProtobuf,
    /// Its Confluent wire format header is wrong.
    BadEnvelope,
    /// A required field is absent, `null` or empty.
    MissingField,
    /// A field holds something of another type, e.g. an object where a number belongs.
    WrongType,
    /// A number is outside the range of its field.
    OutOfRange,
    /// `created_at` cannot be read, or is not believable.
    BadTime,
    /// It names only brands that nobody watches.
    UnknownBrand,
    /// It came after its pane was closed.
    Late,
    /// Its bytes could not be read from where they are kept.
    Unreadable,
}

impl Reason {
    /// All reasons, so that every metric exists from the start.
    pub const ALL: [Self; 15] = [
        Self::Empty,
        Self::TooLarge,
        Self::InvalidUtf8,
        Self::NotJson,
        Self::Truncated,
        Self::TooDeep,
        Self::NotProtobuf,
        Self::BadEnvelope,
        Self::MissingField,
        Self::WrongType,
        Self::OutOfRange,
        Self::BadTime,
        Self::UnknownBrand,
        Self::Late,
        Self::Unreadable,
    ];

    /// The name used in metrics and dead letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::NotJson => "not_json",
            Self::Truncated => "truncated",
            Self::TooDeep => "too_deep",
            Self::NotProtobuf => "not_protobuf",
            Self::BadEnvelope => "bad_envelope",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::BadTime => "bad_time",
            Self::UnknownBrand => "unknown_brand",
            Self::Late => "late",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message that was turned away, and why, in words for the person who has to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Rejected {
    /// The sort of fault.
    pub reason: Reason,
    /// What is wrong, where, and what to write instead. A bounded number of bytes, whatever the
    /// message holds.
    pub detail: String,
}

impl Rejected {
    /// A rejection for `reason`, explained by `detail`.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// `bytes` is more than `max_bytes`.
    pub fn too_large(bytes: u64, max_bytes: usize) -> Self {
        Self::new(
            Reason::TooLarge,
            format!(
                "the message has {bytes} bytes, more than the {max_bytes} accepted: \
                 leave out what is not part of a mention, or raise the limit"
            ),
        )
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::new(Reason::MissingField, format!("`{field}` is required, and is absent or empty"))
    }
}

/// `text` in quotes, cut to a length that fits into a message for people.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(LONGEST).collect();
    let cut = if chars.next().is_some() { "..." } else { "" };
    format!("{head:?}{cut}")
}
