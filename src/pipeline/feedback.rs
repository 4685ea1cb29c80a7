//! What people say of incidents while the service runs: read once, heard by every partition.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;

use tracing::{info, warn};

use crate::detect::Mark;
use crate::source::lock;
use crate::store::{MarkFile, ReadMarks, Store, StoreError};

/// Marks kept for partitions to come; the oldest, which have faded most, are forgotten.
const KEPT: usize = 100_000;

/// The marks of a running service.
#[derive(Debug)]
pub(super) struct Feedback(Mutex<Heard>);

#[derive(Debug)]
struct Heard {
    file: MarkFile,
    /// Responses in the store that have been heard, by the last one's number.
    responses: i64,
    marks: VecDeque<Mark>,
    /// Marks that were forgotten.
    forgotten: usize,
    /// Why the last reading failed: told once, not at every try.
    failure: Option<String>,
}

impl Feedback {
    /// The file at `path`, of which nothing has been read.
    pub(super) fn new(path: &Path) -> Self {
        let file = MarkFile::new(path);
        Self(Mutex::new(Heard {
            file,
            responses: 0,
            marks: VecDeque::new(),
            forgotten: 0,
            failure: None,
        }))
    }

    /// Reads what has been added. What is no mark is logged and skipped, and so is a file that cannot
    /// be read: a slip in it must keep nobody from being paged. Returns how many marks there were,
    /// and how many lines that are none.
    pub(super) fn poll(&self) -> (u64, u64) {
        let mut heard = self.lock();
        let read = heard.file.read_new();
        let failure = read.as_ref().err().map(ToString::to_string);
        if let Some(failure) = failure.as_ref().filter(|it| heard.failure.as_ref() != Some(it)) {
            warn!(failure, "feedback cannot be read");
        }
        heard.failure = failure;
        let ReadMarks { marks, faults } = read.unwrap_or_default();
        for fault in &faults {
            warn!(%fault, "feedback is skipped");
        }
        let counts = (marks.len() as u64, faults.len() as u64);
        heard.take(marks);
        counts
    }

    /// Hears what has been marked in the store since the last time. Returns how many marks.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub(super) async fn hear(&self, store: &Store) -> Result<u64, StoreError> {
        let after = self.lock().responses;
        let (marks, last) = store.marks_after(after).await?;
        let mut heard = self.lock();
        // One at a time asks; whoever asked twice hears once.
        if heard.responses != after {
            return Ok(0);
        }
        heard.responses = last;
        let count = marks.len() as u64;
        heard.take(marks);
        Ok(count)
    }

    /// The marks after the first `known`, which then are all known.
    pub(super) fn since(&self, known: &mut usize) -> Vec<Mark> {
        let heard = self.lock();
        let skipped = known.saturating_sub(heard.forgotten);
        *known = heard.forgotten + heard.marks.len();
        heard.marks.iter().skip(skipped).cloned().collect()
    }

    /// What a thread that died has left is still whole.
    fn lock(&self) -> std::sync::MutexGuard<'_, Heard> {
        lock(&self.0)
    }
}

impl Heard {
    fn take(&mut self, marks: Vec<Mark>) {
        for mark in &marks {
            info!(brand = mark.brand, monitor = mark.monitor, verdict = ?mark.verdict, "feedback");
        }
        self.marks.extend(marks);
        while self.marks.len() > KEPT {
            self.marks.pop_front();
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;

    use super::*;
    use crate::detect::MarkedAs;
    use crate::mention::Timestamp;

    fn mark(second: i64) -> Mark {
        Mark {
            at: Timestamp::from_millis(second * 1_000),
            brand: "Acme".to_owned(),
            monitor: "mentions-up".to_owned(),
            verdict: MarkedAs::FalseAlarm,
            incident: None,
        }
    }

    #[test]
    fn each_partition_hears_each_mark_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        MarkFile::append(&path, &mark(1)).unwrap();
        let feedback = Feedback::new(&path);
        assert_eq!(feedback.poll(), (1, 0));
        let (mut early, mut late) = (0, 0);
        assert_eq!(feedback.since(&mut early), [mark(1)]);
        MarkFile::append(&path, &mark(2)).unwrap();
        assert_eq!(feedback.poll(), (1, 0));
        assert_eq!(feedback.since(&mut early), [mark(2)]);
        assert_eq!(feedback.since(&mut early), []);
        assert_eq!(feedback.since(&mut late), [mark(1), mark(2)]);
        assert_eq!(feedback.poll(), (0, 0));
    }

    #[test]
    fn what_is_no_mark_is_skipped_at_the_start_and_while_running() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        std::fs::File::create(&path).unwrap().write_all(b"good morning\n").unwrap();
        MarkFile::append(&path, &mark(1)).unwrap();
        let feedback = Feedback::new(&path);
        assert_eq!(feedback.poll(), (1, 1));
        assert_eq!(feedback.since(&mut 0), [mark(1)]);
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"and you\n")
            .unwrap();
        assert_eq!(feedback.poll(), (0, 1));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_no_mark() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Feedback::new(folder.path()).poll(), (0, 0));
    }

    #[test]
    fn what_is_kept_is_bounded_and_still_heard_once() {
        let feedback = Feedback::new(Path::new("none.ndjson"));
        let mut known = 0;
        feedback.lock().take((0..10).map(mark).collect());
        assert_eq!(feedback.since(&mut known).len(), 10);
        feedback.lock().take((10..KEPT as i64 + 5).map(mark).collect());
        let heard = feedback.since(&mut known);
        assert_eq!((heard.len(), &heard[0]), (KEPT - 5, &mark(10)));
        assert_eq!(feedback.since(&mut 0).len(), KEPT);
    }
}
