//! Takes values out of a parsed TOML table by type.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration;
use super::reader::{Reader, Stray, closest};

/// A value with its place in the text.
pub(super) type Placed<T> = (T, Range<usize>);

/// A table, and which of its keys are known.
pub(super) struct Section<'a, 't> {
    pub(super) reader: &'a Reader<'a>,
    table: Option<&'t DeTable<'t>>,
    path: String,
    /// As people write it: `[time]`, `[[brand]]`; empty for the top of the file.
    header: String,
    /// Where the table stands.
    pub(super) at: Range<usize>,
    known: BTreeSet<&'static str>,
}

impl<'a, 't> Section<'a, 't> {
    pub(super) fn root(reader: &'a Reader<'a>, table: &'t Spanned<DeTable<'t>>) -> Self {
        Self {
            reader,
            table: Some(table.get_ref()),
            path: String::new(),
            header: String::new(),
            at: 0..0,
            known: BTreeSet::new(),
        }
    }

    /// Whether the table is there at all.
    pub(super) const fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Reports that the value of `key` is wrong, whatever the other lines say.
    pub(super) fn complain(&self, key: &str, at: &Range<usize>, message: impl fmt::Display) {
        let path = self.path_of(key);
        self.reader.report_value(at, format_args!("{path} = {}: {message}", self.reader.shown(at)));
    }

    /// Reports that the value of `key` does not go with other lines.
    pub(super) fn disagree(&self, key: &str, at: &Range<usize>, message: impl fmt::Display) {
        let path = self.path_of(key);
        self.reader.report(at, format_args!("{path} = {}: {message}", self.reader.shown(at)));
    }

    /// Reports that the table lacks `key`; `example` is what to write.
    pub(super) fn miss(&self, key: &str, example: &str) {
        let path = self.path_of(key);
        self.reader.report(&self.at, format_args!("{path} is missing; write {key} = {example}"));
    }

    /// Where the value of `key` stands, if it is there.
    pub(super) fn place(&mut self, key: &'static str) -> Option<Range<usize>> {
        self.take(key).map(Spanned::span)
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        if self.known.insert(key) {
            self.reader.note_asked(&self.header, key);
        }
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
                self.complain(key, &at, "must not be empty; write something, or remove it");
                None
            }
            Some(text) => Some((text.to_owned(), at)),
            None => {
                self.complain(key, &at, "expected a text in quotation marks, e.g. \"...\"");
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
            DeValue::Integer(it) => {
                i64::from_str_radix(it.as_str(), it.radix()).ok().map(|it| it as f64)
            }
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

    /// The durations of the list at `key` that are right, with their places; `None` when it is not
    /// there or is no list.
    pub(super) fn durations(
        &mut self,
        key: &'static str,
        from: Duration,
        to: Duration,
    ) -> Option<Vec<Placed<Duration>>> {
        let value = self.take(key)?;
        let Some(list) = value.get_ref().as_array().filter(|list| !list.is_empty()) else {
            let message = "expected a list of durations, e.g. [\"5m\", \"1h\"]";
            self.complain(key, &value.span(), message);
            return None;
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

    /// The text at `key`, which must be there; `example` is what to write.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<Placed<String>> {
        if self.take(key).is_none() {
            self.miss(key, example);
        }
        self.string(key)
    }

    /// The table at `key`; one that holds nothing when there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a, 't> {
        let header = format!("[{}]", self.path_of(key));
        let value = self.take(key);
        let table = value.and_then(|value| self.table_of(key, value, &header));
        let at = value.map_or(self.at.clone(), |value| self.place_of_table(key, value));
        self.child(key, header, table, at)
    }

    /// The tables at `key`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a, 't>> {
        let header = format!("[[{}]]", self.path_of(key));
        let Some(value) = self.take(key) else { return Vec::new() };
        let items = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        let mut sections = Vec::new();
        for item in items {
            let table = self.table_of(key, item, &header);
            sections.extend(
                table.map(|table| self.child(key, header.clone(), Some(table), item.span())),
            );
        }
        sections
    }

    fn child(
        &self,
        key: &str,
        header: String,
        table: Option<&'t DeTable<'t>>,
        at: Range<usize>,
    ) -> Section<'a, 't> {
        let (reader, path) = (self.reader, self.path_of(key));
        Section { reader, table, path, header, at, known: BTreeSet::new() }
    }

    fn table_of(
        &self,
        key: &str,
        value: &'t Spanned<DeValue<'t>>,
        header: &str,
    ) -> Option<&'t DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let path = self.path_of(key);
            // The value is not shown: it may be a secret written in the wrong place.
            let message = format_args!("{path}: expected a table: {header} and its keys below it");
            self.reader.report_value(&value.span(), message);
        }
        table
    }

    /// A table that has no header of its own (`[a.b]` alone makes `a`) stands where its key does.
    fn place_of_table(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Range<usize> {
        let span = value.span();
        if !span.is_empty() {
            return span;
        }
        let entry = self.table.and_then(|table| table.get_key_value(key));
        entry.map_or(span, |(key, _)| key.span())
    }

    /// Every key of a free table, all taken to be known.
    pub(super) fn free(&self) -> Vec<(Placed<String>, &'t Spanned<DeValue<'t>>)> {
        let entries = self.table.into_iter().flat_map(|table| table.iter());
        entries.map(|(key, value)| ((key.get_ref().to_string(), key.span()), value)).collect()
    }

    /// Reports every key that nobody has asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name = key.get_ref().as_ref();
            if !self.known.contains(name) {
                self.reader.note_stray(Stray {
                    header: self.header.clone(),
                    path: self.path_of(name),
                    name: name.to_owned(),
                    at: key.span(),
                });
            }
        }
    }
}
