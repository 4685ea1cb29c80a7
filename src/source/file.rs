//! Lines of a file or of standard input: plain, gzip or Zstandard, told apart by their first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::file_error::FileError;
use super::progress::Progress;
use crate::decode::Rejected;

/// Of a line that is too long, this much is kept for its dead letter, in bytes.
const KEPT_OF_TOO_LONG: usize = 64 * 1024;

/// Read from the disk at once, in bytes.
const BUFFER: usize = 128 * 1024;

/// One line, without its end (`\n` or `\r\n`) and without a byte order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1; blank lines count.
    pub number: u64,
    /// Its bytes; of a line that is too long, its beginning.
    pub bytes: Vec<u8>,
    /// Set when the line is longer than accepted: it is not to be decoded.
    pub rejected: Option<Rejected>,
}

/// Iterates over the lines of one file that are not blank.
///
/// Memory is bounded: of a line longer than `max_bytes` only the beginning is kept. After an error
/// the iterator ends.
pub struct FileLines {
    name: Arc<str>,
    reader: Box<dyn BufRead + Send>,
    compressed: bool,
    max_bytes: usize,
    number: u64,
    ended: bool,
}

impl FileLines {
    /// Opens `path`; `-` is standard input. Lines longer than `max_bytes` are rejected. What is
    /// read counts in `progress`.
    ///
    /// # Errors
    ///
    /// When there is no such file, it may not be read, is a folder, or is in a form not known
    /// here (bzip2, xz, zip, UTF-16).
    pub fn open(path: &Path, max_bytes: usize, progress: &Progress) -> Result<Self, FileError> {
        let (name, raw): (String, Box<dyn Read + Send>) = if path == Path::new("-") {
            progress.expect(None);
            ("standard input".to_owned(), Box::new(io::stdin()))
        } else {
            let file = open_file(path, progress).map_err(|e| FileError::of_opening(path, e))?;
            (path.display().to_string(), Box::new(file))
        };
        Self::of(&name, progress.counting(raw), max_bytes)
    }

    /// The lines of `raw`, called `name` in errors.
    pub(super) fn of(
        name: &str,
        raw: impl Read + Send + 'static,
        max_bytes: usize,
    ) -> Result<Self, FileError> {
        let failed = |error| FileError::of_reading(name, false, 0, error);
        let (form, input) = recognised(raw).map_err(failed)?;
        let (compressed, reader): (bool, Box<dyn BufRead + Send>) = match form {
            Form::Plain => (false, Box::new(input)),
            Form::Gzip => (true, Box::new(buffered(MultiGzDecoder::new(input)))),
            Form::Zstd => {
                let decoder = zstd::Decoder::with_buffer(input).map_err(failed)?;
                (true, Box::new(buffered(decoder)))
            }
            Form::Unsupported { found, advice } => {
                return Err(FileError::Unsupported { path: name.to_owned(), found, advice });
            }
        };
        Ok(Self { name: name.into(), reader, compressed, max_bytes, number: 0, ended: false })
    }

    /// The file as it was given; `standard input` for `-`.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Reads one line, blank or not; `None` at the end.
    fn line(&mut self) -> io::Result<Option<Line>> {
        // Room for the longest line accepted, with its end and a byte order mark.
        let room = self.max_bytes as u64 + 5;
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(room).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        let mut length = read as u64;
        if length == room && bytes.last() != Some(&b'\n') {
            bytes.truncate(KEPT_OF_TOO_LONG.min(self.max_bytes));
            bytes.shrink_to_fit();
            length += self.reader.skip_until(b'\n')? as u64;
        }
        self.number += 1;
        let whole = bytes.len() as u64 == length;
        trim_line(&mut bytes);
        let rejected = if !whole {
            Some(self.too_long(length, bytes.len()))
        } else if bytes.len() > self.max_bytes {
            Some(Rejected::too_large(bytes.len() as u64, self.max_bytes))
        } else {
            None
        };
        Ok(Some(Line { number: self.number, bytes, rejected }))
    }

    fn too_long(&self, length: u64, kept: usize) -> Rejected {
        let mut rejected = Rejected::too_large(length, self.max_bytes);
        rejected.detail += &format!("; its first {kept} bytes are kept here");
        rejected
    }
}

impl Iterator for FileLines {
    type Item = Result<Line, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.line() {
                Ok(Some(line)) if line.bytes.trim_ascii().is_empty() => {}
                Ok(Some(line)) => return Some(Ok(line)),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    let after = self.number;
                    return Some(Err(FileError::of_reading(
                        &self.name,
                        self.compressed,
                        after,
                        error,
                    )));
                }
            }
        }
        None
    }
}

fn open_file(path: &Path, progress: &Progress) -> io::Result<File> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    progress.expect(metadata.is_file().then_some(metadata.len()));
    Ok(file)
}

fn buffered<R: Read>(reader: R) -> BufReader<R> {
    BufReader::with_capacity(BUFFER, reader)
}

fn trim_line(bytes: &mut Vec<u8>) {
    if bytes.pop_if(|byte| *byte == b'\n').is_some() {
        bytes.pop_if(|byte| *byte == b'\r');
    }
    // Files put together by `cat` have byte order marks in the middle, too.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
}

/// How the bytes of a file are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Gzip,
    Zstd,
    Unsupported { found: &'static str, advice: &'static str },
}

impl Form {
    /// Told by the first bytes, whatever the file is called.
    fn of(start: &[u8]) -> Self {
        const PIPE: &str = "decompress it into standard input, and name the file `-`";
        let unsupported = |found, advice| Self::Unsupported { found, advice };
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a skippable frame in front of the first (RFC 8878, section 3.1).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', ..] => unsupported("compressed with bzip2", PIPE),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => unsupported("compressed with xz", PIPE),
            [b'P', b'K', 3, 4, ..] => unsupported("a zip archive", PIPE),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                unsupported("written in UTF-16", "write it in UTF-8, e.g. with iconv")
            }
            _ => Self::Plain,
        }
    }
}

/// Looks at the first bytes of `raw`, and puts them back.
fn recognised<R: Read>(raw: R) -> io::Result<(Form, impl BufRead + use<R>)> {
    let mut input = buffered(raw);
    let mut start = Vec::with_capacity(6);
    (&mut input).take(6).read_to_end(&mut start)?;
    Ok((Form::of(&start), Cursor::new(start).chain(input)))
}
