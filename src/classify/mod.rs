//! Says which brands a mention speaks of, in what tone, and who speaks.

mod rules;
pub use rules::{BrandRule, Rules};
