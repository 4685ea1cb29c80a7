//! What `fuzz` looks for with a nightly compiler, held on a stable one: whatever the input, nothing
//! panics, and memory stays within a bound that follows from the input's length. The inputs are those
//! of the corpus, what becomes of them when they are damaged, and long ones that say the same thing
//! over and over.

#![allow(clippy::unwrap_used)]

use std::panic::{catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use allocation_counter::measure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[path = "../fuzz/src/lib.rs"]
mod targets;

/// A target, and the memory that it may take at once: so many bytes, and so many for each of the
/// input's.
struct Target {
    name: &'static str,
    run: fn(&[u8]) -> bool,
    bytes: usize,
    per_byte: usize,
}

const JSON: Target = Target { name: "json", run: targets::json, bytes: 4 << 10, per_byte: 32 };
const PROTOBUF: Target =
    Target { name: "protobuf", run: targets::protobuf, bytes: 4 << 10, per_byte: 32 };
const CONFIGURATION: Target =
    Target { name: "configuration", run: targets::configuration, bytes: 4 << 20, per_byte: 256 };
const CHECKPOINT: Target =
    Target { name: "checkpoint", run: targets::checkpoint, bytes: 4 << 20, per_byte: 64 };
/// What a part may unfold to, and a list that grows to it by doubling.
const UNFOLDED: usize = 4 * (64 << 20);

impl Target {
    /// Whether `input` is accepted. It may fail only by being refused.
    fn take(&self, input: &[u8]) -> bool {
        self.take_within(self.bytes + self.per_byte * input.len(), input)
    }

    fn take_within(&self, bound: usize, input: &[u8]) -> bool {
        let mut outcome = Ok(false);
        let used = measure(|| outcome = catch_unwind(|| (self.run)(input))).bytes_max;
        let accepted = outcome.unwrap_or_else(|panic| resume_unwind(panic));
        let (name, length) = (self.name, input.len());
        assert!(used <= bound as u64, "{name}: {used} bytes for an input of {length}, not {bound}");
        accepted
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(self.name)
    }

    /// The names and inputs of the corpus, in the order of the names.
    fn corpus(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self.folder()).unwrap().map(Result::unwrap);
        let named = files.map(|it| (it.file_name().into_string().unwrap(), it.path()));
        let mut corpus: Vec<_> =
            named.map(|(name, path)| (name, std::fs::read(path).unwrap())).collect();
        corpus.sort();
        corpus
    }

    /// One input of the corpus after `damages`.
    fn damaged(&self, which: Index, damages: &[(Index, Damage)]) -> Vec<u8> {
        let corpus = self.corpus();
        let mut input = which.get(&corpus).1.clone();
        for (at, damage) in damages {
            let at = at.index(input.len() + 1);
            let to = |count: usize| (at + count).min(input.len());
            match damage {
                Damage::Flip(bit) => input[at..].iter_mut().take(1).for_each(|it| *it ^= 1 << bit),
                Damage::Replace(count, bytes) => drop(input.splice(at..to(*count), bytes.clone())),
                Damage::Repeat(count, times) => {
                    let again = input[at..to(*count)].repeat(*times);
                    input.splice(at..at, again);
                }
                Damage::Splice(other, from, count) => {
                    let other = &other.get(&corpus).1;
                    let from = from.index(other.len() + 1);
                    let spliced = other[from..].iter().take(*count).copied().collect::<Vec<_>>();
                    input.splice(at..at, spliced);
                }
                Damage::Cut => input.truncate(at),
            }
        }
        input
    }
}

/// A change to one place of an input.
#[derive(Debug, Clone)]
enum Damage {
    Flip(u8),
    /// Other bytes in the place of so many.
    Replace(usize, Vec<u8>),
    /// So many bytes, so many times more.
    Repeat(usize, usize),
    /// Of another input, from where on, so many bytes.
    Splice(Index, Index, usize),
    Cut,
}

/// What lies, overflows, nests or is no number, in one format or another.
const SCRAPS: &[&[u8]] = &[
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\xdb\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\xd3\x80\0\0\0\0\0\0\0",
    b"\xcb\x7f\xf8\0\0\0\0\0\0",
    b"\xcb\xff\xf0\0\0\0\0\0\0",
    b"\xcb\x7f\xef\xff\xff\xff\xff\xff\xff",
    b"\xc0",
    b"\x80",
    b"\x90",
    b"\0",
    b"[",
    b"{",
    b"\"",
    b"\n",
    b"1e309",
    b"-1",
    b"nan",
    b"99999999999999999999",
    b"\\ud83d",
    b"\xf0\x9f",
];

fn damage() -> impl Strategy<Value = (Index, Damage)> {
    let scrap = select(SCRAPS).prop_map(<[u8]>::to_vec);
    // A list of MessagePack, as long as it says.
    let list = (10_u32..14, any::<u8>()).prop_map(|(log, element)| {
        let length = 1_u32 << log;
        [&[0xDD][..], &length.to_be_bytes(), &vec![element; length as usize]].concat()
    });
    let damage = prop_oneof![
        3 => (0..8_u8).prop_map(Damage::Flip),
        2 => any::<u8>().prop_map(|byte| Damage::Replace(1, vec![byte])),
        4 => (0..10_usize, scrap).prop_map(|(count, bytes)| Damage::Replace(count, bytes)),
        1 => (0..10_usize, list).prop_map(|(count, bytes)| Damage::Replace(count, bytes)),
        1 => (1..64_usize).prop_map(|count| Damage::Replace(count, Vec::new())),
        1 => (1..64_usize, 1..64_usize).prop_map(|(count, times)| Damage::Repeat(count, times)),
        1 => (any::<Index>(), any::<Index>(), 1..256_usize)
            .prop_map(|(other, from, count)| Damage::Splice(other, from, count)),
        1 => Just(Damage::Cut),
    ];
    (any::<Index>(), damage)
}

