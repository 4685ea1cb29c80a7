//! Why people cannot be shown something.

use crate::checkpoint::CheckpointError;
use crate::store::StoreError;

/// Why something cannot be shown or done.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No incident has this id.
    #[error(
        "there is no such incident: it was forgotten a year after its end, or its id is another"
    )]
    NoIncident,
    /// No brand has this name.
    #[error("no brand of this name is watched; /api/v1/brands names those that are")]
    NoBrand,
    /// The brand's state cannot be read.
    #[error(
        "what is kept of this brand cannot be read ({0}); it is written anew within a minute or two \
         of the start of a version that reads it"
    )]
    Unreadable(#[from] CheckpointError),
    /// Putting it together ended in a panic.
    #[error("what is kept of this brand could not be put together ({0}); please report it")]
    Died(String),
    /// The store fails.
    #[error("{0}; nothing can be shown or done until it works again")]
    Store(StoreError),
}

impl From<StoreError> for DeskError {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::NoIncident(_) => Self::NoIncident,
            failure => Self::Store(failure),
        }
    }
}
