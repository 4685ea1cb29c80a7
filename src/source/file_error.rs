//! What may be the matter with a file, in words for the person who named it.

use std::io;
use std::path::Path;

use crate::decode::Reason;

/// A file cannot be read, or not to its end. Every variant names the file as it was given.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("{path}: there is no such file; check the path, it is taken from the current folder")]
    Missing {
        /// The file.
        path: String,
    },
    /// It is a folder.
    #[error("{path}: this is a folder; name the files in it, e.g. {path}/*.ndjson.gz")]
    Folder {
        /// The folder.
        path: String,
    },
    /// It may not be read.
    #[error("{path}: this file may not be read by the current user; check its permissions")]
    Forbidden {
        /// The file.
        path: String,
    },
    /// It is in a form that is not read here.
    #[error("{path}: this file is {found}; {advice}")]
    Unsupported {
        /// The file.
        path: String,
        /// What it looks like.
        found: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Its compressed data stop before their end.
    #[error(
        "{path}: unexpected end of compressed data after line {after_line}: the file was cut \
         short; the lines up to there were read, fetch the file again for the rest"
    )]
    CutShort {
        /// The file.
        path: String,
        /// The last line that could be read whole; 0 when there is none.
        after_line: u64,
    },
    /// Its compressed data are damaged.
    #[error(
        "{path}: damaged compressed data after line {after_line} ({source}); the lines up to there \
         were read, fetch the file again for the rest"
    )]
    Damaged {
        /// The file.
        path: String,
        /// The last line that could be read whole; 0 when there is none.
        after_line: u64,
        /// What the decompressor says.
        source: io::Error,
    },
    /// The system cannot read it.
    #[error("{path}: cannot be read after line {after_line}: {source}")]
    Io {
        /// The file.
        path: String,
        /// The last line that could be read whole; 0 when there is none.
        after_line: u64,
        /// What the system says.
        source: io::Error,
    },
}

impl FileError {
    /// The reason under which what was lost of the file is counted.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::CutShort { .. } => Reason::Truncated,
            _ => Reason::Unreadable,
        }
    }

    /// `error` came of opening `path`.
    pub(super) fn of_opening(path: &Path, error: io::Error) -> Self {
        let path = path.display().to_string();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::IsADirectory => Self::Folder { path },
            io::ErrorKind::PermissionDenied => Self::Forbidden { path },
            _ => Self::Io { path, after_line: 0, source: error },
        }
    }

    /// `error` came of reading `path`, after its line `after_line`.
    pub(super) fn of_reading(
        path: &str,
        compressed: bool,
        after_line: u64,
        error: io::Error,
    ) -> Self {
        let path = path.to_owned();
        if !compressed || error.raw_os_error().is_some() {
            Self::Io { path, after_line, source: error }
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::CutShort { path, after_line }
        } else {
            Self::Damaged { path, after_line, source: error }
        }
    }
}
