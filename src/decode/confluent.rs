//! The header that Confluent's serialisers put in front of a protobuf message: the magic byte 0,
//! a schema id of four bytes (big-endian), and which message type of the schema follows.
//!
//! The type is a path of indexes into nested messages: a count, then that many indexes, all as
//! zig-zag varints; the path `[0]`, the first message of the schema, may be written as a single 0.
//! Source: Confluent's documentation, "Schema Registry: Serializers and Deserializers: Wire
//! format".

use super::reason::{Reason, Rejected};

/// The protobuf message behind the header. The schema id is not looked up: fields keep their
/// numbers and types in every version of the schema that a registry lets pass as compatible.
pub(super) fn unwrap(payload: &[u8]) -> Result<&[u8], Rejected> {
    let Some((&magic, rest)) = payload.split_first() else {
        return Err(cut_short());
    };
    if magic != 0 {
        return Err(Rejected::new(
            Reason::BadEnvelope,
            format!(
                "the first byte is {magic:#04x}, not the magic byte 0x00 of Confluent's wire format: {}",
                if magic == b'{' {
                    "it looks like JSON; set the topic's format to JSON"
                } else {
                    "if the topic holds bare protobuf, set its format to protobuf"
                }
            ),
        ));
    }
    let mut rest = rest.get(4..).ok_or_else(cut_short)?;
    let count = zig_zag_varint(&mut rest)?;
    if count == 0 {
        return Ok(rest);
    }
    let first = zig_zag_varint(&mut rest)?;
    if count == 1 && first == 0 {
        return Ok(rest);
    }
    Err(Rejected::new(
        Reason::BadEnvelope,
        if count < 0 {
            format!("the header has an index path of length {count}")
        } else {
            format!(
                "the header names another message than the first of its schema \
                 (an index path of length {count}, beginning with {first}): \
                 make groundswell.v1.Mention the first message of the schema"
            )
        },
    ))
}

/// Takes a varint of at most ten bytes off the front of `bytes`.
fn zig_zag_varint(bytes: &mut &[u8]) -> Result<i64, Rejected> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or_else(cut_short)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err(Rejected::new(
        Reason::BadEnvelope,
        "a message index of the header is longer than ten bytes",
    ))
}

fn cut_short() -> Rejected {
    Rejected::new(
        Reason::BadEnvelope,
        "the message ends inside the header of Confluent's wire format",
    )
}
