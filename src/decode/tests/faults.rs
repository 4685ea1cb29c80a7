//! Bad messages: each is turned away for the right reason, in words that help.

use super::*;

/// The reason and the words for `message`.
fn fault(format: Format, message: impl AsRef<[u8]>) -> String {
    let Rejected { reason, detail } = decode(format, message.as_ref(), &LIMITS).unwrap_err();
    assert!(detail.len() < 400, "unbounded: {detail}");
    format!("{reason}: {detail}")
}

fn faults<M: AsRef<[u8]>>(messages: impl IntoIterator<Item = M>) -> String {
    let faults = messages.into_iter().map(|message| fault(Format::Json, message));
    faults.collect::<Vec<_>>().join("\n")
}

#[test]
fn messages_that_are_no_json_object() {
    insta::assert_snapshot!(faults([
        "", " \n", "hello", "[]", "[1", "null", "3", "\"text\"", "true", "{'id': 1}", "{} {}",
        "{\"id\": 1,}", "{\"id\": \"\\x\"}", "\u{feff}", "\0\0\0\0\u{1}\0{}",
        "{\n  \"id\": 1\n  \"channel\": 2}",
    ]), @"
    empty: the message is empty
    empty: the message is empty
    not_json: not JSON: expected value at byte 1
    not_json: the message is a list: write one JSON object with the fields of a mention
    truncated: the message ends too early, after 2 bytes, inside its JSON
    not_json: the message is null: write one JSON object with the fields of a mention
    not_json: the message is a number: write one JSON object with the fields of a mention
    not_json: the message is a text: write one JSON object with the fields of a mention
    not_json: the message is a boolean: write one JSON object with the fields of a mention
    not_json: not JSON: key must be a string at byte 2; texts stand in double quotes
    not_json: not JSON: trailing characters at byte 4
    not_json: not JSON: trailing comma at byte 10
    not_json: not JSON: invalid escape at byte 10
    empty: the message is empty
    not_json: not JSON: expected value at byte 1; it begins like protobuf: if it is, set the topic's format to protobuf
    not_json: not JSON: expected `,` or `}` at line 3, byte 3
    ");
}

#[test]
fn messages_that_stop_too_early() {
    let whole = FULL.as_bytes();
    let first = whole.iter().position(|&byte| byte == b'{').unwrap() + 1;
    for end in first..whole.len() {
        let rejected = decode(Format::Json, &whole[..end], &LIMITS).unwrap_err();
        assert_eq!(rejected.reason, Reason::Truncated, "cut at {end}: {rejected}");
    }
    insta::assert_snapshot!(faults([&whole[..100], "{\"text\":\"\u{5d0}".as_bytes().split_last().unwrap().1]), @"
    truncated: the message ends too early, after 100 bytes, inside its JSON
    truncated: the message ends after 9 bytes, in the middle of a character
    ");
}

#[test]
fn messages_that_are_too_large_or_not_utf_8() {
    let large = with(&format!(r#""campaign":"{}""#, "x".repeat(10_000_000)));
    insta::assert_snapshot!(faults([
        large.as_bytes(), b"{\"text\":\"\xff\"}", b"\x80{}", b"\xff\xfe{\0",
    ]), @"
    too_large: the message has 10000079 bytes, more than the 1048576 accepted: leave out what is not part of a mention, or raise the limit
    invalid_utf8: the byte at offset 9 is not UTF-8: write the message in UTF-8
    invalid_utf8: the byte at offset 0 is not UTF-8: write the message in UTF-8
    invalid_utf8: the byte at offset 0 is not UTF-8: write the message in UTF-8
    ");
    let limits = Limits { max_bytes: FULL.len(), ..LIMITS };
    assert!(decode(Format::Json, FULL.as_bytes(), &limits).is_ok());
}

#[test]
fn messages_that_are_nested_too_deep() {
    let deep = "[".repeat(100_000);
    let objects = "{\"a\":".repeat(100_000);
    insta::assert_snapshot!(faults([
        deep.clone(), objects.clone(), with(&format!(r#""other":{deep}"#)),
        with(&format!(r#""author":{objects}"#)), with(&format!(r#""hashtags":{deep}"#)),
        with(&format!(r#""id":{deep}"#)),
    ]), @"
    too_deep: values are nested more than 127 deep at byte 128: a mention needs two levels
    too_deep: values are nested more than 127 deep at byte 636: a mention needs two levels
    too_deep: values are nested more than 127 deep at byte 200: a mention needs two levels
    too_deep: values are nested more than 127 deep at byte 705: a mention needs two levels
    too_deep: values are nested more than 127 deep at byte 203: a mention needs two levels
    too_deep: values are nested more than 127 deep at byte 197: a mention needs two levels
    ");
    let balanced = "[".repeat(100) + &"]".repeat(100);
    assert!(json(&with(&format!(r#""other":{balanced}"#))).is_ok());
}

#[test]
fn required_fields_that_are_absent() {
    insta::assert_snapshot!(faults([
        "{}",
        r#"{"created_at":1424577600000,"channel":"x","text":"x"}"#,
        r#"{"id":"","created_at":1424577600000,"channel":"x","text":"x"}"#,
        r#"{"id":"1","channel":"x","text":"x"}"#,
        r#"{"id":"1","created_at":"","channel":"x","text":"x"}"#,
        r#"{"id":"1","created_at":1424577600000,"text":"x"}"#,
        r#"{"id":"1","created_at":1424577600000,"channel":" ","text":"x"}"#,
        r#"{"id":"1","created_at":1424577600000,"channel":"x"}"#,
        r#"{"id":"1","created_at":1424577600000,"channel":"x","text":"  ","brands":[""]}"#,
    ]), @"
    missing_field: `id` is required, and is absent or empty
    missing_field: `id` is required, and is absent or empty
    missing_field: `id` is required, and is absent or empty
    missing_field: `created_at` is required, and is absent or empty
    missing_field: `created_at` is required, and is absent or empty
    missing_field: `channel` is required, and is absent or empty
    missing_field: `channel` is required, and is absent or empty
    missing_field: `brand`, `brands` and `text` are all absent or empty: one of them is required
    missing_field: `brand`, `brands` and `text` are all absent or empty: one of them is required
    ");
}

#[test]
fn numbers_out_of_range() {
    insta::assert_snapshot!(faults([
        r#""sentiment":7"#, r#""sentiment":-1.01"#, r#""sentiment":NaN"#, r#""sentiment":"NaN""#,
        r#""sentiment":-Infinity"#, r#""sentiment":1e999"#,
        r#""author":{"followers":-1}"#, r#""author":{"followers":1.5}"#,
        r#""author":{"followers":18446744073709551616}"#, r#""author":{"followers":"1,200"}"#,
        r#""reach":-0.5"#, r#""reach":1e300"#, r#""engagement":{"views":-9223372036854775808}"#,
    ].map(with)), @r#"
    out_of_range: `sentiment` is 7: write a number from -1 (hostile) to 1 (friendly), or leave it out and it is scored from the text
    out_of_range: `sentiment` is -1.01: write a number from -1 (hostile) to 1 (friendly), or leave it out and it is scored from the text
    not_json: not JSON: expected value at byte 78; JSON knows no NaN and no infinity: leave the field out or write null
    out_of_range: `sentiment` is NaN: write a number from -1 (hostile) to 1 (friendly), or leave it out and it is scored from the text
    not_json: not JSON: invalid number at byte 79; JSON knows no NaN and no infinity: leave the field out or write null
    out_of_range: the number at byte 82 is too large to be read
    out_of_range: `author.followers` is -1: write a whole number from 0 to 18446744073709551615, or leave it out
    out_of_range: `author.followers` is 1.5: write a whole number from 0 to 18446744073709551615, or leave it out
    out_of_range: `author.followers` is 1.8446744073709552e19: write a whole number from 0 to 18446744073709551615, or leave it out
    out_of_range: `author.followers` is "1,200": write a whole number from 0 to 18446744073709551615, or leave it out
    out_of_range: `reach` is -0.5: write a whole number from 0 to 18446744073709551615, or leave it out
    out_of_range: `reach` is 1e300: write a whole number from 0 to 18446744073709551615, or leave it out
    out_of_range: `engagement.views` is -9223372036854775808: write a whole number from 0 to 18446744073709551615, or leave it out
    "#);
    assert_eq!(json(&with(r#""reach":18446744073709551615"#)).unwrap().reach, Some(u64::MAX));
    assert_eq!(json(&with(r#""reach":1e3"#)).unwrap().reach, Some(1_000));
    assert_eq!(json(&with(r#""sentiment":-1"#)).unwrap().sentiment, Some(-1.0));
    assert_eq!(json(&with(r#""sentiment":"0.5""#)).unwrap().sentiment, Some(0.5));
}

#[test]
fn values_of_another_type() {
    insta::assert_snapshot!(faults([
        r#""campaign":{}"#, r#""lang":["en"]"#, r#""url":true"#, r#""intent":1.5"#,
        r#""author":"joe""#, r#""author":[1]"#, r#""engagement":3"#, r#""hashtags":["a",["b"],{}]"#,
        r#""links":{"a":1}"#, r#""reach":[]"#, r#""sentiment":{}"#, r#""sentiment":"good""#,
        r#""author":{"verified":"yes"}"#, r#""kind":false"#, r#""author":{"role":[]}"#,
    ].map(with)), @r#"
    wrong_type: `campaign` is an object: write a text
    wrong_type: `lang` is a list: write a text
    wrong_type: `url` is a boolean: write a text
    wrong_type: `intent` is a number that is not whole or too large: write it as a text
    wrong_type: `author` is a text: write an object
    wrong_type: `author` is a list: write an object
    wrong_type: `engagement` is a number: write an object
    wrong_type: `hashtags[1]` is a list: write a text
    wrong_type: `links` is an object: write a list of texts
    wrong_type: `reach` is a list: write a whole number
    wrong_type: `sentiment` is an object: write a number
    wrong_type: `sentiment` is "good": write a number
    wrong_type: `author.verified` is a text: write `true` or `false`
    wrong_type: `kind` is a boolean: write a text
    wrong_type: `author.role` is a list: write a text
    "#);
    insta::assert_snapshot!(faults([
        r#"{"id":184467440737095516160,"created_at":1424577600000,"channel":"x","text":"x"}"#,
        r#"{"id":{},"created_at":1424577600000,"channel":"x","text":"x"}"#,
    ]), @"
    wrong_type: `id` is a number that is not whole or too large: write it as a text
    wrong_type: `id` is an object: write a text
    ");
}

#[test]
fn times_that_cannot_be_believed() {
    let long = format!("\"{}\"", "9".repeat(100_000));
    insta::assert_snapshot!(faults([
        "0", "-1", "1424577600", "1424577600000000", "1424577600000000000", "18446744073709551615",
        "1e300", "1424577600000.5", "true", "{}", r#""yesterday""#, r#""2015-02-22""#,
        r#""2015-02-22T04:00:00""#, r#""Sun Feb 22 04:00:00 +0000 2015""#, r#""1970-01-01T00:00:00Z""#,
        r#""2030-01-01T00:00:01Z""#, r#""2015-02-30T00:00:00Z""#, &long,
    ].map(|time| format!(r#"{{"id":"1","channel":"x","text":"x","created_at":{time}}}"#))), @r#"
    bad_time: `created_at` is 1970-01-01T00:00:00Z, before 2000-01-01T00:00:00Z, the earliest accepted: check the clock and the time zone of whoever wrote it
    bad_time: `created_at` is 1969-12-31T23:59:59.999Z, before 2000-01-01T00:00:00Z, the earliest accepted: check the clock and the time zone of whoever wrote it
    bad_time: `created_at` is 1970-01-17T11:42:57.6Z, before 2000-01-01T00:00:00Z, the earliest accepted: it looks like seconds; write milliseconds since 1970, or RFC 3339
    bad_time: `created_at` is 1424577600000000 ms after 1970, after 2030-01-01T00:00:00Z, the latest accepted: it looks like microseconds; write milliseconds since 1970, or RFC 3339
    bad_time: `created_at` is 1424577600000000000 ms after 1970, after 2030-01-01T00:00:00Z, the latest accepted: it looks like nanoseconds; write milliseconds since 1970, or RFC 3339
    bad_time: `created_at` is 9223372036854775807 ms after 1970, after 2030-01-01T00:00:00Z, the latest accepted: check the clock and the time zone of whoever wrote it
    bad_time: `created_at` is 9223372036854775807 ms after 1970, after 2030-01-01T00:00:00Z, the latest accepted: check the clock and the time zone of whoever wrote it
    bad_time: `created_at` is 1424577600000.5: write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is a boolean: write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is an object: write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is "yesterday": write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is "2015-02-22": write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is "2015-02-22T04:00:00": write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is "Sun Feb 22 04:00:00 +0000 2015": write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is 1970-01-01T00:00:00Z, before 2000-01-01T00:00:00Z, the earliest accepted: check the clock and the time zone of whoever wrote it
    bad_time: `created_at` is 2030-01-01T00:00:01Z, after 2030-01-01T00:00:00Z, the latest accepted: check the clock and the time zone of whoever wrote it
    bad_time: `created_at` is "2015-02-30T00:00:00Z": write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    bad_time: `created_at` is "9999999999999999999999999999999999999999"...: write RFC 3339 such as "2015-02-22T04:00:00Z", or milliseconds since 1970 such as 1424577600000
    "#);
}

#[test]
fn messages_in_another_format_than_the_topics() {
    let bare = protobuf_wire::encoded(&protobuf_wire::minimal());
    let framed = protobuf_wire::framed(&[0], &bare);
    insta::assert_snapshot!([
        fault(Format::Json, &bare), fault(Format::Json, &framed),
        fault(Format::Protobuf, with("")), fault(Format::Protobuf, &framed),
        fault(Format::ConfluentProtobuf, with("")), fault(Format::ConfluentProtobuf, &bare),
    ].join("\n"), @"
    invalid_utf8: the byte at offset 6 is not UTF-8: write the message in UTF-8; it begins like protobuf: if it is, set the topic's format to protobuf
    invalid_utf8: the byte at offset 12 is not UTF-8: write the message in UTF-8; it begins like protobuf: if it is, set the topic's format to protobuf
    not_protobuf: not a groundswell.v1.Mention: Mention.media: invalid wire type: StartGroup (expected LengthDelimited): it looks like JSON; set the topic's format to JSON
    not_protobuf: not a groundswell.v1.Mention: invalid tag value: 0: a 0 byte in front is how Confluent's wire format begins; set the topic's format to Confluent's
    bad_envelope: the first byte is 0x7b, not the magic byte 0x00 of Confluent's wire format: it looks like JSON; set the topic's format to JSON
    bad_envelope: the first byte is 0x0a, not the magic byte 0x00 of Confluent's wire format: if the topic holds bare protobuf, set its format to protobuf
    ");
}

#[test]
fn names_of_reasons_are_the_serialised_ones_and_unlike() {
    let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.name()).collect();
    assert_eq!(names.len(), Reason::ALL.len());
    for (index, reason) in Reason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, index, "counts are kept by position");
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
    }
}
