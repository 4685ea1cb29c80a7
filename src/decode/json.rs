//! Mentions written in JSON, read in one pass without an intermediate tree.

use std::borrow::Cow;

use serde::de::MapAccess;
use serde_json::error::Category;

use super::reason::{Reason, Rejected, quoted};
use super::settings::Limits;
use super::surrogates::without_lone_surrogates;
use super::validate::{check_time, validated};
use super::value::{Fields, Value, skip};
use crate::mention::{Author, Engagement, Kind, Mention, Role, Timestamp};

#[derive(Debug, Default)]
struct MentionFields<'a> {
    id: Value<'a>,
    created_at: Value<'a>,
    channel: Value<'a>,
    kind: Value<'a>,
    brand: Value<'a>,
    brands: Value<'a>,
    author: Value<'a, AuthorFields<'a>>,
    text: Value<'a>,
    lang: Value<'a>,
    url: Value<'a>,
    sentiment: Value<'a>,
    engagement: Value<'a, EngagementFields<'a>>,
    reach: Value<'a>,
    hashtags: Value<'a>,
    links: Value<'a>,
    media: Value<'a>,
    campaign: Value<'a>,
    country: Value<'a>,
    intent: Value<'a>,
    parent: Value<'a>,
}

impl<'a> Fields<'a> for MentionFields<'a> {
    fn read<A: MapAccess<'a>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = entries.next_value()?,
            "created_at" | "createdAt" => self.created_at = entries.next_value()?,
            "channel" => self.channel = entries.next_value()?,
            "kind" => self.kind = entries.next_value()?,
            "brand" => self.brand = entries.next_value()?,
            "brands" => self.brands = entries.next_value()?,
            "author" => self.author = entries.next_value()?,
            "text" => self.text = entries.next_value()?,
            "lang" => self.lang = entries.next_value()?,
            "url" => self.url = entries.next_value()?,
            "sentiment" => self.sentiment = entries.next_value()?,
            "engagement" => self.engagement = entries.next_value()?,
            "reach" => self.reach = entries.next_value()?,
            "hashtags" => self.hashtags = entries.next_value()?,
            "links" => self.links = entries.next_value()?,
            "media" => self.media = entries.next_value()?,
            "campaign" => self.campaign = entries.next_value()?,
            "country" => self.country = entries.next_value()?,
            "intent" => self.intent = entries.next_value()?,
            "parent" => self.parent = entries.next_value()?,
            _ => skip(entries)?,
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct AuthorFields<'a> {
    id: Value<'a>,
    handle: Value<'a>,
    followers: Value<'a>,
    verified: Value<'a>,
    role: Value<'a>,
}

impl<'a> Fields<'a> for AuthorFields<'a> {
    fn read<A: MapAccess<'a>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = entries.next_value()?,
            "handle" => self.handle = entries.next_value()?,
            "followers" => self.followers = entries.next_value()?,
            "verified" => self.verified = entries.next_value()?,
            "role" => self.role = entries.next_value()?,
            _ => skip(entries)?,
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct EngagementFields<'a> {
    likes: Value<'a>,
    shares: Value<'a>,
    comments: Value<'a>,
    views: Value<'a>,
}

impl<'a> Fields<'a> for EngagementFields<'a> {
    fn read<A: MapAccess<'a>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
        match name {
            "likes" => self.likes = entries.next_value()?,
            "shares" => self.shares = entries.next_value()?,
            "comments" => self.comments = entries.next_value()?,
            "views" => self.views = entries.next_value()?,
            _ => skip(entries)?,
        }
        Ok(())
    }
}

/// Decodes one JSON object.
pub(super) fn decode<'a>(payload: &'a [u8], limits: &Limits) -> Result<Mention<'a>, Rejected> {
    let text = utf8(payload)?;
    if text.trim_ascii_start().is_empty() {
        return Err(Rejected::new(Reason::Empty, "the message is empty"));
    }
    match serde_json::from_str(text) {
        Ok(value) => mention(value, limits),
        Err(error) => match without_lone_surrogates(text) {
            Some(mended) => serde_json::from_str(&mended)
                .map_err(|error| explain(&error, &mended))
                .and_then(|value| mention(value, limits))
                .map(Mention::into_owned),
            None => Err(explain(&error, text)),
        },
    }
}

