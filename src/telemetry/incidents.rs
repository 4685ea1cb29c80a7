//! Incidents: how many there were, and what is open.

use prometheus::{IntCounter, IntCounterVec};

use super::MetricsError;
use super::family::Registrar;
use super::open_incidents::OpenIncidents;
use crate::incident::{Change, Direction, Severity, State};

const STATES: [State; 5] =
    [State::Opened, State::Escalated, State::Updated, State::Acknowledged, State::Resolved];

/// Metrics of incidents over all shards.
#[derive(Debug)]
pub struct Incidents {
    open: OpenIncidents,
    opened: IntCounterVec,
    changes: IntCounterVec,
    marks: IntCounter,
    marks_skipped: IntCounter,
}

impl Incidents {
    /// Room for the onsets of `cap` open incidents.
    pub(super) fn new(registrar: &mut Registrar, cap: usize) -> Result<Self, MetricsError> {
        let open = OpenIncidents::new(registrar, cap)?;
        let opened = registrar.counters(
            &["severity", "direction"],
            (
                "groundswell_incidents_total",
                "incidents",
                "Incidents opened, by severity at the opening and by which way the brand swung.",
            ),
        )?;
        let changes = registrar.counters(
            &["state"],
            (
                "groundswell_incident_changes_total",
                "changes",
                "Changes of incidents that people are told of, by the state they led to.",
            ),
        )?;
        let marks = registrar.counters(
            &["outcome"],
            (
                "groundswell_feedback_marks_total",
                "marks",
                "Marks of incidents as false alarm or real, heard while running; `skipped` lines are none, those at the start included.",
            ),
        )?;
        // Every series is there from the start: an increase from nothing would go unseen.
        for severity in Severity::ALL {
            for direction in [Direction::Up, Direction::Down] {
                opened.with_label_values(&[severity.name(), direction.name()]);
            }
        }
        for state in STATES {
            changes.with_label_values(&[state.name()]);
        }
        Ok(Self {
            open,
            opened,
            changes,
            marks: marks.with_label_values(&["taken"]),
            marks_skipped: marks.with_label_values(&["skipped"]),
        })
    }

    /// Something happened to an incident.
    pub fn changed(&self, change: &Change) {
        let incident = &change.incident;
        self.changes.with_label_values(&[incident.state.name()]).inc();
        if incident.state == State::Opened {
            let labels = [incident.severity.name(), incident.direction.name()];
            self.opened.with_label_values(&labels).inc();
        }
    }

    /// People have marked incidents: `taken` marks, and `skipped` lines that are none.
    pub fn marked(&self, taken: u64, skipped: u64) {
        self.marks.inc_by(taken);
        self.marks_skipped.inc_by(skipped);
    }

    /// What is open now.
    pub(super) fn open(&self) -> &OpenIncidents {
        &self.open
    }
}
