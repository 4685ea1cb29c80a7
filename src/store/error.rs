//! What can be wrong with the store. No message here shows its address.

/// The store could not be opened, or refuses.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or opened.
    #[error("the store ({store}) cannot be opened: {reason}; {advice}")]
    Open {
        /// `SQLite at PATH` or `PostgreSQL`.
        store: String,
        /// Why.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// Its tables are not as this version, or an older one, has made them.
    #[error(
        "the store's tables cannot be brought up to date: {0}; if a newer version has used this \
         store, run that version, or name another store in [store]"
    )]
    Migrate(String),
    /// Bringing its tables up to date failed.
    #[error(
        "the store's tables cannot be made or changed: {0}; mend what it says (a database wants a user \
         who may make tables, and room on its disk), and start again"
    )]
    Tables(String),
    /// Another has the tables to itself.
    #[error(
        "the store's tables are held by somebody else ({0}): by another instance that brings them up \
         to date, as a rule, and then start again when it is through; pg_stat_activity shows by whom"
    )]
    Held(String),
    /// It is there, but did not do what it was asked to.
    #[error("the store fails: {0}")]
    Failed(String),
    /// It did not answer in time.
    #[error("the store did not answer within {0:?}")]
    Slow(std::time::Duration),
    /// The partition has been claimed since by another instance.
    #[error(
        "partition {number} of {topic} belongs to another instance by now; what this one still \
         knew of it is not written"
    )]
    Fenced {
        /// The topic.
        topic: String,
        /// The partition.
        number: i32,
    },
    /// What is asked for is not there.
    #[error("there is no incident {0}: it has been forgotten, or its id is not this")]
    NoIncident(uuid::Uuid),
    /// Something in it is not what was written there.
    #[error("the store holds {what} that cannot be read: {reason}")]
    Unreadable {
        /// What it is.
        what: String,
        /// Why not.
        reason: String,
    },
}

impl StoreError {
    /// Whether another try may fare better.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Slow(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
