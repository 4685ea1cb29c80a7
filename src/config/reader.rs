//! Takes values out of a parsed TOML table by type, and gathers everything that is wrong with it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration;
use crate::secret::Secret;

/// Characters of a wrong value that are shown.
const SHOWN: usize = 40;

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

/// Whether secrets are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Read the environment variables and files that hold them.
    Resolve,
    /// Leave them empty: for commands that speak to nobody.
    Ignore,
}

/// A configuration text being read.
pub(super) struct Reader<'a> {
    text: &'a str,
    secrets: Secrets,
    env: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<Problem>>,
}

/// A value with its place in the text.
pub(super) type Placed<T> = (T, Range<usize>);

impl<'a> Reader<'a> {
    pub(super) fn new(
        text: &'a str,
        secrets: Secrets,
        env: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self { text, secrets, env, problems: RefCell::new(Vec::new()) }
    }

    pub(super) fn report(&self, at: &Range<usize>, message: impl fmt::Display) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.problems.borrow_mut().push(Problem { line, column, message: message.to_string() });
    }

    pub(super) fn report_nowhere(&self, message: impl fmt::Display) {
        let problem = Problem { line: 0, column: 0, message: message.to_string() };
        self.problems.borrow_mut().push(problem);
    }

    /// Everything that was reported, in the order of the text.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems
    }

    fn shown(&self, at: &Range<usize>) -> String {
        let text = self.text.get(at.clone()).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let mut shown: String = first.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        shown
    }
}

/// A table, and which of its keys are known.
pub(super) struct Section<'a, 't> {
    pub(super) reader: &'a Reader<'a>,
    table: Option<&'t DeTable<'t>>,
    path: String,
    /// Where the table stands.
    pub(super) at: Range<usize>,
    known: BTreeSet<&'static str>,
}

impl<'a, 't> Section<'a, 't> {
    pub(super) fn root(reader: &'a Reader<'a>, table: &'t Spanned<DeTable<'t>>) -> Self {
        Self::new(reader, Some(table.get_ref()), String::new(), 0..0)
    }

    fn new(
        reader: &'a Reader<'a>,
        table: Option<&'t DeTable<'t>>,
        path: String,
        at: Range<usize>,
    ) -> Self {
        Self { reader, table, path, at, known: BTreeSet::new() }
    }

    /// Whether the table is there at all.
    pub(super) const fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Reports `message` at the value of `key`, or at the table.
    pub(super) fn complain(&self, key: &str, at: &Range<usize>, message: impl fmt::Display) {
        let path = self.path_of(key);
        self.reader.report(at, format_args!("{path} = {}: {message}", self.reader.shown(at)));
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.insert(key);
        self.table?.get(key)
    }

    /// The text at `key`; an empty one is wrong.
    pub(super) fn string(&mut self, key: &'static str) -> Option<Placed<String>> {
        let value = self.take(key)?;
        self.text_of(key, value)
    }

