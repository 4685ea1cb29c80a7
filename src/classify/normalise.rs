//! One form for every way of writing the same word.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// `text` in the form in which words are compared:
///
/// - compatibility forms resolved (Unicode NFKC: full-width and styled letters, ligatures);
/// - lower case, with `ß` as `ss` and final `ς` as `σ` as in Unicode case folding;
/// - Hebrew points and accents, Arabic vowel marks and tatweel, variation selectors and the
///   invisible direction marks removed;
/// - quotation marks, apostrophes, Hebrew geresh and gershayim as `'` and `"`; dashes and the
///   Hebrew maqaf as `-`;
/// - `™`, `℠` and numbers in circles as a space: NFKC would glue them to the word beside them;
/// - every run of white space as one space, none at either end.
///
/// Accents stay: `café` and `cafe` are two words. Case follows the Unicode default, so the
/// Turkish and Azeri dotted and dotless i are not told apart as those languages do.
///
/// ```
/// use groundswell::classify::normalise;
/// assert_eq!(normalise("  McDonald’s\u{a0}\n ＢＵＲＧＥＲ™ "), "mcdonald's burger");
/// assert_eq!(normalise("אֶל־עַל"), "אל-על");
/// ```
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    normalise_into(text, &mut out);
    out
}

/// Appends the normal form of `text` to `out`.
pub(super) fn normalise_into(text: &str, out: &mut String) {
    let mut writer = Writer {
        start: out.len(),
        out,
        pending_space: false,
    };
    if text.is_ascii() {
        text.bytes()
            .for_each(|byte| writer.push(char::from(byte.to_ascii_lowercase())));
    } else if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        text.chars()
            .filter_map(replace)
            .flat_map(char::to_lowercase)
            .for_each(|c| writer.push(c));
    } else {
        // Composing comes last: it puts back together what removed marks had kept apart.
        text.chars()
            .filter_map(replace)
            .nfkd()
            .filter_map(replace)
            .flat_map(char::to_lowercase)
            .nfc()
            .for_each(|c| writer.push(c));
    }
}

/// Writes lower-case characters, folded, with white space as single spaces between words.
struct Writer<'o> {
    out: &'o mut String,
    start: usize,
    pending_space: bool,
}

impl Writer<'_> {
    fn push(&mut self, c: char) {
        if c.is_whitespace() {
            self.pending_space = self.out.len() > self.start;
            return;
        }
        if std::mem::take(&mut self.pending_space) {
            self.out.push(' ');
        }
        match c {
            'ß' => self.out.push_str("ss"),
            'ς' => self.out.push('σ'),
            _ => self.out.push(c),
        }
    }
}

/// The character to read in place of `c`; `None` when it is to be left out.
fn replace(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(if c == '`' { '\'' } else { c });
    }
    match c {
        // Punctuation inside the block of the Hebrew points.
        '\u{05BE}' => Some('-'),
        '\u{05C0}' | '\u{05C3}' | '\u{05C6}' => Some(' '),
        // Hebrew accents and points.
        '\u{0591}'..='\u{05C7}' => None,
        // Arabic tatweel, vowel marks, Quranic annotation.
        '\u{0640}' | '\u{064B}'..='\u{0652}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' => None,
        '\u{06DF}'..='\u{06E4}' | '\u{06E7}' | '\u{06E8}' | '\u{06EA}'..='\u{06ED}' => None,
        // Soft hyphen, direction marks, word joiner, byte order mark, variation selectors.
        '\u{00AD}' | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => None,
        '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => None,
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => None,
        '\u{2018}'..='\u{201B}' | '\u{2032}' | '\u{02BC}' | '\u{00B4}' | '\u{05F3}' => Some('\''),
        '\u{201C}'..='\u{201F}' | '\u{2033}' | '\u{05F4}' => Some('"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        // Trade marks; numbers in circles, brackets or with a full stop, as lists use them.
        '\u{2120}' | '\u{2122}' | '\u{2460}'..='\u{249B}' => Some(' '),
        '\u{24EA}'..='\u{24FF}' | '\u{2776}'..='\u{2793}' => Some(' '),
        _ => Some(c),
    }
}
