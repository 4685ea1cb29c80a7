//! Slack, through an incoming webhook.

mod blocks;
mod escape;
mod message;

use std::time::Duration;

use jiff::tz::TimeZone;

use super::receiver::Receiver;
use crate::incident::Change;
use crate::secret::Secret;

pub use message::message;

/// Slack takes one message a second from an incoming webhook
/// (<https://docs.slack.dev/apis/web-api/rate-limits>).
const PACE: Duration = Duration::from_secs(1);

/// Posts to one incoming webhook.
#[derive(Debug)]
pub(super) struct Slack {
    pub webhook_url: Secret,
    pub time_zone: TimeZone,
}

impl Receiver for Slack {
    fn url(&self) -> &Secret {
        &self.webhook_url
    }

    fn pace(&self) -> Duration {
        PACE
    }

    fn compose(&self, change: &Change) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&message(change, &self.time_zone))
    }
}

#[cfg(test)]
mod tests;