    fn text_of(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Placed<String>> {
        let at = value.span();
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                self.complain(key, &at, "must not be empty");
                None
            }
            Some(text) => Some((text.to_owned(), at)),
            None => {
                self.complain(key, &at, "expected a text in quotation marks");
                None
            }
        }
    }

    /// The list of texts at `key`; a single text is a list of one.
    pub(super) fn strings(&mut self, key: &'static str) -> Vec<Placed<String>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        if value.get_ref().is_str() {
            return self.text_of(key, value).into_iter().collect();
        }
        let Some(list) = value.get_ref().as_array() else {
            self.complain(key, &value.span(), "expected a list of texts, e.g. [\"one\", \"two\"]");
            return Vec::new();
        };
        list.iter().filter_map(|item| self.text_of(key, item)).collect()
    }

    /// The list at `key`, without places.
    pub(super) fn words(&mut self, key: &'static str) -> Vec<String> {
        self.strings(key).into_iter().map(|word| word.0).collect()
    }

    /// The number at `key` if it is within `range`; `words` says what is expected.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        default: f64,
        range: impl Fn(f64) -> bool,
        words: &str,
    ) -> f64 {
        let Some(value) = self.take(key) else { return default };
        let number = match value.get_ref() {
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        };
        match number.filter(|number: &f64| number.is_finite() && range(*number)) {
            Some(number) => number,
            None => {
                self.complain(key, &value.span(), format_args!("expected {words}"));
                default
            }
        }
    }

    /// The whole number at `key` if it is within `range`.
    pub(super) fn integer(&mut self, key: &'static str, default: u64, range: Range<u64>) -> u64 {
        let Some(value) = self.take(key) else { return default };
        let integer = value.get_ref().as_integer();
        let number = integer.and_then(|it| u64::from_str_radix(it.as_str(), it.radix()).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                let (low, high) = (range.start, range.end - 1);
                let words = format!("expected a whole number from {low} to {high}");
                self.complain(key, &value.span(), words);
                default
            }
        }
    }

    /// The duration at `key` if it is within `from..=to`.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        default: Duration,
        from: Duration,
        to: Duration,
    ) -> Duration {
        let Some(value) = self.take(key) else { return default };
        self.duration_of(key, value, from, to).unwrap_or(default)
    }

    /// The list of durations at `key`, with their places.
    pub(super) fn durations(
        &mut self,
        key: &'static str,
        from: Duration,
        to: Duration,
    ) -> Option<Vec<Placed<Duration>>> {
        let value = self.take(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.complain(
                key,
                &value.span(),
                "expected a list of durations, e.g. [\"5m\", \"1h\"]",
            );
            return Some(Vec::new());
        };
        let each = list
            .iter()
            .filter_map(|item| Some((self.duration_of(key, item, from, to)?, item.span())));
        Some(each.collect())
    }

    fn duration_of(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        from: Duration,
        to: Duration,
    ) -> Option<Duration> {
        let parsed = value.get_ref().as_str().and_then(duration::parse);
        let found = parsed.filter(|duration| (from..=to).contains(duration));
        if found.is_none() {
            let (from, to) = (duration::show(from), duration::show(to));
            self.complain(
                key,
                &value.span(),
                format_args!("expected a duration from {from} to {to}, e.g. \"90s\", \"5m\", \"1h30m\" or \"14d\""),
            );
        }
        found
    }

    /// `true` or `false` at `key`.
    pub(super) fn boolean(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.take(key) else { return default };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.complain(key, &value.span(), "expected true or false");
            default
        })
    }

    /// One of `choices` at `key`.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.take(key)?;
        let text = value.get_ref().as_str().unwrap_or_default();
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        if found.is_none() {
            let names: Vec<String> =
                choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let hint = closest(text, choices.iter().map(|(name, _)| *name));
            let hint = hint.map_or_else(String::new, |hint| format!("; did you mean \"{hint}\"?"));
            self.complain(
                key,
                &value.span(),
                format_args!("expected one of {}{hint}", names.join(", ")),
            );
        }
        found
    }

    /// The table at `key`; one that holds nothing when there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a, 't> {
        let path = self.path_of(key);
        let Some(value) = self.take(key) else {
            return Section::new(self.reader, None, path, self.at.clone());
        };
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.complain(key, &value.span(), format_args!("expected a table: [{path}]"));
        }
        Section::new(self.reader, table, path, value.span())
    }

    /// The tables at `key`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a, 't>> {
        let path = self.path_of(key);
        let Some(value) = self.take(key) else { return Vec::new() };
        let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        let mut sections = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(table) => {
                    sections.push(Section::new(
                        self.reader,
                        Some(table),
                        path.clone(),
                        item.span(),
                    ));
                }
                None => {
                    self.complain(key, &item.span(), format_args!("expected a table: [[{path}]]"));
                }
            }
        }
        sections
    }

    /// Every key of a free table, all taken to be known.
    pub(super) fn free(&self) -> Vec<(Placed<String>, &'t Spanned<DeValue<'t>>)> {
        let entries = self.table.into_iter().flat_map(|table| table.iter());
        entries.map(|(key, value)| ((key.get_ref().to_string(), key.span()), value)).collect()
    }

    /// The secret at `key`: `{ env = "NAME" }` or `{ file = "path" }`.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<Placed<Secret>> {
        let value = self.take(key)?;
        self.secret_of(key, value)
    }

    pub(super) fn secret_of(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Placed<Secret>> {
        let (at, path) = (value.span(), self.path_of(key));
        let entry = |name: &str| value.get_ref().as_table()?.get(name)?.get_ref().as_str();
        let only_one = value.get_ref().as_table().is_some_and(|table| table.len() == 1);
        let found = match (entry("env"), entry("file")) {
            (Some(name), None) if only_one => self.variable(name),
            (None, Some(file)) if only_one => self.secret_file(file),
            // The value is not shown: it may be the secret itself.
            _ => Err(
                "a secret is not written here; write { env = \"NAME\" } or { file = \"path\" } \
                 and put it there"
                    .to_owned(),
            ),
        };
        match found {
            Ok(secret) => Some((Secret::new(secret), at)),
            Err(problem) => {
                self.reader.report(&at, format_args!("{path}: {problem}"));
                None
            }
        }
    }

    fn variable(&self, name: &str) -> Result<String, String> {
        if self.reader.secrets == Secrets::Ignore {
            return Ok(String::new());
        }
        (self.reader.env)(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
            format!("the environment variable {name} is not set; set it, or name another")
        })
    }

    fn secret_file(&self, file: &str) -> Result<String, String> {
        if self.reader.secrets == Secrets::Ignore {
            return Ok(String::new());
        }
        let read = std::fs::read_to_string(file)
            .map_err(|error| format!("the secret file {file} cannot be read: {error}"))?;
        let value = read.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            return Err(format!("the secret file {file} is empty"));
        }
        Ok(value.to_owned())
    }

    /// Reports every key that nobody has asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name = key.get_ref().as_ref();
            if self.known.contains(name) {
                continue;
            }
            let hint = closest(name, self.known.iter().copied());
            let hint = hint.map_or_else(
                || {
                    let known: Vec<&str> = self.known.iter().copied().collect();
                    format!("known here are {}", known.join(", "))
                },
                |hint| format!("did you mean {hint}?"),
            );
            let path = self.path_of(name);
            self.reader.report(&key.span(), format_args!("{path}: there is no such key; {hint}"));
        }
    }
}

/// The name most like `text`, if one is like it.
pub(super) fn closest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|name| (strsim::jaro_winkler(&text.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
