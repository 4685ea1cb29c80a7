//! What people have said of incidents, in a file: one JSON object a line, added at its end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::detect::Mark;

/// Bytes of the file that are read; what lies beyond is told, not read.
const MOST_BYTES: u64 = 16 << 20;

/// A file of marks that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MarkFileError {
    /// The disk refuses.
    #[error(
        "cannot {action} the feedback file {}: {source}; give [feedback] file a path in a folder \
         that this program may read and write", path.display()
    )]
    Disk {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A line is no mark.
    #[error(
        "{}:{line}: {problem}; write {{\"at\":\"2026-11-24T09:30:00Z\",\"brand\":\"...\",\
         \"monitor\":\"mentions-up\",\"verdict\":\"false_alarm\"}} (or \"real\"), or take the line out",
        path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// What had been read is no longer there.
    #[error(
        "{}: the feedback file has become shorter; what was taken out of it counts until a restart",
        path.display()
    )]
    Shorter {
        /// The file.
        path: PathBuf,
    },
    /// It holds more than is read.
    #[error(
        "{}: the feedback file is larger than {} MiB; take out its oldest lines, which have faded",
        path.display(), MOST_BYTES >> 20
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// What one reading brought.
#[derive(Debug, Default)]
pub struct ReadMarks {
    /// Marks, in the order of the file.
    pub marks: Vec<Mark>,
    /// Lines that are none.
    pub faults: Vec<MarkFileError>,
}

/// A file of marks, read from where the last reading ended. A file that is not there is an empty
/// one.
#[derive(Debug)]
pub struct MarkFile {
    path: PathBuf,
    /// Bytes and lines read so far.
    read: u64,
    lines: u64,
}

