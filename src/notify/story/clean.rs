//! Makes the words of strangers safe to show anywhere: no control characters (a terminal would
//! obey them), no characters that turn the writing direction of what surrounds them, one line,
//! bounded.

/// `text` on one line of at most `max_chars` characters, cut with an ellipsis.
///
/// White space of any sort becomes single spaces; control characters and the explicit directional
/// formatting characters of Unicode's Annex 9 are dropped.
pub fn line(text: &str, max_chars: usize) -> String {
    let mut clean = String::new();
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = length > 0;
            continue;
        }
        if c.is_control() || turns_direction(c) || c == '\u{feff}' {
            continue;
        }
        let needed = 1 + usize::from(gap);
        if length + needed > max_chars {
            cut(&mut clean, length, max_chars);
            return clean;
        }
        if gap {
            clean.push(' ');
            gap = false;
        }
        clean.push(c);
        length += needed;
    }
    clean
}

/// Like [`line()`], or `otherwise` when nothing is left.
pub fn line_or(text: &str, max_chars: usize, otherwise: &str) -> String {
    let clean = line(text, max_chars);
    if clean.is_empty() { otherwise.into() } else { clean }
}

/// `text` between Unicode's isolates (FSI ... PDI) if it holds anything written right to left, so
/// that a Hebrew name does not reorder the English sentence around it.
pub fn isolate(text: String) -> String {
    if text.chars().any(is_right_to_left) { format!("\u{2068}{text}\u{2069}") } else { text }
}

/// An `http` or `https` address in normal form, safe to put into a link: no control characters,
/// white space, quotes or angle brackets. Anything else is `None`.
pub fn link(url: &str) -> Option<String> {
    let parsed = reqwest::Url::parse(url.trim()).ok()?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return None;
    }
    // Whoever posts a link with a password in it does not get it spread.
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return None;
    }
    let mut safe = String::from(parsed.as_str());
    for (character, code) in [("|", "%7C"), ("<", "%3C"), (">", "%3E"), ("\"", "%22")] {
        if safe.contains(character) {
            safe = safe.replace(character, code);
        }
    }
    Some(safe)
}

fn cut(clean: &mut String, length: usize, max_chars: usize) {
    if length >= max_chars {
        clean.pop();
    }
    if max_chars > 0 {
        clean.truncate(clean.trim_end().len());
        clean.push('…');
    }
}

/// LRM, RLM, ALM, the embeddings, overrides and isolates.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Blocks of Hebrew, Arabic and the other scripts written from right to left.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_line_without_control_characters() {
        assert_eq!(line(" a\r\n\tb\u{2028}c\u{1b}[31m\0 ", 100), "a b c[31m".to_owned());
        assert_eq!(line("\u{202e}abc\u{2069}", 100), "abc");
        assert_eq!(line_or("\n\u{200f}", 10, "(nothing)"), "(nothing)");
    }

    #[test]
    fn cut_with_an_ellipsis() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abcde…");
        assert_eq!(line("abcd efg", 6), "abcd…");
        assert_eq!(line("שלום לכולם", 5), "שלום…");
        assert_eq!(line("abc", 0), "");
    }

    #[test]
    fn only_right_to_left_is_isolated() {
        assert_eq!(isolate("Café".into()), "Café");
        assert_eq!(isolate("אל על".into()), "\u{2068}אל על\u{2069}");
    }

    #[test]
    fn only_safe_links() {
        assert_eq!(
            link("https://a.example/x|y<z>?q=\"'").as_deref(),
            Some("https://a.example/x%7Cy%3Cz%3E?q=%22%27")
        );
        for bad in ["javascript:alert(1)", "", "/path", "https://me:pw@a.example/", "http://"] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn always_within_bounds(text in any::<String>(), max in 0..40_usize) {
            let clean = line(&text, max);
            prop_assert!(clean.chars().count() <= max);
            prop_assert!(!clean.chars().any(|c| c.is_control() || turns_direction(c)));
            prop_assert_eq!(line(&clean, max), clean);
        }

        #[test]
        fn links_hold_no_markup(url in "https?://[a-z]{1,5}(\\.[a-z]{2})?/\\PC*") {
            if let Some(safe) = link(&url) {
                prop_assert!(!safe.contains(['|', '<', '>', '"', ' ', '\n']));
            }
        }
    }
}
