//! Mends the halves of emoji.
//!
//! A platform that cuts a text to a length in UTF-16 may cut an emoji in two, and writes the half
//! that is left as `\ud83d`. By RFC 8259, section 8.2, this is within JSON's grammar and stands for
//! no character. The mention around it is good, so the half becomes U+FFFD.

/// `text` with every `\uXXXX` that is half a pair replaced by `\ufffd`; `None` when there is none.
pub(super) fn without_lone_surrogates(text: &str) -> Option<String> {
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match (escaped(text, at), escaped(text, at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended.push_str(&text[kept..at]);
                mended.push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            // Two bytes of another escape; of `\uXXXX` the digits follow as plain characters.
            _ => at += 2,
        }
    }
    (kept > 0).then(|| mended + &text[kept..])
}

/// The code unit of the `\uXXXX` that begins at byte `at`.
fn escaped(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}
