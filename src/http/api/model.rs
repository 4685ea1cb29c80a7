//! What is answered, as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{Ref, RefOr, Schema};
use uuid::Uuid;

use crate::detect::MarkedAs;
use crate::incident::{Incident, Sample};
use crate::mention::Timestamp;
use crate::notify::story;
use crate::store::{Event, Standing};

/// The schema named `name`, which [`openapi`](super::openapi) takes from that of alerts.
macro_rules! of_alerts {
    ($function:ident, $name:literal) => {
        pub(super) fn $function() -> RefOr<Schema> {
            RefOr::Ref(Ref::from_schema_name($name))
        }
    };
}
of_alerts!(incident, "Incident");
of_alerts!(sample, "Sample");

/// An incident as it stands: what an alert tells of it, and how people stand to it.
#[derive(Debug, Serialize)]
pub struct IncidentNow {
    /// One sentence of plain English that says what happens.
    summary: String,
    #[serde(flatten)]
    incident: Incident,
    /// Until when no more is told of it, unless it becomes more severe.
    silenced_until: Option<Timestamp>,
    /// What people say it was.
    marked: Option<MarkedAs>,
}

impl From<Standing> for IncidentNow {
    fn from(Standing { incident, silenced_until, marked, .. }: Standing) -> Self {
        Self { summary: story::summary(&incident), incident, silenced_until, marked }
    }
}

/// A page of incidents, latest detection first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Incidents {
    /// The incidents.
    #[schema(schema_with = incidents)]
    pub items: Vec<IncidentNow>,
    /// The `cursor` of the next page; null when this is the last.
    pub next: Option<String>,
}

fn incidents() -> utoipa::openapi::Array {
    utoipa::openapi::Array::new(incident())
}

/// Mentions, latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mentions {
    /// The mentions.
    #[schema(schema_with = samples)]
    pub items: Vec<Sample>,
}

fn samples() -> utoipa::openapi::Array {
    utoipa::openapi::Array::new(sample())
}

/// What has happened to an incident, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Events {
    /// What has happened.
    pub items: Vec<Happened>,
}

/// Something that has happened to an incident.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// Mentions changed it.
    Changed {
        /// When, in event time.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// What happened: `opened`, `escalated`, `updated` or `resolved`.
        state: String,
        /// How severe it was then: `notice`, `warning` or `critical`.
        severity: String,
    },
    /// A person did something about it.
    Answered {
        /// When, by the wall clock.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// The response's id.
        id: Uuid,
        /// Who, as people know each other. Plain text: escape it before showing it.
        by: String,
        /// What was done: `acknowledge`, `silence`, `unsilence`, `false_alarm`, `real` or `note`.
        act: &'static str,
        /// Of a silence: until when.
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
        /// Of a note: the words. Plain text: escape it before showing it.
        text: Option<String>,
    },
}

impl From<Event> for Happened {
    fn from(event: Event) -> Self {
        use crate::incident::Act;
        match event {
            Event::Changed { at, state, severity } => Self::Changed { at, state, severity },
            Event::Answered(response) => {
                let act = response.act.name();
                let (until, text) = match response.act {
                    Act::Silence { until } => (Some(until), None),
                    Act::Note { text } => (None, Some(text)),
                    _ => (None, None),
                };
                Self::Answered {
                    at: response.at,
                    id: response.id,
                    by: response.by,
                    act,
                    until,
                    text,
                }
            }
        }
    }
}

/// The watched brands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Brands {
    /// The brands, as they are configured.
    pub items: Vec<BrandNow>,
}

/// A watched brand.
#[derive(Debug, Serialize, ToSchema)]
pub struct BrandNow {
    /// Its name.
    pub name: String,
    /// The market it belongs to; null: one of its own.
    pub market: Option<String>,
    /// How many of its incidents are open.
    pub open_incidents: u32,
    /// The most severe of them: `notice`, `warning` or `critical`.
    pub severity: Option<&'static str>,
}

/// A measure over time; each point is the hour that ends there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Series {
    /// The brand.
    pub brand: String,
    /// What is counted.
    pub measure: &'static str,
    /// Length of each window, in seconds: an hour.
    pub window_seconds: u32,
    /// The points, in order. None: the brand has not been counted yet, or no monitor watches this measure.
    pub points: Vec<At>,
}

/// A window of a series, in the unit of its measure: a number, a share in 0..1, or a sentiment in
/// -1..1.
#[derive(Debug, Serialize, ToSchema)]
pub struct At {
    /// When the window ends.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What came. null: nobody watched, or nobody remembers.
    pub observed: Option<f64>,
    /// Lower edge of the typical band: 19 of 20 windows lie inside. null: not known.
    pub lower: Option<f64>,
    /// What is typical. null: not known.
    pub expected: Option<f64>,
    /// Upper edge of the typical band. null: not known.
    pub upper: Option<f64>,
}

/// What became of a response.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// The response's id.
    pub id: Uuid,
    /// `done`; `known` when it was given before, and counted then; `moot` when there was nothing to do:
    /// another has taken the incident, it is over, or it is marked so already.
    pub outcome: &'static str,
}
