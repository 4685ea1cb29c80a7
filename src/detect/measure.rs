//! What is counted of each mention, and how measures are made of it.
//!
//! A new idea for a measure is a [`Tally`] here, if none of them counts it yet, and its [`Parts`].

use serde::{Deserialize, Serialize};

use crate::baseline::{Expected, Scale};
use crate::incident::{Direction, Measure, Unit};
use crate::mention::{Classified, Kind, Tone};

/// What a mention adds to a counter of its pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tally {
    /// Mentions.
    Mentions,
    /// Those whose tone is negative.
    Negative,
    /// Those with a word of the crisis lexicon.
    Crisis,
    /// Their sentiments, each brought from -1..=1 to 0..=1, in hundredths.
    Sentiment,
    /// Those whose tone is positive.
    Positive,
    /// Those that are shares.
    Shares,
    /// Those whose intent is `purchase`.
    Purchases,
    /// Events whose intent is `follow`. They say nothing of the brand, so they are no mentions.
    Follows,
}

/// The intent of a mention whose author means to buy.
const PURCHASE: &str = "purchase";
/// The intent of an event that tells of a new follower.
const FOLLOW: &str = "follow";
/// Counts of a sentiment of 1.
const HUNDREDTHS: f64 = 100.0;

/// What a measure is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// What is counted.
    pub count: Tally,
    /// For a share: what it is a part of.
    pub of: Option<Tally>,
}

impl Tally {
    /// What every brand counts, watched or not: an incident's severity and evidence speak of it.
    pub const ALWAYS: [Self; 3] = [Self::Mentions, Self::Negative, Self::Crisis];

    /// What `classified` adds to the counter.
    pub fn adds(self, classified: &Classified<'_>) -> u32 {
        if is_follow(classified) {
            return u32::from(self == Self::Follows);
        }
        match self {
            Self::Mentions => 1,
            Self::Negative => u32::from(classified.tone == Tone::Negative),
            Self::Crisis => u32::from(!classified.crisis_terms.is_empty()),
            Self::Sentiment => {
                // The cast saturates, and takes what is not a number for 0.
                (f64::from(1.0 + classified.sentiment) / 2.0 * HUNDREDTHS).round() as u32
            }
            Self::Positive => u32::from(classified.tone == Tone::Positive),
            Self::Shares => u32::from(classified.mention.kind == Kind::Share),
            Self::Purchases => u32::from(means(classified, PURCHASE)),
            Self::Follows => 0,
        }
    }

    /// Whether it counts mentions, one each: then it can be told what carries them. Those with a crisis
    /// term are never asked about.
    pub const fn is_of_mentions(self) -> bool {
        match self {
            Self::Mentions | Self::Negative | Self::Positive | Self::Shares | Self::Purchases => {
                true
            }
            Self::Crisis | Self::Sentiment | Self::Follows => false,
        }
    }

    /// Whether every brand has it sooner or later. What a brand has none of cannot page for nothing,
    /// and takes no part of the budget.
    pub const fn is_universal(self) -> bool {
        !matches!(self, Self::Shares | Self::Purchases | Self::Follows)
    }

    /// What one of the counter is worth, in mentions.
    pub const fn worth(self) -> f64 {
        match self {
            Self::Sentiment => 1.0 / HUNDREDTHS,
            _ => 1.0,
        }
    }
}

/// Whether it tells of a new follower, and of nothing else.
pub fn is_follow(classified: &Classified<'_>) -> bool {
    means(classified, FOLLOW)
}

fn means(classified: &Classified<'_>, intent: &str) -> bool {
    classified.mention.intent.as_deref().is_some_and(|it| it.trim().eq_ignore_ascii_case(intent))
}

/// `mentions` of a window, counted or expected, in the unit of `measure`.
pub fn in_units(measure: Measure, expected: &Expected, mentions: f64) -> f64 {
    match measure.unit() {
        Unit::Mentions | Unit::Share | Unit::Persons => expected.in_units(mentions),
        // Nothing said is neither good nor bad.
        Unit::Sentiment if expected.of <= 0.0 => 0.0,
        Unit::Sentiment => 2.0 * expected.in_units(mentions) - 1.0,
    }
}

/// The count by which a swing of `measure` towards `direction` is explained, and which way that goes.
/// `None` for what is no count of the brand's mentions: all of them together do not tell what brings
/// new followers, spreads one post or brings one hashtag to life.
pub const fn explained_by(measure: Measure, direction: Direction) -> Option<(Measure, Direction)> {
    match (measure, direction) {
        (
            Measure::Mentions
            | Measure::NegativeMentions
            | Measure::PositiveMentions
            | Measure::Shares
            | Measure::PurchaseIntent,
            _,
        ) => Some((measure, direction)),
        (Measure::NegativeShare, _) => Some((Measure::NegativeMentions, direction)),
        (Measure::Sentiment, Direction::Down) => Some((Measure::NegativeMentions, Direction::Up)),
        (Measure::Sentiment, Direction::Up) => Some((Measure::PositiveMentions, Direction::Up)),
        (
            Measure::NewFollowers
            | Measure::Activation
            | Measure::PostShares
            | Measure::Audience
            | Measure::Advocates,
            _,
        ) => None,
    }
}

