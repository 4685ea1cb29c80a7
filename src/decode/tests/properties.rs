//! Whatever the bytes: no panic; and the same mention, however it is written.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::protobuf_wire::{encoded, framed};
use super::*;
use crate::proto;

const FORMATS: [Format; 3] = [Format::Json, Format::Protobuf, Format::ConfluentProtobuf];

/// Decoding does not panic, and what it lets pass keeps the promises that others build on.
fn decodes_or_says_why(message: &[u8]) {
    for format in FORMATS {
        match decode(format, message, &LIMITS) {
            Ok(mention) => {
                assert!(!mention.id.is_empty() && !mention.channel.is_empty());
                assert!(!mention.text.is_empty() || !mention.brands.is_empty());
                assert!(mention.sentiment.is_none_or(|s| (-1.0..=1.0).contains(&s)));
                assert!(mention.created_at <= LIMITS.latest);
            }
            Err(rejected) => assert!((1..500).contains(&rejected.detail.len()), "{rejected}"),
        }
    }
    peek_created_at(message, &LIMITS);
}

fn optional_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), ".{1,12}"]
}

prop_compose! {
    fn author()(id in optional_text(), handle in optional_text(),
        followers: Option<u64>, verified: bool, role in 0..6)
        -> proto::Author {
        proto::Author { id, handle, followers, verified, role }
    }
}

prop_compose! {
    fn engagement()(likes: u64, shares: u64, comments: u64, views: u64) -> proto::Engagement {
        proto::Engagement { likes, shares, comments, views }
    }
}

prop_compose! {
    fn content()(text in ".{1,80}", brands in vec(".{0,6}", 0..4), hashtags in vec("#?.{0,6}", 0..4),
        links in vec(".{0,9}", 0..3), media in vec(".{0,9}", 0..3), kind in 0..7)
        -> proto::Mention {
        proto::Mention { text, brands, hashtags, links, media, kind, ..Default::default() }
    }
}

prop_compose! {
    /// Mentions as producers write them: valid, but for fields that are blank.
    fn mention()(content in content(), id in "[^\\s]{1,20}", channel in "[a-z]{1,9}",
        millis in 946_684_800_000..=1_893_456_000_000_i64,
        author in option::of(author()), engagement in option::of(engagement()),
        sentiment in option::of(-1.0_f32..=1.0), reach: Option<u64>,
        rest in std::array::from_fn::<_, 6, _>(|_| optional_text()))
        -> proto::Mention {
        let [lang, url, campaign, country, intent, parent] = rest;
        let created_at = Some(prost_types::Timestamp {
            seconds: millis / 1_000,
            nanos: (millis % 1_000) as i32 * 1_000_000,
        });
        proto::Mention { id, channel, created_at, author, engagement, sentiment, reach, lang, url,
            campaign, country, intent, parent, ..content }
    }
}

/// `mention` in JSON; `rfc_3339` chooses how its time is written.
fn as_json(mention: &proto::Mention, rfc_3339: bool) -> String {
    use serde_json::json;
    let time = mention.created_at.unwrap();
    let millis = time.seconds * 1_000 + i64::from(time.nanos) / 1_000_000;
    let created_at = if rfc_3339 { json!(Timestamp::from_millis(millis)) } else { json!(millis) };
    json!({
        "id": mention.id, "created_at": created_at, "channel": mention.channel,
        "kind": mention.kind().as_str_name(), "brands": mention.brands,
        "author": mention.author.as_ref().map(|author| json!({
            "id": author.id, "handle": author.handle, "followers": author.followers,
            "verified": author.verified, "role": author.role().as_str_name(),
        })),
        "text": mention.text, "lang": mention.lang, "url": mention.url,
        "sentiment": mention.sentiment,
        "engagement": mention.engagement.as_ref().map(|engagement| json!({
            "likes": engagement.likes, "shares": engagement.shares,
            "comments": engagement.comments, "views": engagement.views,
        })),
        "reach": mention.reach, "hashtags": mention.hashtags, "links": mention.links,
        "media": mention.media, "campaign": mention.campaign, "country": mention.country,
        "intent": mention.intent, "parent": mention.parent, "unknown": {"to": ["this", "version"]},
    })
    .to_string()
}

/// A change to one place of a message.
#[derive(Debug, Clone)]
enum Damage {
    Set(u8),
    Insert(Vec<u8>),
    Remove(usize),
    Cut,
}

fn damage() -> impl Strategy<Value = (prop::sample::Index, Damage)> {
    let damage = prop_oneof![
        any::<u8>().prop_map(Damage::Set),
        vec(any::<u8>(), 1..8).prop_map(Damage::Insert),
        "[\\[\\]{}\",:0-9eE+-]{1,8}".prop_map(|text| Damage::Insert(text.into_bytes())),
        Just(Damage::Insert(br"\ud83d".to_vec())),
        (1_usize..20).prop_map(Damage::Remove),
        Just(Damage::Cut),
    ];
    (any::<prop::sample::Index>(), damage)
}

fn damaged(mut message: Vec<u8>, damages: &[(prop::sample::Index, Damage)]) -> Vec<u8> {
    for (index, damage) in damages {
        if message.is_empty() {
            break;
        }
        let at = index.index(message.len());
        match damage {
            Damage::Set(byte) => message[at] = *byte,
            Damage::Insert(bytes) => {
                message.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove(count) => {
                message.drain(at..(at + count).min(message.len()));
            }
            Damage::Cut => message.truncate(at),
        }
    }
    message
}

proptest! {
    #[test]
    fn any_bytes_decode_or_say_why(message: Vec<u8>) {
        decodes_or_says_why(&message);
        decodes_or_says_why(&framed(&[0], &message));
    }

    #[test]
    fn anything_like_json_decodes_or_says_why(message in r#"[\[{]["{}\[\],:\\u0-9a-dnul \-+.eE]{0,40}"#) {
        decodes_or_says_why(message.as_bytes());
    }

    #[test]
    fn damaged_mentions_decode_or_say_why(mention in mention(), damages in vec(damage(), 1..4)) {
        decodes_or_says_why(&damaged(as_json(&mention, true).into_bytes(), &damages));
        decodes_or_says_why(&damaged(encoded(&mention), &damages));
        decodes_or_says_why(&damaged(framed(&[2, 0], &encoded(&mention)), &damages));
    }

    #[test]
    fn json_and_protobuf_decode_alike(mention in mention(), rfc_3339: bool) {
        let text = as_json(&mention, rfc_3339);
        let bytes = encoded(&mention);
        let enveloped = framed(&[0], &bytes);
        let from_json = decode(Format::Json, text.as_bytes(), &LIMITS);
        let from_protobuf = decode(Format::Protobuf, &bytes, &LIMITS);
        let from_envelope = decode(Format::ConfluentProtobuf, &enveloped, &LIMITS);
        prop_assert_eq!(&from_json, &from_protobuf);
        prop_assert_eq!(&from_json, &from_envelope);
        let time = mention.created_at.unwrap();
        let blank = mention.text.trim().is_empty() && mention.brands.iter().all(|b| b.trim().is_empty());
        prop_assert_eq!(from_json.is_err(), blank, "{:?}", from_json);
        if let Ok(decoded) = from_json {
            prop_assert_eq!(peek_created_at(text.as_bytes(), &LIMITS), Some(decoded.created_at));
            prop_assert_eq!(decoded.created_at.as_millis().div_euclid(1_000), time.seconds);
        }
    }
}