/// Only `created_at` of a mention in JSON; the rest may be faulty. `None` when it is absent,
/// unreadable or not believable.
pub(super) fn created_at(payload: &[u8], limits: &Limits) -> Option<Timestamp> {
    #[derive(serde::Deserialize)]
    struct Peek<'a> {
        #[serde(borrow, default, alias = "createdAt")]
        created_at: Value<'a>,
    }
    let peek: Peek<'_> = serde_json::from_slice(payload).ok()?;
    time(peek.created_at, limits).ok()
}

fn utf8(payload: &[u8]) -> Result<&str, Rejected> {
    match std::str::from_utf8(payload) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let at = error.valid_up_to();
            Err(if error.error_len().is_none() {
                Rejected::new(
                    Reason::Truncated,
                    format!("the message ends after {at} bytes, in the middle of a character"),
                )
            } else {
                Rejected::new(
                    Reason::InvalidUtf8,
                    format!(
                        "the byte at offset {at} is not UTF-8: write the message in UTF-8{}",
                        other_format(payload)
                    ),
                )
            })
        }
    }
}

fn mention<'a>(
    value: Value<'a, MentionFields<'a>>,
    limits: &Limits,
) -> Result<Mention<'a>, Rejected> {
    let fields = match value {
        Value::Object(fields) => fields,
        other => return Err(not_an_object(other.type_name())),
    };
    let id = fields.id.text("id")?.ok_or_else(|| Rejected::missing("id"))?;
    let created_at = time(fields.created_at, limits)?;
    let channel = fields.channel.text("channel")?.ok_or_else(|| Rejected::missing("channel"))?;
    let mut brands = fields.brand.texts("brand")?;
    brands.append(&mut fields.brands.texts("brands")?);
    let mention = Mention {
        id,
        created_at,
        channel,
        kind: kind(fields.kind)?,
        brands,
        author: author(fields.author)?,
        text: fields.text.text("text")?.unwrap_or_default(),
        lang: fields.lang.text("lang")?,
        url: fields.url.text("url")?,
        sentiment: fields.sentiment.number("sentiment")?.map(|number| number as f32),
        engagement: engagement(fields.engagement)?,
        reach: fields.reach.count("reach")?,
        hashtags: fields.hashtags.texts("hashtags")?,
        links: fields.links.texts("links")?,
        media: fields.media.texts("media")?,
        campaign: fields.campaign.text("campaign")?,
        country: fields.country.text("country")?,
        intent: fields.intent.text("intent")?,
        parent: fields.parent.text("parent")?,
    };
    validated(mention)
}

fn author<'a>(value: Value<'a, AuthorFields<'a>>) -> Result<Author<'a>, Rejected> {
    let fields = value.fields("author")?;
    Ok(Author {
        id: fields.id.text("author.id")?,
        handle: fields.handle.text("author.handle")?,
        followers: fields.followers.count("author.followers")?,
        verified: fields.verified.flag("author.verified")?,
        role: role(fields.role)?,
    })
}

fn engagement<'a>(value: Value<'a, EngagementFields<'a>>) -> Result<Engagement, Rejected> {
    let fields = value.fields("engagement")?;
    Ok(Engagement {
        likes: fields.likes.count("engagement.likes")?.unwrap_or(0),
        shares: fields.shares.count("engagement.shares")?.unwrap_or(0),
        comments: fields.comments.count("engagement.comments")?.unwrap_or(0),
        views: fields.views.count("engagement.views")?.unwrap_or(0),
    })
}

/// `post` ..., also as protobuf names it (`KIND_POST`), in any case. A name that is not known
/// here, as a later version of the schema may have, is a post.
fn kind(value: Value<'_>) -> Result<Kind, Rejected> {
    const NAMES: [(&str, Kind); 6] = [
        ("post", Kind::Post),
        ("reply", Kind::Reply),
        ("share", Kind::Share),
        ("comment", Kind::Comment),
        ("review", Kind::Review),
        ("article", Kind::Article),
    ];
    let name = value.text("kind")?;
    Ok(name.and_then(|name| named(&name, "KIND_", &NAMES)).unwrap_or_default())
}

