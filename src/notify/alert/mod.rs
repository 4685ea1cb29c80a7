//! A change for programs: `groundswell.v1.Alert`, in JSON and in protobuf.

mod protobuf;

use serde::Serialize;
use uuid::Uuid;

use crate::incident::{Change, Incident};
use crate::notify::story;

/// Version of the shape of [`Alert`]; raised only when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// A change as `groundswell.v1.Alert` in JSON: see `proto/groundswell/v1/alert.proto` for each
/// field's meaning and unit and `proto/alert.schema.json` for the schema.
///
/// The incident's own fields stand beside those of the alert. Numbers that are not finite, and
/// what is absent, are `null`.
#[derive(Debug, Clone, Serialize)]
pub struct Alert<'a> {
    schema_version: u32,
    event_id: Uuid,
    sequence: u32,
    summary: String,
    #[serde(flatten)]
    incident: &'a Incident,
}

/// `change` as JSON.
pub fn alert(change: &Change) -> Alert<'_> {
    Alert {
        schema_version: SCHEMA_VERSION,
        event_id: change.id,
        sequence: change.sequence,
        summary: story::summary(&change.incident),
        incident: &change.incident,
    }
}

#[cfg(test)]
mod tests;