impl MarkFile {
    /// The file at `path`, of which nothing has been read.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read: 0, lines: 0 }
    }

    /// Reads every mark of the file at `path`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a line is no mark.
    pub fn read_all(path: &Path) -> Result<Vec<Mark>, MarkFileError> {
        Self::new(path).read_strictly()
    }

    /// Reads what has been added since the last reading.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a line is no mark.
    pub fn read_strictly(&mut self) -> Result<Vec<Mark>, MarkFileError> {
        let ReadMarks { marks, faults } = self.read_new()?;
        faults.into_iter().next().map_or(Ok(marks), Err)
    }

    /// Reads what has been added since the last reading, with the lines that are no marks. A last
    /// line that is still being written waits for the next reading.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or has become shorter (then reading goes on at its end).
    pub fn read_new(&mut self) -> Result<ReadMarks, MarkFileError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.read == 0 => {
                return Ok(ReadMarks::default());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.shorter(0)),
            Err(error) => return Err(self.failed("read", error)),
        };
        let length = file.metadata().map_err(|error| self.failed("read", error))?.len();
        if length < self.read {
            return Err(self.shorter(length));
        }
        if length > MOST_BYTES {
            return Err(MarkFileError::TooLarge { path: self.path.clone() });
        }
        let mut added = Vec::new();
        file.seek(SeekFrom::Start(self.read))
            .and_then(|_| file.take(MOST_BYTES).read_to_end(&mut added))
            .map_err(|error| self.failed("read", error))?;
        Ok(self.parse(&added))
    }

    /// Adds a mark at the end of the file at `path`, and puts it on the disk. If a crash left a part
    /// of a line there, the mark begins on a line of its own.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn append(path: &Path, mark: &Mark) -> Result<(), MarkFileError> {
        let add = || {
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            let mut last = [b'\n'];
            if file.metadata()?.len() > 0 {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
            }
            let mut line = if last == *b"\n" { Vec::new() } else { vec![b'\n'] };
            serde_json::to_writer(&mut line, mark)?;
            line.push(b'\n');
            // One write, so that two who mark at once do not mix their lines.
            file.write_all(&line)?;
            file.sync_all()
        };
        add().map_err(|source| MarkFileError::Disk {
            action: "write to",
            path: path.to_owned(),
            source,
        })
    }

    fn parse(&mut self, added: &[u8]) -> ReadMarks {
        let mut read = ReadMarks::default();
        for line in added.split_inclusive(|byte| *byte == b'\n') {
            let whole = line.ends_with(b"\n");
            let mark = serde_json::from_slice::<Mark>(line);
            if !whole && mark.is_err() {
                break;
            }
            self.read += line.len() as u64;
            self.lines += u64::from(whole);
            match mark {
                Ok(mark) => read.marks.push(mark),
                Err(_) if line.trim_ascii().is_empty() => {}
                Err(error) => read.faults.push(MarkFileError::Line {
                    path: self.path.clone(),
                    line: self.lines,
                    problem: format!("this is no mark: {error}"),
                }),
            }
        }
        read
    }

    fn shorter(&mut self, length: u64) -> MarkFileError {
        self.read = length;
        MarkFileError::Shorter { path: self.path.clone() }
    }

    fn failed(&self, action: &'static str, source: io::Error) -> MarkFileError {
        MarkFileError::Disk { action, path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::detect::MarkedAs;
    use crate::mention::Timestamp;

    fn mark(second: i64) -> Mark {
        Mark {
            at: Timestamp::from_millis(second * 1_000),
            brand: "Acme".to_owned(),
            monitor: "mentions-up".to_owned(),
            verdict: MarkedAs::Real,
            incident: None,
        }
    }

    fn add(path: &Path, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn what_is_added_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        let mut file = MarkFile::new(&path);
        assert_eq!(file.read_strictly().unwrap(), [], "a file that is not there is empty");
        MarkFile::append(&path, &mark(1)).unwrap();
        MarkFile::append(&path, &mark(2)).unwrap();
        assert_eq!(file.read_strictly().unwrap(), [mark(1), mark(2)]);
        assert_eq!(file.read_strictly().unwrap(), []);
        MarkFile::append(&path, &mark(3)).unwrap();
        assert_eq!(file.read_strictly().unwrap(), [mark(3)]);
        assert_eq!(MarkFile::read_all(&path).unwrap().len(), 3);
    }

    #[test]
    fn half_a_line_waits_for_its_other_half() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        let line = serde_json::to_string(&mark(1)).unwrap();
        let mut file = MarkFile::new(&path);
        add(&path, &line[..20]);
        assert_eq!(file.read_strictly().unwrap(), []);
        add(&path, &line[20..]);
        assert_eq!(file.read_strictly().unwrap(), [mark(1)], "whole, though no line feed ends it");
        MarkFile::append(&path, &mark(2)).unwrap();
        assert_eq!(file.read_strictly().unwrap(), [mark(2)]);
        assert_eq!(MarkFile::read_all(&path).unwrap(), [mark(1), mark(2)]);
    }

    #[test]
    fn what_is_no_mark_is_told_with_its_line_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        MarkFile::append(&path, &mark(1)).unwrap();
        add(
            &path,
            "\n{\"at\":\"2026-11-24T09:30:00Z\",\"brand\":\"Acme\",\"monitor\":\"m\",\"verdict\":\"maybe\"}\n{\"at\"",
        );
        MarkFile::append(&path, &mark(2)).unwrap();
        let read = MarkFile::new(&path).read_new().unwrap();
        assert_eq!(read.marks, [mark(1), mark(2)]);
        assert_eq!(read.faults.len(), 2);
        let told = MarkFile::read_all(&path).unwrap_err().to_string();
        assert!(
            told.contains("marks.ndjson:3: this is no mark: unknown variant `maybe`"),
            "{told}"
        );
        assert!(told.contains("\"verdict\":\"false_alarm\"} (or \"real\")"), "{told}");
    }

    #[test]
    fn a_file_that_becomes_shorter_is_told_once_and_read_on_from_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        let mut file = MarkFile::new(&path);
        MarkFile::append(&path, &mark(1)).unwrap();
        file.read_strictly().unwrap();
        std::fs::write(&path, "").unwrap();
        assert!(matches!(file.read_new(), Err(MarkFileError::Shorter { .. })));
        MarkFile::append(&path, &mark(2)).unwrap();
        assert_eq!(file.read_strictly().unwrap(), [mark(2)]);
        let told = MarkFile::append(folder.path(), &mark(1)).unwrap_err().to_string();
        assert!(told.contains("cannot write to the feedback file"), "{told}");
    }
}
