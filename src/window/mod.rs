//! Panes and the sliding windows over them, in event time.

mod counter;
mod dedup;
mod keys;
mod watermark;

pub use counter::SlidingCounter;
pub use dedup::{Dedup, copy_key, mention_key};
pub use keys::{Generations, SavedSegments, Segment};
pub use watermark::Watermark;

/// A pane's number: event time in milliseconds divided by the pane's length, rounded down.
pub type Pane = i64;
