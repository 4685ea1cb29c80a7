//! The mention event: one post, reply, share, comment, review or article that speaks of a brand.
//!
//! [`Mention`] borrows from the message it was decoded from wherever it can; what outlives the
//! message (a sample shown in an alert, a counted link) is copied by whoever keeps it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment in event time: milliseconds since 1970-01-01T00:00:00Z.
///
/// Shown, and serialised for people, as RFC 3339 in UTC, to the second unless it has milliseconds; in
/// binary formats as its number of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This moment moved by `millis` milliseconds (which may be negative), saturating.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same moment as a `jiff` timestamp, clamped to the range `jiff` can hold.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

/// Whole milliseconds of `duration`, the unit of event time; saturating.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let parsed: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(parsed.as_millisecond()))
    }
}

/// What sort of utterance a mention is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An original post. The default when the event does not say.
    #[default]
    Post,
    /// An answer to another post.
    Reply,
    /// A repost, retweet or forward.
    Share,
    /// A comment under a post, video or article.
    Comment,
    /// A review on a shop, map or ratings site.
    Review,
    /// A news article or blog entry.
    Article,
}

/// Who the author is to the brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A member of the public. The default when nothing says otherwise.
    #[default]
    Customer,
    /// Works for the brand.
    Employee,
    /// Writes or broadcasts for a news outlet.
    Journalist,
    /// Followed by many.
    Influencer,
    /// Speaks for an authority: a regulator, a government, the brand itself.
    Official,
}

/// Who wrote a mention.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Author<'a> {
    /// The channel's identifier of the author.
    pub id: Option<Cow<'a, str>>,
    /// The name shown, without a leading `@`.
    pub handle: Option<Cow<'a, str>>,
    /// Followers at the time of the mention, in accounts.
    pub followers: Option<u64>,
    /// Whether the channel vouches for the author.
    pub verified: bool,
    /// The role the event states; `None` lets classification decide.
    pub role: Option<Role>,
}

/// Reactions to a mention at the time the event was made, each a number of reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Engagement {
    /// Likes, favourites, hearts.
    pub likes: u64,
    /// Shares, retweets, reposts.
    pub shares: u64,
    /// Comments and replies.
    pub comments: u64,
    /// Views or impressions.
    pub views: u64,
}

/// A decoded mention event. See `proto/groundswell/v1/mention.proto` for the wire form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mention<'a> {
    /// Unique within the channel.
    pub id: Cow<'a, str>,
    /// Event time: when the mention was made public.
    pub created_at: Timestamp,
    /// Where it was made, e.g. `twitter`, `facebook`, `news`; lower case by custom.
    pub channel: Cow<'a, str>,
    /// What sort of utterance it is.
    pub kind: Kind,
    /// Brands named by the producer; empty means: match the text.
    pub brands: Vec<Cow<'a, str>>,
    /// Who wrote it.
    pub author: Author<'a>,
    /// The words themselves; may be empty when `brands` is not.
    pub text: Cow<'a, str>,
    /// BCP 47 language tag.
    pub lang: Option<Cow<'a, str>>,
    /// Where it can be read.
    pub url: Option<Cow<'a, str>>,
    /// -1 (hostile) to 1 (friendly); `None` lets classification score the text.
    pub sentiment: Option<f32>,
    /// Reactions so far.
    pub engagement: Engagement,
    /// People the mention may have reached, in persons.
    pub reach: Option<u64>,
    /// Hashtags without the `#`.
    pub hashtags: Vec<Cow<'a, str>>,
    /// Links in the mention, absolute URLs.
    pub links: Vec<Cow<'a, str>>,
    /// Pictures and videos, absolute URLs.
    pub media: Vec<Cow<'a, str>>,
    /// The campaign it belongs to, as the team names it.
    pub campaign: Option<Cow<'a, str>>,
    /// ISO 3166-1 alpha-2 country code.
    pub country: Option<Cow<'a, str>>,
    /// What the author means to do, e.g. `purchase`, `cancel`; `follow` tells of a new follower, and
    /// is no mention.
    pub intent: Option<Cow<'a, str>>,
    /// The id, within the channel, of the post that it shares or answers.
    pub parent: Option<Cow<'a, str>>,
}

impl Mention<'_> {
    /// The audience of the mention in persons: stated reach, else views, else followers, else 0.
    pub fn audience(&self) -> u64 {
        self.reach
            .or((self.engagement.views > 0).then_some(self.engagement.views))
            .or(self.author.followers)
            .unwrap_or(0)
    }

    /// The same mention on its own, with a copy of whatever it borrowed.
    pub fn into_owned(self) -> Mention<'static> {
        fn own(text: Cow<'_, str>) -> Cow<'static, str> {
            Cow::Owned(text.into_owned())
        }
        fn own_all(texts: Vec<Cow<'_, str>>) -> Vec<Cow<'static, str>> {
            texts.into_iter().map(own).collect()
        }
        Mention {
            id: own(self.id),
            created_at: self.created_at,
            channel: own(self.channel),
            kind: self.kind,
            brands: own_all(self.brands),
            author: Author {
                id: self.author.id.map(own),
                handle: self.author.handle.map(own),
                followers: self.author.followers,
                verified: self.author.verified,
                role: self.author.role,
            },
            text: own(self.text),
            lang: self.lang.map(own),
            url: self.url.map(own),
            sentiment: self.sentiment,
            engagement: self.engagement,
            reach: self.reach,
            hashtags: own_all(self.hashtags),
            links: own_all(self.links),
            media: own_all(self.media),
            campaign: self.campaign.map(own),
            country: self.country.map(own),
            intent: self.intent.map(own),
            parent: self.parent.map(own),
        }
    }
}

/// A brand's position in the configuration; the core knows brands by it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrandIndex(pub u32);

/// Whether a mention speaks well or ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Sentiment at or below -0.05.
    Negative,
    /// In between.
    #[default]
    Neutral,
    /// Sentiment at or above 0.05.
    Positive,
}

impl Tone {
    /// The tone of a sentiment in -1..=1. The limits ±0.05 are those VADER's authors give for
    /// their compound score (Hutto & Gilbert, ICWSM 2014).
    pub fn of(sentiment: f32) -> Self {
        if sentiment <= -0.05 {
            Self::Negative
        } else if sentiment >= 0.05 {
            Self::Positive
        } else {
            Self::Neutral
        }
    }
}

/// A mention with what classification found out about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified<'a> {
    /// The mention itself.
    pub mention: &'a Mention<'a>,
    /// The watched brands it speaks of, each once, in configuration order; may be empty.
    pub brands: Vec<BrandIndex>,
    /// -1 (hostile) to 1 (friendly).
    pub sentiment: f32,
    /// `sentiment`, in words.
    pub tone: Tone,
    /// Words of the crisis lexicon found in the text, each once, in lexicon form.
    pub crisis_terms: Vec<std::sync::Arc<str>>,
    /// Who the author is to the brand.
    pub role: Role,
    /// The text in the one form in which words are compared (lower case, single spaces ...), then
    /// the hashtags, each with its `#`.
    pub normal_text: String,
    /// Where `normal_text` names watched brands, in bytes; they may overlap.
    pub names: Vec<Range<usize>>,
}
