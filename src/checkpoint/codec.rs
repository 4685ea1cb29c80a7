//! How a part is written: a mark, a version, a checksum of all that follows and of the version, then
//! a Zstandard frame of MessagePack.

use std::hash::Hasher;
use std::io::{self, Read};

use rmp_serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use siphasher::sip::SipHasher24;

use super::{CheckpointError, PartKey, Problem};

/// What every part begins with.
const MAGIC: [u8; 4] = *b"GSWL";
/// The version of the format that is written. One more when an older program could not make sense of
/// what is written, or a newer one not of what was.
pub const VERSION: u16 = 1;
/// Fast rather than small: a checkpoint is written every few seconds.
const LEVEL: i32 = 1;
/// No part holds more, in bytes: what claims to is corrupt.
const MOST_BYTES: u64 = 64 << 20;
/// No frame may ask for a larger window, as a power of two, in bytes.
const WINDOW_LOG: u32 = 23;
/// No part is nested deeper.
const DEPTH: usize = 64;

/// The bytes of the part `key`, which holds `content`.
///
/// # Errors
///
/// When `content` has no such form: a fault of the program.
pub fn encode<T: Serialize>(key: &PartKey, content: &T) -> Result<Vec<u8>, CheckpointError> {
    let unwritable = |why: String| CheckpointError::new(key, Problem::Unwritable { why });
    let plain = rmp_serde::to_vec_named(content).map_err(|error| unwritable(error.to_string()))?;
    let packed = pack(&plain).map_err(|error| unwritable(error.to_string()))?;
    Ok(frame(VERSION, &packed))
}

/// What the part `key` holds. Bounded in memory and time, whatever the bytes.
///
/// # Errors
///
/// When the bytes are damaged, of a newer version, or hold something else.
pub fn decode<T: DeserializeOwned>(key: &PartKey, bytes: &[u8]) -> Result<T, CheckpointError> {
    read(bytes).map_err(|problem| CheckpointError::new(key, problem))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let packed = bytes.strip_prefix(&MAGIC).and_then(<[u8]>::split_first_chunk);
    let Some((version, packed)) = packed else {
        return Err(Problem::corrupt("it does not begin as a part does"));
    };
    let version = u16::from_le_bytes(*version);
    let packed = packed.split_first_chunk();
    let Some((_, packed)) = packed.filter(|(sum, packed)| **sum == checksum(version, packed))
    else {
        return Err(Problem::corrupt("its checksum is wrong"));
    };
    if version > VERSION {
        return Err(Problem::Newer { version });
    }
    if version == 0 {
        return Err(Problem::corrupt("it is of version 0, which there never was"));
    }
    let plain = unpack(packed).map_err(|error| Problem::corrupt(error.to_string()))?;
    let mut rest = plain.as_slice();
    let mut deserializer = Deserializer::new(&mut rest);
    deserializer.set_max_depth(DEPTH);
    let content =
        T::deserialize(&mut deserializer).map_err(|error| Problem::corrupt(error.to_string()))?;
    drop(deserializer);
    if rest.is_empty() { Ok(content) } else { Err(Problem::corrupt("it goes on after its end")) }
}

fn frame(version: u16, packed: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &version.to_le_bytes(), &checksum(version, packed), packed].concat()
}

/// SipHash-2-4. Zstandard's own checksum covers neither the version nor the head of its frame.
fn checksum(version: u16, packed: &[u8]) -> [u8; 8] {
    let mut hasher = SipHasher24::new();
    hasher.write(&version.to_le_bytes());
    hasher.write(packed);
    hasher.finish().to_le_bytes()
}

fn pack(plain: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(plain, LEVEL)
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut decoder = zstd::Decoder::with_buffer(packed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG)?;
    let mut plain = Vec::new();
    decoder.by_ref().take(MOST_BYTES + 1).read_to_end(&mut plain)?;
    if plain.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("it unfolds to more than a part holds"));
    }
    if !decoder.finish().is_empty() {
        return Err(io::Error::other("it goes on after its frame"));
    }
    Ok(plain)
}

