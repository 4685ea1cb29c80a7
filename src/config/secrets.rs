//! Secrets: named in the file, kept elsewhere.
//!
//! A value that may be a secret is never shown, right or wrong: people paste a secret where its
//! name belongs.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::section::{Placed, Section};
use crate::secret::Secret;

/// Largest secret file read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Whether secrets are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Read the environment variables and files that hold them.
    Resolve,
    /// Read those of the source and of HTTP and leave the others empty: for `route`, which tells nobody.
    ResolveForRoute,
    /// Leave them empty: for commands that speak to nobody.
    Ignore,
}

/// Where a secret comes from; not the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSource {
    /// The key that names it, e.g. `route.slack.webhook_url`.
    pub key: String,
    /// What holds it.
    pub holder: SecretHolder,
}

/// What holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretHolder {
    /// An environment variable, by name.
    Variable(String),
    /// A file, by path.
    File(PathBuf),
}

impl fmt::Display for SecretHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

impl SecretHolder {
    /// What `value` names: `{ env = "NAME" }` or `{ file = "path" }`.
    fn named_by(value: &DeValue<'_>) -> Result<Self, &'static str> {
        const INSTEAD: &str = "a secret is not written here; put it into an environment variable and write \
                               { env = \"NAME\" }, or into a file and write { file = \"path\" }";
        let table = value.as_table().filter(|table| table.len() == 1).ok_or(INSTEAD)?;
        let entry = |name: &str| table.get(name)?.get_ref().as_str();
        match (entry("env"), entry("file")) {
            (Some(name), _) if is_variable_name(name) => Ok(Self::Variable(name.to_owned())),
            (Some(_), _) => {
                Err("env is not the name of an environment variable; write its name, not \
                                 the secret itself, e.g. { env = \"SLACK_WEBHOOK_URL\" }")
            }
            (_, Some(file)) if is_path(file) => Ok(Self::File(PathBuf::from(file))),
            (_, Some(_)) => Err("file is not a path; write where the secret lies, not the secret \
                                 itself, e.g. { file = \"/run/secrets/slack\" }"),
            _ => Err(INSTEAD),
        }
    }

    /// The secret itself, without the line break that editors leave at its end.
    fn read(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
        let value = match self {
            Self::Variable(name) => env(name)
                .ok_or_else(|| format!("the {self} is not set; set it, or name another"))?,
            Self::File(path) => {
                let mut value = String::new();
                File::open(path)
                    .and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut value))
                    .map_err(|error| format!("the {self} cannot be read: {error}"))?;
                value
            }
        };
        match value.trim_end_matches(['\r', '\n']) {
            empty if empty.trim().is_empty() => Err(format!("the {self} is empty; fill it")),
            value => Ok(value.to_owned()),
        }
    }
}

/// Letters, digits and `_`, as POSIX has it; most secrets hold something else.
fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|it| it.is_ascii_alphanumeric() || it == '_')
}

fn is_path(file: &str) -> bool {
    !file.trim().is_empty() && !file.contains("://") && !file.contains(['\0', '\n'])
}

impl Section<'_, '_> {
    /// The secret at `key`: `{ env = "NAME" }` or `{ file = "path" }`.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<Placed<Secret>> {
        let value = self.take(key)?;
        self.secret_of(key, value)
    }

    /// As [`Self::secret`], where there must be one.
    pub(super) fn required_secret(&mut self, key: &'static str) -> Option<Placed<Secret>> {
        if self.take(key).is_none() {
            self.miss(key, "{ env = \"NAME\" }");
            return None;
        }
        self.secret(key)
    }

    /// The secrets at `key`: one, or a list of them.
    pub(super) fn secrets(&mut self, key: &'static str) -> Vec<Placed<Secret>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        match value.get_ref().as_array() {
            Some(list) => list.iter().filter_map(|item| self.secret_of(key, item)).collect(),
            None => self.secret_of(key, value).into_iter().collect(),
        }
    }

    /// The text at `key`, written there or named as a secret is; `None` when there is none, or it is
    /// not looked up.
    pub(super) fn text_or_named(&mut self, key: &'static str) -> Option<String> {
        if self.take(key)?.get_ref().is_str() {
            return self.string(key).map(|text| text.0);
        }
        let named = self.secret(key)?.0;
        (!named.expose().is_empty()).then(|| named.expose().to_owned())
    }

    /// The secret that `value` names; an empty one when it is not looked up.
    pub(super) fn secret_of(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Placed<Secret>> {
        let (at, path) = (value.span(), self.path_of(key));
        let holder = SecretHolder::named_by(value.get_ref())
            .map_err(|wrong| self.reader.report_value(&at, format_args!("{path}: {wrong}")))
            .ok()?;
        self.reader.note_source(SecretSource { key: path.clone(), holder: holder.clone() });
        let needed = match self.reader.secrets {
            Secrets::Ignore => false,
            Secrets::ResolveForRoute => {
                path.starts_with("source.") || path.starts_with("http.token")
            }
            Secrets::Resolve => true,
        };
        let secret = if needed {
            holder
                .read(self.reader.env)
                .map_err(|wrong| self.reader.report_value(&at, format_args!("{path}: {wrong}")))
                .ok()?
        } else {
            String::new()
        };
        Some((Secret::new(secret), at))
    }
}
