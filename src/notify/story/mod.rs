//! A change told in plain words, before any channel's markup.
//!
//! A [`Story`] answers the four questions of an alert: what changed, since when, how unusual, and
//! what it comes from; and it says what to do first. Every channel that people read ([Slack](super::slack), the
//! [terminal](super::terminal)) shows the same story, so that the words are written once.
//!
//! All strings are one line, bounded and free of control characters (see `clean`); none is
//! escaped for any markup: that is the channel's task.

mod advice;
mod carriers;
mod clean;
mod feed;
mod headline;
mod origin;
mod parts;
mod post;
mod quote;
mod rarity;
mod words;

use jiff::tz::TimeZone;

use crate::incident::{
    Change, Direction, Incident, Measure, Mood, Sample, Severity, Signal, State, Subject, Unit,
};
use crate::mention::Timestamp;

pub use carriers::{Carrier, Carriers};
pub(crate) use headline::{in_short, summary};
pub use parts::{Body, Part};
pub use quote::Quote;
use words::Clock;
pub(crate) use words::span;

/// Longest brand, monitor and market name shown, in characters.
const MAX_NAME: usize = 40;
/// Most crisis terms shown.
const MAX_TERMS: usize = 10;
/// Most further signals shown.
const MAX_ALSO: usize = 4;
/// Most samples shown.
const MAX_SAMPLES: usize = 3;

/// What a change looks like at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Open, at this severity.
    Open(Severity),
    /// Got worse.
    Worse,
    /// A person has taken it.
    Taken,
    /// Over.
    Over,
}

/// A labelled piece of information.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, e.g. `Since`.
    pub label: &'static str,
    /// The information.
    pub text: String,
}

/// A change in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// What it looks like at a glance.
    pub mark: Mark,
    /// One sentence that says it all; at most about 140 characters.
    pub headline: String,
    /// Observed against typical, in which window.
    pub what_changed: String,
    /// How often that happens when nothing is wrong.
    pub how_unusual: String,
    /// Where to look first, and what to do then.
    pub what_to_do: Option<String>,
    /// Since when, detected when, how severe ...
    pub facts: Vec<Fact>,
    /// Further monitors and windows out of line.
    pub also: Vec<String>,
    /// What carries the excess.
    pub carriers: Carriers,
    /// Crisis terms with the number of mentions that carry them.
    pub crisis_terms: Vec<String>,
    /// Mentions that speak for the rest.
    pub quotes: Vec<Quote>,
    /// Which incident and alert this is, and the monitor that it is told by.
    pub footer: String,
    /// The address of its page, if it can be reached from where it is told.
    pub page: Option<String>,
}

impl Story {
    /// Tells `change`, its moments in `time_zone`.
    pub fn of(change: &Change, time_zone: &TimeZone) -> Self {
        let incident = &change.incident;
        let clock = Clock::new(time_zone);
        let over = incident.state == State::Resolved;
        Self {
            mark: mark(incident),
            headline: headline::headline(incident, &clock),
            what_changed: what_changed(incident),
            how_unusual: how_unusual(incident),
            what_to_do: advice::what_to_do(incident),
            facts: facts(incident, &clock),
            also: also(incident),
            carriers: Carriers::of(incident),
            crisis_terms: crisis_terms(incident),
            quotes: incident
                .samples
                .iter()
                .take(if over { 0 } else { MAX_SAMPLES })
                .map(|sample| Quote::of(sample, incident.updated_at, &clock))
                .collect(),
            footer: format!(
                "incident {} · monitor {} · alert {}",
                incident.id,
                name(incident.leading_monitor()),
                u64::from(change.sequence) + 1,
            ),
            page: None,
        }
    }
}

fn mark(incident: &Incident) -> Mark {
    match incident.state {
        State::Opened => Mark::Open(incident.severity),
        State::Updated if headline::is_growth(incident) => Mark::Open(incident.severity),
        State::Escalated | State::Updated => Mark::Worse,
        State::Acknowledged => Mark::Taken,
        State::Resolved => Mark::Over,
    }
}

/// `sample`, told as seen from `now`.
pub(crate) fn quote(sample: &Sample, now: Timestamp, time_zone: &TimeZone) -> Quote {
    Quote::of(sample, now, &Clock::new(time_zone))
}

