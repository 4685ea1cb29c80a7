//! What is done with an input of each target, and what must hold whatever it is. The programs of
//! `fuzz_targets` look for inputs that break it; `tests/fuzz.rs` holds it for those of `corpus`, and
//! for what becomes of them when they are damaged.
//!
//! Each function says whether the input was accepted.

mod checkpoint;

pub use checkpoint::{checkpoint, parts};

use groundswell::config::{Config, Secrets, explain};
use groundswell::decode::{Format, Limits, decode, peek_created_at};
use groundswell::mention::Timestamp;

/// A message may be as large as by default, and of 2029.
const LIMITS: Limits =
    Limits { max_bytes: 1 << 20, latest: Timestamp::from_millis(1_893_456_000_000) };

/// A message in JSON.
pub fn json(input: &[u8]) -> bool {
    peek_created_at(input, &LIMITS);
    decodes(Format::Json, input)
}

/// A message in protobuf, bare or in Confluent's wire format.
pub fn protobuf(input: &[u8]) -> bool {
    let bare = decodes(Format::Protobuf, input);
    let enveloped = decodes(Format::ConfluentProtobuf, input);
    bare || enveloped
}

/// A configuration file, without its secrets.
pub fn configuration(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match Config::parse(text, "fuzz.toml", Secrets::Ignore, &|_| None) {
        Ok(config) => {
            assert!(!config.plan.brands.is_empty() && !explain(&config).is_empty());
            true
        }
        Err(errors) => {
            assert!(!errors.problems.is_empty());
            false
        }
    }
}

/// What is let pass keeps the promises that others build on; what is not is explained in few words.
fn decodes(format: Format, message: &[u8]) -> bool {
    match decode(format, message, &LIMITS) {
        Ok(mention) => {
            assert!(!mention.id.is_empty() && !mention.channel.is_empty());
            assert!(!mention.text.is_empty() || !mention.brands.is_empty());
            assert!(mention.sentiment.is_none_or(|it| (-1.0..=1.0).contains(&it)));
            assert!(mention.created_at <= LIMITS.latest);
            true
        }
        Err(rejected) => {
            assert!((1..500).contains(&rejected.detail.len()), "{rejected}");
            false
        }
    }
}
