//! From the rules to a classifier, or to everything that is wrong with them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::classifier::{BrandWords, Classifier};
use super::lexicon::{builtin_crisis_terms, harmless_phrases, hebrew_polarity};
use super::normalise::normalise;
use super::roles::Roles;
use super::sentiment::Sentiment;
use super::terms::{Meaning, TermId, TermsBuilder};
use super::{BrandRule, ClassifyError, Problem, Rules};
use crate::mention::BrandIndex;

/// Words in all lists of the rules together, at most.
pub const MAX_TERMS: usize = 100_000;
/// Characters of one word or phrase in normal form, at most.
pub const MAX_TERM_CHARS: usize = 200;

/// Compiles rules, gathering problems on the way.
pub(super) struct Compiler<'r> {
    rules: &'r Rules,
    problems: Vec<Problem>,
    terms: TermsBuilder,
    /// Words in `any` of some brand, in normal form.
    names: Vec<String>,
}

impl<'r> Compiler<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self { rules, problems: Vec::new(), terms: TermsBuilder::default(), names: Vec::new() }
    }

    pub(super) fn compile(mut self) -> Result<Classifier, ClassifyError> {
        self.check_count();
        let names = self.brand_names();
        let brands = (0..).zip(&self.rules.brands);
        let brands = brands.map(|(index, rule)| self.brand(index, rule)).collect();
        let crisis_terms = self.crisis_terms();
        for (word, meaning) in hebrew_polarity() {
            self.terms.add(word.to_owned(), meaning);
        }
        if !self.problems.is_empty() {
            return Err(ClassifyError { problems: self.problems });
        }
        let sentiment = Sentiment::new(self.names.iter().map(String::as_str));
        Ok(Classifier {
            brands,
            names,
            terms: self.terms.build().map_err(automaton_problem)?,
            crisis_terms,
            sentiment: sentiment.map_err(automaton_problem)?,
            roles: Roles::new(self.rules),
        })
    }

    fn check_count(&mut self) {
        let in_brand = |brand: &BrandRule| brand.any.len() + brand.all.len() + brand.none.len();
        let in_brands: usize = self.rules.brands.iter().map(in_brand).sum();
        let count = in_brands + self.rules.crisis_terms.len();
        if count > MAX_TERMS {
            let max = MAX_TERMS;
            self.problems.push(Problem::TooManyTerms { count, max });
        }
    }

    fn brand_names(&mut self) -> HashMap<String, BrandIndex> {
        let mut names: HashMap<String, BrandIndex> = HashMap::new();
        for (rule, index) in self.rules.brands.iter().zip(0..) {
            let name = normalise(&rule.name);
            if name.is_empty() {
                let number = index as usize + 1;
                self.problems.push(Problem::EmptyName { number });
            } else if let Some(BrandIndex(first)) = names.insert(name, BrandIndex(index)) {
                self.problems.push(Problem::DuplicateName {
                    first: self.rules.brands[first as usize].name.clone(),
                    second: rule.name.clone(),
                });
            }
        }
        for (rule, index) in self.rules.brands.iter().zip(0..) {
            names.insert(rule.name.clone(), BrandIndex(index));
        }
        names
    }

    fn brand(&mut self, index: u32, rule: &BrandRule) -> BrandWords {
        let place = |list: &str| format!("`{list}` of brand {:?}", rule.name);
        let mut any = self.words(&rule.any, &place("any"));
        if rule.any.is_empty() && !normalise(&rule.name).is_empty() {
            let name = std::slice::from_ref(&rule.name);
            any = self.words(name, &format!("the name of brand {:?}", rule.name));
        }
        let all = self.words(&rule.all, &place("all"));
        let none = self.words(&rule.none, &place("none"));
        let wanted: HashSet<&String> = any.iter().chain(&all).collect();
        for word in none.iter().filter(|word| wanted.contains(word)) {
            self.problems
                .push(Problem::Contradiction { brand: rule.name.clone(), term: word.clone() });
        }
        for word in any {
            self.terms.add(word.clone(), Meaning::Brand(index));
            self.names.push(word);
        }
        BrandWords { all: self.intern(all), none: self.intern(none) }
    }

    fn intern(&mut self, words: Vec<String>) -> Vec<TermId> {
        let words = words.into_iter();
        words.map(|word| self.terms.intern(word)).collect()
    }

    /// The lexicon's terms and the team's own, without those the team ignores, as written.
    fn crisis_terms(&mut self) -> Vec<Arc<str>> {
        let ignored = self.rules.ignored_crisis_terms.iter();
        let mut done: HashSet<String> = ignored.map(|term| normalise(term)).collect();
        let builtin = builtin_crisis_terms().map(|term| (normalise(term), term));
        let rules = self.rules;
        let own = rules.crisis_terms.iter().filter_map(|term| {
            let word = self.word(term, "`crisis_terms`")?;
            Some((word, term.trim()))
        });
        let all: Vec<(String, &str)> = builtin.chain(own).collect();
        let mut kept: Vec<Arc<str>> = Vec::new();
        for (word, written) in all {
            if done.insert(word.clone()) {
                self.terms.add(word, Meaning::Crisis(kept.len() as u32));
                kept.push(written.into());
            }
        }
        // A phrase the team itself looks for is not harmless to it.
        for phrase in harmless_phrases().filter(|phrase| !done.contains(*phrase)) {
            self.terms.add(phrase.to_owned(), Meaning::Harmless);
        }
        kept
    }

    /// `written` in normal form, without those that cannot be looked for.
    fn words(&mut self, written: &[String], place: &str) -> Vec<String> {
        let words = written.iter();
        words.filter_map(|term| self.word(term, place)).collect()
    }

    /// `term` in normal form, unless it cannot be looked for.
    fn word(&mut self, term: &str, place: &str) -> Option<String> {
        let word = normalise(term);
        if let Some(problem) = unusable(&word, term, place) {
            self.problems.push(problem);
            return None;
        }
        Some(word)
    }
}

/// Why `word`, the normal form of `term`, cannot be looked for.
fn unusable(word: &str, term: &str, place: &str) -> Option<Problem> {
    let chars = word.chars().count();
    let place = place.to_owned();
    if chars > MAX_TERM_CHARS {
        return Some(Problem::LongTerm {
            place,
            start: word.chars().take(20).collect(),
            chars,
            max: MAX_TERM_CHARS,
        });
    }
    // Signs outside ASCII may mean something: a brand may be known by its emoji.
    let has_substance = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    (!word.chars().any(has_substance)).then(|| Problem::EmptyTerm { place, term: term.to_owned() })
}

fn automaton_problem(reason: aho_corasick::BuildError) -> ClassifyError {
    ClassifyError { problems: vec![Problem::Automaton { reason: reason.to_string() }] }
}