/// `at`, told as seen from `now`: `14:20`, or `22 Feb 14:20`.
pub(crate) fn short_moment(at: Timestamp, now: Timestamp, time_zone: &TimeZone) -> String {
    Clock::new(time_zone).short(at, now)
}

/// Who somebody is, fit to stand in a sentence.
pub(crate) fn person(by: &str) -> String {
    name(by)
}

/// A name out of the configuration or the data, fit to stand in a sentence.
fn name(name: &str) -> String {
    clean::isolate(clean::line_or(name, MAX_NAME, "(unnamed)"))
}

/// Whether what the leading signal shows is less of something: a worse sentiment is more anger.
fn is_fall(incident: &Incident) -> bool {
    let direction = leading_direction(incident);
    direction == Direction::Down && incident.measure.mood(direction) != Mood::Angry
}

/// Which way the leading signal went. An incident can be opened by a fall and led by a rise; the
/// sign of its z tells. A single mention has none, and is no fall.
fn leading_direction(incident: &Incident) -> Direction {
    if incident.peak_z > 0.0 || incident.measure == Measure::Audience {
        Direction::Up
    } else if incident.peak_z < 0.0 {
        Direction::Down
    } else {
        incident.direction
    }
}

fn what_changed(incident: &Incident) -> String {
    if incident.measure == Measure::Audience {
        return audience(incident);
    }
    let window = words::window(incident.window_seconds);
    let when = match incident.state {
        State::Resolved => format!("in the most unusual {window}"),
        _ => format!("in the last {window}"),
    };
    if !incident.observed.is_finite() {
        let what = match incident.measure.unit() {
            Unit::Share => format!("The {}", words::noun(incident.measure)),
            Unit::Mentions | Unit::Sentiment | Unit::Persons => {
                capital(words::noun(incident.measure).to_owned())
            }
        };
        return format!("{what} left the typical band {when}.");
    }
    let observed = match incident.measure.unit() {
        Unit::Share => format!("{} of mentions were negative", words::percent(incident.observed)),
        Unit::Sentiment => format!(
            "{} was {}",
            capital(words::noun(incident.measure).to_owned()),
            words::sentiment(incident.observed)
        ),
        Unit::Mentions | Unit::Persons => counted(incident.observed, incident.measure),
    };
    format!("{observed}{} {when}{}.", feed::figures_of(incident), usual(incident))
}

/// The mention that is a crisis by itself.
fn audience(incident: &Incident) -> String {
    let reach = words::about(incident.observed);
    if !incident.upper.is_finite() {
        return format!("One mention with an audience of {reach}.");
    }
    let least = words::about(incident.upper);
    format!(
        "One mention with an audience of {reach}; an ordinary author's, with one crisis term, would be \
         told from {least} on."
    )
}

/// `No mentions`, `1 negative mention`, `186 negative mentions`.
fn counted(observed: f64, measure: Measure) -> String {
    let number = match words::count(observed) {
        zero if zero == "0" => "No".into(),
        number => number,
    };
    format!("{number} {}", words::plural(&number, words::one(measure), words::noun(measure)))
}

/// `, where 30 are usual (typically 17 to 46)`; what is not known is left out.
fn usual(incident: &Incident) -> String {
    let Incident { expected, lower, upper, measure, .. } = *incident;
    if measure == Measure::PostShares {
        return post::usual(incident);
    }
    if !expected.is_finite() {
        return String::new();
    }
    let number = |value| words::value(measure, value);
    let usual = match (measure.unit(), number(expected)) {
        (Unit::Share | Unit::Sentiment, level) => format!("{level} is usual"),
        (_, zero) if zero == "0" => "none are usual".into(),
        (_, one) if one == "1" => "1 is usual".into(),
        (_, many) => format!("{many} are usual"),
    };
    if lower.is_finite() && upper.is_finite() {
        let (lower, upper) = (number(lower), number(upper));
        if lower == upper {
            return format!(", where {usual}");
        }
        format!(", where {usual} (typically {lower} to {upper})")
    } else {
        format!(", where {usual}")
    }
}

