//! Mentions written as `groundswell.v1.Mention`.

use std::borrow::Cow;

use prost::{DecodeError, Message};
use prost_types::Timestamp as WireTime;

use super::reason::{Reason, Rejected};
use super::settings::Limits;
use super::validate::{check_time, validated};
use crate::mention::{Author, Engagement, Kind, Mention, Role, Timestamp};
use crate::proto;

/// Decodes one bare message. The texts are moved out of the generated type, which owns them.
pub(super) fn decode(payload: &[u8], limits: &Limits) -> Result<Mention<'static>, Rejected> {
    let wire = proto::Mention::decode(payload).map_err(|error| explain(&error, payload))?;
    let created_at = time(wire.created_at.ok_or_else(|| Rejected::missing("created_at"))?)?;
    check_time(created_at, limits)?;
    let kind = wire.kind();
    validated(Mention {
        id: wire.id.into(),
        created_at,
        channel: wire.channel.into(),
        kind: from_wire_kind(kind),
        brands: texts(wire.brands),
        author: wire.author.map(author).unwrap_or_default(),
        text: wire.text.into(),
        lang: text(wire.lang),
        url: text(wire.url),
        sentiment: wire.sentiment,
        engagement: wire.engagement.map(engagement).unwrap_or_default(),
        reach: wire.reach,
        hashtags: texts(wire.hashtags),
        links: texts(wire.links),
        media: texts(wire.media),
        campaign: text(wire.campaign),
        country: text(wire.country),
        intent: text(wire.intent),
        parent: text(wire.parent),
    })
}

fn author(wire: proto::Author) -> Author<'static> {
    let role = from_wire_role(wire.role());
    Author {
        id: text(wire.id),
        handle: text(wire.handle),
        followers: wire.followers,
        verified: wire.verified,
        role,
    }
}

fn engagement(wire: proto::Engagement) -> Engagement {
    Engagement {
        likes: wire.likes,
        shares: wire.shares,
        comments: wire.comments,
        views: wire.views,
    }
}

/// A number that is not known here, as a later version of the schema may have, reads as
/// `Unspecified`.
fn from_wire_kind(kind: proto::Kind) -> Kind {
    match kind {
        proto::Kind::Unspecified | proto::Kind::Post => Kind::Post,
        proto::Kind::Reply => Kind::Reply,
        proto::Kind::Share => Kind::Share,
        proto::Kind::Comment => Kind::Comment,
        proto::Kind::Review => Kind::Review,
        proto::Kind::Article => Kind::Article,
    }
}

fn from_wire_role(role: proto::Role) -> Option<Role> {
    match role {
        proto::Role::Unspecified => None,
        proto::Role::Customer => Some(Role::Customer),
        proto::Role::Employee => Some(Role::Employee),
        proto::Role::Journalist => Some(Role::Journalist),
        proto::Role::Influencer => Some(Role::Influencer),
        proto::Role::Official => Some(Role::Official),
    }
}

/// Absent is written as an empty text in proto3.
fn text(wire: String) -> Option<Cow<'static, str>> {
    (!wire.is_empty()).then_some(Cow::Owned(wire))
}

fn texts(wire: Vec<String>) -> Vec<Cow<'static, str>> {
    wire.into_iter().map(Cow::Owned).collect()
}

/// `google.protobuf.Timestamp` to milliseconds, rounded down. Its nanoseconds count forward from
/// its seconds, before 1970 too, and are less than a second.
fn time(wire: WireTime) -> Result<Timestamp, Rejected> {
    if !(0..1_000_000_000).contains(&wire.nanos) {
        return Err(Rejected::new(
            Reason::BadTime,
            format!(
                "`created_at.nanos` is {}: write 0 to 999999999, which count forward from `seconds`",
                wire.nanos
            ),
        ));
    }
    let millis = wire.seconds.saturating_mul(1_000);
    Ok(Timestamp::from_millis(millis).plus_millis(i64::from(wire.nanos) / 1_000_000))
}

/// Says in words what `prost` found. It tells the sort of an error only by its message; a test
/// holds each of them.
fn explain(error: &DecodeError, payload: &[u8]) -> Rejected {
    let message = error.to_string();
    let fault = message.trim_start_matches("failed to decode Protobuf message: ");
    let (reason, hint) = if fault.ends_with("buffer underflow") {
        (Reason::Truncated, ": the message ends inside a field")
    } else if fault.ends_with("recursion limit reached") {
        (Reason::TooDeep, ": a mention needs two levels")
    } else if fault.ends_with("not UTF-8 encoded") {
        (Reason::InvalidUtf8, ": write texts in UTF-8")
    } else {
        (Reason::NotProtobuf, hint(payload))
    };
    Rejected::new(reason, format!("not a groundswell.v1.Mention: {fault}{hint}"))
}

/// What is often the matter.
fn hint(payload: &[u8]) -> &'static str {
    match payload.first() {
        Some(0) => {
            ": a 0 byte in front is how Confluent's wire format begins; set the topic's format to Confluent's"
        }
        Some(b'{') => ": it looks like JSON; set the topic's format to JSON",
        _ => "",
    }
}
