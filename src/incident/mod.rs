//! Groups signals of one brand into something people can act on.

mod model;
pub use model::{
    Change, Direction, Incident, Measure, Sample, Severity, Signal, SourceKind, SourceShare, State,
    Subject, TermCount,
};
