//! Groups signals of one brand into something people can act on.

#[cfg(test)]
pub mod fixtures;
mod measure;
mod model;
mod response;
mod severity;
mod tracker;

pub use measure::{Measure, Mood, Unit};
pub use model::{
    Change, Direction, Incident, Origin, Provenance, Sample, Severity, Signal, SilentPartitions,
    SourceKind, SourceShare, State, Subject, TermCount,
};
pub use response::{Acknowledgement, Act, Response};
pub use severity::Facts;
pub use tracker::{Evidence, Tracker, incident_id};
