//! Decides what is unusual: limits for z from the budget of false pages, from a series' own record
//! and from what people say of its incidents; whether a window has swung, and when the swing began.

mod activation;
mod advocates;
mod alone;
mod built_in;
mod feedback;
mod limits;
mod measure;
mod news;
mod onset;
mod plan;
mod record;
mod swing;
mod trigger;
mod velocity;

pub use activation::{Activation, Activations};
pub use advocates::{Advocates, Roll, Silent};
pub use alone::{severity as alone_severity, weight};
pub use built_in::BuiltIn;
pub use feedback::{Feedback, Mark, MarkedAs};
pub use limits::z_limit;
pub use measure::{Parts, Tally, explained_by, in_units, is_follow};
pub use news::{LastTold, News};
pub use onset::onset;
pub use plan::{Brand, Monitor, Plan, Sensitivity, TimeSettings};

pub use crate::baseline::{BaselineSettings, Elements};
pub use record::Record;
pub use swing::Reading;
pub use trigger::{Trigger, Verdict};
pub use velocity::{Best, Spread, Velocity, shared_post};
