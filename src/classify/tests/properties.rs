//! What holds for any text.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::mention::{Classified, Tone};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    classifier(&rules(&[
        ("Delta", &["delta", "@delta"]),
        ("אל על", &["אל על", "אלעל"]),
        ("達美", &["達美", "델타", "ไทย"]),
        ("Ærø", &["ærø", "e\u{301}t"]),
    ]))
});

fn well_formed(classified: &Classified<'_>) -> bool {
    (-1.0..=1.0).contains(&classified.sentiment)
        && classified.tone == Tone::of(classified.sentiment)
        && classified.brands.is_sorted_by(|a, b| a < b)
}

proptest! {
    #[test]
    fn any_text_is_classified_and_always_the_same_way(
        text in any::<String>(),
        tags in proptest::collection::vec(any::<String>(), 0..3),
    ) {
        let mut mention = says(&text);
        mention.hashtags = tags.iter().map(|tag| tag.as_str().into()).collect();
        let first = CLASSIFIER.classify(&mention).unwrap();
        prop_assert!(well_formed(&first));
        prop_assert_eq!(&first, &CLASSIFIER.classify(&mention).unwrap());
    }

    /// Pieces of words, marks, prefixes and controls put together at random reach the edges that
    /// random code points do not.
    #[test]
    fn any_mixture_of_near_words_is_classified(
        pieces in proptest::collection::vec(
            proptest::sample::select(&[
                "delta", "DELTA", "אל", " ", "על", "אלעל", "ו", "ש", "ב", "ה", "-", "־", "\u{5b8}",
                "\u{301}", "e", "\u{200d}", "\u{fe0f}", "✈", "1", "_", "@", "#", "達美", "델타", "가",
                "ไทย", "่", "ß", "İ", "™", "לא ", "טוב", "boycott", "\u{20e3}", "\u{1f1ee}",
            ][..]),
            0..12,
        )
    ) {
        let text = pieces.concat();
        let mention = says(&text);
        prop_assert!(well_formed(&CLASSIFIER.classify(&mention).unwrap()));
    }

    #[test]
    fn a_term_between_separators_always_matches(
        before in "(.*[ \\t\\n.,;:!?()/'\"@#&*+=-])?",
        after in "([ \\t\\n.,;:!?()/'\"@#&*+=-].*)?",
        upper in any::<bool>(),
    ) {
        // A mark after a separator would belong to the separator, but first composes with it.
        let term = if upper { "DELTA" } else { "delta" };
        let text = format!("{before}{term}{after}");
        let mention = says(&text);
        prop_assert!(!CLASSIFIER.classify(&mention).unwrap().brands.is_empty(), "{:?}", text);
    }

    #[test]
    fn a_latin_term_with_a_letter_or_digit_beside_it_never_matches(
        before in "[a-zA-Z0-9_é]{0,5}",
        after in "[a-zA-Z0-9_é]{0,5}",
    ) {
        prop_assume!(!before.is_empty() || !after.is_empty());
        let text = format!("{before}zyxwv{after}");
        prop_assume!(text.to_lowercase().matches("zyxwv").count() == 1);
        static STRANGE: LazyLock<Classifier> =
            LazyLock::new(|| classifier(&rules(&[("zyxwv", &[])])));
        let mention = says(&text);
        prop_assert!(STRANGE.classify(&mention).unwrap().brands.is_empty(), "{:?}", text);
    }

    #[test]
    fn a_hebrew_term_takes_at_most_three_prefix_letters(prefix in "[ובכלמשה]{0,6}") {
        let text = format!("קנינו {prefix}אלעל");
        let mention = says(&text);
        let matched = !CLASSIFIER.classify(&mention).unwrap().brands.is_empty();
        let grammar = ["", "ו"].iter().any(|and| {
            ["", "ש", "כש", "מש"].iter().any(|that| {
                ["", "ב", "כ", "ל", "מ"].iter().any(|at| {
                    ["", "ה"].iter().any(|the| format!("{and}{that}{at}{the}") == prefix)
                })
            })
        });
        let letters = prefix.chars().count();
        prop_assert_eq!(matched, letters == 0 || (letters <= 3 && grammar), "{:?}", text);
    }
}
