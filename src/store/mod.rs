//! What outlives the process.
//!
//! - [`Store`]: checkpoints of partitions, incidents and the outbox, in SQLite or PostgreSQL. What a
//!   partition's mentions caused is written with its state and its offset in one transaction, by
//!   whoever has claimed the partition last.
//! - [`MarkFile`]: what people have said of incidents, in a file.

mod change;
mod error;
mod incidents;
mod lock;
mod marks;
mod messages;
mod open;
mod outbox;
mod partition;
mod post;
mod responses;
mod settings;
mod silences;
mod storms;
mod told;

pub use error::StoreError;
pub use incidents::{Event, IncidentFilter, Standing, Version};
pub use marks::{MarkFile, MarkFileError, ReadMarks};
pub use open::Store;
pub use outbox::{Delivery, Parked, RouteCounts};
pub use partition::{Checkpoint, Claim, Holding, PartitionKey, Stored};
pub use post::Carrier;
pub use responses::Responded;
pub use settings::{Engine, StoreSettings};
