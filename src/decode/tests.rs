//! What decoding accepts, and what it says of what it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::borrow::Cow;

use super::*;
use crate::mention::{Kind, Role};

mod dead_letters;
mod faults;
mod properties;
mod protobuf_wire;
mod real;

/// 2030-01-01T00:00:00Z.
const LIMITS: Limits =
    Limits { max_bytes: 1 << 20, latest: Timestamp::from_millis(1_893_456_000_000) };

fn json(text: &str) -> Result<Mention<'_>, Rejected> {
    decode(Format::Json, text.as_bytes(), &LIMITS)
}

/// A mention with the least there may be, and `more` fields.
fn with(more: &str) -> String {
    format!(r#"{{"id":"1","created_at":1424577600000,"channel":"news","text":"x",{more}}}"#)
        .replace(",}", "}")
}

const FULL: &str = r##"{
    "id": "567", "created_at": "2015-02-22T05:00:00.250+01:00", "channel": "twitter",
    "kind": "reply", "brand": "American", "brands": ["US Airways", "American"],
    "author": {"id": 42, "handle": "@joe", "followers": 1200, "verified": true, "role": "journalist"},
    "text": "four hours on hold ✈ עברית", "lang": "en", "url": "https://example.com/567",
    "sentiment": -0.75, "engagement": {"likes": 1, "shares": 2, "comments": 3, "views": 4},
    "reach": 5000, "hashtags": ["#fail", "hold", ""], "links": ["https://example.com/a"],
    "media": ["https://example.com/b.jpg"], "campaign": "winter", "country": "US",
    "intent": "cancel", "parent": "566", "reason": {"anything": [1, {"else": null}]}
}"##;

