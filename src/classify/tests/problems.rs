//! Rules that cannot be used.

use super::*;
use crate::classify::{MAX_TERMS, Problem};

#[test]
fn all_problems_are_told_at_once() {
    let mut rules = rules(&[
        ("Delta", &["delta", " ", "@"]),
        ("DELTA ", &["delta air"]),
        ("\u{200f}", &["x"]),
        ("United", &["united", "UA"]),
    ]);
    rules.brands[3].none = strings(&["ua", "--"]);
    rules.crisis_terms = vec!["".into(), "x".repeat(300)];
    let error = Classifier::new(&rules).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    the classification rules cannot be used, for 8 reasons:
    - brands "Delta" and "DELTA " have the same name (case does not count); rename or merge them
    - brand number 3 has an empty name; give it the name people know it by
    - `any` of brand "Delta" has the word " ", which holds no letter, digit or symbol to look for; remove it or write a word
    - `any` of brand "Delta" has the word "@", which holds no letter, digit or symbol to look for; remove it or write a word
    - `none` of brand "United" has the word "--", which holds no letter, digit or symbol to look for; remove it or write a word
    - brand "United" can never match by its word "ua", which stands in `none` and in `any` or `all`; remove it from one
    - `crisis_terms` has the word "", which holds no letter, digit or symbol to look for; remove it or write a word
    - `crisis_terms` has a word of 300 characters beginning "xxxxxxxxxxxxxxxxxxxx"; a word or phrase may have at most 200
    "#);
}

#[test]
fn one_problem_is_one_line() {
    let error = Classifier::new(&rules(&[("!", &[])])).unwrap_err();
    insta::assert_snapshot!(error, @r#"the classification rules cannot be used: the name of brand "!" has the word "!", which holds no letter, digit or symbol to look for; remove it or write a word"#);
}

#[test]
fn the_number_of_words_is_bounded() {
    let mut rules = rules(&[("Delta", &["delta"])]);
    rules.crisis_terms = (0..MAX_TERMS).map(|n| format!("w{n}")).collect();
    let error = Classifier::new(&rules).unwrap_err();
    let (count, max) = (MAX_TERMS + 1, MAX_TERMS);
    assert_eq!(error.problems, [Problem::TooManyTerms { count, max }]);
}

#[test]
fn ten_thousand_words_are_found_as_one_is() {
    let mut rules = rules(&[("Delta", &["delta"])]);
    rules.crisis_terms = (0..10_000).map(|n| format!("calamity{n}")).collect();
    let classifier = classifier(&rules);
    let mention = says("delta calamity9999 calamity99999");
    let classified = classifier.classify(&mention).unwrap();
    assert_eq!(classified.brands.len(), 1);
    assert_eq!(classified.crisis_terms.len(), 1);
}
