//! Checkpoints: how often state is kept, how large it is, and whether the store takes it.

use std::time::Duration;

use prometheus::{Histogram, IntCounter};

use super::MetricsError;
use super::family::Registrar;

/// From a disk next door to a server that is about to be given up.
const SECONDS: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Metrics of checkpoints over all partitions.
#[derive(Debug)]
pub struct Checkpoints {
    seconds: Histogram,
    bytes: IntCounter,
    failures: IntCounter,
    fenced: IntCounter,
}

impl Checkpoints {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            seconds: registrar.histogram(
                SECONDS,
                (
                    "groundswell_checkpoint_seconds",
                    "seconds",
                    "How long the store took to write a checkpoint; its count is that of checkpoints.",
                ),
            )?,
            bytes: registrar.counter((
                "groundswell_checkpoint_bytes_total",
                "bytes",
                "Bytes of state written to the store, compressed.",
            ))?,
            failures: registrar.counter((
                "groundswell_store_failures_total",
                "times",
                "How often the store did not do what it was asked to; it is tried again, and nothing \
                 is read meanwhile.",
            ))?,
            fenced: registrar.counter((
                "groundswell_fenced_total",
                "times",
                "How often a partition turned out to belong to another instance by now; what this one \
                 still knew of it was not written.",
            ))?,
        })
    }

    /// A checkpoint of `bytes` was written within `took`.
    pub fn written(&self, bytes: u64, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
        self.bytes.inc_by(bytes);
    }

    /// The store has failed.
    pub fn failed(&self) {
        self.failures.inc();
    }

    /// Another instance has a partition that this one held.
    pub fn fenced(&self) {
        self.fenced.inc();
    }
}
