//! An incident at a glance.

use crate::detect::MarkedAs;
use crate::incident::{Severity, State};
use crate::mention::Timestamp;
use crate::notify::story;
use crate::store::Standing;
use jiff::tz::TimeZone;

/// What a card shows.
pub struct Card {
    pub id: String,
    pub severity: &'static str,
    /// Tells the severity by its shape.
    pub sign: &'static str,
    /// The same for the stylesheet: words, with spaces between.
    pub states: String,
    /// How people stand to it.
    pub badges: Vec<String>,
    pub headline: String,
    /// For machines, and for people.
    pub onset: String,
    pub since: String,
    pub detected_at: String,
    pub detected: String,
    pub mentions: String,
    taken: bool,
}

impl Card {
    /// That of an incident as it stands at `now`.
    pub fn of(standing: &Standing, zone: &TimeZone, now: Timestamp) -> Self {
        let incident = &standing.incident;
        Self {
            id: incident.id.to_string(),
            severity: incident.severity.name(),
            sign: sign(incident.severity),
            states: states(standing),
            badges: badges(standing, zone, now),
            headline: headline(standing),
            onset: incident.onset.to_string(),
            since: story::short_moment(incident.onset, now, zone),
            detected_at: incident.detected_at.to_string(),
            detected: story::short_moment(incident.detected_at, now, zone),
            mentions: format!("mentions: {}", story::volume(incident)),
            taken: incident.acknowledged.is_some(),
        }
    }

    /// Whether somebody has taken it.
    pub const fn is_taken(&self) -> bool {
        self.taken
    }
}

/// What it is about; that somebody has taken it is a badge.
fn headline(standing: &Standing) -> String {
    let mut incident = standing.incident.clone();
    if incident.state == State::Acknowledged {
        incident.state = State::Opened;
    }
    story::summary(&incident)
}

/// Tells a severity by its shape.
pub const fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "●",
        Severity::Warning => "▲",
        Severity::Critical => "◆",
    }
}

fn states(standing: &Standing) -> String {
    let taken = standing.incident.acknowledged.as_ref().map(|_| "taken");
    let silenced = standing.silenced_until.map(|_| "silenced");
    let marked = standing.marked.map(|marked| match marked {
        MarkedAs::FalseAlarm => "false-alarm",
        MarkedAs::Real => "real",
    });
    [taken, silenced, marked].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn badges(standing: &Standing, zone: &TimeZone, now: Timestamp) -> Vec<String> {
    let incident = &standing.incident;
    let at = |moment| story::short_moment(moment, now, zone);
    let state = match incident.state {
        State::Resolved => {
            let until = incident.resolved_at.unwrap_or(incident.updated_at);
            format!("over since {}", at(until))
        }
        _ => "open".to_owned(),
    };
    let taken = incident.acknowledged.as_ref();
    let taken = taken.map(|it| format!("taken by {}, {}", story::person(&it.by), at(it.at)));
    let marked = standing.marked.map(|marked| match marked {
        MarkedAs::FalseAlarm => "false alarm".to_owned(),
        MarkedAs::Real => "real".to_owned(),
    });
    // Of a false alarm no more is heard as long as it lasts: that has no hour.
    let hours = |until: &Timestamp| until.millis_since(now) < 30 * 86_400_000;
    let silenced = standing.silenced_until.filter(hours);
    let silenced = silenced.map(|until| format!("silenced until {}", at(until)));
    [Some(state), taken, marked, silenced].into_iter().flatten().collect()
}
