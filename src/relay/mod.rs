//! Messages of some topics into others, exactly once: consume, transform, produce.
//!
//! What is written and the offsets of what was read are committed in one Kafka transaction. The
//! relay is built to be killed: whatever goes wrong, it drops both clients and begins anew from what
//! is committed, as a restarted process would. There is no second way of recovery to get wrong.
//!
//! Who may commit is decided in two places, by one name, the `transactional_id`: Kafka takes
//! transactions only of the producer that was the last to begin under it, and offsets only of the
//! member of the group that was the last to join under it.
//!
//! - [`RelaySettings`]: what it is told.
//! - `member`: the reading side, and rebalances.
//! - `writer`: the writing side, and transactions.
//! - `session`: the loop between them, until something goes wrong.
//! - `rival`: whether that was another instance of the same name.

mod error;
mod member;
mod rival;
mod session;
mod settings;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::mention::Timestamp;
use crate::source::{KafkaSettings, Topic, rest};
pub use error::RelayError;
pub use session::Forward;
use session::Session;
pub use settings::RelaySettings;

/// The wait before it begins anew for the first time; it doubles from time to time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait before it begins anew.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How often an order to stop is looked for while nothing is there to read.
const NAP: Duration = Duration::from_millis(100);

/// One message that was read.
#[derive(Debug)]
pub struct Received<'a> {
    /// The topic it was read from.
    pub topic: &'a Topic,
    /// The partition it was read from.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its bytes; empty for a tombstone.
    pub payload: &'a [u8],
    /// When it was produced, if the broker says so.
    pub timestamp: Option<Timestamp>,
    /// The market it has been routed for before, by its header.
    pub market: Option<&'a [u8]>,
}

/// Decides what becomes of each message. Lives on the relay's thread.
pub trait RelayHandler: Send {
    /// A message has been read; what is to be written for it is handed to `forward`.
    ///
    /// # Errors
    ///
    /// Those of `forward`, as they are.
    fn message(&mut self, message: &Received<'_>, forward: &Forward<'_>) -> Result<(), RelayError>;
    /// The transaction is about to be committed: what is kept outside of it must last now.
    ///
    /// # Errors
    ///
    /// When it cannot be kept; the transaction is aborted and its messages are read again.
    fn keep(&mut self) -> Result<(), RelayError>;
    /// The transaction is committed, `open` after it was begun.
    fn committed(&mut self, open: Duration);
    /// The transaction is aborted: its messages come again.
    fn aborted(&mut self);
}

/// The two sides of a relay, as its health is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Where messages are read.
    Source,
    /// Where records are written.
    Sink,
}

/// Hears how the relay fares.
pub trait RelayObserver: Send + Sync + 'static {
    /// A part works, or why it does not, in words for people.
    fn health(&self, part: Part, health: Result<String, String>);
    /// `partition` of `topic` has been assigned to this instance.
    fn assigned(&self, topic: &str, partition: i32);
    /// `partition` of `topic` goes to another instance.
    fn revoked(&self, topic: &str, partition: i32);
    /// Messages of `partition` of `topic` that are waiting.
    fn lag(&self, topic: &str, partition: i32, messages: i64);
}

/// Relays until `stop`; then commits what is in flight and leaves. What passes by itself (a broker
/// that is away, a rebalance, a full disk) is told to `observer` and tried again.
///
/// # Errors
///
/// When the settings are refused, or another instance has taken this one's place.
pub fn relay(
    kafka: &KafkaSettings,
    settings: &RelaySettings,
    handler: &mut dyn RelayHandler,
    observer: &Arc<dyn RelayObserver>,
    stop: &AtomicBool,
) -> Result<(), RelayError> {
    let mut wait = FIRST_WAIT;
    while !stop.load(Ordering::Acquire) {
        let begun = Instant::now();
        let session = Session::start(kafka, settings, handler, observer);
        let Err(error) = session.and_then(|session| session.run(stop)) else {
            info!("what was in flight is committed");
            return Ok(());
        };
        if error.is_final() {
            return Err(error);
        }
        if matches!(error, RelayError::Fenced { .. }) {
            observer.health(Part::Sink, Err(error.to_string()));
            if rival::lives(kafka, settings, stop)? {
                let transactional_id = settings.transactional_id.clone();
                return Err(RelayError::Replaced { transactional_id });
            }
        }
        // It went well for a while: this is another trouble than the one before.
        if begun.elapsed() > 2 * LONGEST_WAIT {
            wait = FIRST_WAIT;
        }
        warn!(%error, wait_seconds = wait.as_secs_f64(), "beginning anew from what is committed");
        observer.health(Part::Sink, Err(error.to_string()));
        rest(wait, stop);
        wait = (2 * wait).min(LONGEST_WAIT);
    }
    info!("what was in flight is read again after a restart");
    Ok(())
}
