//! The dead letters of a running service: shared by the shards, written before anything goes on.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::error;

use crate::decode::{DeadLetter, DeadLetterError, DeadLetterFile};

/// Wait between two tries to write.
const RETRY: Duration = Duration::from_secs(1);

/// A dead letter file that every shard writes to.
#[derive(Debug)]
pub struct DeadLetters {
    file: Mutex<DeadLetterFile>,
    /// Whether a letter was given up: then nothing may be committed any more.
    lost: AtomicBool,
}

impl DeadLetters {
    /// Opens `path` for appending.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, DeadLetterError> {
        DeadLetterFile::open(path)
            .map(|file| Self { file: Mutex::new(file), lost: AtomicBool::new(false) })
    }

    /// Writes `letter`. While that fails it is tried again every second, and whoever calls waits:
    /// nothing is lost, and the source stops being read. `on_failure` hears of every failure; it
    /// returns whether to go on trying.
    pub fn keep(&self, letter: &DeadLetter, on_failure: impl Fn(&DeadLetterError) -> bool) {
        loop {
            let written = self.lock().write(letter);
            let Err(failure) = written else { return };
            error!(error = %failure, "a dead letter cannot be written; processing waits for it");
            if !on_failure(&failure) {
                self.lost.store(true, Ordering::Release);
                return;
            }
            std::thread::sleep(RETRY);
        }
    }

    /// Whether a letter could not be kept after all: its offset must not be committed.
    pub fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Makes what was written durable. Called before offsets are committed.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn flush(&self) -> Result<(), DeadLetterError> {
        self.lock().flush()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DeadLetterFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
