//! Files as people have them: compressed, damaged, cut short, mislabelled, not there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::decode::{Format, Limits, Reason, decode};
use crate::mention::Timestamp;

const LIMITS: Limits = Limits {
    max_bytes: 1 << 20,
    // 2030-01-01T00:00:00Z.
    latest: Timestamp::from_millis(1_893_456_000_000),
};

const REAL: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/airline-2015/mentions.ndjson.gz");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn lines_of(bytes: &[u8], max_bytes: usize) -> Vec<Result<Line, FileError>> {
    let bytes = io::Cursor::new(bytes.to_vec());
    FileLines::of("file", bytes, max_bytes).unwrap().collect()
}

/// Numbers and texts of the lines, and then what went wrong.
fn read(bytes: &[u8]) -> (Vec<(u64, String)>, Option<FileError>) {
    let mut lines = Vec::new();
    for line in lines_of(bytes, 1_000) {
        match line {
            Ok(line) => lines.push((line.number, String::from_utf8(line.bytes).unwrap())),
            Err(error) => return (lines, Some(error)),
        }
    }
    (lines, None)
}

fn numbered(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines.iter().map(|&(number, text)| (number, text.to_owned())).collect()
}

/// A folder with files in it.
fn folder(files: &[(&str, &[u8])]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths = files.iter().map(|(name, bytes)| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

/// `name` of the file and number of the line for each record, or what went wrong.
fn merged(paths: &[PathBuf]) -> Vec<String> {
    let told = MergedFiles::open(paths, &LIMITS).map(|record| match record {
        Ok(Record { file, line }) => {
            format!("{}:{}", Path::new(&*file).file_name().unwrap().display(), line.number)
        }
        Err(error) => error.to_string().rsplit('/').next().unwrap().to_owned(),
    });
    told.collect()
}

fn at(minute: u32) -> String {
    format!("{{\"created_at\":\"2015-02-22T04:{minute:02}:00Z\"}}\n")
}

#[test]
fn lines_are_counted_and_trimmed() {
    let text = "\u{feff}one\r\n\r\n \t\ntwo\n\u{feff}three\rthree\nfour".as_bytes();
    let expected = numbered(&[(1, "one"), (4, "two"), (5, "three\rthree"), (6, "four")]);
    for bytes in [text.to_vec(), gzip(text), zstd(text)] {
        let (lines, error) = read(&bytes);
        assert_eq!(lines, expected);
        assert!(error.is_none());
    }
    for nothing in [&b""[..], b"\n\r\n", &gzip(b""), &zstd(b"")] {
        assert!(lines_of(nothing, 10).is_empty());
    }
}

#[test]
fn compressed_members_one_after_the_other_are_one_file() {
    let parts =
        |compress: fn(&[u8]) -> Vec<u8>| [compress(b"one\ntw"), compress(b"o\nthree")].concat();
    // As pzstd and zstd's seekable format write it: a skippable frame of 2 bytes in front.
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9][..], &parts(zstd)].concat();
    for bytes in [parts(gzip), parts(zstd), skippable] {
        assert_eq!(read(&bytes).0, numbered(&[(1, "one"), (2, "two"), (3, "three")]));
    }
}

#[test]
fn a_compressed_file_cut_short_gives_its_whole_lines_and_then_an_error() {
    let text: String =
        (0..200).map(|n| format!("{{\"id\":{n},\"text\":\"{}\"}}\n", n * n)).collect();
    for whole in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        for cut in [whole.len() - 1, whole.len() - 5, whole.len() / 2, 12] {
            let (lines, error) = read(&whole[..cut]);
            for (line, expected) in lines.iter().zip(text.lines()) {
                assert_eq!(line.1, expected);
            }
            let error = error.unwrap();
            assert!(
                matches!(error, FileError::CutShort { after_line, .. } if after_line == lines.len() as u64),
                "{error}"
            );
            assert_eq!(error.reason(), Reason::Truncated);
        }
    }
    // The checksum is missing, not a line.
    let whole = gzip(text.as_bytes());
    let (lines, error) = read(&whole[..whole.len() - 1]);
    assert_eq!(lines.len(), 200);
    insta::assert_snapshot!(error.unwrap(), @"file: unexpected end of compressed data after line 200: the file was cut short; the lines up to there were read, fetch the file again for the rest");
}

