//! The labels' file: the Numenta Anomaly Benchmark's JSON, its keys the names of brands.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{LabelledWindow, Labels};
use crate::config::closest;
use crate::detect::Brand;
use crate::pipeline::moment::moment;

const SHAPE: &str = r#"{"Acme": [["2015-02-22T04:00:00Z", "2015-02-24T00:00:00Z"]], "Bolt": []}"#;

/// Labels that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what is expected.
    #[error("{}: the labels are not of the form {SHAPE}: {source}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// It names no brand.
    #[error("{}: no brand is labelled, so nothing can be judged; write {SHAPE}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The labels of one brand make no sense.
    #[error("{}: {key:?}: {problem}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The key at fault.
        key: String,
        /// What is wrong and what to write.
        problem: String,
    },
}

impl Labels {
    /// Reads the labels of `brands` from the JSON file at `path`: `{"brand": [[from, to], ...]}`.
    /// Times are RFC 3339, or local times of `zone`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not of that form, names no brand or one that is not in
    /// `brands`, or when a time is none, a window ends before it begins, or two of a brand overlap.
    pub fn read(path: &Path, brands: &[Brand], zone: &TimeZone) -> Result<Self, LabelsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| LabelsError::Read { path: path.to_owned(), source })?;
        let entries = entries(&text)
            .map_err(|source| LabelsError::Shape { path: path.to_owned(), source })?;
        if entries.is_empty() {
            return Err(LabelsError::Empty { path: path.to_owned() });
        }
        let mut labels = Self::default();
        for (key, value) in entries {
            labels.add(&key, value, brands, zone).map_err(|problem| LabelsError::Key {
                path: path.to_owned(),
                key,
                problem,
            })?;
        }
        Ok(labels)
    }

    fn add(
        &mut self,
        key: &str,
        value: Value,
        brands: &[Brand],
        zone: &TimeZone,
    ) -> Result<(), String> {
        if !brands.iter().any(|brand| brand.name == key) {
            return Err(unknown(key, brands));
        }
        let pairs: Vec<[String; 2]> = serde_json::from_value(value).map_err(|_| {
            "must hold a list of windows, each of two times [from, to], or [] when nothing happened"
        })?;
        let mut windows: Vec<LabelledWindow> =
            pairs.iter().map(|pair| window(pair, zone)).collect::<Result<_, _>>()?;
        windows.sort_unstable();
        if let Some(pair) = windows.windows(2).find(|pair| pair[1].from < pair[0].to) {
            let (first, second) = (pair[0], pair[1]);
            return Err(format!(
                "the windows {} to {} and {} to {} overlap; write them as one",
                first.from, first.to, second.from, second.to
            ));
        }
        match self.brands.insert(key.to_owned(), windows) {
            Some(_) => Err("is there twice; write all its windows in one list".to_owned()),
            None => Ok(()),
        }
    }
}

fn window([from, to]: &[String; 2], zone: &TimeZone) -> Result<LabelledWindow, String> {
    let read = |text: &String| {
        moment(text, zone).ok_or_else(|| {
            format!("{text:?} is no time; write 2015-02-22T04:00:00Z, or 2015-02-21 23:00:00 for local time")
        })
    };
    let window = LabelledWindow { from: read(from)?, to: read(to)? };
    if window.from < window.to {
        return Ok(window);
    }
    Err(format!("the window {from:?} to {to:?} does not end after it begins; write [from, to]"))
}

fn unknown(key: &str, brands: &[Brand]) -> String {
    let names = || brands.iter().map(|brand| brand.name.as_str());
    match closest(key, names()) {
        Some(meant) => format!("the configuration has no such brand; did you mean {meant:?}?"),
        None => {
            let names: Vec<&str> = names().collect();
            format!("the configuration has no such brand; it has {}", names.join(", "))
        }
    }
}

/// The entries as they stand: a map would silently drop the first of two equal keys.
fn entries(text: &str) -> Result<Vec<(String, Value)>, serde_json::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let entries = reader.deserialize_map(Entries)?;
    reader.end()?;
    Ok(entries)
}
