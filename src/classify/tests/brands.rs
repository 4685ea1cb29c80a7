//! Which brands a mention speaks of.

use std::collections::BTreeSet;

use super::*;
use crate::mention::BrandIndex;

/// Term, text, whether it matches.
const GOLDEN: &[(&str, &str, bool)] = &[
    // English.
    ("Delta", "delta lost my bag", true),
    ("Delta", "I HATE DELTA", true),
    ("Delta", "Delta's crew", true),
    ("Delta", "Delta’s crew", true),
    ("Delta", "(Delta)", true),
    ("Delta", "Delta-operated", true),
    ("Delta", "@Delta #delta", true),
    ("Delta", "deltas", false),
    ("Delta", "deltaforce", false),
    ("Delta", "@delta_air", false),
    ("Delta", "Delta2 2Delta", false),
    ("Delta", "#DeltaSucks", false),
    ("Delta", "#DeltaSucks but Delta rocks", true),
    ("Delta", "✈️Delta✈️", true),
    ("Delta", "👩‍🚀Delta👍🏽", true),
    ("Delta", "1️⃣Delta", true),
    ("Delta", "Delta™ ①Delta", true),
    ("Delta", "Ｄｅｌｔａ", true),
    ("Delta", "𝗗𝗲𝗹𝘁𝗮", true),
    ("Delta", "Delta\u{301}", false),
    ("Delta", "éDelta", false),
    ("Delta", "e\u{301}Delta", false),
    ("Delta", "https://x.com/delta/status/1", true),
    ("Delta", "https://t.co/xDeltay", false),
    ("Delta", "delta.com", true),
    ("American Airlines", "american   airlines", true),
    ("American Airlines", "American\nAirlines", true),
    ("American Airlines", "American, Airlines", false),
    ("Coca-Cola", "coca‑cola", true),
    ("McDonald's", "MCDONALD`S", true),
    ("@delta", "thanks @Delta!", true),
    ("@delta", "delta", false),
    ("@delta", "@deltaassist", false),
    ("#delta", "so#Delta", true),
    ("c++", "I write C++11", true),
    ("c++", "objc++", false),
    ("🍎", "my🍎broke", true),
    // Hebrew.
    ("אל על", "טסתי אל על אתמול", true),
    ("אל על", "טסתי באל על", true),
    ("אל על", "ושבאל על", true),
    ("אל על", "כשהאל על", true),
    ("אל על", "אֶל עַל", true),
    ("אל על", "אל־על", false),
    ("אל-על", "מאל־על", true),
    ("אלעל", "ושבאלעל, לאלעל.", true),
    ("אלעל", "ב\"אלעל\"", true),
    ("אלעל", "ל-אלעל", true),
    ("אלעל", "שלוםאלעל", false),
    ("אלעל", "גאלעל", false),
    ("אלעל", "אלעלים", false),
    ("אלעל", "הבאלעל", false),   // the, then in: not in that order
    ("אלעל", "שושבאלעל", false), // four letters
    ("אלעל", "אבאלעל", false),   // the prefix does not begin the word
    ("תנובה", "שתנובה", true),
    ("תנובה", "תְּנוּבָה", true),
    ("יס", "יש לי יס בבית", true),
    ("יס", "לקחתי ביס", false), // two letters: a bite, not "in Yes"
    ("יס", "עברתי ל-יס", true),
    ("צה\"ל", "מצה״ל", true),
    ("Delta", "טסתי בDelta", true),
    ("Delta", "ושבDELTA", true),
    ("Delta", "ל-Delta", true),
    ("Delta", "ל־Delta", true),
    ("Delta", "של\u{200f}Delta", true),
    ("Delta", "שלוםDelta", false),
    ("Delta", "xבDelta", false),
    ("HP", "מחשב שלHP", true),
    ("@delta", "כתבתי ל@delta", true),
    ("#אלעל", "ב#אלעל", true),
    // Arabic.
    ("دلتا", "طيران دلتا سيء", true),
    ("دلتا", "دَلْتَا", true),
    ("دلتا", "دلتـــا", true),
    ("دلتا", "دلتاوي", false),
    // Cyrillic, Greek.
    ("Дельта", "ДЕЛЬТА опоздала", true),
    ("Дельта", "дельтаплан", false),
    ("ΔΕΛΤΑΣ", "η δελτας!", true),
    // Without spaces.
    ("达美", "我讨厌达美航空", true),
    ("デルタ", "デルタ航空は最悪", true),
    ("デルタ", "ﾃﾞﾙﾀ", true),
    ("Delta", "昨日Deltaに乗った", true),
    ("ไทยแอร์", "สายการบินไทยแอร์ล่าช้า", true),
    ("Delta", "บินกับDeltaดีมาก", true),
    ("ไทยแอร", "ไทยแอร์", false), // the mark belongs to the last letter
    // Korean: particles follow.
    ("델타", "델타가 늦었다", true),
    ("델타", "뉴델타", false),
    ("Delta", "Delta가", true),
    // Hindi: vowel signs belong to the letter.
    ("डेल्टा", "डेल्टा की उड़ान", true),
    ("डेल्ट", "डेल्टा", false),
];

