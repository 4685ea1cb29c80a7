//! Gathers everything that is wrong with a configuration text, each thing with its place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use super::secrets::{SecretSource, Secrets};

/// Characters of a wrong value that are shown.
const SHOWN: usize = 40;
/// What parts an address from its scheme.
const SCHEME_END: &str = "://";

/// One thing that is wrong with a configuration, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1; 0 when no line is at fault.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// A configuration text being read.
pub(super) struct Reader<'a> {
    pub(super) secrets: Secrets,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    text: &'a str,
    /// Lines whose TOML cannot be read.
    broken: BTreeSet<usize>,
    problems: RefCell<Vec<Problem>>,
    strays: RefCell<Vec<Stray>>,
    /// Every key that somebody has asked for: its table's header and its name.
    asked: RefCell<BTreeSet<(String, String)>>,
    sources: RefCell<Vec<SecretSource>>,
}

/// A key that nobody has asked for.
pub(super) struct Stray {
    /// Its table's header.
    pub(super) header: String,
    /// The whole path to it.
    pub(super) path: String,
    pub(super) name: String,
    pub(super) at: Range<usize>,
}

/// What has been read: what is wrong with it, and what came along.
pub(super) struct Outcome {
    /// In the order of the text.
    pub(super) problems: Vec<Problem>,
    /// Where secrets come from.
    pub(super) sources: Vec<SecretSource>,
    /// Every key that somebody has asked for: its table's header and its name.
    #[cfg(test)]
    pub(super) asked: BTreeSet<(String, String)>,
}

impl<'a> Reader<'a> {
    /// A reader of `text`, which is not TOML where `syntax` says.
    pub(super) fn new(
        text: &'a str,
        syntax: &[toml::de::Error],
        secrets: Secrets,
        env: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let mut reader = Self {
            secrets,
            env,
            text,
            broken: BTreeSet::new(),
            problems: RefCell::default(),
            strays: RefCell::default(),
            asked: RefCell::default(),
            sources: RefCell::default(),
        };
        reader.report_syntax(syntax);
        let lines = reader.problems.borrow().iter().map(|problem| problem.line).collect();
        reader.broken = lines;
        reader
    }

    /// Reports the first error of each line; the others follow from it.
    fn report_syntax(&self, errors: &[toml::de::Error]) {
        let mut first: BTreeMap<usize, Problem> = BTreeMap::new();
        for error in errors {
            // An error without a place is about the end of the text.
            let at = error.span().unwrap_or(self.text.len()..self.text.len());
            let problem = self.problem(&at, format!("this is not TOML: {}", words(error)));
            let earlier = first.get(&problem.line).is_some_and(|it| it.column < problem.column);
            if !earlier {
                first.insert(problem.line, problem);
            }
        }
        first.into_values().for_each(|problem| self.push(problem));
    }

    /// The text with blanks for the lines that are not TOML, so that places stay what they are.
    pub(super) fn without_broken_lines(&self) -> String {
        let lines = (1..).zip(self.text.split_inclusive('\n'));
        let kept = lines.map(|(number, line)| match line.strip_suffix('\n') {
            _ if !self.broken.contains(&number) => line.to_owned(),
            Some(line) => " ".repeat(line.len()) + "\n",
            None => " ".repeat(line.len()),
        });
        kept.collect()
    }

    fn problem(&self, at: &Range<usize>, message: String) -> Problem {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Problem { line, column, message }
    }

    fn push(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Reports something that shows only in the light of other lines: a missing or unknown key, a
    /// name that stands twice. Where TOML is broken the other lines may have been lost, so nothing
    /// is said then.
    pub(super) fn report(&self, at: &Range<usize>, message: impl fmt::Display) {
        if self.broken.is_empty() {
            self.push(self.problem(at, message.to_string()));
        }
    }

    /// As [`Self::report`], when no line is at fault.
    pub(super) fn report_nowhere(&self, message: impl fmt::Display) {
        if self.broken.is_empty() {
            self.push(Problem { line: 0, column: 0, message: message.to_string() });
        }
    }

    /// Reports a value that is wrong whatever the other lines say.
    pub(super) fn report_value(&self, at: &Range<usize>, message: impl fmt::Display) {
        let problem = self.problem(at, message.to_string());
        if !self.broken.contains(&problem.line) {
            self.push(problem);
        }
    }

    /// Notes a key that somebody asks for in the table under `header`.
    pub(super) fn note_asked(&self, header: &str, key: &str) {
        self.asked.borrow_mut().insert((header.to_owned(), key.to_owned()));
    }

    /// Notes a key that nobody has asked for.
    pub(super) fn note_stray(&self, stray: Stray) {
        self.strays.borrow_mut().push(stray);
    }

    /// Notes where a secret comes from.
    pub(super) fn note_source(&self, source: SecretSource) {
        self.sources.borrow_mut().push(source);
    }

    /// Everything that was reported and noted.
    pub(super) fn into_outcome(self) -> Outcome {
        let asked = self.asked.take();
        for stray in self.strays.take() {
            let Stray { header, path, name, at } = &stray;
            let hint = hint(&asked, header, name);
            self.report(at, format_args!("{path}: there is no such key; {hint}"));
        }
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Outcome {
            problems,
            sources: self.sources.into_inner(),
            #[cfg(test)]
            asked,
        }
    }

    /// The beginning of what stands at `at`. An address is not shown beyond its scheme: that of a
    /// webhook, pasted where it does not belong, is a credential.
    pub(super) fn shown(&self, at: &Range<usize>) -> String {
        let text = self.text.get(at.clone()).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let first = first.find(SCHEME_END).map_or(first, |end| &first[..end + SCHEME_END.len()]);
        let mut shown: String = first.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        shown
    }
}

/// What the TOML parser says, in words that tell what to do.
fn words(error: &toml::de::Error) -> &str {
    match error.message() {
        "duplicate key" => {
            "this key or table stands twice; remove one, or give tables that may be several two \
             brackets each, as in [[brand]]"
        }
        message => message,
    }
}

/// What may have been meant by `name`, which the table `header` does not know.
fn hint(asked: &BTreeSet<(String, String)>, header: &str, name: &str) -> String {
    let known = || asked.iter().filter(|(table, _)| table == header).map(|(_, key)| key.as_str());
    let mut elsewhere = asked.iter().filter(|(_, key)| key == name).map(|(table, _)| table);
    if let (Some(table), None) = (elsewhere.next(), elsewhere.next()) {
        let table = if table.is_empty() { "the top of the file" } else { table };
        return format!("it belongs under {table}");
    }
    match closest(name, known()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
    }
}

/// The name most like `text`, if one is like it.
pub(crate) fn closest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|name| (strsim::jaro_winkler(&text.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