/// A part that holds `plain` as its MessagePack, whatever that is: what is behind a checksum can be
/// tested only with a right one.
#[doc(hidden)]
pub fn framed(plain: &[u8]) -> Vec<u8> {
    frame(VERSION, &pack(plain).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Early {
        name: String,
        counts: BTreeMap<u64, f64>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Later {
        counts: BTreeMap<u64, f64>,
        #[serde(default)]
        added: Option<u32>,
    }

    fn key() -> PartKey {
        PartKey::Brand("Acme".to_owned())
    }

    fn early() -> Early {
        let counts = (0..40).map(|at| (at * at, at as f64 / 7.0)).collect();
        Early { name: "Acme".to_owned(), counts }
    }

    fn why(bytes: &[u8]) -> String {
        decode::<Early>(&key(), bytes).unwrap_err().to_string()
    }

    /// `plain`, framed as a part of `version`.
    fn framed(version: u16, plain: &[u8]) -> Vec<u8> {
        frame(version, &pack(plain).unwrap())
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = encode(&key(), &early()).unwrap();
        assert_eq!(decode::<Early>(&key(), &bytes).unwrap(), early());
        assert_eq!(bytes, encode(&key(), &early()).unwrap(), "the same bytes every time");
    }

    /// A newer program reads what an older one has written, and the other way round.
    #[test]
    fn what_is_missing_is_defaulted_and_what_is_unknown_is_left_out() {
        let bytes = encode(&key(), &early()).unwrap();
        let later: Later = decode(&key(), &bytes).unwrap();
        assert_eq!(later, Later { counts: early().counts, added: None });
        let newer = Later { counts: BTreeMap::new(), added: Some(3) };
        let bytes = encode(&key(), &newer).unwrap();
        assert!(why(&bytes).contains("missing field `name`"), "{}", why(&bytes));
    }

    #[test]
    fn no_byte_can_change_unnoticed() {
        let bytes = encode(&key(), &early()).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(decode::<Early>(&key(), &damaged).is_err(), "bit {bit} of byte {at}");
            }
            assert!(decode::<Early>(&key(), &bytes[..at]).is_err(), "cut at {at}");
        }
        let plain = rmp_serde::to_vec_named(&early()).unwrap();
        let twice = [pack(&plain).unwrap(), pack(&plain).unwrap()].concat();
        assert!(why(&frame(VERSION, &twice)).contains("goes on after its frame"));
        let plain = [&plain[..], &[0xC0]].concat();
        assert!(why(&framed(VERSION, &plain)).contains("goes on after its end"));
    }

    #[test]
    fn a_newer_version_is_named() {
        let plain = rmp_serde::to_vec_named(&early()).unwrap();
        let told = why(&framed(VERSION + 1, &plain));
        assert!(told.contains(&format!("version {}", VERSION + 1)), "{told}");
        assert!(why(&framed(0, &plain)).contains("version 0"));
    }

    #[test]
    fn what_unfolds_without_bound_is_refused() {
        let zeros = vec![0; MOST_BYTES as usize + 1];
        let told = why(&framed(VERSION, &zeros));
        assert!(told.contains("more than a part holds"), "{told}");
        // Arrays in arrays, and a string of four gigabytes that is not there.
        assert!(decode::<Early>(&key(), &framed(VERSION, &vec![0x91; 1 << 20])).is_err());
        assert!(why(&framed(VERSION, &[0xDB, 0xFF, 0xFF, 0xFF, 0xFF])).contains("damaged"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_in_peace(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode::<Early>(&key(), &bytes).is_err());
            prop_assert!(decode::<Early>(&key(), &frame(VERSION, &bytes)).is_err());
            // Framed as it should be, it may even be something.
            let _ = decode::<Early>(&key(), &framed(VERSION, &bytes));
            let _ = decode::<Vec<Option<(String, f64)>>>(&key(), &framed(VERSION, &bytes));
        }
    }
}
