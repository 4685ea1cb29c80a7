//! Turns the bytes of a message into a [`Mention`], or says why it cannot.
//!
//! - `json`, `protobuf`, `confluent`: one reader per [`Format`].
//! - `validate`: what every mention must fulfil, however it was written.
//! - [`Rejected`]: the fault, for people and for metrics; never a panic, whatever the bytes.
//! - [`DeadLetter`]: what was turned away, kept whole.
//!
//! The fields, their units and what is accepted for them are in `docs/mention.md`.

mod confluent;
mod dead_letter;
mod json;
mod protobuf;
mod reason;
mod settings;
mod surrogates;
mod validate;
mod value;

pub use dead_letter::{DeadLetter, DeadLetterError, DeadLetterFile};
pub use reason::{Reason, Rejected};
pub use settings::{Format, Limits};

use crate::mention::{Mention, Timestamp};

#[cfg(test)]
mod tests;

/// Decodes one message of `format`.
///
/// From JSON the mention borrows every text that is written without escapes from `payload`; a text
/// with escapes is copied. From protobuf all texts are copied once, as the generated types own
/// theirs.
///
/// # Errors
///
/// [`Rejected`] with the [`Reason`] and a sentence for the person who mends the producer. Decoding
/// is a function of its arguments alone: the same message is turned away for the same reason again.
pub fn decode<'a>(
    format: Format,
    payload: &'a [u8],
    limits: &Limits,
) -> Result<Mention<'a>, Rejected> {
    if payload.len() > limits.max_bytes {
        return Err(Rejected::too_large(payload.len() as u64, limits.max_bytes));
    }
    if payload.trim_ascii_start().is_empty() {
        return Err(Rejected::new(Reason::Empty, "the message is empty"));
    }
    match format {
        Format::Json => json::decode(payload, limits),
        Format::Protobuf => protobuf::decode(payload, limits),
        Format::ConfluentProtobuf => protobuf::decode(confluent::unwrap(payload)?, limits),
    }
}

/// Only the event time of a mention in JSON, for putting lines in order before they are decoded.
///
/// `None` when it is absent, unreadable or not believable under `limits`; the rest of the message
/// is not looked at.
pub fn peek_created_at(payload: &[u8], limits: &Limits) -> Option<Timestamp> {
    json::created_at(payload, limits)
}
