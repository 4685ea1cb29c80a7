//! Tells people: Slack first, then any webhook.

mod settings;
pub use settings::{RetrySettings, Route, Target};
