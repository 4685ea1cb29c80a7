//! How friendly a text is, when its event does not say.
//!
//! English goes to VADER (Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment
//! Analysis of Social Media Text", ICWSM 2014), in an implementation that gives the scores of the
//! authors' own package. VADER knows no other language: there a short Hebrew word list and the
//! crisis lexicon are all there is.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use vader_parity::SentimentIntensityAnalyzer;

use super::boundary::{Joining, stands_alone};
use super::terms::Findings;
use crate::mention::Mention;

/// Only so many characters of a text are scored, from its beginning. A post is shorter, and an
/// article says early what it thinks.
const MAX_SCORED_CHARS: usize = 2_000;

/// What a text VADER cannot read scores at most when it holds a crisis term.
const CRISIS_SENTIMENT: f32 = -0.6;

/// Parsing its lexicon takes milliseconds, so all classifiers share one.
static VADER: LazyLock<SentimentIntensityAnalyzer> = LazyLock::new(SentimentIntensityAnalyzer::new);

/// Scores texts, deaf to the brands' own names.
#[derive(Debug)]
pub(super) struct Sentiment {
    /// Brand words VADER takes for praise or blame, such as `united` and `best buy`.
    loaded_names: Option<AhoCorasick>,
}

impl Sentiment {
    /// A scorer that passes over those of the `names`, in normal form, that VADER has feelings about.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Result<Self, BuildError> {
        let loaded: Vec<&str> =
            names.filter(|name| VADER.polarity_scores(name).compound != 0.0).collect();
        let loaded_names = (!loaded.is_empty()).then(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .ascii_case_insensitive(true)
                .build(&loaded)
        });
        Ok(Self { loaded_names: loaded_names.transpose()? })
    }

    /// The sentiment of the mention's text, -1 (hostile) to 1 (friendly); 0 when there is nothing
    /// to go by.
    pub(super) fn score(&self, mention: &Mention<'_>, findings: &Findings) -> f32 {
        let text = beginning(&mention.text);
        if is_english(text, mention.lang.as_deref()) {
            self.score_english(text)
        } else {
            score_by_words(findings)
        }
    }

    fn score_english(&self, text: &str) -> f32 {
        if text.trim().is_empty() {
            return 0.0;
        }
        let scores = match self.without_names(text) {
            Some(without) => VADER.polarity_scores(&without),
            None => VADER.polarity_scores(text),
        };
        scores.compound as f32
    }

    /// `text` with the loaded names cut out; `None` when it has none.
    fn without_names(&self, text: &str) -> Option<String> {
        let mut without = String::new();
        let mut copied = 0;
        for hit in self.loaded_names.as_ref()?.find_iter(text) {
            if stands_alone(text, hit.start(), hit.end(), Joining::None) {
                without.push_str(&text[copied..hit.start()]);
                copied = hit.end();
            }
        }
        (copied > 0).then(|| without + &text[copied..])
    }
}

/// The sentiment of a text VADER cannot read, from the words found in it: with p words of praise
/// and b of blame, (p - b) / (p + b + 1), and a crisis term makes it -0.6 at the most.
fn score_by_words(findings: &Findings) -> f32 {
    let (praise, blame) = (findings.praise as f32, findings.blame as f32);
    let balance = (praise - blame) / (praise + blame + 1.0);
    if findings.crisis().len() == 0 { balance } else { balance.min(CRISIS_SENTIMENT) }
}

/// The part of `text` that is scored.
fn beginning(text: &str) -> &str {
    if text.len() <= MAX_SCORED_CHARS {
        return text;
    }
    let end = text.char_indices().nth(MAX_SCORED_CHARS);
    end.map_or(text, |(end, _)| &text[..end])
}

/// Whether VADER can read `text`: its language is stated as English or not at all, and it is not
/// mostly in letters of another script.
fn is_english(text: &str, lang: Option<&str>) -> bool {
    let language = lang.and_then(|tag| tag.split(['-', '_']).next());
    let stated = language.is_none_or(|language| {
        ["en", "eng", "und", "mul", "zxx", ""]
            .iter()
            .any(|readable| language.eq_ignore_ascii_case(readable))
    });
    stated && (text.is_ascii() || is_mostly_latin(text))
}

/// Whether at least half of the letters of `text` are Latin; so a text without letters is.
fn is_mostly_latin(text: &str) -> bool {
    let mut balance = 0_i64;
    for letter in text.chars().filter(|c| c.is_alphabetic()) {
        let latin =
            letter.is_ascii() || matches!(letter, '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}');
        balance += if latin { 1 } else { -1 };
    }
    balance >= 0
}
