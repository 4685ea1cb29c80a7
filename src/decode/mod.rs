//! Turns the bytes of a message into a [`crate::mention::Mention`], or says why it cannot.

mod settings;
pub use settings::{Format, Limits};
