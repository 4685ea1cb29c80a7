//! Where mentions come from.
//!
//! - [`KafkaSettings`]: what the Kafka source is told.
//! - [`FileLines`]: the lines of one file or of standard input, plain, gzip or Zstandard.
//! - [`MergedFiles`]: several files as one stream in event-time order; [`Progress`] tells how far.

mod file;
mod file_error;
pub mod kafka;
mod merge;
mod progress;

pub use file::{FileLines, Line};
pub use file_error::FileError;
pub use kafka::{KafkaSettings, Topic};
pub use merge::{MergedFiles, Record};
pub use progress::Progress;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::mention::Timestamp;

/// The wall clock.
pub fn wall_clock() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

/// How often an order to stop is looked for while a thread rests.
const NAP: Duration = Duration::from_millis(100);

/// Lets a thread wait, unless it is told to `stop`.
pub(crate) fn rest(wait: Duration, stop: &AtomicBool) {
    let until = Instant::now() + wait;
    while Instant::now() < until && !stop.load(Ordering::Acquire) {
        std::thread::sleep(NAP.min(until.saturating_duration_since(Instant::now())));
    }
}

/// What a thread that died has left is still whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod file_tests;