fn how_unusual(incident: &Incident) -> String {
    if incident.measure == Measure::Audience {
        return "One such mention is enough: it is judged by its words, its author and its audience."
            .into();
    }
    let days = incident.leading().and_then(|it| it.return_days);
    let by_record = days.and_then(rarity::by_record);
    let sentence = capital(by_record.unwrap_or_else(|| rarity::in_words(incident.peak_z)));
    if incident.peak_z.is_finite() {
        format!("{sentence} (z {:.1}).", incident.peak_z.clamp(-99.9, 99.9))
    } else {
        format!("{sentence}.")
    }
}

fn capital(mut sentence: String) -> String {
    if let Some(first) = sentence.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    sentence
}

fn facts(incident: &Incident, clock: &Clock) -> Vec<Fact> {
    let fact = |label, text| Fact { label, text };
    let mut facts = vec![fact("Since", clock.full(incident.onset))];
    if let Some(resolved_at) = incident.resolved_at {
        facts.push(fact("Until", clock.full(resolved_at)));
    }
    facts.push(fact("Detected", detected(incident, clock)));
    facts.push(fact("Severity", severity(incident)));
    if let Some(by) = &incident.acknowledged {
        let at = clock.short(by.at, incident.onset);
        facts.push(fact("Taken", format!("by {}, {at}", name(&by.by))));
    }
    match incident.subject {
        Subject::Feed => facts.push(fact("What it means", feed::meaning(incident))),
        Subject::Brand => facts.push(fact("Mentions since", volume(incident))),
    }
    if let Some(topic) = &incident.topic {
        facts.push(fact("About", name(topic)));
    }
    if let Some(market) = &incident.market {
        facts.push(fact("Market", name(market)));
    }
    facts
}

fn detected(incident: &Incident, clock: &Clock) -> String {
    let at = clock.short(incident.detected_at, incident.onset);
    match incident.detected_at.millis_since(incident.onset) {
        delay if delay > 0 => format!("{at}, {} later", words::span(delay)),
        _ => at,
    }
}

fn severity(incident: &Incident) -> String {
    let to_do = match incident.severity {
        Severity::Notice => "worth knowing, can wait",
        Severity::Warning => "look at it now",
        Severity::Critical => "act at once",
    };
    let name = incident.severity.name();
    match incident.state {
        State::Resolved => format!("{name} at its worst"),
        _ => format!("{name}: {to_do}"),
    }
}

pub(crate) fn volume(incident: &Incident) -> String {
    let share = incident.negative_mentions as f64 / incident.mentions.max(1) as f64;
    format!(
        "{}, {} of them negative ({})",
        words::thousands(incident.mentions),
        words::thousands(incident.negative_mentions),
        words::percent(share)
    )
}

/// The signals beside the leading one, what must be read first before the others.
fn also(incident: &Incident) -> Vec<String> {
    let mut others: Vec<&Signal> =
        incident.signals.iter().filter(|s| !incident.is_led_by(s)).collect();
    // One mention is named before all windows: its z, 0, would put it behind them.
    let order = |signal: &Signal| (signal.measure == Measure::Audience, signal.mood());
    others.sort_by(|a, b| order(b).cmp(&order(a)).then_with(|| b.precedence(a)));
    let mut lines: Vec<String> = others.iter().take(MAX_ALSO).map(|s| signal(s)).collect();
    if others.len() > MAX_ALSO {
        lines.push(format!("and {} more", others.len() - MAX_ALSO));
    }
    lines
}

fn signal(signal: &Signal) -> String {
    let value = words::value(signal.measure, signal.observed);
    if signal.measure == Measure::Audience {
        return format!("a severe mention with an audience of {value}");
    }
    let usual = words::value(signal.measure, signal.expected);
    let what = signal.measure.noun();
    format!(
        "{what} in a window of {}: {value} (usually {usual})",
        match words::window(signal.window_seconds) {
            hour if hour == "hour" => "1 hour".into(),
            minute if minute == "minute" => "1 minute".into(),
            window => window,
        }
    )
}

fn crisis_terms(incident: &Incident) -> Vec<String> {
    incident
        .crisis_terms
        .iter()
        .take(MAX_TERMS)
        .map(|found| format!("{} ×{}", name(&found.term), words::thousands(found.count)))
        .collect()
}

#[cfg(test)]
mod tests;
