//! Decides what is unusual.

mod plan;
pub use plan::{BaselineSettings, Brand, Monitor, Plan, Sensitivity, TimeSettings};
