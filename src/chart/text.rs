//! Strangers' words made fit for a chart, and how wide words are.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Of a name no more than this many characters is looked at: a letter may carry any number of accents.
const MOST_CHARS: usize = 400;

/// `text` on one line, without control characters and without those that turn the direction of writing.
pub fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .take(MOST_CHARS)
        // A letter and its accent as one character, where there is one: fonts know it so.
        .nfc()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2028}'..='\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` cut to `width` pixels at letters of `size` pixels, with an ellipsis where it was cut; nothing
/// when not even a letter has room.
pub fn fit(text: &str, width: f64, size: f64) -> String {
    let cleaned = clean(text);
    if self::width(&cleaned, size) <= width {
        return cleaned;
    }
    let mut left = width - self::width("…", size);
    let mut kept = String::new();
    for letter in cleaned.graphemes(true) {
        left -= self::width(letter, size);
        if left < 0.0 {
            break;
        }
        kept.push_str(letter);
    }
    if kept.is_empty() {
        return kept;
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Roughly how wide `text` is in a sans-serif face with letters of `size` pixels: which face a browser
/// takes is not known here, so it is rather too wide than too narrow.
pub fn width(text: &str, size: f64) -> f64 {
    let ems: f64 = text.graphemes(true).map(|letter| letter.chars().next().map_or(0.0, ems)).sum();
    ems * size
}

fn ems(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '.' | ',' | ':' | ';' | '|' | '!' | ' ' => 0.3,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' => 0.9,
        'A'..='Z' => 0.68,
        // East Asian scripts, and pictures.
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' => 1.0,
        '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' => 1.0,
        '\u{fdfd}' | '\u{1f000}'.. => 1.4,
        _ => 0.58,
    }
}

/// `text` told apart from what stands before it, when it is written from right to left: so that digits and
/// signs keep to it.
pub fn isolated(text: String) -> String {
    let right_to_left = |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}');
    if text.contains(right_to_left) { format!("\u{2068}{text}\u{2069}") } else { text }
}
