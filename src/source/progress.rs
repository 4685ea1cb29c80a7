//! How far the reading of files has come.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Bytes read of bytes there are, as they lie on the disk (compressed), over all files of one run.
/// Clones show the same run; a progress bar may ask from another thread.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    read: AtomicU64,
    total: AtomicU64,
    open_ended: AtomicBool,
}

impl Progress {
    /// Bytes read so far. Readers read ahead, so this runs up to a few hundred KiB before the
    /// lines handed out.
    pub fn read(&self) -> u64 {
        self.0.read.load(Relaxed)
    }

    /// Bytes there are; `None` when one of the inputs is a pipe or the like, which does not tell.
    pub fn total(&self) -> Option<u64> {
        (!self.0.open_ended.load(Relaxed)).then(|| self.0.total.load(Relaxed))
    }

    pub(super) fn expect(&self, bytes: Option<u64>) {
        match bytes {
            Some(bytes) => {
                self.0.total.fetch_add(bytes, Relaxed);
            }
            None => self.0.open_ended.store(true, Relaxed),
        }
    }

    pub(super) fn counting<R: Read>(&self, reader: R) -> Counting<R> {
        Counting { reader, progress: self.clone() }
    }
}

/// Counts what is read through it.
#[derive(Debug)]
pub(super) struct Counting<R> {
    reader: R,
    progress: Progress,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.progress.0.read.fetch_add(read as u64, Relaxed);
        Ok(read)
    }
}
