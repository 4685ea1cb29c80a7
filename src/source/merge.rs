//! Several files as one stream, in the order in which the mentions were made.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::{FileLines, Line};
use super::file_error::FileError;
use super::progress::Progress;
use crate::decode::{Limits, peek_created_at};
use crate::mention::Timestamp;

/// One line of one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The file it stands in, as it was given; `standard input` for `-`.
    pub file: Arc<str>,
    /// The line.
    pub line: Line,
}

/// Merges NDJSON files by `created_at`; equal times come in the order of the files, then of the
/// lines.
///
/// Within a file lines keep their order: a file that is itself out of order stays so, and the
/// detector's allowed lateness has to make up for it. A line without a believable `created_at`
/// comes out as soon as it is the first of its file, so that it never holds the others up.
///
/// One line of each file is in memory. A file that fails gives one error, in place; the others go
/// on.
pub struct MergedFiles {
    files: Vec<Option<FileLines>>,
    heads: BinaryHeap<Reverse<Head>>,
    /// Files whose next line is wanted. They are read only when the next record is asked for, so
    /// that a slow pipe never holds back a line that is there.
    wanted: Vec<usize>,
    failures: Vec<FileError>,
    limits: Limits,
    progress: Progress,
}

impl MergedFiles {
    /// Opens `paths`; `-` is standard input. A file that cannot be opened is reported by the
    /// iterator, before the first record.
    pub fn open(paths: &[PathBuf], limits: &Limits) -> Self {
        let progress = Progress::default();
        let mut failures = Vec::new();
        let files: Vec<_> = paths
            .iter()
            .map(|path| {
                FileLines::open(path, limits.max_bytes, &progress)
                    .map_err(|failure| failures.push(failure))
                    .ok()
            })
            .collect();
        failures.reverse();
        Self {
            wanted: (0..files.len()).collect(),
            files,
            heads: BinaryHeap::new(),
            failures,
            limits: *limits,
            progress,
        }
    }

    /// How far the reading has come, over all files.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Puts the next line of `file` among the heads.
    fn advance(&mut self, file: usize) {
        let alone = self.files.iter().flatten().nth(1).is_none();
        let Some(lines) = self.files.get_mut(file).and_then(Option::as_mut) else {
            return;
        };
        match lines.next() {
            Some(Ok(line)) => {
                // The order is of no matter to the last file that is open.
                let created_at = if alone || line.rejected.is_some() {
                    None
                } else {
                    peek_created_at(&line.bytes, &self.limits)
                };
                self.heads.push(Reverse(Head { created_at, file, line }));
            }
            Some(Err(failure)) => {
                self.failures.push(failure);
                self.files[file] = None;
            }
            None => self.files[file] = None,
        }
    }
}

impl Iterator for MergedFiles {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(failure) = self.failures.pop() {
            return Some(Err(failure));
        }
        while let Some(file) = self.wanted.pop() {
            self.advance(file);
        }
        if let Some(failure) = self.failures.pop() {
            return Some(Err(failure));
        }
        let Reverse(head) = self.heads.pop()?;
        self.wanted.push(head.file);
        let file = self.files.get(head.file)?.as_ref()?.name().clone();
        Some(Ok(Record { file, line: head.line }))
    }
}

/// The next line of a file; ordered by time, and then by the order of the files. No time comes
/// before all times.
struct Head {
    created_at: Option<Timestamp>,
    file: usize,
    line: Line,
}

impl Head {
    fn key(&self) -> (Option<Timestamp>, usize) {
        (self.created_at, self.file)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}
