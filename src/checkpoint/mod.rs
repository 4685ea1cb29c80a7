//! What is kept of a partition's state: parts, each a row of its own, so that only what has changed
//! is written.
//!
//! A part is bytes with a name ([`PartKey`]). The bytes carry the version of their format and a
//! checksum, and name every field, so that a newer program reads what an older one has written. What
//! cannot be used is refused with a [`CheckpointError`] that says why; nothing is guessed.

mod codec;
mod error;
mod part;

pub use codec::{VERSION, decode, encode, framed};
pub use error::{CheckpointError, Problem};
pub use part::{Part, PartKey, PartKeyError, Saved};
