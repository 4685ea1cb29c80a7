//! In what tone.

use std::sync::LazyLock;

use super::*;
use crate::mention::Tone;

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| classifier(&rules(&[("United", &["united"]), ("Best Buy", &[])])));

fn scored(text: &str, lang: Option<&str>) -> f32 {
    let mention = Mention { lang: lang.map(Into::into), ..says(text) };
    CLASSIFIER.classify(&mention).unwrap().sentiment
}

#[test]
fn the_events_own_sentiment_is_kept_within_its_range() {
    for (stated, expected) in [(0.5, 0.5), (-1.0, -1.0), (7.0, 1.0), (f32::NEG_INFINITY, -1.0)] {
        let mention = Mention { sentiment: Some(stated), ..says("awful") };
        assert_eq!(CLASSIFIER.classify(&mention).unwrap().sentiment, expected);
    }
    let mention = Mention { sentiment: Some(f32::NAN), ..says("awful") };
    assert_eq!(CLASSIFIER.classify(&mention).unwrap().tone, Tone::Negative);
}

#[test]
fn english_scores_are_those_of_the_authors_package() {
    // From the examples of vaderSentiment 3.3.2.
    for (text, compound) in [
        ("VADER is smart, handsome, and funny.", 0.8316),
        ("VADER is VERY SMART, handsome, and FUNNY!!!", 0.9342),
        ("At least it isn't a horrible book.", 0.431),
        ("Today sux", -0.3612),
        ("Catch utf-8 emoji such as 💘 and 💋 and 😁", 0.875),
        (
            "The plot was good, but the characters are uncompelling and the dialog is not great.",
            -0.7042,
        ),
        ("", 0.0),
    ] {
        assert_eq!(scored(text, None), compound as f32, "{text:?}");
    }
}

#[test]
fn a_brands_own_name_is_neither_praise_nor_blame() {
    assert_eq!(scored("@united", None), 0.0);
    assert_eq!(scored("UNITED #united Best buy's", Some("en-US")), 0.0);
    assert_eq!(scored("united late again, awful", None), scored("late again, awful", None));
    assert!(scored("the best buy of my life", None) == 0.0);
    assert!(scored("the best of my life", None) > 0.0);
}

#[test]
fn hebrew_goes_by_its_words() {
    for (text, tone) in [
        ("שירות מעולה ואדיב, תודה!", Tone::Positive),
        ("שירות גרוע ומביש", Tone::Negative),
        ("בושה! פשוט חוצפה", Tone::Negative),
        ("לא טוב", Tone::Negative),
        ("זה ממש לא מומלץ", Tone::Negative),
        ("בכלל לא גרוע", Tone::Positive),
        ("ולא בטוב", Tone::Negative),
        ("מוצר מעולה, שירות גרוע", Tone::Neutral),
        ("טסתי אתמול לפריז", Tone::Neutral),
        ("מעולה, אבל יש חרם", Tone::Negative), // a crisis term outweighs praise
    ] {
        assert_eq!(Tone::of(scored(text, Some("he"))), tone, "{text:?}");
        assert_eq!(Tone::of(scored(text, None)), tone, "{text:?} without lang");
    }
    assert_eq!(scored("יש ריקול", Some("he")), -0.6);
    assert_eq!(scored("מעולה", Some("he")), 0.5);
}

#[test]
fn other_languages_are_neutral_unless_a_crisis_term_is_there() {
    assert_eq!(scored("Das ist super toll", Some("de")), 0.0);
    assert_eq!(scored("Una estafa: boycott", Some("es")), -0.6);
    assert_eq!(scored("ужасно", None), 0.0);
    assert_eq!(
        scored("ужасно awful", Some("en")),
        0.0,
        "mostly another script, whatever is stated"
    );
    assert!(scored("awful", Some("EN_gb")) < 0.0);
    assert!(scored("awful", Some("und")) < 0.0);
    assert!(scored("😭😭", None) < 0.0);
}

#[test]
fn only_the_beginning_of_a_long_text_is_scored() {
    let filler = "é ".repeat(1_000);
    assert_eq!(scored(&format!("{filler}awful"), None), 0.0);
    assert!(scored(&format!("awful {filler}"), None) < 0.0);
}