#[test]
fn a_damaged_file_gives_an_error() {
    let text = "one\n".repeat(5);
    let mut bytes = gzip(text.as_bytes());
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    let (lines, error) = read(&bytes);
    assert_eq!(lines.len(), 5);
    let error = error.unwrap();
    assert_eq!(error.reason(), Reason::Unreadable);
    insta::assert_snapshot!(error, @"file: damaged compressed data after line 5 (corrupt gzip stream does not have a matching checksum); the lines up to there were read, fetch the file again for the rest");
    let mut bytes = zstd(text.as_bytes());
    // The reserved bit of the frame header (RFC 8878, section 3.1.1.1.1.4).
    bytes[4] |= 0x08;
    let (_, error) = read(&bytes);
    assert!(matches!(error, Some(FileError::Damaged { after_line: 0, .. })), "{error:?}");
}

#[test]
fn a_line_that_is_too_long_is_rejected_and_not_held() {
    let huge = "x".repeat(300_000);
    let text = format!("first\n{huge}\n{}\n12345678901\r\n1234567890\r\n{huge}", "y".repeat(14));
    let lines: Vec<Line> = lines_of(text.as_bytes(), 10).into_iter().map(Result::unwrap).collect();
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            let rejected = line.rejected.as_ref();
            if let Some(rejected) = rejected {
                assert_eq!(rejected.reason, Reason::TooLarge);
            }
            let detail = rejected.map_or("accepted", |rejected| &rejected.detail);
            format!("{}: {} bytes: {detail}", line.number, line.bytes.len())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    1: 5 bytes: accepted
    2: 10 bytes: the message has 300001 bytes, more than the 10 accepted: leave out what is not part of a mention, or raise the limit; its first 10 bytes are kept here
    3: 14 bytes: the message has 14 bytes, more than the 10 accepted: leave out what is not part of a mention, or raise the limit
    4: 11 bytes: the message has 11 bytes, more than the 10 accepted: leave out what is not part of a mention, or raise the limit
    5: 10 bytes: accepted
    6: 10 bytes: the message has 300000 bytes, more than the 10 accepted: leave out what is not part of a mention, or raise the limit; its first 10 bytes are kept here
    ");

    let long = lines_of(format!("{huge}\n").as_bytes(), 200_000).remove(0).unwrap();
    assert_eq!(long.bytes.len(), 65_536);
    assert!(long.bytes.capacity() < 131_072, "the rest is held: {}", long.bytes.capacity());
    assert!(long.rejected.unwrap().detail.contains("300001 bytes"));
}

