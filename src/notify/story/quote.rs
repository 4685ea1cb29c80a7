//! A sample mention as people read it.

use crate::incident::Sample;
use crate::mention::{Role, Timestamp};

use super::clean;
use super::words::{self, Clock};

/// Longest text quoted, in characters.
const MAX_TEXT: usize = 400;
/// Longest author or channel name, in characters.
const MAX_NAME: usize = 60;

/// One mention, quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Its words.
    pub text: String,
    /// Who wrote it to how many, where and when.
    pub by: String,
    /// Where it can be read; `http` or `https`.
    pub url: Option<String>,
}

impl Quote {
    /// Quotes `sample`, its moment told as seen from `now`.
    pub fn of(sample: &Sample, now: Timestamp, clock: &Clock) -> Self {
        Self {
            text: clean::line_or(&sample.text, MAX_TEXT, "(no text)"),
            by: by(sample, now, clock),
            url: sample.url.as_deref().and_then(clean::link),
        }
    }
}

fn by(sample: &Sample, now: Timestamp, clock: &Clock) -> String {
    let named = |text: &str, otherwise| clean::isolate(clean::line_or(text, MAX_NAME, otherwise));
    let author = sample
        .author
        .as_deref()
        .map_or_else(|| "unknown author".into(), |a| named(a, "unknown author"));
    let mut parts = vec![author, role(sample.role).into()];
    if sample.audience > 0 {
        parts.push(format!("audience {}", words::about(sample.audience as f64)));
    }
    parts.push(format!("on {}", named(&sample.channel, "an unknown channel")));
    parts.push(clock.short(sample.created_at, now));
    parts.join(", ")
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Employee => "employee",
        Role::Journalist => "journalist",
        Role::Influencer => "influencer",
        Role::Official => "official",
    }
}
