//! What comes in and what becomes of it.

use prometheus::{Gauge, Histogram, IntCounter};

use super::MetricsError;
use super::family::Registrar;
use super::seconds_between;
use crate::decode::Reason;
use crate::mention::Timestamp;
use crate::shard::Outcome;

/// From well within a pane to a day: a feed that is hours behind must not look like one that is
/// minutes behind.
const DELAYS: &[f64] =
    &[0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0];

/// Counters of mentions and dead letters. All are resolved beforehand: counting a mention looks up
/// no label.
#[derive(Debug)]
pub struct Intake {
    outcomes: [(Outcome, IntCounter); Outcome::ALL.len()],
    rejected: IntCounter,
    dead_letters: [(Reason, IntCounter); Reason::ALL.len()],
    dead_letter_failures: IntCounter,
    dead_letters_waiting: Gauge,
    read_bytes: IntCounter,
    delay: Histogram,
}

impl Intake {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        let outcomes = registrar.counters(
            &["outcome"],
            (
                "groundswell_mentions_total",
                "mentions",
                "Messages taken in, by what became of them; only `counted` ones reach a window.",
            ),
        )?;
        let dead_letters = registrar.counters(
            &["reason"],
            (
                "groundswell_dead_letters_total",
                "messages",
                "Messages turned away and kept as dead letters, by reason.",
            ),
        )?;
        Ok(Self {
            outcomes: Outcome::ALL
                .map(|outcome| (outcome, outcomes.with_label_values(&[outcome.name()]))),
            rejected: outcomes.with_label_values(&["rejected"]),
            dead_letters: Reason::ALL
                .map(|reason| (reason, dead_letters.with_label_values(&[reason.name()]))),
            dead_letter_failures: registrar.counter((
                "groundswell_dead_letter_write_failures_total",
                "messages",
                "Dead letters that could not be kept; what they held is only in the source.",
            ))?,
            dead_letters_waiting: registrar.gauge((
                "groundswell_dead_letters_waiting_bytes",
                "bytes",
                "How much waits for the dead-letter topic to take it.",
            ))?,
            read_bytes: registrar.counter((
                "groundswell_source_read_bytes_total",
                "bytes",
                "Bytes of messages read from the source, as they lie there (compressed or not).",
            ))?,
            delay: registrar.histogram(
                DELAYS,
                (
                    "groundswell_mention_delay_seconds",
                    "seconds",
                    "How old a mention is when it is counted: from its created_at to the wall clock.",
                ),
            )?,
        })
    }

    /// `mentions` more became `outcome`. Cheap, yet shared by all shards: a batch adds up first.
    pub fn add(&self, outcome: Outcome, mentions: u64) {
        add(&self.outcomes, outcome, mentions);
    }

    /// `messages` more could not be decoded, or were not believable.
    pub fn add_rejected(&self, messages: u64) {
        self.rejected.inc_by(messages);
    }

    /// A dead letter was kept.
    pub fn dead_letter(&self, reason: Reason) {
        add(&self.dead_letters, reason, 1);
    }

    /// A dead letter could not be kept.
    pub fn dead_letter_failed(&self) {
        self.dead_letter_failures.inc();
    }

    /// `bytes` wait for the dead-letter topic.
    pub fn set_dead_letters_waiting(&self, bytes: usize) {
        self.dead_letters_waiting.set(bytes as f64);
    }

    /// `bytes` more were read from the source.
    pub fn add_read_bytes(&self, bytes: u64) {
        self.read_bytes.inc_by(bytes);
    }

    /// A mention of `created_at` is counted `now`, by the wall clock. One observation for each batch
    /// tells enough. A mention from the future counts as not delayed.
    pub fn observe_delay(&self, created_at: Timestamp, now: Timestamp) {
        self.delay.observe(seconds_between(created_at, now));
    }
}

/// Adds to the counter of `key`: a walk over at most 15 neighbours in memory.
fn add<K: PartialEq>(counters: &[(K, IntCounter)], key: K, by: u64) {
    if let Some((_, counter)) = counters.iter().find(|(known, _)| *known == key) {
        counter.inc_by(by);
    }
}