/// `customer` ..., as for [`kind`]; a name that is not known here counts as not stated.
fn role(value: Value<'_>) -> Result<Option<Role>, Rejected> {
    const NAMES: [(&str, Role); 5] = [
        ("customer", Role::Customer),
        ("employee", Role::Employee),
        ("journalist", Role::Journalist),
        ("influencer", Role::Influencer),
        ("official", Role::Official),
    ];
    let name = value.text("author.role")?;
    Ok(name.and_then(|name| named(&name, "ROLE_", &NAMES)))
}

fn named<T: Copy>(name: &str, prefix: &str, names: &[(&str, T)]) -> Option<T> {
    let name = match name.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => name,
    };
    let known = names.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
    known.map(|&(_, value)| value)
}

/// RFC 3339, or a whole number of milliseconds since 1970 (also as `1.5e12` or as a text).
fn time(value: Value<'_>, limits: &Limits) -> Result<Timestamp, Rejected> {
    const WANTED: &str = "write RFC 3339 such as \"2015-02-22T04:00:00Z\", or milliseconds since \
                          1970 such as 1424577600000";
    let refuse = |found: &dyn std::fmt::Display| {
        Rejected::new(Reason::BadTime, format!("`created_at` is {found}: {WANTED}"))
    };
    let created_at = match value {
        Value::Absent => return Err(Rejected::missing("created_at")),
        Value::Whole(millis) => Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)),
        Value::Negative(millis) => Timestamp::from_millis(millis),
        Value::Float(millis) if millis.fract() == 0.0 => Timestamp::from_millis(millis as i64),
        Value::Float(millis) => return Err(refuse(&millis)),
        Value::Text(text) if text.trim().is_empty() => return Err(Rejected::missing("created_at")),
        Value::Text(text) => moment(text.trim()).ok_or_else(|| refuse(&quoted(&text)))?,
        other => return Err(refuse(&other.type_name())),
    };
    check_time(created_at, limits)?;
    Ok(created_at)
}

fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_millis(time.as_millisecond()));
    }
    text.parse().ok().map(Timestamp::from_millis)
}

fn not_an_object(found: &str) -> Rejected {
    Rejected::new(
        Reason::NotJson,
        format!("the message is {found}: write one JSON object with the fields of a mention"),
    )
}

/// Says in words what the parser found. `serde_json` tells the sort of a syntax error only by its
/// message; a test holds each of them.
fn explain(error: &serde_json::Error, text: &str) -> Rejected {
    let message = error.to_string();
    let place = place(error);
    if error.classify() == Category::Eof {
        return Rejected::new(
            Reason::Truncated,
            format!("the message ends too early, after {} bytes, inside its JSON", text.len()),
        );
    }
    if message.starts_with("recursion limit exceeded") {
        return Rejected::new(
            Reason::TooDeep,
            format!("values are nested more than 127 deep at {place}: a mention needs two levels"),
        );
    }
    if message.starts_with("number out of range") {
        return Rejected::new(
            Reason::OutOfRange,
            format!("the number at {place} is too large to be read"),
        );
    }
    let fault = message.split(" at line ").next().unwrap_or(&message);
    Rejected::new(Reason::NotJson, format!("not JSON: {fault} at {place}{}", hint(text, error)))
}

/// Where the parser stood, counted in bytes from 1.
fn place(error: &serde_json::Error) -> Cow<'static, str> {
    match (error.line(), error.column()) {
        (0 | 1, column) => format!("byte {column}").into(),
        (line, column) => format!("line {line}, byte {column}").into(),
    }
}

/// What is often the matter.
fn hint(text: &str, error: &serde_json::Error) -> &'static str {
    let at = error.column().saturating_sub(1);
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let rest = line.as_bytes().get(at..).unwrap_or_default();
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    if [&b"NaN"[..], b"nan", b"Inf", b"inf"].iter().any(|word| rest.starts_with(word)) {
        "; JSON knows no NaN and no infinity: leave the field out or write null"
    } else if rest.starts_with(b"'") {
        "; texts stand in double quotes"
    } else {
        other_format(text.as_bytes())
    }
}

/// A word on a first byte that is no character: bare protobuf and Confluent's wire format have one.
fn other_format(payload: &[u8]) -> &'static str {
    match payload.trim_ascii_start().first() {
        Some(..0x20) => "; it begins like protobuf: if it is, set the topic's format to protobuf",
        _ => "",
    }
}