#[test]
fn every_field_is_read() {
    let mention = json(FULL).unwrap();
    insta::assert_debug_snapshot!(mention, @r#"
    Mention {
        id: "567",
        created_at: Timestamp(
            1424577600250,
        ),
        channel: "twitter",
        kind: Reply,
        brands: [
            "American",
            "US Airways",
        ],
        author: Author {
            id: Some(
                "42",
            ),
            handle: Some(
                "joe",
            ),
            followers: Some(
                1200,
            ),
            verified: true,
            role: Some(
                Journalist,
            ),
        },
        text: "four hours on hold ✈ עברית",
        lang: Some(
            "en",
        ),
        url: Some(
            "https://example.com/567",
        ),
        sentiment: Some(
            -0.75,
        ),
        engagement: Engagement {
            likes: 1,
            shares: 2,
            comments: 3,
            views: 4,
        },
        reach: Some(
            5000,
        ),
        hashtags: [
            "fail",
            "hold",
        ],
        links: [
            "https://example.com/a",
        ],
        media: [
            "https://example.com/b.jpg",
        ],
        campaign: Some(
            "winter",
        ),
        country: Some(
            "US",
        ),
        intent: Some(
            "cancel",
        ),
        parent: Some(
            "566",
        ),
    }
    "#);
}

#[test]
fn texts_are_borrowed_from_the_message_unless_escaped() {
    let mention = json(FULL).unwrap();
    let message = FULL.as_bytes().as_ptr_range();
    let borrowed = |text: &Cow<'_, str>| matches!(text, Cow::Borrowed(text) if message.contains(&text.as_ptr()));
    let author = &mention.author;
    for text in [&mention.id, &mention.channel, &mention.text]
        .into_iter()
        .chain(&mention.brands)
        .chain(&mention.hashtags)
        .chain(&mention.links)
        .chain(&mention.media)
        .chain(&mention.lang)
        .chain(&mention.url)
        .chain(&mention.campaign)
        .chain(&mention.country)
        .chain(&mention.intent)
        .chain(&mention.parent)
        .chain(&author.handle)
    {
        assert!(borrowed(text), "{text:?} was copied");
    }
    // A number has no text in the message to borrow.
    assert_eq!(author.id, Some(Cow::Owned("42".to_owned())));

    let escaped = with(r#""campaign": "a\nb""#);
    let mention = json(&escaped).unwrap();
    assert!(matches!(mention.campaign, Some(Cow::Owned(_))));
    assert_eq!(mention.campaign.as_deref(), Some("a\nb"));
}

#[test]
fn the_least_mention_has_either_text_or_brand() {
    let text =
        json(r#"{"id":"1","created_at":1424577600000,"channel":"news","text":"x"}"#).unwrap();
    let expected = Mention {
        id: "1".into(),
        created_at: Timestamp::from_millis(1_424_577_600_000),
        channel: "news".into(),
        text: "x".into(),
        ..Mention::default()
    };
    assert_eq!(text, expected);
    let brand = json(r#"{"id":"1","created_at":1424577600000,"channel":"news","brand":"Delta"}"#);
    assert_eq!(brand.unwrap().brands, ["Delta"]);
}

#[test]
fn null_and_empty_are_absent() {
    let absent = json(
        r#"{"id":"1","created_at":1424577600000,"channel":"news","text":"x",
            "kind":null,"brand":null,"brands":[null,"", " "],"author":{"id":"","handle":"@",
            "followers":null,"verified":null,"role":null},"lang":"","url":null,"sentiment":null,
            "engagement":null,"reach":"","hashtags":null,"links":[""],"media":"","campaign":" ",
            "country":null,"intent":null,"parent":" "}"#,
    );
    assert_eq!(absent.unwrap(), json(&with("")).unwrap());
    assert_eq!(json(&with(r#""author":null"#)).unwrap(), json(&with("")).unwrap());
}

#[test]
fn time_is_rfc_3339_or_whole_milliseconds() {
    let at = |time: &str| {
        json(&format!(r#"{{"id":"1","channel":"x","text":"x","created_at":{time}}}"#))
            .unwrap()
            .created_at
            .as_millis()
    };
    for same in [
        "1424577600000",
        "1424577600000.0",
        "1.4245776e12",
        r#""1424577600000""#,
        r#""2015-02-22T04:00:00Z""#,
        r#""2015-02-22T06:00:00+02:00""#,
        r#"" 2015-02-22T04:00:00.000Z""#,
        r#""2015-02-22 04:00:00Z""#,
    ] {
        assert_eq!(at(same), 1_424_577_600_000, "{same}");
    }
    assert_eq!(at(r#""2015-02-22T04:00:00.9999Z""#), 1_424_577_600_999);
}

#[test]
fn protobufs_own_json_is_accepted() {
    let text = r#"{"id":"1","createdAt":"2015-02-22T04:00:00Z","channel":"news","kind":"KIND_REVIEW",
        "author":{"followers":"18446744073709551615","role":"ROLE_OFFICIAL"},"text":"x","reach":"7"}"#;
    let mention = json(text).unwrap();
    assert_eq!(mention.kind, Kind::Review);
    assert_eq!(mention.author.role, Some(Role::Official));
    assert_eq!(mention.author.followers, Some(u64::MAX));
    assert_eq!(mention.reach, Some(7));
}

#[test]
fn names_of_a_later_schema_are_taken_as_not_stated() {
    let text = with(r#""kind":"livestream","author":{"role":"ROLE_ROBOT"}"#);
    let mention = json(&text).unwrap();
    assert_eq!(mention.kind, Kind::Post);
    assert_eq!(mention.author.role, None);
    assert_eq!(json(&with(r#""kind":"Article""#)).unwrap().kind, Kind::Article);
}

#[test]
fn a_list_may_be_a_single_text_and_brands_are_named_once() {
    let text = with(r##""hashtags":"#one","brand":["B","A"],"brands":["A","C","B","C"]"##);
    let mention = json(&text).unwrap();
    assert_eq!(mention.hashtags, ["one"]);
    assert_eq!(mention.brands, ["B", "A", "C"]);
}

#[test]
fn half_an_emoji_does_not_lose_the_mention() {
    let mention = |text: &str| {
        let message = with(&format!(r#""campaign":"{text}""#));
        json(&message).map(|mention| mention.into_owned().campaign.unwrap_or_default())
    };
    assert_eq!(mention(r"\ud83d\ude21").unwrap(), "😡");
    assert_eq!(mention(r"cut \ud83d").unwrap(), "cut \u{fffd}");
    assert_eq!(mention(r"\ude21\ud83d\ud83d\ude21\\ud83d").unwrap(), "\u{fffd}\u{fffd}😡\\ud83d");
    assert_eq!(mention(r"\ud83d\n\ud83dx").unwrap(), "\u{fffd}\n\u{fffd}x");
    // Mending one fault hides no other.
    assert_eq!(mention(r"\ud83d\x").unwrap_err().reason, Reason::NotJson);
}

#[test]
fn a_nul_a_byte_order_mark_and_a_repeated_field_are_no_faults() {
    assert_eq!(json(&with(r#""campaign":"a\u0000b""#)).unwrap().campaign.unwrap(), "a\0b");
    assert!(json(&format!("\u{feff}{}\r\n", with(""))).is_ok());
    assert_eq!(json(&with(r#""reach":1,"reach":2"#)).unwrap().reach, Some(2));
}

#[test]
fn event_time_can_be_had_without_the_rest() {
    let peek = |text: &str| peek_created_at(text.as_bytes(), &LIMITS).map(Timestamp::as_millis);
    assert_eq!(peek(FULL), Some(1_424_577_600_250));
    assert_eq!(peek(r#"{"reach":{},"created_at":1424577600000}"#), Some(1_424_577_600_000));
    assert_eq!(peek(r#"{"created_at":1424577600}"#), None);
    assert_eq!(peek(r#"{"created_at":1424577600000"#), None);
    assert_eq!(peek("{}"), None);
}

/// The page for producers names every field there is.
#[test]
fn every_field_of_the_schema_is_in_its_page() {
    let schema = include_str!("../../proto/groundswell/v1/mention.proto");
    let page = include_str!("../../docs/mention.md");
    let mut message = String::new();
    let mut fields = 0;
    for line in schema
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//") && !line.starts_with("syntax"))
    {
        if let Some(name) = line.strip_prefix("message ") {
            message = name.trim_end_matches(" {").to_lowercase();
        } else if let Some((declared, _)) = line.split_once(" = ")
            && line.ends_with(';')
        {
            let name = declared.split_whitespace().last().unwrap();
            let written = if let Some((_, value)) = name.split_once('_')
                && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            {
                format!("`\"{}\"`", value.to_lowercase())
            } else if message == "mention" {
                format!("| `{name}` |")
            } else {
                format!("| `{message}.{name}` |")
            };
            fields += 1;
            if !written.contains("unspecified") {
                assert!(page.contains(&written), "docs/mention.md does not explain {written}");
            }
        }
    }
    assert_eq!(fields, 41, "the schema was not understood, or has grown");
    for reason in Reason::ALL {
        assert!(page.contains(&format!("| `{reason}` |")), "docs/mention.md lacks `{reason}`");
    }
}
