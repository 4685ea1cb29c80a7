//! What people say of incidents while the service runs: read once, heard by every partition.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tracing::{info, warn};

use crate::detect::Mark;
use crate::store::{MarkFile, MarkFileError, ReadMarks};

/// Marks kept for partitions to come; the oldest, which have faded most, are forgotten.
const KEPT: usize = 100_000;

/// The marks of a running service.
#[derive(Debug)]
pub(super) struct Feedback(Mutex<Heard>);

#[derive(Debug)]
struct Heard {
    file: MarkFile,
    marks: VecDeque<Mark>,
    /// Marks that were forgotten.
    forgotten: usize,
    /// Why the last reading failed: told once, not at every try.
    failure: Option<String>,
}

impl Feedback {
    /// Reads what has been said so far.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or a line of it is no mark.
    pub(super) fn open(path: &Path) -> Result<Self, MarkFileError> {
        let file = MarkFile::new(path);
        let mut heard = Heard { file, marks: VecDeque::new(), forgotten: 0, failure: None };
        let marks = heard.file.read_strictly()?;
        heard.take(marks);
        Ok(Self(Mutex::new(heard)))
    }

    /// Reads what has been added. What is no mark is logged and skipped. Returns how many marks
    /// there were, and how many lines that are none.
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
        for mark in &marks {
            info!(brand = mark.brand, monitor = mark.monitor, verdict = ?mark.verdict, "feedback");
        }
        let counts = (marks.len() as u64, faults.len() as u64);
        heard.take(marks);
        counts
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn take(&mut self, marks: Vec<Mark>) {
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
        let feedback = Feedback::open(&path).unwrap();
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
    fn a_bad_line_stops_a_start_and_is_skipped_while_running() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        let feedback = Feedback::open(&path).unwrap();
        std::fs::File::create(&path).unwrap().write_all(b"good morning\n").unwrap();
        MarkFile::append(&path, &mark(1)).unwrap();
        assert_eq!(feedback.poll(), (1, 1));
        assert_eq!(feedback.since(&mut 0), [mark(1)]);
        let told = Feedback::open(&path).unwrap_err().to_string();
        assert!(told.contains("marks.ndjson:1: this is no mark"), "{told}");
    }

    #[test]
    fn what_is_kept_is_bounded_and_still_heard_once() {
        let feedback = Feedback::open(Path::new("none.ndjson")).unwrap();
        let mut known = 0;
        feedback.lock().take((0..10).map(mark).collect());
        assert_eq!(feedback.since(&mut known).len(), 10);
        feedback.lock().take((10..KEPT as i64 + 5).map(mark).collect());
        let heard = feedback.since(&mut known);
        assert_eq!((heard.len(), &heard[0]), (KEPT - 5, &mark(10)));
        assert_eq!(feedback.since(&mut 0).len(), KEPT);
    }
}
