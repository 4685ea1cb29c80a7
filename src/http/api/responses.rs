//! What people do about incidents.

use axum::extract::{Extension, State};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::fault::{Fault, Json, Path, Problem};
use super::model::Outcome;
use crate::desk::Desk;
use crate::http::Caller;
use crate::incident::{Act, Response, Severity};
use crate::mention::Timestamp;
use crate::source::wall_clock;
use crate::store::Responded;

/// The longest silence: a week.
const LONGEST_MINUTES: u32 = 7 * 24 * 60;
/// Longest name of a person and longest note, in characters.
pub const LONGEST_NAME: usize = 80;
const LONGEST_NOTE: usize = 2_000;

/// What somebody does about an incident. `id` names the response: sent twice, it counts once; made up when it is left
/// out. `by` says who, where several people share a token; its name when it is left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Given {
    /// Take the incident: nobody else needs to be woken.
    Acknowledge {
        id: Option<Uuid>,
        #[schema(min_length = 1, max_length = 80, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
        by: Option<String>,
    },
    /// Take it, and hear no more of the brand for so many minutes, unless something is more severe.
    Silence {
        id: Option<Uuid>,
        #[schema(min_length = 1, max_length = 80, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
        by: Option<String>,
        #[schema(minimum = 1, maximum = 10080)]
        #[serde(deserialize_with = "whole")]
        minutes: u32,
        /// How severe the incident was as it was shown: the silence is meant for no more. As severe as it is when it is left out.
        #[schema(value_type = Option<String>, pattern = "^(notice|warning|critical)$")]
        severity: Option<Severity>,
    },
    /// End every silence of the brand.
    Unsilence {
        id: Option<Uuid>,
        #[schema(min_length = 1, max_length = 80, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
        by: Option<String>,
    },
    /// It paged for nothing: the limit rises, and no more is told of it unless it becomes more severe.
    FalseAlarm {
        id: Option<Uuid>,
        #[schema(min_length = 1, max_length = 80, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
        by: Option<String>,
        /// As for a silence.
        #[schema(value_type = Option<String>, pattern = "^(notice|warning|critical)$")]
        severity: Option<Severity>,
    },
    /// It was worth the page: takes a false alarm back.
    Real {
        id: Option<Uuid>,
        #[schema(min_length = 1, max_length = 80, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
        by: Option<String>,
    },
    /// Something for others to know.
    Note {
        id: Option<Uuid>,
        #[schema(min_length = 1, max_length = 80, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
        by: Option<String>,
        #[schema(min_length = 1, max_length = 2000, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
        text: String,
    },
}

/// Do something about the incident.
#[utoipa::path(
    post, path = "/incidents/{id}/responses", tag = "incidents",
    params(("id" = Uuid, Path, description = "The incident's id.")),
    request_body = Given,
    responses(
        (status = 200, description = "It is kept, and done.", body = Outcome),
        (status = 400, description = "It cannot be done so.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such incident.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as application/json.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body has another form.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn respond(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(incident): Path<Uuid>,
    Json(given): Json<Given>,
) -> Result<axum::Json<Outcome>, Fault> {
    let response = given.response(incident, &caller, wall_clock())?;
    let outcome = match desk.respond(&response).await? {
        Responded::Done => "done",
        Responded::Known => "known",
        Responded::Moot => "moot",
    };
    Ok(axum::Json(Outcome { id: response.id, outcome }))
}

impl Given {
    /// What a button `act` asks for: an act's name, or `silence-60` for a silence of sixty minutes.
    pub fn by_button(
        act: &str,
        id: Option<Uuid>,
        by: Option<String>,
        text: Option<String>,
        severity: Option<Severity>,
    ) -> Result<Self, Fault> {
        let by = by.filter(|it| !it.trim().is_empty());
        Ok(match act {
            "acknowledge" => Self::Acknowledge { id, by },
            "unsilence" => Self::Unsilence { id, by },
            "false_alarm" => Self::FalseAlarm { id, by, severity },
            "real" => Self::Real { id, by },
            "note" => Self::Note { id, by, text: text.unwrap_or_default() },
            act => match act.strip_prefix("silence-").and_then(|it| it.parse().ok()) {
                Some(minutes) => Self::Silence { id, by, minutes, severity },
                None => {
                    return Err(Fault::bad(
                        "This button is of another version: load the page again.",
                    ));
                }
            },
        })
    }

    /// What `caller` does about `incident` at `now`.
    pub fn response(
        self,
        incident: Uuid,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let (id, by, act, shown) = match self {
            Self::Acknowledge { id, by } => (id, by, Act::Acknowledge, None),
            Self::Silence { id, by, minutes, severity } => {
                (id, by, silence(minutes, now)?, severity)
            }
            Self::Unsilence { id, by } => (id, by, Act::Unsilence, None),
            Self::FalseAlarm { id, by, severity } => (id, by, Act::FalseAlarm, severity),
            Self::Real { id, by } => (id, by, Act::Real, None),
            Self::Note { id, by, text } => (id, by, note(&text)?, None),
        };
        let by = match by.as_deref().map(|by| line(by, LONGEST_NAME)) {
            Some(Some(by)) => by,
            Some(None) => {
                return Err(Fault::bad(format!("by: a name has 1 to {LONGEST_NAME} characters")));
            }
            None => caller.person().to_owned(),
        };
        let id = id.unwrap_or_else(|| Uuid::from_u128(rand::random()));
        Ok(Response { id, incident, by, at: now, act, shown })
    }
}

/// A whole number, which JSON may also write as `60.0`.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Ok(number as u32);
    }
    Err(serde::de::Error::custom("minutes: expected a whole number"))
}

fn silence(minutes: u32, now: Timestamp) -> Result<Act, Fault> {
    if !(1..=LONGEST_MINUTES).contains(&minutes) {
        return Err(Fault::bad(format!("minutes: a silence has 1 to {LONGEST_MINUTES} minutes")));
    }
    Ok(Act::Silence { until: now.plus_millis(i64::from(minutes) * 60_000) })
}

fn note(text: &str) -> Result<Act, Fault> {
    let text = line(text, LONGEST_NOTE);
    let wrong = || Fault::bad(format!("text: a note has 1 to {LONGEST_NOTE} characters"));
    text.map(|text| Act::Note { text }).ok_or_else(wrong)
}

/// `text` without what no store keeps or nobody sees, if it has one to `most` characters then.
fn line(text: &str, most: usize) -> Option<String> {
    let seen = |it: &char| !it.is_control() || *it == '\n';
    let text: String = text.trim().chars().filter(seen).collect();
    (!text.is_empty() && text.chars().count() <= most).then_some(text)
}
