//! The built-in words: crisis terms in English and Hebrew, Hebrew words of praise and blame.

use super::terms::Meaning;

const CRISIS_EN: &str = include_str!("lexicon/crisis_en.txt");
const CRISIS_HE: &str = include_str!("lexicon/crisis_he.txt");
/// Begins the line of a harmless phrase.
const HARMLESS: char = '!';
const POLARITY_HE: &str = include_str!("lexicon/he_polarity.txt");

/// The crisis terms every classifier knows unless the rules ignore them, as they stand in the
/// lexicon, English first.
pub fn builtin_crisis_terms() -> impl Iterator<Item = &'static str> {
    crisis_entries().filter(|entry| !entry.starts_with(HARMLESS))
}

/// Phrases inside which a crisis term does not count.
pub(super) fn harmless_phrases() -> impl Iterator<Item = &'static str> {
    crisis_entries().filter_map(|entry| entry.strip_prefix(HARMLESS).map(str::trim))
}

fn crisis_entries() -> impl Iterator<Item = &'static str> {
    entries(CRISIS_EN).chain(entries(CRISIS_HE))
}

/// Hebrew words with what they do: praise or blame.
pub(super) fn hebrew_polarity() -> impl Iterator<Item = (&'static str, Meaning)> {
    entries(POLARITY_HE).filter_map(|entry| match entry.split_once(' ')? {
        ("+", word) => Some((word, Meaning::Praise)),
        ("-", word) => Some((word, Meaning::Blame)),
        _ => None,
    })
}

/// The lines of a data file that are neither empty nor comments.
fn entries(file: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = file.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::normalise::normalise;
    use super::*;

    #[test]
    fn crisis_terms_stand_once_and_in_normal_form() {
        let mut seen = HashSet::new();
        for term in builtin_crisis_terms().chain(harmless_phrases()) {
            assert_eq!(normalise(term), term, "not in normal form");
            assert!(seen.insert(term), "{term:?} stands twice");
        }
        assert!(seen.len() > 200);
    }

    #[test]
    fn polarity_lines_all_parse_and_stand_once() {
        let mut seen = HashSet::new();
        for (word, _) in hebrew_polarity() {
            assert_eq!(normalise(word), word, "not in normal form");
            assert!(seen.insert(word), "{word:?} stands twice");
        }
        assert_eq!(seen.len(), entries(POLARITY_HE).count());
    }
}
