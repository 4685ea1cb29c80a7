//! Metrics and logs: what the service says about itself.

mod delivery;
mod family;
mod log;
mod metrics;
mod windows;

pub use delivery::DeliveryMetrics;
pub use family::{Family, Kind};
pub use log::{LogError, LogFormat, LogSettings, init as init_log};
pub use metrics::{Metrics, MetricsError, Outcomes};

#[cfg(test)]
mod tests;
