//! Crisis words.

use super::*;

fn found(rules: &Rules, text: &str) -> Vec<String> {
    let classifier = classifier(rules);
    let mention = says(text);
    let classified = classifier.classify(&mention).unwrap();
    classified.crisis_terms.iter().map(|term| term.to_string()).collect()
}

#[test]
fn in_english_and_hebrew_each_once_in_order_of_appearance() {
    let rules = rules(&[]);
    for (text, expected) in [
        ("BOYCOTT them! Racist. Boycott!", &["boycott", "racist"][..]),
        ("A class-action over the E. coli outbreak", &["class-action", "e. coli"]),
        ("they’re hiding a cover‑up", &["cover-up"]),
        ("#boycott", &["boycott"]),
        ("boycottage, deathly, fraudster", &[]),
        ("it killed me, I could sue", &[]),
        ("החרם על תנובה", &["חרם"]),
        ("קוראים לחרם אחרי שהריקול", &["חרם", "ריקול"]),
        ("תְּבִיעָה ייצוגית", &["תביעה ייצוגית", "תביעה", "ייצוגית"]),
        ("נוכל להגיע מחר", &[]),
        ("שלום לכולם", &[]),
    ] {
        assert_eq!(found(&rules, text), expected, "{text:?}");
    }
}

#[test]
fn a_term_inside_a_harmless_phrase_does_not_count() {
    let rules = rules(&[]);
    for (text, expected) in [
        ("adding insult to injury", &[][..]),
        ("insult to injury: an injury", &["injury"]),
        ("an injury, and insult to injury", &["injury"]),
        ("crash course on recall, as I recall", &["recall"]),
        ("as I recall a crash course", &[]),
        ("a crash", &["crash"]),
    ] {
        assert_eq!(found(&rules, text), expected, "{text:?}");
    }
}

#[test]
fn a_harmless_phrase_may_be_the_teams_own_crisis_term() {
    let mut rules = rules(&[]);
    rules.crisis_terms = strings(&["crash diet"]);
    assert_eq!(found(&rules, "crash diet"), ["crash diet", "crash"]);
    assert!(found(&rules, "crash course").is_empty());
}

#[test]
fn the_teams_own_words_are_added_and_the_ignored_left_out() {
    let mut rules = rules(&[]);
    rules.crisis_terms = strings(&["Tarmac Delay", "boycott", "leaked", "משבר "]);
    rules.ignored_crisis_terms = strings(&["LEAKED", "Investigation", "not in the lexicon"]);
    assert_eq!(
        found(&rules, "leaked: tarmac delay, investigation, BOYCOTT, המשבר"),
        ["Tarmac Delay", "boycott", "משבר"]
    );
}

#[test]
fn a_word_may_be_a_brand_and_a_crisis_at_once() {
    let classifier = classifier(&rules(&[("Crash", &["crash"])]));
    let mention = says("crash");
    let classified = classifier.classify(&mention).unwrap();
    assert_eq!(classified.brands.len(), 1);
    assert_eq!(&*classified.crisis_terms[0], "crash");
}

#[test]
fn found_in_hashtags_too_after_the_text() {
    let classifier = classifier(&rules(&[]));
    let mut mention = says("a scandal");
    mention.hashtags = vec!["Boycott".into(), "scandal".into()];
    let classified = classifier.classify(&mention).unwrap();
    let terms: Vec<&str> = classified.crisis_terms.iter().map(|term| &**term).collect();
    assert_eq!(terms, ["scandal", "boycott"]);
}
