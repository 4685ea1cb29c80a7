//! What is counted, and what it is called.

use serde::{Deserialize, Serialize};

use super::model::Direction;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Mentions, a count.
    Mentions,
    /// Mentions whose tone is negative, a count.
    NegativeMentions,
    /// Negative mentions as a share of all mentions, 0..=1.
    NegativeShare,
    /// Mean sentiment of the mentions, -1 (hostile) to 1 (friendly).
    Sentiment,
    /// Mentions whose tone is positive, a count.
    PositiveMentions,
    /// Reposts, retweets and forwards, a count.
    Shares,
    /// Mentions whose author means to buy, a count.
    PurchaseIntent,
    /// Authors who began to follow the brand, a count.
    NewFollowers,
    /// Mentions that carry one hashtag or campaign within an hour, a count. No monitor watches it.
    Activation,
    /// Shares of one post within an hour, a count. No monitor watches it. Beside it stands what the
    /// most shared post of each day on record came to: of the median day as what is expected, of the
    /// least and the most as the band.
    PostShares,
    /// The audience of one mention that is a crisis by itself, in persons. No monitor watches it.
    Audience,
    /// Authors who regularly speak well of the brand and were heard within seven days, a count. No
    /// monitor watches it.
    Advocates,
}

/// In what a measure is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of mentions, or of what the measure counts instead.
    Mentions,
    /// A share of all mentions, 0..=1.
    Share,
    /// A sentiment, -1..=1.
    Sentiment,
    /// A number of persons.
    Persons,
}

/// What it says of a brand that a measure goes one way, in the order of how little it can wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mood {
    /// People like the brand better, or want it more.
    Glad,
    /// Neither by itself.
    Open,
    /// People are angrier.
    Angry,
}

impl Measure {
    /// All measures.
    pub const ALL: [Self; 12] = [
        Self::Mentions,
        Self::NegativeMentions,
        Self::NegativeShare,
        Self::Sentiment,
        Self::PositiveMentions,
        Self::Shares,
        Self::PurchaseIntent,
        Self::NewFollowers,
        Self::Activation,
        Self::PostShares,
        Self::Audience,
        Self::Advocates,
    ];

    /// The name used in configuration, metrics and alerts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mentions => "mentions",
            Self::NegativeMentions => "negative_mentions",
            Self::NegativeShare => "negative_share",
            Self::Sentiment => "sentiment",
            Self::PositiveMentions => "positive_mentions",
            Self::Shares => "shares",
            Self::PurchaseIntent => "purchase_intent",
            Self::NewFollowers => "new_followers",
            Self::Activation => "activation",
            Self::PostShares => "post_shares",
            Self::Audience => "audience",
            Self::Advocates => "advocates",
        }
    }

    /// What people call it: a count in the plural, a share in the singular.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Mentions => "mentions",
            Self::NegativeMentions => "negative mentions",
            Self::NegativeShare => "negative share",
            Self::Sentiment => "mean sentiment",
            Self::PositiveMentions => "positive mentions",
            Self::Shares => "shares",
            Self::PurchaseIntent => "mentions with intent to buy",
            Self::NewFollowers => "new followers",
            Self::Activation => "mentions with one hashtag or campaign",
            Self::PostShares => "shares of one post",
            Self::Audience => "people reached by one mention",
            Self::Advocates => "advocates heard",
        }
    }

    /// In what it is read.
    pub const fn unit(self) -> Unit {
        match self {
            Self::NegativeShare => Unit::Share,
            Self::Sentiment => Unit::Sentiment,
            Self::Mentions
            | Self::NegativeMentions
            | Self::PositiveMentions
            | Self::Shares
            | Self::PurchaseIntent
            | Self::NewFollowers
            | Self::Activation
            | Self::PostShares
            | Self::Advocates => Unit::Mentions,
            Self::Audience => Unit::Persons,
        }
    }

    /// What it says of a brand that it goes to `direction`. A fall of what was glad is open: it is
    /// judged as any other fall.
    pub const fn mood(self, direction: Direction) -> Mood {
        match (self, direction) {
            (Self::NegativeMentions | Self::NegativeShare, Direction::Up)
            | (Self::Sentiment, Direction::Down) => Mood::Angry,
            (
                Self::Sentiment
                | Self::PositiveMentions
                | Self::PurchaseIntent
                | Self::NewFollowers,
                Direction::Up,
            ) => Mood::Glad,
            _ => Mood::Open,
        }
    }

    /// Whether what it tells is found in the negative mentions.
    pub const fn is_of_anger(self) -> bool {
        matches!(self, Self::NegativeMentions | Self::NegativeShare | Self::Sentiment)
    }
}
