//! Groups signals of one brand into something people can act on.

#[cfg(test)]
pub mod fixtures;
mod model;
pub use model::{
    Change, Direction, Incident, Measure, Sample, Severity, Signal, SourceKind, SourceShare, State,
    Subject, TermCount,
};
