//! The one sentence that says it all.

use crate::incident::{Direction, Incident, Measure, Mood, Severity, State, Subject, Unit};
use crate::mention::Role;

use super::words::{self, Clock};
use super::{clean, feed, leading_direction, name, post};

/// Most crisis terms named in a headline, and the longest shown whole, in characters.
const MAX_TERMS: usize = 2;
const MAX_TERM: usize = 24;

/// E.g. `American: anger at 6.2x its usual level, since 14:20`.
pub fn headline(incident: &Incident, clock: &Clock) -> String {
    let since = clock.short(incident.onset, incident.updated_at);
    match incident.state {
        State::Opened | State::Escalated | State::Updated => {
            format!("{}, since {since}", summary(incident))
        }
        State::Acknowledged | State::Resolved => summary(incident),
    }
}

/// The headline without any clock time, so that it needs no time zone.
pub fn summary(incident: &Incident) -> String {
    let (who, what) = match incident.subject {
        Subject::Brand => (name(&incident.brand), brand(incident)),
        Subject::Feed => (
            format!("Feed {}", name(&incident.brand)),
            format!("no mentions are arriving{}", feed::place(incident)),
        ),
    };
    match (incident.state, incident.subject) {
        (State::Opened, Subject::Brand) => format!("{who}: {what}"),
        (State::Opened, Subject::Feed) => {
            let place = feed::place(incident);
            format!("No mentions are arriving from feed {}{place}", name(&incident.brand))
        }
        (State::Escalated, _) => format!("{who}: now {}: {what}", level(incident.severity)),
        (State::Updated, _) if is_growth(incident) => format!("{who}: still growing: {what}"),
        (State::Updated, _) => format!("{who}: got worse: {what}"),
        (State::Acknowledged, _) => {
            let by = incident.acknowledged.as_ref().map(|it| name(&it.by));
            format!("{who}: {} has taken it: {what}", by.as_deref().unwrap_or("someone"))
        }
        (State::Resolved, Subject::Brand) if is_of_mentions_alone(incident) => {
            format!("{who}: no further such mention{}", lasted(incident))
        }
        (State::Resolved, Subject::Brand) => format!("{who}: back to normal{}", lasted(incident)),
        (State::Resolved, Subject::Feed) => {
            format!("{who}: mentions are arriving again{}", lasted(incident))
        }
    }
}

/// What it is about, without its name: e.g. `anger at 6.2x its usual level`.
pub fn in_short(incident: &Incident) -> String {
    match incident.subject {
        Subject::Brand => brand(incident),
        Subject::Feed => "no mentions".to_owned(),
    }
}

/// Whether what has grown is nothing to be sorry for.
pub(super) fn is_growth(incident: &Incident) -> bool {
    let direction = leading_direction(incident);
    match incident.measure.mood(direction) {
        Mood::Glad => true,
        Mood::Angry => false,
        Mood::Open => {
            direction == Direction::Up
                && incident.severity == Severity::Notice
                && incident.measure != Measure::Audience
        }
    }
}

/// Whether nothing but single mentions has raised it.
fn is_of_mentions_alone(incident: &Incident) -> bool {
    let single = |measure| measure == Measure::Audience;
    single(incident.measure) && incident.signals.iter().all(|signal| single(signal.measure))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "worth a look",
        Severity::Warning => "serious",
        Severity::Critical => "critical",
    }
}

fn lasted(incident: &Incident) -> String {
    incident.resolved_at.map_or_else(String::new, |end| {
        format!(" after {}", words::span(end.millis_since(incident.onset)))
    })
}

fn brand(incident: &Incident) -> String {
    match incident.measure.unit() {
        Unit::Share | Unit::Sentiment => level_of(incident),
        Unit::Persons => voice(incident),
        Unit::Mentions => match leading_direction(incident) {
            Direction::Up => rise(incident),
            Direction::Down => fall(incident),
        },
    }
}

/// E.g. `a journalist reaching 310,000 people writes of "contamination"`.
fn voice(incident: &Incident) -> String {
    let Some(sample) = incident.samples.first() else {
        return "one mention may be a crisis by itself".into();
    };
    let who = match sample.role {
        Role::Customer => "an author",
        Role::Employee => "an employee",
        Role::Journalist => "a journalist",
        Role::Influencer => "an influencer",
        Role::Official => "an authority",
    };
    let reach = words::about(sample.audience as f64);
    let terms: Vec<String> = sample
        .crisis_terms
        .iter()
        .take(MAX_TERMS)
        .map(|term| format!("\"{}\"", clean::isolate(clean::line_or(term, MAX_TERM, "(unnamed)"))))
        .collect();
    match terms.as_slice() {
        [] => format!("{who} reaching {reach} people speaks ill of it"),
        terms => format!("{who} reaching {reach} people writes of {}", terms.join(" and ")),
    }
}

fn rise(incident: &Incident) -> String {
    if incident.measure == Measure::PostShares
        && let Some(summary) = post::summary(incident)
    {
        return summary;
    }
    let noun = words::noun(incident.measure);
    let feeling = match &incident.topic {
        Some(topic) if incident.measure == Measure::Activation => name(topic),
        _ => words::feeling(incident.measure).to_owned(),
    };
    if let Some(times) = words::times(incident.observed, incident.expected) {
        format!("{feeling} at {times} its usual level")
    } else if incident.observed.is_finite() && incident.expected.is_finite() {
        let number = words::count(incident.observed);
        format!("{feeling} out of nothing: {number} {noun} where none are usual")
    } else {
        format!("{feeling} far above its usual level")
    }
}

fn fall(incident: &Incident) -> String {
    let noun = words::noun(incident.measure);
    if incident.measure == Measure::Advocates {
        let (heard, usual) = (words::count(incident.observed), words::count(incident.expected));
        return format!("advocates have gone quiet: {heard} heard where {usual} are usual");
    }
    if incident.observed == 0.0 {
        return format!("no {noun} at all");
    }
    let ratio = incident.observed / incident.expected;
    if (0.0..1.0).contains(&ratio) {
        format!("{noun} down to {} of usual", words::percent(ratio))
    } else {
        format!("{noun} far below the usual level")
    }
}

/// A share or a sentiment.
fn level_of(incident: &Incident) -> String {
    let (noun, measure) = (words::noun(incident.measure), incident.measure);
    let at = match leading_direction(incident) {
        Direction::Up => "at",
        Direction::Down => "down to",
    };
    let value = |it| words::value(measure, it);
    match (incident.observed.is_finite(), incident.expected.is_finite()) {
        (true, true) => {
            let (observed, expected) = (value(incident.observed), value(incident.expected));
            format!("{noun} {at} {observed} (usually {expected})")
        }
        (true, false) => format!("{noun} {at} {}", value(incident.observed)),
        (false, _) => format!("{noun} far from usual"),
    }
}
