//! A change as an event.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::incident::{Change, Severity, State};
use crate::notify::Telling;
use crate::notify::story::{Body, Quote, Story};

/// Longest summary that PagerDuty takes, in characters; no other text need be longer.
const MAX_TEXT: usize = 1_024;

/// An event of PagerDuty's Events API v2.
///
/// Source: <https://github.com/PagerDuty/api-schema/blob/main/reference/events-v2/openapiv3.json>.
// No Debug: the routing key is a secret.
#[derive(Clone, Serialize)]
pub struct Event<'a> {
    routing_key: &'a str,
    event_action: &'static str,
    dedup_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
}

#[derive(Clone, Serialize)]
struct Payload {
    summary: String,
    timestamp: String,
    severity: &'static str,
    source: String,
    component: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    class: &'static str,
    custom_details: Map<String, Value>,
}

#[derive(Clone, Serialize)]
struct Link {
    href: String,
    text: String,
}

/// The event that tells `change` to the integration of `routing_key`.
///
/// All events of an incident have its id as their `dedup_key`: they are one alert at PagerDuty, which
/// is triggered, changed when it gets worse, acknowledged and resolved.
pub fn event<'a>(change: &'a Change, routing_key: &'a str, telling: &Telling) -> Event<'a> {
    let incident = &change.incident;
    let event_action = match incident.state {
        State::Opened | State::Escalated | State::Updated => "trigger",
        // PagerDuty wakes nobody again for what is acknowledged, even if it becomes more severe: it hears
        // so only of what cannot.
        State::Acknowledged if incident.severity < Severity::Critical => "trigger",
        State::Acknowledged => "acknowledge",
        State::Resolved => "resolve",
    };
    let event = Event {
        routing_key,
        event_action,
        dedup_key: incident.id.to_string(),
        payload: None,
        client: None,
        client_url: None,
        links: Vec::new(),
    };
    if event_action != "trigger" {
        return event;
    }
    let story = telling.story(change);
    Event {
        client: Some("Groundswell"),
        client_url: story.page.clone(),
        links: story.quotes.iter().filter_map(link).collect(),
        payload: Some(Payload {
            summary: field(&story.headline),
            timestamp: incident.updated_at.to_string(),
            severity: severity(incident.severity),
            source: field(&incident.brand),
            component: field(&incident.monitor),
            group: incident.market.as_deref().map(field),
            class: incident.measure.name(),
            custom_details: details(&story),
        }),
        ..event
    }
}

/// `text` as it is, for rules that go by it, as far as PagerDuty takes it.
fn field(text: &str) -> String {
    let field: String = text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    if field.is_empty() { "(unnamed)".to_owned() } else { field }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

fn link(quote: &Quote) -> Option<Link> {
    Some(Link { href: quote.url.clone()?, text: quote.by.clone() })
}

/// The story, part by part. PagerDuty shows them as a table, in alphabetical order.
fn details(story: &Story) -> Map<String, Value> {
    let parts = story.parts().into_iter().map(|part| match part.body {
        Body::Text(text) => (part.title.to_owned(), text.into()),
        Body::List(list) => (part.title.to_owned(), list.into()),
    });
    let mut details: Map<String, Value> = parts.collect();
    if !story.quotes.is_empty() {
        let quotes: Vec<String> = story.quotes.iter().map(quoted).collect();
        details.insert("In their words".to_owned(), quotes.into());
    }
    details.insert("Alert".to_owned(), story.footer.clone().into());
    details
}

fn quoted(Quote { text, by, .. }: &Quote) -> String {
    format!("{text} ({by})")
}
