//! The dead letters of a running service: shared by the shards, written before anything goes on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::error;

use super::run::RunError;
use crate::config::Config;
use crate::decode::{DeadLetter, DeadLetterError, DeadLetterFile};
use crate::source::kafka::{DeadLetterTopic, Message};
use crate::source::lock;

/// Wait between two tries to write.
const RETRY: Duration = Duration::from_secs(1);

/// Where every shard puts its dead letters: a topic, if there is one, or else a file.
#[derive(Debug)]
pub struct DeadLetters {
    file: Mutex<DeadLetterFile>,
    topic: Option<DeadLetterTopic>,
    /// The largest message that goes into the topic, in bytes.
    max_bytes: usize,
    /// Whether a letter was given up: then nothing may be committed any more.
    lost: AtomicBool,
}

impl DeadLetters {
    /// Those of `config`.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or Kafka's settings are refused.
    pub fn open(config: &Config) -> Result<Self, RunError> {
        let max_bytes = config.limits.max_message_bytes;
        let kafka = config.kafka.as_ref();
        let topic = kafka.and_then(|kafka| Some((kafka, kafka.dead_letter_topic.as_deref()?)));
        Ok(Self {
            file: Mutex::new(DeadLetterFile::open(&config.dead_letter_file)?),
            topic: topic
                .map(|(kafka, topic)| DeadLetterTopic::open(kafka, topic, max_bytes))
                .transpose()?,
            max_bytes: max_bytes.min(DeadLetterTopic::LARGEST),
            lost: AtomicBool::new(false),
        })
    }

    /// Keeps `letter`, which `message` has become. While that fails it is tried again every second,
    /// and whoever calls waits: nothing is lost, and the source stops being read. `on_failure` hears of
    /// every failure; it returns whether to go on trying.
    pub fn keep(
        &self,
        letter: &DeadLetter,
        message: &Message<'_>,
        on_failure: impl Fn(&DeadLetterError) -> bool,
    ) {
        // What is larger than a mention may be need not fit into a topic either: the file takes it.
        let fits = message.size().filter(|bytes| *bytes <= self.max_bytes);
        let topic = self.topic.as_ref().zip(fits);
        loop {
            let written = match topic {
                Some((topic, bytes)) => topic.write(letter, message, bytes),
                None => self.lock().write(letter),
            };
            let Err(failure) = written else { return };
            if let Some((topic, _)) = topic {
                // What it has refused is in the way; why it does, it says again.
                let _refused = self.flush_topic(topic);
            }
            error!(error = %failure, "a dead letter cannot be written; processing waits for it");
            if !on_failure(&failure) {
                self.lost.store(true, Ordering::Release);
                return;
            }
            std::thread::sleep(RETRY);
        }
    }

    /// Whether a letter could not be kept after all: its offset must not be committed.
    pub fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Makes what was written durable. Called before offsets are committed.
    ///
    /// # Errors
    ///
    /// When the disk refuses, or the topic does not take all of them.
    pub fn flush(&self) -> Result<(), DeadLetterError> {
        // The topic first: what it does not take goes to the file.
        if let Some(topic) = &self.topic {
            self.flush_topic(topic)?;
        }
        self.lock().flush()
    }

    fn flush_topic(&self, topic: &DeadLetterTopic) -> Result<(), DeadLetterError> {
        topic.flush(|letter| self.lock().write(letter))
    }

    /// How much waits for the topic to take it, in bytes.
    pub fn waiting_bytes(&self) -> usize {
        self.topic.as_ref().map_or(0, DeadLetterTopic::waiting_bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DeadLetterFile> {
        lock(&self.file)
    }
}
