//! What `groundswell route` reads and writes.

use std::time::Duration;

use prometheus::{Histogram, IntCounter, IntCounterVec};

use super::MetricsError;
use super::family::Registrar;

/// From one that commits at once to one that the broker is about to abort.
const TRANSACTIONS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Where markets are counted that have no series of their own.
const OTHER: &str = "other";

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routed {
    /// Written for at least one market.
    Routed,
    /// Speaks of no watched brand: dropped.
    Unmatched,
    /// Kept as a dead letter.
    Rejected,
}

/// Counters of routed messages and their transactions. What an aborted transaction held is counted
/// when it has come again.
#[derive(Debug)]
pub struct Route {
    routed: IntCounter,
    unmatched: IntCounter,
    rejected: IntCounter,
    records: IntCounterVec,
    committed: IntCounter,
    aborted: IntCounter,
    open: Histogram,
}

/// The counters of records, by market in the order they were named.
#[derive(Debug)]
pub struct RoutedRecords(Vec<IntCounter>);

impl Route {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        let messages = registrar.counters(
            &["outcome"],
            (
                "groundswell_route_messages_total",
                "messages",
                "Messages that `route` has read, by what became of them, once that is committed.",
            ),
        )?;
        let transactions = registrar.counters(
            &["outcome"],
            (
                "groundswell_route_transactions_total",
                "transactions",
                "Kafka transactions of `route`, by how they ended; what an aborted one held comes again.",
            ),
        )?;
        Ok(Self {
            routed: messages.with_label_values(&["routed"]),
            unmatched: messages.with_label_values(&["unmatched"]),
            rejected: messages.with_label_values(&["rejected"]),
            records: registrar.counters(
                &["market"],
                (
                    "groundswell_route_records_total",
                    "records",
                    "Records that `route` has written, by the market they are for, once committed.",
                ),
            )?,
            committed: transactions.with_label_values(&["committed"]),
            aborted: transactions.with_label_values(&["aborted"]),
            open: registrar.histogram(
                TRANSACTIONS,
                (
                    "groundswell_route_transaction_seconds",
                    "seconds",
                    "From the first message of a transaction of `route` to its commit: how much later \
                     a mention is seen for it.",
                ),
            )?,
        })
    }

    /// Makes the series of `markets` before anything is written for them: of the first `most`, and
    /// one named `other` for the rest.
    pub fn expect_markets(&self, markets: &[String], most: usize) -> RoutedRecords {
        let counter = |(at, market): (usize, &String)| {
            self.records.with_label_values(&[if at < most { market.as_str() } else { OTHER }])
        };
        RoutedRecords(markets.iter().enumerate().map(counter).collect())
    }

    /// `messages` more became `outcome`.
    pub fn add(&self, outcome: Routed, messages: u64) {
        match outcome {
            Routed::Routed => &self.routed,
            Routed::Unmatched => &self.unmatched,
            Routed::Rejected => &self.rejected,
        }
        .inc_by(messages);
    }

    /// A transaction was committed, `open` after it was begun.
    pub fn committed(&self, open: Duration) {
        self.committed.inc();
        self.open.observe(open.as_secs_f64());
    }

    /// A transaction was aborted.
    pub fn aborted(&self) {
        self.aborted.inc();
    }
}

impl RoutedRecords {
    /// Adds `records`, by market in the order they were named.
    pub fn add(&self, records: &[u64]) {
        self.0.iter().zip(records).for_each(|(counter, records)| counter.inc_by(*records));
    }
}
