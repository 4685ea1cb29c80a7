//! An incident as alerts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::incident::{Incident, Severity, State, Subject};
use crate::mention::Timestamp;
use crate::notify::Telling;
use crate::notify::story::Story;
use crate::notify::told::Told;

/// How long an alert that is not sent again lasts: longer than a restart of ours, or an outage of the
/// store, may take.
const LASTS_MILLIS: i64 = 3_600_000;

/// An alert of Alertmanager's API v2.
///
/// Source: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// They make it this alert and no other.
    labels: BTreeMap<&'static str, String>,
    /// What it says; may change.
    annotations: BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
    /// Where it comes from, for people.
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

/// The alerts that say what has been `told`, as of `now`.
///
/// An incident has one for each severity at which it was told: those who are routed to by severity
/// hear of it when it reaches theirs, and what went out before stays open until all is over.
pub fn alerts(told: &Told, now: Timestamp, telling: &Telling) -> Vec<Alert> {
    let incident = &told.latest.incident;
    let over = incident.state == State::Resolved;
    let story = telling.story(&told.latest);
    let starts_at = past(incident.onset, now);
    let ends_at = if over {
        past(incident.resolved_at.unwrap_or(incident.updated_at), now).max(starts_at)
    } else {
        now.plus_millis(LASTS_MILLIS)
    };
    told.severities
        .iter()
        .map(|&severity| Alert {
            labels: labels(incident, severity),
            annotations: annotations(incident, &story),
            starts_at: starts_at.to_string(),
            ends_at: ends_at.to_string(),
            page: story.page.clone(),
        })
        .collect()
}

/// Nothing but what stays the same as long as the incident lasts.
fn labels(incident: &Incident, severity: Severity) -> BTreeMap<&'static str, String> {
    let alertname = match incident.subject {
        Subject::Brand => "GroundswellIncident",
        Subject::Feed => "GroundswellFeedSilent",
    };
    let mut labels = BTreeMap::from([
        ("alertname", alertname.to_owned()),
        ("brand", incident.brand.clone()),
        ("direction", incident.direction.name().to_owned()),
        ("incident", incident.id.to_string()),
        ("severity", severity.name().to_owned()),
    ]);
    labels.extend(incident.market.clone().map(|market| ("market", market)));
    labels
}

fn annotations(incident: &Incident, story: &Story) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("summary", story.headline.clone()),
        ("description", story.plain()),
        ("severity_now", incident.severity.name().to_owned()),
    ])
}

/// `at`, or `now` if that is not there yet: an end in the future is none. Nor was there anything before
/// 1970.
fn past(at: Timestamp, now: Timestamp) -> Timestamp {
    at.clamp(Timestamp::from_millis(0), now)
}
