//! Why metrics could not be set up or shown.

/// Why metrics could not be set up or shown.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// A metric's definition is at odds with itself or with another.
    #[error("the metric `{name}` cannot be set up: {source}")]
    Register {
        /// Its name.
        name: &'static str,
        /// What the metrics library says.
        source: prometheus::Error,
    },
    /// The text could not be made.
    #[error("the metrics cannot be written as text: {0}")]
    Encode(prometheus::Error),
}
