//! Where words begin and end, in any script. Works on normalised text.
//!
//! A word is a run of letters, digits and underscores, with their combining marks. Three things
//! soften that rule:
//!
//! - Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces: every position
//!   beside a letter of theirs is a boundary. So アップル is found in アップルパイ too.
//! - Korean particles follow a word without a space: a Hangul letter after a term ends it (델타가),
//!   one before it does not begin it.
//! - Hebrew prefixes: [`Joining::HebrewPrefix`].

use unicode_normalization::char::is_combining_mark;

/// What may stand between the beginning of a word and a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joining {
    /// Nothing: the term begins the word.
    None,
    /// One to three Hebrew prefix letters (ו ה ב כ ל מ ש) in an order in which Hebrew joins them,
    /// written without a hyphen: ושבאלעל, בDelta. With a hyphen, maqaf, quotation mark or space
    /// between them no permission is needed: those are boundaries.
    HebrewPrefix,
}

impl Joining {
    /// What `term`, in normal form, allows.
    ///
    /// Hebrew terms of one or two letters allow nothing: a prefix makes another word of them too
    /// often (יס, ביס). In longer ones that is rare, and missing מאלעל is the greater harm. Before
    /// other scripts the change of script itself shows the prefix, whatever the length.
    pub(super) fn of(term: &str) -> Self {
        let hebrew_letters = term.chars().filter(|c| is_hebrew_letter(*c)).count();
        match term.chars().next() {
            Some(first) if is_hebrew_letter(first) && hebrew_letters <= 2 => Self::None,
            Some(first) if is_word(first) => Self::HebrewPrefix,
            _ => Self::None,
        }
    }
}

/// Whether the term at `start..end` of `text` is a word (or words) of its own. A side on which the
/// term itself has a sign that is no part of words, as in `@delta` or `c++`, is always free.
pub(super) fn stands_alone(text: &str, start: usize, end: usize, joining: Joining) -> bool {
    let (before, rest) = text.split_at(start);
    let (term, after) = rest.split_at(end - start);
    let (Some(first), Some(last)) = (term.chars().next(), term.chars().next_back()) else {
        return false;
    };
    ends_before(last, after) && begins_after(before, first, joining)
}

/// Prefix letters before a term, at most.
const MAX_PREFIX_LETTERS: usize = 3;

/// `before` without the Hebrew prefix letters at its end, of which there are at most three; all of
/// `before` when there are more, as those are no prefix.
pub(super) fn without_prefix(before: &str) -> &str {
    // Looks at four letters at most, so that a text made of them costs no more than another.
    let mut rest = before;
    for _ in 0..MAX_PREFIX_LETTERS {
        match rest.strip_suffix(is_prefix_letter) {
            Some(shorter) => rest = shorter,
            None => return rest,
        }
    }
    if rest.ends_with(is_prefix_letter) { before } else { rest }
}

fn begins_after(before: &str, first: char, joining: Joining) -> bool {
    if !is_word(first) || is_open(before, first) {
        return true;
    }
    let rest = without_prefix(before);
    let prefix = &before[rest.len()..];
    joining == Joining::HebrewPrefix
        && is_prefix(prefix)
        && prefix.chars().next().is_some_and(|letter| is_open(rest, letter))
}

/// Whether a word that begins with `first` can begin after `before`.
fn is_open(before: &str, first: char) -> bool {
    let base = before.chars().rev().find(|c| !is_mark(*c));
    base.is_none_or(|base| !is_word(base) || is_unspaced(base) || is_unspaced(first))
}

/// Whether a word that ends with `last` can end before `after`.
fn ends_before(last: char, after: &str) -> bool {
    match after.chars().next() {
        Some(next) if is_word(last) && is_word(next) => {
            !is_mark(next) && (is_unspaced(last) || is_unspaced(next) || is_hangul(next))
        }
        _ => true,
    }
}

fn is_prefix_letter(c: char) -> bool {
    matches!(c, 'ו' | 'ה' | 'ב' | 'כ' | 'ל' | 'מ' | 'ש')
}

/// Whether `letters` is a row of prefixes as Hebrew orders them: ו (and), then ש, כש or מש (that,
/// when), then one of ב כ ל מ (in, as, to, from), then ה (the); each may be absent.
fn is_prefix(letters: &str) -> bool {
    let strip = |text, forms: &[&str]| {
        forms.iter().find_map(|form| str::strip_prefix(text, form)).unwrap_or(text)
    };
    let rest = strip(letters, &["ו"]);
    let rest = strip(rest, &["כש", "מש", "ש"]);
    let rest = strip(rest, &["ב", "כ", "ל", "מ"]);
    let rest = strip(rest, &["ה"]);
    rest.is_empty() && !letters.is_empty()
}

/// Part of a word: letter, digit, underscore, or a mark on one.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_mark(c)
}

/// A combining mark, which belongs to the character before it; not the key-cap frame of emoji.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && c != '\u{20E3}' && is_combining_mark(c)
}

fn is_hebrew_letter(c: char) -> bool {
    matches!(c, 'א'..='ת')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7FB}')
}

/// A letter of a script written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' | '\u{A9E0}'..='\u{A9FF}' | '\u{AA60}'..='\u{AA7F}' // Myanmar
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{2E80}'..='\u{2FDF}' | '\u{3005}' | '\u{3007}' | '\u{3400}'..='\u{4DBF}' // Han
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' // Han
        | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' // Hiragana, Katakana
    )
}
