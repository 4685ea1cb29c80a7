//! Where mentions come from.

mod kafka_settings;
pub use kafka_settings::{KafkaSettings, Topic};
