//! Puts foreign words into Slack's mrkdwn so that they are shown and never obeyed.
//!
//! Slack knows three control characters, `&`, `<` and `>`, and has entities for them
//! (<https://docs.slack.dev/messaging/formatting-message-text>). It has none for its formatting
//! marks `*`, `_`, `~` and `` ` ``; where one of those could begin or end formatting, a look-alike
//! takes its place. Inside a word (`snake_case`) they format nothing and stay.

/// Appears where text was cut.
const ELLIPSIS: char = '…';

/// How long Slack may take `text` to be: its UTF-16 code units, which is never less than its
/// characters. Slack publishes its limits in characters and does not say which.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// `text` for a `mrkdwn` object, in at most `max_units` [`units`], cut with an ellipsis. Never
/// cuts an entity in two.
pub fn mrkdwn(text: &str, max_units: usize) -> String {
    fit(text, max_units, true)
}

/// `text` for a `plain_text` object: formatting marks mean nothing there and stay as they are.
pub fn plain(text: &str, max_units: usize) -> String {
    fit(text, max_units, false)
}

/// A link that reads `label`; only the label when the escaped address is longer than `max_units`.
/// `url` must hold neither white space, `|`, `<` nor `>`.
pub fn link(url: &str, label: &str, max_units: usize) -> String {
    let mut escaped = String::with_capacity(url.len());
    for (at, c) in url.char_indices() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '@' if calls_everyone(&url[at + 1..]) => escaped.push_str("%40"),
            other => escaped.push(other),
        }
    }
    if units(&escaped) > max_units { label.into() } else { format!("<{escaped}|{label}>") }
}

fn fit(text: &str, max_units: usize, formatted: bool) -> String {
    let mut out = String::new();
    let mut used = 0;
    // The longest beginning of `out` that leaves room for the ellipsis.
    let mut room_for_ellipsis = 0;
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let shown = if formatted { neutral(before, c, rest.as_str().chars().next()) } else { c };
        let mut buffer = [0; 4];
        let piece: &str = match shown {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '@' if calls_everyone(rest.as_str()) => "@\u{2060}",
            other => other.encode_utf8(&mut buffer),
        };
        used += units(piece);
        if used > max_units {
            out.truncate(room_for_ellipsis);
            if max_units > 0 {
                out.push(ELLIPSIS);
            }
            return out;
        }
        out.push_str(piece);
        if used < max_units {
            room_for_ellipsis = out.len();
        }
        before = Some(c);
    }
    out
}

/// A look-alike for a formatting mark that could begin or end formatting.
fn neutral(before: Option<char>, c: char, after: Option<char>) -> char {
    let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match c {
        '`' => 'ˋ',
        '*' | '_' | '~' if in_word(before) && in_word(after) => c,
        '*' => '∗',
        '_' => 'ˍ',
        '~' => '∼',
        other => other,
    }
}

/// Whether what follows an `@` would, with it, call a whole channel or workspace.
fn calls_everyone(rest: &str) -> bool {
    ["channel", "here", "everyone", "group"]
        .iter()
        .any(|name| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_become_entities() {
        assert_eq!(
            mrkdwn("a < b & c > d <!channel>", 100),
            "a &lt; b &amp; c &gt; d &lt;!channel&gt;"
        );
        assert_eq!(plain("R&D *stars*", 100), "R&amp;D *stars*");
    }

    #[test]
    fn formatting_marks_lose_their_power_only_where_they_have_it() {
        assert_eq!(mrkdwn("*bold* _it_ ~s~ `c`", 100), "∗bold∗ ˍitˍ ∼s∼ ˋcˋ");
        assert_eq!(mrkdwn("snake_case 5*3", 100), "snake_case 5*3");
    }

    #[test]
    fn nobody_is_called() {
        assert_eq!(
            mrkdwn("@Channel @here @hereby @dana", 100),
            "@\u{2060}Channel @\u{2060}here @\u{2060}hereby @dana"
        );
    }

    #[test]
    fn cuts_between_entities_and_counts_utf_16() {
        assert_eq!(mrkdwn("abcdef", 6), "abcdef");
        assert_eq!(mrkdwn("abcdef", 5), "abcd…");
        assert_eq!(mrkdwn("ab&c", 6), "ab…");
        assert_eq!(mrkdwn("ab&", 7), "ab&amp;");
        assert_eq!(mrkdwn("😡😡😡", 5), "😡😡…");
        assert_eq!(mrkdwn("abc", 0), "");
    }

    #[test]
    fn links_are_escaped_and_bounded() {
        assert_eq!(
            link("https://a.example/?a=1&b=2", "open", 100),
            "<https://a.example/?a=1&amp;b=2|open>"
        );
        assert_eq!(
            link("https://a.example/@channel/@dana", "open", 100),
            "<https://a.example/%40channel/@dana|open>"
        );
        assert_eq!(link("https://a.example/", "open", 10), "open");
    }

    proptest! {
        #[test]
        fn never_too_long_never_a_control_character(text in any::<String>(), max in 0..60_usize) {
            for out in [mrkdwn(&text, max), plain(&text, max)] {
                prop_assert!(units(&out) <= max);
                prop_assert!(!out.contains(['<', '>']));
                let entities = ["&amp;", "&lt;", "&gt;"];
                for (at, _) in out.match_indices('&') {
                    prop_assert!(entities.iter().any(|e| out[at..].starts_with(e)));
                }
            }
        }
    }
}
