//! What the store is told by the configuration.

use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;

/// Where things are kept, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Which database.
    pub engine: Engine,
    /// The longest time between two checkpoints of a partition in which something has come.
    pub checkpoint_every: Duration,
}

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// A file of its own, of one instance.
    Sqlite {
        /// The file; made if it is not there.
        file: PathBuf,
    },
    /// A server that several instances share.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: Secret,
    },
}
