//! What people do about an incident. Detection never hears of it, but for marks: what mentions say
//! stays what they say, and a replay finds the same.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::Severity;
use crate::mention::Timestamp;

/// One thing that a person does about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Takes it: nobody else needs to be woken.
    Acknowledge,
    /// Takes it, and wants to hear no more of the brand until then, unless something is more severe
    /// than this incident is now.
    Silence {
        /// When the silence ends by itself.
        until: Timestamp,
    },
    /// Ends every silence of the brand.
    Unsilence,
    /// It paged for nothing: the limit rises, and of this incident no more is heard unless it becomes
    /// more severe.
    FalseAlarm,
    /// It was worth the page: takes a false alarm back.
    Real,
    /// Something for others to know.
    Note {
        /// The words.
        text: String,
    },
}

impl Act {
    /// `acknowledge`, `silence`, `unsilence`, `false_alarm`, `real` or `note`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Silence { .. } => "silence",
            Self::Unsilence => "unsilence",
            Self::FalseAlarm => "false_alarm",
            Self::Real => "real",
            Self::Note { .. } => "note",
        }
    }

    /// Whether whoever does this has taken the incident.
    pub const fn acknowledges(&self) -> bool {
        matches!(self, Self::Acknowledge | Self::Silence { .. } | Self::FalseAlarm)
    }
}

/// What a person has done about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Names it: given twice, it counts once.
    pub id: Uuid,
    /// The incident.
    pub incident: Uuid,
    /// Who, as people know each other.
    pub by: String,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub act: Act,
    /// How severe the incident was as they saw it, where that is known: a silence is meant for no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Severity>,
}

impl Response {
    /// The most severe that whoever silences `incident` has in mind.
    pub fn silences_up_to(&self, incident: Severity) -> Severity {
        self.shown.map_or(incident, |shown| shown.min(incident))
    }
}

/// Who has taken an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who, as people know each other.
    pub by: String,
    /// When, by the wall clock.
    pub at: Timestamp,
}
