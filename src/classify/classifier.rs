//! The classifier: rules compiled once, shared by all threads.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::compile::Compiler;
use super::normalise::{normalise, normalise_into};
use super::roles::Roles;
use super::sentiment::Sentiment;
use super::terms::{Findings, TermId, Terms};
use super::{ClassifyError, Rules, UnknownBrand};
use crate::mention::{BrandIndex, Classified, Mention, Tone};

/// Says of each mention which brands it speaks of, in what tone, with which crisis words, and who
/// speaks. Without state: one classifier serves all threads, and the same mention is always
/// classified the same way.
///
/// ```
/// use groundswell::classify::{BrandRule, Classifier, Rules};
/// use groundswell::mention::{BrandIndex, Mention, Tone};
///
/// let classifier = Classifier::new(&Rules {
///     brands: vec![BrandRule { name: "Delta".into(), ..BrandRule::default() }],
///     crisis_terms: vec![],
///     ignored_crisis_terms: vec![],
///     journalists: vec![],
///     influencer_followers: 50_000,
/// })?;
/// let mention = Mention { text: "Awful: DELTA's data breach".into(), ..Mention::default() };
/// let classified = classifier.classify(&mention)?;
/// assert_eq!(classified.brands, [BrandIndex(0)]);
/// assert_eq!(classified.tone, Tone::Negative);
/// assert_eq!(&*classified.crisis_terms[0], "breach");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Classifier {
    pub(super) brands: Vec<BrandWords>,
    /// Positions by name, as written and in normal form.
    pub(super) names: HashMap<String, BrandIndex>,
    pub(super) terms: Terms,
    pub(super) crisis_terms: Vec<Arc<str>>,
    pub(super) sentiment: Sentiment,
    pub(super) roles: Roles,
}

/// What else a text must and must not hold to speak of a brand, once a word of `any` is there.
#[derive(Debug, Default)]
pub(super) struct BrandWords {
    pub(super) all: Vec<TermId>,
    pub(super) none: Vec<TermId>,
}

impl Classifier {
    /// Compiles `rules`.
    ///
    /// # Errors
    ///
    /// Everything wrong with the rules at once: see [`Problem`](super::Problem).
    pub fn new(rules: &Rules) -> Result<Self, ClassifyError> {
        Compiler::new(rules).compile()
    }

    /// Classifies one mention.
    ///
    /// Brands the mention names win over its text. A `sentiment` or author role it states is kept.
    ///
    /// # Errors
    ///
    /// When the mention names brands and none of them is watched.
    pub fn classify<'a>(&self, mention: &'a Mention<'a>) -> Result<Classified<'a>, UnknownBrand> {
        let named = self.named_brands(mention)?;
        let normal_text = readable(mention);
        let findings = self.terms.find(&normal_text);
        let brands = named.unwrap_or_else(|| self.matched_brands(&findings));
        let stated = mention.sentiment.filter(|value| !value.is_nan());
        let sentiment = stated.map_or_else(
            || self.sentiment.score(mention, &findings),
            |value| value.clamp(-1.0, 1.0),
        );
        Ok(Classified {
            mention,
            role: self.roles.of(&mention.author, &brands),
            brands,
            sentiment,
            tone: Tone::of(sentiment),
            crisis_terms: self.crisis_terms(&findings),
            names: findings.names().collect(),
            normal_text,
        })
    }

    /// The watched ones of the brands the mention names; `None` when it names none at all.
    fn named_brands(&self, mention: &Mention<'_>) -> Result<Option<Vec<BrandIndex>>, UnknownBrand> {
        let names = || mention.brands.iter().filter(|name| !name.trim().is_empty());
        if names().next().is_none() {
            return Ok(None);
        }
        let brands: Vec<BrandIndex> = names().filter_map(|name| self.brand_called(name)).collect();
        if brands.is_empty() {
            let names = names().map(|name| name.to_string()).collect();
            return Err(UnknownBrand { names });
        }
        Ok(Some(in_order(brands)))
    }

    fn brand_called(&self, name: &str) -> Option<BrandIndex> {
        let as_written = self.names.get(name);
        as_written.or_else(|| self.names.get(&normalise(name))).copied()
    }

    /// The brands whose words the text satisfies.
    fn matched_brands(&self, findings: &Findings) -> Vec<BrandIndex> {
        let satisfied = |brand: &&u32| {
            let words = &self.brands[**brand as usize];
            words.all.iter().all(|id| findings.has(*id))
                && !words.none.iter().any(|id| findings.has(*id))
        };
        let candidates = findings.candidates.iter();
        in_order(candidates.filter(satisfied).map(|brand| BrandIndex(*brand)).collect())
    }

    /// The crisis terms found, in the order in which they first appear; of two that begin at the
    /// same place, the longer first.
    fn crisis_terms(&self, findings: &Findings) -> Vec<Arc<str>> {
        let term = |index: u32| &self.crisis_terms[index as usize];
        let mut found: Vec<(usize, u32)> = findings.crisis().collect();
        found.sort_by_key(|(start, index)| (*start, Reverse(term(*index).len())));
        let found = found.into_iter();
        found.map(|(_, index)| Arc::clone(term(index))).collect()
    }
}

impl fmt::Debug for Classifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classifier")
            .field("brands", &self.brands.len())
            .field("crisis_terms", &self.crisis_terms.len())
            .finish_non_exhaustive()
    }
}

/// Everything of the mention that is searched for words: its text, then its hashtags, each with
/// its `#`, so that a hashtag is a word of its own whether or not it also stands in the text.
fn readable(mention: &Mention<'_>) -> String {
    let hashtag_bytes: usize = mention.hashtags.iter().map(|tag| tag.len() + 2).sum();
    let mut readable = String::with_capacity(mention.text.len() + hashtag_bytes);
    normalise_into(&mention.text, &mut readable);
    for tag in &mention.hashtags {
        readable.push_str(" #");
        normalise_into(tag.trim_start_matches('#'), &mut readable);
    }
    readable
}

/// Each brand once, in configuration order.
fn in_order(mut brands: Vec<BrandIndex>) -> Vec<BrandIndex> {
    brands.sort_unstable();
    brands.dedup();
    brands
}
