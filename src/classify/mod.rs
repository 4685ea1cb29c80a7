//! Says which brands a mention speaks of, in what tone, and who speaks.
//!
//! [`Rules`] are compiled once into a [`Classifier`]; it reads a mention in one pass:
//!
//! - [`normalise()`]: one form for every way of writing the same word;
//! - `terms`: all words of all lists in one Aho-Corasick automaton;
//! - `boundary`: where words begin and end, in any script, Hebrew prefixes included;
//! - `lexicon`: the built-in crisis terms and Hebrew words of praise and blame;
//! - `sentiment`: VADER for English, word lists for the rest;
//! - `roles`: who the author is;
//! - `compile`: from the rules to a classifier, or to everything that is wrong with them.
//!
//! `docs/classification.md` tells users how it decides, and where it errs.

mod boundary;
mod classifier;
mod compile;
mod error;
mod lexicon;
mod normalise;
mod roles;
mod rules;
mod sentiment;
mod terms;
#[cfg(test)]
mod tests;

pub use classifier::Classifier;
pub use compile::{MAX_TERM_CHARS, MAX_TERMS};
pub use error::{ClassifyError, Problem, UnknownBrand};
pub use lexicon::builtin_crisis_terms;
pub use normalise::normalise;
pub use rules::{BrandRule, Rules};
