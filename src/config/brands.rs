//! `[[brand]]` and `[classification]`: what is watched, and how a text is understood.

use std::ops::Range;

use super::reader::closest;
use super::section::{Placed, Section};
use crate::classify::{BrandRule, Classifier, Problem, Rules, normalise};
use crate::detect::Brand;

/// The words of one list, and what [`Problem`] calls the list.
struct Words {
    list: String,
    words: Vec<Placed<String>>,
}

/// Where everything stands that classification may find fault with.
#[derive(Default)]
struct Places {
    /// Of the brands that have a name.
    names: Vec<Placed<String>>,
    words: Vec<Words>,
}

/// At most `most` brands.
pub(super) fn rules(root: &mut Section<'_, '_>, most: usize) -> (Rules, Vec<Brand>) {
    let mut places = Places::default();
    let mut brands = Vec::new();
    for mut section in root.sections("brand") {
        if brands.len() == most {
            section.reader.report(
                &section.at,
                format_args!(
                    "this brand is one more than the {most} of limits.brands; remove brands, or raise \
                     it (docs/metrics.md says how much memory one takes)"
                ),
            );
        }
        brands.push(brand(&mut section, &mut places));
        section.finish();
    }
    if brands.is_empty() && root.take("brand").is_none() {
        root.reader.report_nowhere("no brand is watched; write [[brand]] and name = \"...\"");
    }
    let mut section = root.section("classification");
    let crisis_terms = section.strings("crisis_terms");
    let rules = Rules {
        brands,
        crisis_terms: texts(&crisis_terms),
        ignored_crisis_terms: section.words("ignored_crisis_terms"),
        journalists: handles(&mut section, "journalists"),
        influencer_followers: section.integer("influencer_followers", 10_000, 1..1_000_000_001),
    };
    places.words.push(Words { list: "`crisis_terms`".to_owned(), words: crisis_terms });
    try_rules(&section, &rules, &mut places);
    section.finish();
    let known = |rule: &BrandRule| Brand { name: rule.name.clone(), market: rule.market.clone() };
    let brands = rules.brands.iter().map(known).collect();
    (rules, brands)
}

fn brand(section: &mut Section<'_, '_>, places: &mut Places) -> BrandRule {
    let given = section.required("name", "\"...\"");
    let name = given.as_ref().map(|name| name.0.clone()).unwrap_or_default();
    if let Some((name, at)) = &given
        && places.names.iter().any(|(other, _)| same_name(other, name))
    {
        section.disagree("name", at, "there is another brand of this name");
    }
    let mut words = |key: &'static str| {
        let words = section.strings(key);
        let texts = texts(&words);
        places.words.push(Words { list: format!("`{key}` of brand {name:?}"), words });
        texts
    };
    let (any, all, none) = (words("any"), words("all"), words("none"));
    if let Some(name) = given {
        let list = format!("the name of brand {:?}", name.0);
        places.words.push(Words { list, words: vec![name.clone()] });
        places.names.push(name);
    }
    BrandRule {
        name,
        market: section.string("market").map(|market| market.0),
        any,
        all,
        none,
        employees: handles(section, "employees"),
        officials: handles(section, "officials"),
    }
}

fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn texts(words: &[Placed<String>]) -> Vec<String> {
    words.iter().map(|word| word.0.clone()).collect()
}

fn handles(section: &mut Section<'_, '_>, key: &'static str) -> Vec<String> {
    section.words(key).iter().map(|handle| handle.trim_start_matches('@').to_owned()).collect()
}

/// Compiles the rules, and reports what is wrong with them at the word it is about.
fn try_rules(section: &Section<'_, '_>, rules: &Rules, places: &mut Places) {
    let Err(error) = Classifier::new(rules) else { return };
    for problem in &error.problems {
        let reported = match problem {
            Problem::EmptyName { .. } => true,
            Problem::DuplicateName { first, second } => same_name(first, second),
            _ => false,
        };
        if !reported {
            let at = places.take(problem).unwrap_or_else(|| section.at.clone());
            section.reader.report(&at, problem);
        }
    }
}

impl Places {
    /// Where the text stands that `problem` is about. A word is taken out, so that the same problem
    /// with the same word elsewhere finds the next place.
    fn take(&mut self, problem: &Problem) -> Option<Range<usize>> {
        match problem {
            Problem::DuplicateName { second, .. } => {
                let name = self.names.iter().rfind(|(name, _)| name == second);
                name.map(|(_, at)| at.clone())
            }
            Problem::EmptyTerm { place, term } => self.take_word(place, |word| word == term),
            Problem::LongTerm { place, start, chars, .. } => self.take_word(place, |word| {
                let normal = normalise(word);
                normal.starts_with(start) && normal.chars().count() == *chars
            }),
            Problem::Contradiction { brand, term } => self
                .take_word(&format!("`none` of brand {brand:?}"), |word| normalise(word) == *term),
            _ => None,
        }
    }

    fn take_word(&mut self, list: &str, is_it: impl Fn(&str) -> bool) -> Option<Range<usize>> {
        self.words.iter_mut().filter(|words| words.list == list).find_map(|words| {
            let at = words.words.iter().position(|(word, _)| is_it(word))?;
            Some(words.words.remove(at).1)
        })
    }
}

/// Reports a name that no brand has.
pub(super) fn unknown_brand(
    section: &Section<'_, '_>,
    name: &str,
    at: &Range<usize>,
    brands: &[Brand],
) {
    let hint = closest(name, brands.iter().map(|brand| brand.name.as_str()));
    let hint = hint.map_or_else(String::new, |hint| format!("; did you mean \"{hint}\"?"));
    section.disagree("brands", at, format_args!("no [[brand]] of this file is named so{hint}"));
}
