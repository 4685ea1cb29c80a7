//! What could not be counted, kept so that nothing is lost: one JSON object a line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::reason::{Reason, Rejected};
use crate::mention::Timestamp;

/// A message that was turned away: what, why and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The sort of fault.
    pub reason: Reason,
    /// The fault in words.
    pub detail: String,
    /// The topic, or the path of the file.
    pub source: String,
    /// The partition of the topic; `None` for a file.
    pub partition: Option<i32>,
    /// The offset in the partition, or the number of the line from 1.
    pub position: u64,
    /// When it was turned away.
    pub at: Timestamp,
    /// The message as it came, byte for byte. Only of a line of a file that was too long to be
    /// held there is no more than its beginning; `detail` says so.
    pub payload: Vec<u8>,
}

/// A line as it is written. `payload` when the bytes are UTF-8, `payload_base64` otherwise.
#[derive(Serialize, Deserialize)]
struct Record<T> {
    reason: Reason,
    detail: T,
    source: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<i32>,
    position: u64,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

impl DeadLetter {
    /// The dead letter of a message `rejected` at `at`.
    pub fn new(
        rejected: Rejected,
        source: impl Into<String>,
        partition: Option<i32>,
        position: u64,
        at: Timestamp,
        payload: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            reason: rejected.reason,
            detail: rejected.detail,
            source: source.into(),
            partition,
            position,
            at,
            payload: payload.into(),
        }
    }

    /// One JSON object and a line feed: `reason`, `detail`, `source`, `partition` (for a topic),
    /// `position`, `at`, and the bytes as `payload` when they are UTF-8, else as `payload_base64`
    /// (RFC 4648, section 4).
    ///
    /// # Errors
    ///
    /// None for any dead letter that can be made; `serde_json`'s own is passed on.
    pub fn to_ndjson_line(&self) -> serde_json::Result<Vec<u8>> {
        let text = std::str::from_utf8(&self.payload).ok();
        let mut line = serde_json::to_vec(&Record {
            reason: self.reason,
            detail: self.detail.as_str(),
            source: self.source.as_str(),
            partition: self.partition,
            position: self.position,
            at: self.at,
            payload: text,
            payload_base64: text.is_none().then(|| STANDARD.encode(&self.payload)),
        })?;
        line.push(b'\n');
        Ok(line)
    }

    /// Reads a line that [`Self::to_ndjson_line`] wrote, e.g. to send the message in again.
    ///
    /// # Errors
    ///
    /// When the line is not JSON, lacks a field, or its base64 is damaged.
    pub fn from_ndjson_line(line: &[u8]) -> serde_json::Result<Self> {
        use serde::de::Error;
        let record: Record<String> = serde_json::from_slice(line)?;
        let payload = match (record.payload, record.payload_base64) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(encoded)) => STANDARD.decode(encoded).map_err(serde_json::Error::custom)?,
            (None, None) => return Err(serde_json::Error::missing_field("payload")),
        };
        Ok(Self {
            reason: record.reason,
            detail: record.detail,
            source: record.source,
            partition: record.partition,
            position: record.position,
            at: record.at,
            payload,
        })
    }
}

/// A dead letter cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// The file does not take them.
    #[error(
        "cannot {action} the dead letter file {}: {source}; give a path in a folder that this \
         program may write to, on a disk with room", path.display()
    )]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The topic does not take them.
    #[error("the dead letter topic {topic} is not written: {reason}")]
    Topic {
        /// The topic.
        topic: String,
        /// Why not, and what to do.
        reason: String,
    },
}

/// Dead letters in a file, added at its end.
///
/// Letters are gathered in memory; [`Self::flush`] puts them on the disk, and belongs before the
/// commit of the offsets they came from. The file may be renamed away and a new one opened at any
/// time; it is not rotated here.
#[derive(Debug)]
pub struct DeadLetterFile {
    path: PathBuf,
    file: BufWriter<File>,
    /// Whether the file may end inside a line.
    torn: bool,
    counts: [u64; Reason::ALL.len()],
}

impl DeadLetterFile {
    /// Opens the file at `path`, or makes it. If a crash left a part of a line at its end, the
    /// next letter begins on a line of its own.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened for reading and adding.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DeadLetterError> {
        let path = path.as_ref().to_owned();
        let opened = OpenOptions::new().read(true).append(true).create(true).open(&path);
        match opened.and_then(|mut file| Ok((ends_inside_line(&mut file)?, file))) {
            Ok((torn, file)) => {
                Ok(Self { path, file: BufWriter::new(file), torn, counts: [0; Reason::ALL.len()] })
            }
            Err(source) => Err(DeadLetterError::File { action: "open", path, source }),
        }
    }

    /// Adds a letter.
    ///
    /// # Errors
    ///
    /// When the disk takes no more; the letter is then not counted, and may be given again.
    pub fn write(&mut self, letter: &DeadLetter) -> Result<(), DeadLetterError> {
        let written = letter.to_ndjson_line().map_err(io::Error::from).and_then(|line| {
            if self.torn {
                self.file.write_all(b"\n")?;
            }
            self.torn = true;
            self.file.write_all(&line)
        });
        written.map_err(|source| self.failed("write to", source))?;
        self.torn = false;
        self.counts[letter.reason as usize] += 1;
        Ok(())
    }

    /// Puts every letter written so far on the disk.
    ///
    /// # Errors
    ///
    /// When the disk takes no more; what was not written is tried again by the next call.
    pub fn flush(&mut self) -> Result<(), DeadLetterError> {
        let flushed = self.file.flush().and_then(|()| match self.file.get_ref().sync_data() {
            // A pipe or a terminal has nothing to sync, and says so.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        });
        flushed.map_err(|source| self.failed("write to", source))
    }

    /// Letters written since the file was opened.
    pub fn written(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Letters written for `reason` since the file was opened.
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts[reason as usize]
    }

    fn failed(&self, action: &'static str, source: io::Error) -> DeadLetterError {
        DeadLetterError::File { action, path: self.path.clone(), source }
    }
}

fn ends_inside_line(file: &mut File) -> io::Result<bool> {
    // What cannot be sought in, such as a pipe or /dev/stderr, has no past to mend.
    if !file.metadata()?.is_file() || file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
