#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod airlines;
mod brands;
mod crisis;
mod problems;
mod properties;
mod roles;
mod sentiment;

use super::{BrandRule, Classifier, Rules};
use crate::mention::Mention;

/// Rules for `brands`, each given as its name and its `any`.
fn rules(brands: &[(&str, &[&str])]) -> Rules {
    Rules {
        brands: brands.iter().map(|(name, any)| brand(name, any)).collect(),
        crisis_terms: vec![],
        ignored_crisis_terms: vec![],
        journalists: vec![],
        influencer_followers: 50_000,
    }
}

fn brand(name: &str, any: &[&str]) -> BrandRule {
    BrandRule { name: name.into(), any: strings(any), ..BrandRule::default() }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn classifier(rules: &Rules) -> Classifier {
    Classifier::new(rules).unwrap_or_else(|error| panic!("{error}"))
}

fn says(text: &str) -> Mention<'_> {
    Mention { text: text.into(), ..Mention::default() }
}
