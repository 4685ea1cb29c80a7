//! A made market with a made crisis, for `groundswell demo`.
//!
//! Nothing here is real: three invented coffee brands, two ordinary days from a seeded random
//! generator, then a recall that spreads by one link, and a friendly hashtag for a competitor
//! beside it. The same seed gives the same mentions, byte for byte.

mod pace;
mod script;
mod texts;

pub use pace::Pace;
pub use script::{Event, Script};

/// The configuration of the demo: its three brands as one market.
pub const CONFIG: &str = include_str!("demo.toml");

/// The brand that gets into trouble.
pub const CRISIS_BRAND: &str = "Morvanto";

/// The link that carries the crisis.
pub const CRISIS_LINK: &str = "https://news.example/morvanto-recall";

#[cfg(test)]
mod tests;