#[test]
fn words_match_on_word_boundaries_in_any_script() {
    let terms: BTreeSet<&str> = GOLDEN.iter().map(|(term, ..)| *term).collect();
    let brands: Vec<(&str, &[&str])> = terms.iter().map(|term| (*term, &[][..])).collect();
    let classifier = classifier(&rules(&brands));
    let matches = |term: &str, text: &str| {
        let mention = says(text);
        let brands = classifier.classify(&mention).unwrap().brands;
        brands.iter().any(|brand| terms.iter().nth(brand.0 as usize) == Some(&term))
    };
    let wrong: Vec<_> =
        GOLDEN.iter().filter(|(term, text, expected)| matches(term, text) != *expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_brand_without_words_is_known_by_its_name() {
    let classifier = classifier(&rules(&[("Best Buy", &[])]));
    let mention = says("at best  BUY today");
    assert_eq!(classifier.classify(&mention).unwrap().brands, [BrandIndex(0)]);
}

#[test]
fn any_all_and_none_are_all_heeded() {
    let mut rules = rules(&[("Delta", &["delta", "dl"])]);
    rules.brands[0].all = strings(&["flight"]);
    rules.brands[0].none = strings(&["delta force", "faucet"]);
    let classifier = classifier(&rules);
    for (text, expected) in [
        ("delta flight", true),
        ("my DL flight", true),
        ("delta", false),
        ("flight", false),
        ("delta flight, delta faucet", false),
        ("flight of the Delta Force", false),
        ("delta flight, forced", true),
    ] {
        let mention = says(text);
        let found = !classifier.classify(&mention).unwrap().brands.is_empty();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn overlapping_words_of_several_brands_are_all_found_in_configuration_order() {
    let classifier = classifier(&rules(&[
        ("US Airways", &["us airways"]),
        ("Airways", &["airways"]),
        ("American", &["american", "american airlines"]),
        ("Airlines", &["american airlines"]),
    ]));
    let mention = says("American Airlines bought US Airways and American");
    let brands = classifier.classify(&mention).unwrap().brands;
    assert_eq!(brands, [0, 1, 2, 3].map(BrandIndex));
}

#[test]
fn a_hashtag_is_a_word_of_its_own() {
    let classifier = classifier(&rules(&[("Delta", &["delta"]), ("Tag", &["#united"])]));
    for (tag, expected) in [
        ("delta", &[BrandIndex(0)][..]),
        ("#DELTA", &[BrandIndex(0)]),
        ("United", &[BrandIndex(1)]),
        ("DeltaSucks", &[]),
    ] {
        let mut mention = says("no name here");
        mention.hashtags = vec!["fail".into(), tag.into()];
        assert_eq!(classifier.classify(&mention).unwrap().brands, expected, "{tag}");
    }
}

#[test]
fn hashtags_do_not_join_into_a_phrase() {
    let classifier = classifier(&rules(&[("American Airlines", &[])]));
    let mut mention = says("so american");
    mention.hashtags = vec!["airlines".into()];
    assert!(classifier.classify(&mention).unwrap().brands.is_empty());
}

#[test]
fn named_brands_win_over_the_text() {
    let classifier = classifier(&rules(&[("Delta", &[]), ("אל על", &[]), ("United", &[])]));
    let mut mention = says("@united is late");
    mention.brands = vec!["אֶל  עַל".into(), "nobody".into(), "DELTA ".into(), "delta".into()];
    let classified = classifier.classify(&mention).unwrap();
    assert_eq!(classified.brands, [0, 1].map(BrandIndex));
}

#[test]
fn blank_names_are_no_names() {
    let classifier = classifier(&rules(&[("Delta", &[])]));
    let mut mention = says("delta");
    mention.brands = vec!["".into(), "  ".into()];
    assert_eq!(classifier.classify(&mention).unwrap().brands, [BrandIndex(0)]);
}

#[test]
fn a_word_of_a_brand_is_not_its_name() {
    let classifier = classifier(&rules(&[("Delta", &["dl"])]));
    let mut mention = says("delta dl");
    mention.brands = vec!["dl".into()];
    let error = classifier.classify(&mention).unwrap_err();
    insta::assert_snapshot!(error, @r#"the mention names the brand "dl", which no configured brand is called; add a brand of that name, or send the mention without a brand so that its text is matched"#);
}

#[test]
fn an_unknown_brand_is_shown_within_bounds() {
    let classifier = classifier(&rules(&[("Delta", &[])]));
    let mut mention = says("");
    mention.brands = (0..7).map(|n| format!("{n}{}", "x".repeat(1_000)).into()).collect();
    let error = classifier.classify(&mention).unwrap_err();
    assert_eq!(error.names.len(), 7);
    assert!(error.to_string().contains(" and 2 more"), "{error}");
    assert!(error.to_string().len() < 800, "{error}");
}

#[test]
fn one_classifier_serves_all_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Classifier>();
}

#[test]
fn every_place_that_names_a_brand_is_told() {
    let classifier = classifier(&rules(&[("American", &["@AmericanAir", "American Airlines"])]));
    let mention = Mention {
        hashtags: vec!["Fail".into()],
        ..says("American  Airlines, shame: AMERICAN AIRLINES @AmericanAir")
    };
    let classified = classifier.classify(&mention).unwrap();
    assert_eq!(
        classified.normal_text,
        "american airlines, shame: american airlines @americanair #fail"
    );
    let named = classified.names.iter().map(|name| &classified.normal_text[name.clone()]);
    let named: Vec<&str> = named.collect();
    assert_eq!(named, ["american airlines", "american airlines", "@americanair"]);
}