impl Parts {
    /// The parts of `measure`; `None` for one that is not counted in windows.
    pub const fn of(measure: Measure) -> Option<Self> {
        let (count, of) = match measure {
            Measure::Mentions => (Tally::Mentions, None),
            Measure::NegativeMentions => (Tally::Negative, None),
            Measure::NegativeShare => (Tally::Negative, Some(Tally::Mentions)),
            // A mention's sentiment varies less than its being negative or not, so that the
            // beta-binomial of a share is on the safe side: of two values with the same mean in
            // 0..=1, the one that is always 0 or 1 has the larger variance.
            Measure::Sentiment => (Tally::Sentiment, Some(Tally::Mentions)),
            Measure::PositiveMentions => (Tally::Positive, None),
            Measure::Shares => (Tally::Shares, None),
            Measure::PurchaseIntent => (Tally::Purchases, None),
            Measure::NewFollowers => (Tally::Follows, None),
            Measure::Activation | Measure::PostShares | Measure::Audience | Measure::Advocates => {
                return None;
            }
        };
        Some(Self { count, of })
    }

    /// Whether the measure is a count or a share.
    pub const fn scale(self) -> Scale {
        match self.of {
            None => Scale::Count,
            Some(_) => Scale::Share,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::mention::{Mention, Role};

    fn adds(tally: Tally, change: impl Fn(&mut Mention<'_>, &mut f32)) -> u32 {
        let (mut mention, mut sentiment) = (Mention::default(), 0.0);
        change(&mut mention, &mut sentiment);
        let crisis_terms =
            if mention.text.is_empty() { Vec::new() } else { vec![mention.text.as_ref().into()] };
        tally.adds(&Classified {
            mention: &mention,
            brands: Vec::new(),
            sentiment,
            tone: Tone::of(sentiment),
            crisis_terms,
            role: Role::Customer,
            normal_text: String::new(),
            names: Vec::new(),
        })
    }

    #[test]
    fn a_mention_adds_what_it_is() {
        use Tally::{Crisis, Follows, Mentions, Negative, Positive, Purchases, Sentiment, Shares};
        let all = [Mentions, Negative, Crisis, Positive, Shares, Purchases, Follows, Sentiment];
        let added = |change: fn(&mut Mention<'_>, &mut f32)| all.map(|tally| adds(tally, change));
        assert_eq!(added(|_, _| {}), [1, 0, 0, 0, 0, 0, 0, 50]);
        assert_eq!(added(|_, s| *s = -0.6), [1, 1, 0, 0, 0, 0, 0, 20]);
        assert_eq!(added(|_, s| *s = 1.0), [1, 0, 0, 1, 0, 0, 0, 100]);
        assert_eq!(added(|_, s| *s = f32::NAN)[7], 0);
        assert_eq!(added(|it, _| it.text = "recall".into()), [1, 0, 1, 0, 0, 0, 0, 50]);
        assert_eq!(added(|it, _| it.kind = Kind::Share), [1, 0, 0, 0, 1, 0, 0, 50]);
        let buys = |it: &mut Mention<'_>, _: &mut f32| it.intent = Some(" Purchase".into());
        assert_eq!(added(buys), [1, 0, 0, 0, 0, 1, 0, 50]);
    }

    #[test]
    fn what_explains_a_swing_is_counted_in_mentions() {
        for measure in Measure::ALL {
            for direction in Direction::ALL {
                let Some((by, _)) = explained_by(measure, direction) else { continue };
                let parts = Parts::of(by).unwrap();
                assert!(parts.of.is_none() && parts.count.is_of_mentions(), "{measure:?}");
            }
        }
        let worse = explained_by(Measure::Sentiment, Direction::Down);
        assert_eq!(worse, Some((Measure::NegativeMentions, Direction::Up)));
        assert_eq!(explained_by(Measure::NewFollowers, Direction::Up), None);
    }

    #[test]
    fn a_new_follower_is_no_mention() {
        let follows = |it: &mut Mention<'_>, sentiment: &mut f32| {
            it.intent = Some("follow".into());
            it.kind = Kind::Share;
            *sentiment = -1.0;
        };
        for tally in Tally::ALWAYS.into_iter().chain([Tally::Sentiment, Tally::Shares]) {
            assert_eq!(adds(tally, follows), 0, "{tally:?}");
        }
        assert_eq!(adds(Tally::Follows, follows), 1);
    }

    #[test]
    fn a_sentiment_is_read_from_minus_one_to_one() {
        let expected = Expected::share(30.0, 50.0, 0.0);
        assert!((in_units(Measure::Sentiment, &expected, 30.0) - 0.2).abs() < 1e-12);
        assert!((in_units(Measure::NegativeShare, &expected, 30.0) - 0.6).abs() < 1e-12);
        let nothing = Expected { of: 0.0, mean: 0.0, ..expected };
        assert_eq!(in_units(Measure::Sentiment, &nothing, 0.0), 0.0);
    }
}
