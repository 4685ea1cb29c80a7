//! Protobuf, bare and in Confluent's wire format.

use prost::Message;

use super::*;
use crate::proto;

pub(super) fn encoded(message: &proto::Mention) -> Vec<u8> {
    message.encode_to_vec()
}

pub(super) fn minimal() -> proto::Mention {
    proto::Mention {
        id: "1".to_owned(),
        created_at: Some(prost_types::Timestamp { seconds: 1_424_577_600, nanos: 0 }),
        channel: "news".to_owned(),
        text: "x".to_owned(),
        ..proto::Mention::default()
    }
}

/// Schema id 7, then `indexes` as they stand, then the message.
pub(super) fn framed(indexes: &[u8], message: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 7], indexes, message].concat()
}

fn bare(change: impl FnOnce(&mut proto::Mention)) -> Result<Mention<'static>, Rejected> {
    let mut message = minimal();
    change(&mut message);
    decode(Format::Protobuf, &encoded(&message), &LIMITS).map(Mention::into_owned)
}

fn at(seconds: i64, nanos: i32) -> Result<i64, Reason> {
    let time = prost_types::Timestamp { seconds, nanos };
    match bare(|message| message.created_at = Some(time)) {
        Ok(mention) => Ok(mention.created_at.as_millis()),
        Err(rejected) => Err(rejected.reason),
    }
}

#[test]
fn time_is_rounded_down_to_milliseconds_and_never_overflows() {
    assert_eq!(at(1_424_577_600, 999_999_999), Ok(1_424_577_600_999));
    for (seconds, nanos) in [
        (1_424_577_600, -1),
        (1_424_577_600, 1_000_000_000),
        (1_424_577_600, i32::MIN),
        (i64::MAX, 999_999_999),
        (i64::MIN, 0),
        (-1, 0),
        (0, 0),
        (1_424_577_600_000, 0),
    ] {
        assert_eq!(at(seconds, nanos), Err(Reason::BadTime), "{seconds} s {nanos} ns");
    }
}

#[test]
fn what_is_required_and_in_range_is_the_same_as_in_json() {
    let reason = |change: fn(&mut proto::Mention)| bare(change).map_err(|r| r.reason);
    assert_eq!(reason(|m| m.created_at = None), Err(Reason::MissingField));
    assert_eq!(reason(|m| m.id.clear()), Err(Reason::MissingField));
    assert_eq!(reason(|m| m.channel.clear()), Err(Reason::MissingField));
    assert_eq!(reason(|m| m.text.clear()), Err(Reason::MissingField));
    for sentiment in [f32::NAN, f32::INFINITY, 7.0, -1.5] {
        let rejected = bare(|m| m.sentiment = Some(sentiment)).unwrap_err();
        assert_eq!(rejected.reason, Reason::OutOfRange, "{sentiment}");
    }
    assert_eq!(bare(|m| m.kind = 99).unwrap().kind, Kind::Post);
    let author = proto::Author { role: 99, handle: "@joe".to_owned(), ..Default::default() };
    let mention = bare(|m| m.author = Some(author)).unwrap();
    assert_eq!(mention.author.role, None);
    assert_eq!(mention.author.handle.as_deref(), Some("joe"));
}

#[test]
fn unknown_fields_are_accepted() {
    let mut message = encoded(&minimal());
    prost::encoding::string::encode(1_000, &"later".to_owned(), &mut message);
    assert!(decode(Format::Protobuf, &message, &LIMITS).is_ok());
}

#[test]
fn damaged_messages_have_the_right_reason() {
    let whole = encoded(&minimal());
    let said = |message: &[u8]| {
        let rejected = decode(Format::Protobuf, message, &LIMITS).unwrap_err();
        format!("{}: {rejected}", rejected.reason)
    };
    let bad_text = [&whole[..], &[0x3a, 1, 0xff]].concat();
    let wrong_type = [&whole[..], &[0x38, 1]].concat();
    // Field 100 as a group in a group in a group ...
    let deep = [0xa3, 0x06].repeat(100_000);
    insta::assert_snapshot!([
        said(b""), said(&whole[..whole.len() - 1]), said(&bad_text), said(&wrong_type), said(&deep),
        said(&[0xff; 20]), said(&[0x07]), said(&[0x00, 0x01]),
    ].join("\n"), @"
    empty: the message is empty
    truncated: not a groundswell.v1.Mention: Mention.text: buffer underflow: the message ends inside a field
    invalid_utf8: not a groundswell.v1.Mention: Mention.text: invalid string value: data is not UTF-8 encoded: write texts in UTF-8
    not_protobuf: not a groundswell.v1.Mention: Mention.text: invalid wire type: Varint (expected LengthDelimited)
    too_deep: not a groundswell.v1.Mention: recursion limit reached: a mention needs two levels
    not_protobuf: not a groundswell.v1.Mention: invalid varint
    not_protobuf: not a groundswell.v1.Mention: invalid wire type value: 7
    not_protobuf: not a groundswell.v1.Mention: invalid tag value: 0: a 0 byte in front is how Confluent's wire format begins; set the topic's format to Confluent's
    ");
}

#[test]
fn confluents_header_is_taken_off() {
    let message = encoded(&minimal());
    let plain = decode(Format::Protobuf, &message, &LIMITS).unwrap();
    // `[0]` in short, and in full: one index (zig-zag 2), which is 0.
    for indexes in [&[0][..], &[2, 0], &[0x82, 0x00, 0x80, 0x00]] {
        let framed = framed(indexes, &message);
        assert_eq!(decode(Format::ConfluentProtobuf, &framed, &LIMITS).unwrap(), plain);
    }
}

#[test]
fn confluents_header_that_is_wrong() {
    let message = encoded(&minimal());
    let said = |payload: &[u8]| {
        let rejected = decode(Format::ConfluentProtobuf, payload, &LIMITS).unwrap_err();
        format!("{}: {rejected}", rejected.reason)
    };
    insta::assert_snapshot!([
        said(&[0]), said(&[0, 0, 0, 0]), said(&[0, 0, 0, 0, 7]), said(&framed(&[2], &[])),
        said(&framed(&[2, 2], &message)), said(&framed(&[4, 0, 0], &message)),
        said(&framed(&[1], &message)), said(&framed(&[0xff; 10], &message)),
        said(&framed(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], &[])),
        said(&[&[1, 0, 0, 0, 7, 0], &message[..]].concat()), said(&framed(&[0], &[])),
    ].join("\n"), @"
    bad_envelope: the message ends inside the header of Confluent's wire format
    bad_envelope: the message ends inside the header of Confluent's wire format
    bad_envelope: the message ends inside the header of Confluent's wire format
    bad_envelope: the message ends inside the header of Confluent's wire format
    bad_envelope: the header names another message than the first of its schema (an index path of length 1, beginning with 1): make groundswell.v1.Mention the first message of the schema
    bad_envelope: the header names another message than the first of its schema (an index path of length 2, beginning with 0): make groundswell.v1.Mention the first message of the schema
    bad_envelope: the header has an index path of length -1
    bad_envelope: a message index of the header is longer than ten bytes
    bad_envelope: the message ends inside the header of Confluent's wire format
    bad_envelope: the first byte is 0x01, not the magic byte 0x00 of Confluent's wire format: if the topic holds bare protobuf, set its format to protobuf
    missing_field: `created_at` is required, and is absent or empty
    ");
}