#[test]
fn a_file_is_known_by_its_content_not_by_its_name() {
    let (_folder, paths) =
        folder(&[("a.ndjson", &gzip(b"one")), ("b.gz", b"two"), ("c.gz", &zstd(b"three"))]);
    let lines =
        paths.iter().flat_map(|path| FileLines::open(path, 100, &Progress::default()).unwrap());
    let texts: Vec<_> = lines.map(|line| String::from_utf8(line.unwrap().bytes).unwrap()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn what_cannot_be_opened_is_told_with_what_to_do() {
    let (folder, _) = folder(&[]);
    let open = |path: &Path| {
        let error = FileLines::open(path, 100, &Progress::default()).err().unwrap().to_string();
        error.replace(&folder.path().display().to_string(), "FOLDER")
    };
    let of = |bytes: &'static [u8]| FileLines::of("file", bytes, 100).err().unwrap().to_string();
    let forbidden =
        FileError::of_opening(Path::new("file"), io::ErrorKind::PermissionDenied.into());
    insta::assert_snapshot!([
        open(&folder.path().join("absent.gz")), open(folder.path()), forbidden.to_string(),
        of(b"BZh91AY"), of(b"\xfd7zXZ\0"), of(b"PK\x03\x04"), of(b"\xff\xfe{\0"),
    ].join("\n"), @"
    FOLDER/absent.gz: there is no such file; check the path, it is taken from the current folder
    FOLDER: this is a folder; name the files in it, e.g. FOLDER/*.ndjson.gz
    file: this file may not be read by the current user; check its permissions
    file: this file is compressed with bzip2; decompress it into standard input, and name the file `-`
    file: this file is compressed with xz; decompress it into standard input, and name the file `-`
    file: this file is a zip archive; decompress it into standard input, and name the file `-`
    file: this file is written in UTF-16; write it in UTF-8, e.g. with iconv
    ");
}

fn failing(bytes: &[u8]) -> Failing {
    Failing(io::Cursor::new(bytes.to_vec()))
}

/// Gives its bytes, then fails as a disk does.
struct Failing(io::Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            // EIO.
            0 => Err(io::Error::from_raw_os_error(5)),
            read => Ok(read),
        }
    }
}

#[test]
fn a_disk_that_fails_is_not_taken_for_the_end() {
    let mut lines = FileLines::of("file", failing(b"one line\nhalf a l"), 100).unwrap();
    assert_eq!(lines.next().unwrap().unwrap().bytes, b"one line");
    let error = lines.next().unwrap().unwrap_err();
    insta::assert_snapshot!(error, @"file: cannot be read after line 1: Input/output error (os error 5)");
    assert!(lines.next().is_none());

    // Under a decompressor, too, it is the disk's fault and not the data's.
    for whole in [gzip(b"one line"), zstd(b"one line")] {
        let mut lines = FileLines::of("file", failing(&whole[..whole.len() - 4]), 100).unwrap();
        let error = lines.next().unwrap().unwrap_err();
        assert!(matches!(error, FileError::Io { after_line: 0, .. }), "{error}");
    }
}

#[test]
fn files_are_merged_by_time_and_equal_times_by_file() {
    let a = [at(1), at(3), at(3), at(9)].concat();
    let b = [at(2), at(3), "\n".to_owned(), at(4)].concat();
    let (_folder, paths) =
        folder(&[("a", a.as_bytes()), ("empty", b""), ("b", &gzip(b.as_bytes()))]);
    assert_eq!(merged(&paths), ["a:1", "b:1", "a:2", "a:3", "b:2", "b:4", "a:4"]);
    assert!(merged(&[]).is_empty());
}

#[test]
fn a_line_without_a_believable_time_holds_nobody_up() {
    let faulty = "{\"created_at\":\"2999-01-01T00:00:00Z\"}\nnot JSON\n";
    let a = [&at(5), faulty, &at(6)].concat();
    let b = [at(1), at(5), at(7)].concat();
    let (_folder, paths) = folder(&[("a", a.as_bytes()), ("b", b.as_bytes())]);
    assert_eq!(merged(&paths), ["b:1", "a:1", "a:2", "a:3", "b:2", "a:4", "b:3"]);
}

#[test]
fn a_file_that_fails_does_not_stop_the_others() {
    let a = gzip([at(1), at(4)].concat().as_bytes());
    let b = [at(2), at(3), at(5)].concat();
    let (folder, mut paths) = folder(&[("a", &a[..a.len() - 4]), ("b", b.as_bytes())]);
    paths.insert(0, folder.path().join("absent"));
    paths.insert(0, folder.path().join("gone"));
    let told = merged(&paths);
    assert!(told[0].starts_with("gone: there is no such file"), "{told:?}");
    assert!(told[1].starts_with("absent: there is no such file"), "{told:?}");
    assert!(told[6].starts_with("a: unexpected end of compressed data after line 2"), "{told:?}");
    assert_eq!(
        (&told[2..6], &told[7..]),
        (&["a:1", "b:1", "b:2", "a:2"].map(String::from)[..], &["b:3".to_owned()][..])
    );
}

/// A pipe that has one line, and no more until its other end is closed.
#[test]
fn a_line_that_is_there_does_not_wait_for_the_next() {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(b"first line\nsec").unwrap();
    let mut lines = FileLines::of("pipe", reader, 100).unwrap();
    assert_eq!(lines.next().unwrap().unwrap().bytes, b"first line");
    writer.write_all(b"ond").unwrap();
    drop(writer);
    assert_eq!(lines.next().unwrap().unwrap().bytes, b"second");
}

#[test]
fn progress_is_told_in_bytes_on_the_disk() {
    let a = gzip(at(1).repeat(1_000).as_bytes());
    let (_folder, paths) = folder(&[("a", &a), ("b", at(2).as_bytes())]);
    let mut files = MergedFiles::open(&paths, &LIMITS);
    let progress = files.progress();
    let total = (a.len() + at(2).len()) as u64;
    assert_eq!(progress.total(), Some(total));
    assert!(progress.read() <= total);
    assert_eq!(files.by_ref().filter(Result::is_ok).count(), 1_001);
    assert_eq!(progress.read(), total);
    progress.expect(None);
    assert_eq!(progress.total(), None);
}

#[test]
fn real_mentions_dealt_to_three_files_come_back_in_order() {
    let mut dealt = [const { Vec::new() }; 3];
    let mut times = Vec::new();
    for (index, line) in FileLines::open(Path::new(REAL), LIMITS.max_bytes, &Progress::default())
        .unwrap()
        .enumerate()
    {
        let bytes = line.unwrap().bytes;
        times.push(decode(Format::Json, &bytes, &LIMITS).unwrap().created_at);
        let file = &mut dealt[index * index % 3 + usize::from(index % 7 == 0)];
        file.extend_from_slice(&bytes);
        file.push(b'\n');
    }
    let [a, b, c] = dealt;
    let (_folder, paths) = folder(&[("a", &gzip(&a)), ("b", &zstd(&b)), ("c", &c)]);
    let again: Vec<_> = MergedFiles::open(&paths, &LIMITS)
        .map(|record| {
            decode(Format::Json, &record.unwrap().line.bytes, &LIMITS).unwrap().created_at
        })
        .collect();
    assert_eq!(times.len(), 14_640);
    assert_eq!(again, times);
}

proptest! {
    /// However lines are made and the file is compressed, they come out as the standard library
    /// splits them.
    #[test]
    fn lines_are_those_of_the_standard_library(text in "[a-c\\r\\n ]{0,60}", packed in 0..3_usize) {
        let expected: Vec<_> = text.lines()
            .zip(1..)
            .filter(|(line, _)| !line.trim().is_empty())
            .map(|(line, number)| (number, line.to_owned()))
            .collect();
        let bytes = [|b: &[u8]| b.to_vec(), gzip, zstd][packed](text.as_bytes());
        let (lines, error) = read(&bytes);
        prop_assert!(error.is_none());
        prop_assert_eq!(lines, expected);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(start in 0..6_usize, bytes: Vec<u8>) {
        let magics: [&[u8]; 6] = [b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x28\xb5\x2f\xfd", b"\x51\x2a\x4d\x18", b"\n"];
        let bytes = [magics[start], &bytes].concat();
        if let Ok(lines) = FileLines::of("file", io::Cursor::new(bytes), 20) {
            for line in lines {
                prop_assert!(line.is_err() || line.unwrap().bytes.len() <= 25);
            }
        }
    }

    /// Files that are each in order come out in order, whole.
    #[test]
    fn merging_is_sorting(mut files: Vec<Vec<u8>>) {
        files.truncate(5);
        for minutes in &mut files {
            minutes.iter_mut().for_each(|minute| *minute %= 60);
            minutes.sort_unstable();
        }
        let texts: Vec<String> = files.iter()
            .map(|minutes| minutes.iter().map(|&minute| at(u32::from(minute))).collect())
            .collect();
        let mut expected: Vec<_> = texts.iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
        let named: Vec<_> = texts.iter().enumerate().map(|(n, text)| (n.to_string(), text)).collect();
        let named: Vec<_> = named.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let (_folder, paths) = folder(&named);
        let lines: Vec<_> = MergedFiles::open(&paths, &LIMITS)
            .map(|record| String::from_utf8(record.unwrap().line.bytes).unwrap())
            .collect();
        expected.sort_unstable();
        prop_assert_eq!(lines, expected);
    }
}
