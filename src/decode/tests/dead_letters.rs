//! Dead letters are kept whole.

use std::fs;

use proptest::prelude::*;

use super::*;

fn letter(payload: &[u8]) -> DeadLetter {
    let rejected = Rejected::new(Reason::NotJson, "not JSON:\n\"here\"");
    let at = Timestamp::from_millis(1_424_577_600_000);
    DeadLetter::new(rejected, "mentions", Some(3), 42, at, payload)
}

fn line(letter: &DeadLetter) -> String {
    String::from_utf8(letter.to_ndjson_line().unwrap()).unwrap()
}

#[test]
fn a_letter_is_one_line_of_json() {
    insta::assert_snapshot!(line(&letter("{\"שלום\n".as_bytes())), @r#"{"reason":"not_json","detail":"not JSON:\n\"here\"","source":"mentions","partition":3,"position":42,"at":"2015-02-22T04:00:00Z","payload":"{\"שלום\n"}"#);
    let of_file = DeadLetter { partition: None, ..letter(b"\xff\0") };
    insta::assert_snapshot!(line(&of_file), @r#"{"reason":"not_json","detail":"not JSON:\n\"here\"","source":"mentions","position":42,"at":"2015-02-22T04:00:00Z","payload_base64":"/wA="}"#);
}

proptest! {
    #[test]
    fn a_letter_comes_back_byte_for_byte(payload: Vec<u8>, detail: String, position: u64) {
        let letter = DeadLetter { detail, position, ..letter(&payload) };
        let line = letter.to_ndjson_line().unwrap();
        prop_assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
        prop_assert_eq!(DeadLetter::from_ndjson_line(&line).unwrap(), letter);
    }
}

#[test]
fn a_file_of_letters_grows_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.ndjson");
    let mut file = DeadLetterFile::open(&path).unwrap();
    file.write(&letter(b"one")).unwrap();
    file.write(&DeadLetter { reason: Reason::Late, ..letter(&[0xff; 100_000]) }).unwrap();
    assert_eq!((file.written(), file.count(Reason::NotJson), file.count(Reason::Late)), (2, 1, 1));
    file.flush().unwrap();

    let mut again = DeadLetterFile::open(&path).unwrap();
    again.write(&letter(b"three")).unwrap();
    assert_eq!(again.written(), 1);
    again.flush().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let payloads: Vec<_> =
        text.lines().map(|l| DeadLetter::from_ndjson_line(l.as_bytes()).unwrap().payload).collect();
    assert_eq!(payloads, [&b"one"[..], &[0xff; 100_000], b"three"]);
}

#[test]
fn a_line_torn_by_a_crash_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.ndjson");
    fs::write(&path, "{\"reason\":\"not_js").unwrap();
    let mut file = DeadLetterFile::open(&path).unwrap();
    file.write(&letter(b"one")).unwrap();
    file.write(&letter(b"two")).unwrap();
    file.flush().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().skip(1).all(|l| DeadLetter::from_ndjson_line(l.as_bytes()).is_ok()));
}

#[test]
fn a_file_that_cannot_be_written_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = DeadLetterFile::open(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot open the dead letter file /"), "{error}");
    assert!(error.contains("Is a directory"), "{error}");

    // Linux's disk without room.
    if fs::exists("/dev/full").unwrap() {
        let mut full = DeadLetterFile::open("/dev/full").unwrap();
        full.write(&letter(b"small")).unwrap();
        let error = full.flush().unwrap_err().to_string();
        assert!(error.starts_with("cannot write to the dead letter file /dev/full"), "{error}");
        assert!(full.write(&letter(&[b'x'; 100_000])).is_err());
        assert_eq!(full.written(), 1);
    }
}
