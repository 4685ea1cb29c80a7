//! A made market with a made crisis, for `groundswell demo`.
//!
//! Nothing here is real. Three invented coffee brands are spoken of by an invented public: two
//! ordinary days from a seeded random generator, then a journalist's article about one brand, passed
//! on by everybody, and beside it a friendly hashtag for a competitor; at last calm again. All
//! addresses end in `.example`, a name reserved for such use (RFC 2606). `docs/demo.md` says what is
//! made and how.
//!
//! - `rhythm`: when ordinary mentions come.
//! - `swing`: how an outburst grows and fades.
//! - `people`: who speaks.
//! - `texts`: what they say.
//! - `writer`: a mention from all of these, in JSON.
//! - [`Script`]: the whole, in event-time order. The same seed gives the same mentions, byte for byte.
//! - [`Pace`]: how fast it goes by.

mod pace;
mod people;
mod rhythm;
mod script;
mod swing;
mod texts;
mod writer;

pub use pace::Pace;
pub use script::{Event, Script};

/// The configuration of the demo: its three brands as one market.
pub const CONFIG: &str = include_str!("demo.toml");

/// The market of the three brands; the key of every record.
pub const MARKET: &str = "coffee";

/// The brand that gets into trouble.
pub const CRISIS_BRAND: &str = "Morvanto";

/// The link that carries the crisis.
pub const CRISIS_LINK: &str = "https://harbourledger.example/morvanto-batch";

/// The brand that is praised meanwhile.
pub const PRAISED_BRAND: &str = "Quillbay";

/// The brand to which nothing happens.
pub const QUIET_BRAND: &str = "Zelgrano";

#[cfg(test)]
mod tests;
