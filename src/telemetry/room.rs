//! How much is watched, and how much it may be.

use prometheus::Gauge;

use super::MetricsError;
use super::family::Registrar;

/// Caps that hold for the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Most brands.
    pub brands: usize,
    /// Most windows (brand, monitor and length).
    pub series: usize,
    /// Most mentions that a partition remembers against second copies.
    pub dedup_entries: usize,
    /// Largest message, in bytes.
    pub message_bytes: usize,
    /// When no more is fetched of a partition, in bytes.
    pub fetch_queue_bytes: usize,
    /// When no more is read for want of a dead-letter topic, in bytes.
    pub dead_letter_bytes: usize,
}

/// What a configuration comes to, and the caps; the partitions tell how near they are to theirs.
#[derive(Debug)]
pub(super) struct Room {
    brands: Gauge,
    brands_limit: Gauge,
    series: Gauge,
    series_limit: Gauge,
    dedup_limit: Gauge,
    message_limit: Gauge,
    fetch_queue_limit: Gauge,
    dead_letter_limit: Gauge,
}

impl Room {
    pub fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            brands: registrar.gauge((
                "groundswell_brands",
                "brands",
                "How many brands are watched.",
            ))?,
            brands_limit: registrar.gauge((
                "groundswell_brands_limit",
                "brands",
                "How many brands may be watched; a configuration with more is refused.",
            ))?,
            series: registrar.gauge((
                "groundswell_series",
                "series",
                "How many windows (brand, monitor and length) are watched.",
            ))?,
            series_limit: registrar.gauge((
                "groundswell_series_limit",
                "series",
                "How many windows may be watched; a configuration with more is refused.",
            ))?,
            dedup_limit: registrar.gauge((
                "groundswell_dedup_entries_limit",
                "mentions",
                "How many mentions a partition may remember against second copies.",
            ))?,
            message_limit: registrar.gauge((
                "groundswell_message_limit_bytes",
                "bytes",
                "How large a message may be; larger ones are dead letters.",
            ))?,
            fetch_queue_limit: registrar.gauge((
                "groundswell_fetch_queue_limit_bytes",
                "bytes",
                "How much of a partition may wait in memory before no more of it is fetched; the last \
                 fetch may go beyond it.",
            ))?,
            dead_letter_limit: registrar.gauge((
                "groundswell_dead_letters_waiting_limit_bytes",
                "bytes",
                "How much may wait for the dead-letter topic; reading waits then, too.",
            ))?,
        })
    }

    /// Shows the caps, and what the configuration comes to.
    pub fn set(&self, caps: &Caps, brands: usize, series: usize) {
        let set = [
            (&self.brands, brands),
            (&self.brands_limit, caps.brands),
            (&self.series, series),
            (&self.series_limit, caps.series),
            (&self.dedup_limit, caps.dedup_entries),
            (&self.message_limit, caps.message_bytes),
            (&self.fetch_queue_limit, caps.fetch_queue_bytes),
            (&self.dead_letter_limit, caps.dead_letter_bytes),
        ];
        set.into_iter().for_each(|(gauge, value)| gauge.set(value as f64));
    }
}
