//! What is counted of each mention, and how measures are made of it.
//!
//! A new idea for a measure is a [`Tally`] here, if none of them counts it yet, and its [`Parts`].

use crate::baseline::Scale;
use crate::incident::Measure;
use crate::mention::{Classified, Tone};

/// What a mention adds to a counter of its pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// Mentions.
    Mentions,
    /// Those whose tone is negative.
    Negative,
    /// Those with a word of the crisis lexicon.
    Crisis,
}

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

    /// What `classified` adds, a number of mentions.
    pub fn adds(self, classified: &Classified<'_>) -> u32 {
        u32::from(match self {
            Self::Mentions => true,
            Self::Negative => classified.tone == Tone::Negative,
            Self::Crisis => !classified.crisis_terms.is_empty(),
        })
    }
}

impl Parts {
    /// The parts of `measure`.
    pub const fn of(measure: Measure) -> Self {
        let (count, of) = match measure {
            Measure::Mentions => (Tally::Mentions, None),
            Measure::NegativeMentions => (Tally::Negative, None),
            Measure::NegativeShare => (Tally::Negative, Some(Tally::Mentions)),
        };
        Self { count, of }
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
    use super::*;
    use crate::mention::{Mention, Role};

    #[test]
    fn a_mention_adds_what_it_is() {
        let mention = Mention::default();
        let classified = |tone, terms: &[&str]| Classified {
            mention: &mention,
            brands: Vec::new(),
            sentiment: 0.0,
            tone,
            crisis_terms: terms.iter().map(|&term| term.into()).collect(),
            role: Role::Customer,
        };
        let adds = |it: &Classified<'_>| Tally::ALWAYS.map(|tally| tally.adds(it));
        assert_eq!(adds(&classified(Tone::Neutral, &[])), [1, 0, 0]);
        assert_eq!(adds(&classified(Tone::Negative, &[])), [1, 1, 0]);
        assert_eq!(adds(&classified(Tone::Positive, &["recall", "fire"])), [1, 0, 1]);
    }
}
