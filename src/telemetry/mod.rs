//! What the process tells about itself: metrics and logs.
//!
//! # Layout
//!
//! - [`Metrics`]: all metrics, their registry and their text. In it, by subject: [`Intake`],
//!   [`Incidents`], [`Notifications`], [`Checkpoints`], [`Http`], [`Route`], and a
//!   [`PartitionMetrics`] for each partition.
//! - `room`: caps, and what the configuration comes to.
//! - `windows`: the gauges with a series for each window, bounded in number.
//! - `open_incidents`: the gauges with a series for each open incident, bounded in number.
//! - [`Family`]: the catalogue that `docs/metrics.md` is checked against.
//! - [`Observer`]: hears of deliveries, counts and logs them.
//! - [`log`]: sets up what is written to standard error.

mod checkpoints;
mod error;
mod family;
mod http;
mod incidents;
mod intake;
pub mod log;
mod metrics;
mod notifications;
mod observer;
mod open_incidents;
mod partition;
mod room;
mod route;
mod windows;

pub use checkpoints::Checkpoints;
pub use error::MetricsError;
pub use family::{Family, Kind};
pub use http::{Http, Refusal};
pub use incidents::Incidents;
pub use intake::Intake;
pub use metrics::Metrics;
pub use notifications::Notifications;
pub use observer::Observer;
pub use partition::PartitionMetrics;
pub use room::Caps;
pub use route::{Route, Routed, RoutedRecords};

use crate::mention::Timestamp;

/// Seconds from `earlier` to `later`; negative when `earlier` is later.
fn seconds_signed(earlier: Timestamp, later: Timestamp) -> f64 {
    later.millis_since(earlier) as f64 / 1_000.0
}

/// Seconds from `earlier` to `later`; 0 when clocks disagree on which is which. A histogram's sum
/// must not fall.
fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    seconds_signed(earlier, later).max(0.0)
}

#[cfg(test)]
mod tests;
