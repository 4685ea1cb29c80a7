//! Why a part of a checkpoint cannot be used.

use std::fmt;

use super::{PartKey, VERSION};

/// A part of a checkpoint that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the part {key} of the checkpoint {problem}")]
pub struct CheckpointError {
    /// The part.
    pub key: PartKey,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It is not there.
    Absent,
    /// Its bytes are not what was written.
    Corrupt {
        /// What does not fit.
        why: String,
    },
    /// A newer program has written it.
    Newer {
        /// The version of its format.
        version: u16,
    },
    /// The configuration has changed since: what was counted is not what is watched.
    Shape {
        /// What has changed.
        differs: String,
    },
    /// It cannot be written.
    Unwritable {
        /// Why not.
        why: String,
    },
}

impl CheckpointError {
    /// `problem` of the part `key`.
    pub fn new(key: &PartKey, problem: Problem) -> Self {
        Self { key: key.clone(), problem }
    }
}

impl Problem {
    /// Bytes that are not what was written.
    pub fn corrupt(why: impl Into<String>) -> Self {
        Self::Corrupt { why: why.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("is not there; what it held is read again from the topic"),
            Self::Corrupt { why } => {
                write!(f, "is damaged ({why}); what it held is read again from the topic")
            }
            Self::Newer { version } => write!(
                f,
                "was written by a newer program (format version {version}, this one reads up to \
                 {VERSION}); run the newer one again, or have the topic read again"
            ),
            Self::Shape { differs } => write!(
                f,
                "was counted for another configuration ({differs}); what it held is read again \
                 from the topic"
            ),
            Self::Unwritable { why } => {
                write!(f, "cannot be written ({why}); please report this as a fault")
            }
        }
    }
}
