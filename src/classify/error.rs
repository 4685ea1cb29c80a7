//! What can be wrong with the rules, and with the brand a mention names.

use std::fmt;

use thiserror::Error;

/// Names shown by [`UnknownBrand`], at most.
const MAX_SHOWN_NAMES: usize = 5;
/// Characters of a name shown by [`UnknownBrand`], at most.
const MAX_SHOWN_CHARS: usize = 80;

/// Everything wrong with the [`Rules`](super::Rules), in the order of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ClassifyError {
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ClassifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [only] => write!(f, "the classification rules cannot be used: {only}"),
            several => {
                write!(
                    f,
                    "the classification rules cannot be used, for {} reasons:",
                    several.len()
                )?;
                several.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
            }
        }
    }
}

/// One thing wrong with the rules, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A brand has no name.
    #[error("brand number {number} has an empty name; give it the name people know it by")]
    EmptyName {
        /// Position in the configuration, counted from 1.
        number: usize,
    },
    /// Two brands have the same name once case, marks and spaces are set aside.
    #[error(
        "brands {first:?} and {second:?} have the same name (case does not count); rename or merge them"
    )]
    DuplicateName {
        /// The name that came first.
        first: String,
        /// The name that came later.
        second: String,
    },
    /// A word that nothing can match.
    #[error(
        "{place} has the word {term:?}, which holds no letter, digit or symbol to look for; remove it or write a word"
    )]
    EmptyTerm {
        /// Which list, e.g. ``"`any` of brand \"Delta\""``.
        place: String,
        /// The word as written.
        term: String,
    },
    /// A word so long that it is a mistake.
    #[error(
        "{place} has a word of {chars} characters beginning {start:?}; a word or phrase may have at most {max}"
    )]
    LongTerm {
        /// Which list.
        place: String,
        /// The first characters of the word.
        start: String,
        /// Its length in characters after normalisation.
        chars: usize,
        /// The longest allowed, in characters.
        max: usize,
    },
    /// A word that is both wanted and unwanted.
    #[error(
        "brand {brand:?} can never match by its word {term:?}, which stands in `none` and in `any` or `all`; remove it from one"
    )]
    Contradiction {
        /// The brand's name.
        brand: String,
        /// The word as written in `none`.
        term: String,
    },
    /// More words than the automaton is built for.
    #[error("there are {count} words in all lists together; the limit is {max}")]
    TooManyTerms {
        /// Words in all lists.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// The automaton could not be built.
    #[error(
        "the words cannot be compiled into one automaton: {reason}; use fewer or shorter words"
    )]
    Automaton {
        /// What the automaton's builder said.
        reason: String,
    },
}

/// A mention names brands, and none of them is watched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct UnknownBrand {
    /// The names as the mention gives them; never empty.
    pub names: Vec<String>,
}

impl fmt::Display for UnknownBrand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.names.len() == 1 { "" } else { "s" };
        write!(f, "the mention names the brand{plural} ")?;
        for (position, name) in self.names.iter().take(MAX_SHOWN_NAMES).enumerate() {
            let shown: String = name.chars().take(MAX_SHOWN_CHARS).collect();
            let ellipsis = if shown.len() < name.len() { "..." } else { "" };
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{shown:?}{ellipsis}")?;
        }
        if let Some(more @ 1..) = self.names.len().checked_sub(MAX_SHOWN_NAMES) {
            write!(f, " and {more} more")?;
        }
        f.write_str(
            ", which no configured brand is called; add a brand of that name, \
             or send the mention without a brand so that its text is matched",
        )
    }
}