proptest! {
    // What it finds belongs into the corpus.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn damaged_json_is_taken_or_refused(which: Index, damages in vec(damage(), 1..5)) {
        JSON.take(&JSON.damaged(which, &damages));
    }

    #[test]
    fn damaged_protobuf_is_taken_or_refused(which: Index, damages in vec(damage(), 1..5)) {
        PROTOBUF.take(&PROTOBUF.damaged(which, &damages));
    }

    #[test]
    fn a_damaged_configuration_is_taken_or_refused(which: Index, damages in vec(damage(), 1..5)) {
        CONFIGURATION.take(&CONFIGURATION.damaged(which, &damages));
    }

    #[test]
    fn a_damaged_checkpoint_is_taken_or_refused(which: Index, damages in vec(damage(), 1..5)) {
        CHECKPOINT.take(&CHECKPOINT.damaged(which, &damages));
    }
}

#[test]
fn the_corpus_is_taken_or_refused() {
    for target in [JSON, PROTOBUF, CONFIGURATION, CHECKPOINT] {
        let corpus = target.corpus();
        let valid = corpus.iter().filter(|(name, input)| {
            let accepted = match name.starts_with("raw-bomb") {
                true => target.take_within(UNFOLDED, input),
                false => target.take(input),
            };
            assert!(accepted || !name.starts_with("valid"), "{}/{name} is refused", target.name);
            accepted
        });
        let valid = valid.count();
        assert!(0 < valid && valid < corpus.len(), "{}: {valid} of {}", target.name, corpus.len());
    }
}

/// What stands before, what is said over and over, and what stands after it.
type Refrain = (&'static [u8], &'static [u8], &'static [u8]);

#[test]
fn what_is_long_takes_memory_for_its_length() {
    const LENGTH: usize = 256 << 10;
    // Whoever writes so much that is wrong waits for all of it to be told.
    const CONFIGURED: usize = 8 << 10;
    let json: &[Refrain] = &[
        (b"", b"[", b""),
        (b"{\"author\":", b"{\"author\":", b""),
        (br#"{"id":"1","created_at":0,"channel":"x","links":["#, b"\"\",", b"\"a\"]}"),
        (
            br#"{"id":"1","created_at":1424577600000,"channel":"x","brands":["#,
            b"\"a\",",
            b"\"a\"]}",
        ),
        (br#"{"id":"1","created_at":1424577600000,"channel":"x","text":""#, br"\ud83d", b"\"}"),
        (br#"{"id":"1","created_at":1424577600000,"channel":"x","text":""#, br"\n", b"\"}"),
        (br#"{"reach":"#, b"9", b"}"),
        (b"{", br#""x":1,"#, br#""x":1}"#),
    ];
    let protobuf: &[Refrain] = &[
        // `brands`, `hashtags` and `links`, each an empty text; then an unknown group in a group.
        (b"\x0a\x011", b"\x2a\0", b""),
        (b"\x0a\x011", b"\x6a\0", b""),
        (b"\x0a\x011", b"\x72\0", b""),
        (b"\x0a\x011", b"\x3a\x01a", b""),
        (b"", b"\x9b\x06", b""),
    ];
    let configuration: &[Refrain] = &[
        (b"", b"a=1\n", b""),
        (b"a=", b"[", b""),
        (b"a=", b"{a=", b""),
        (b"", b"[[brand]]\n", b""),
        (b"", b"a.", b"a=1"),
        (b"brand=[", b"{},", b"]"),
        (b"brand=[{name=\"A\",any=[", b"\"a\",", b"]}]"),
        (b"", b"]\n", b""),
    ];
    for (target, length, refrains) in [
        (JSON, LENGTH, json),
        (PROTOBUF, LENGTH, protobuf),
        (CONFIGURATION, CONFIGURED, configuration),
    ] {
        for (before, refrain, after) in refrains {
            target.take(&[before, &refrain.repeat(length / refrain.len())[..], after].concat());
        }
    }
    // Arrays, as long as they say, of what takes the least to write.
    for part in 0..targets::parts().len() as u8 {
        for element in [0xC0, 0x00, 0x80, 0x90, 0xA0] {
            let head = [&[part, 0xDD][..], &(LENGTH as u32).to_be_bytes()].concat();
            CHECKPOINT.take(&[head, vec![element; LENGTH]].concat());
        }
    }
}

/// The inputs of which the checkpoint target makes what is stored of a good day. `CORPUS=write` writes
/// them to the corpus, for when a part holds more than it did.
#[test]
fn each_part_of_a_checkpoint_can_be_put_back() {
    for (number, part) in (0..).zip(targets::parts()) {
        let plain = zstd::decode_all(&part.bytes[14..]).unwrap();
        let input = [&[number][..], &plain].concat();
        assert!(CHECKPOINT.take(&input), "{}", part.key);
        if std::env::var_os("CORPUS").is_some() {
            let kind = part.key.to_string().split('/').next().unwrap().to_owned();
            std::fs::write(CHECKPOINT.folder().join(format!("valid-{kind}")), input).unwrap();
        }
    }
}
