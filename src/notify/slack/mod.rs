//! Slack: through an incoming webhook here, through its Web API in `api`.

mod api;
mod blocks;
mod buttons;
mod escape;
mod message;
mod replies;
mod storm;

use std::time::Duration;

use super::receiver::{Receiver, Storms};
use super::storm::Storm;
use super::telling::Telling;
use crate::incident::Change;
use crate::secret::Secret;

pub(super) use api::{SlackApi, WebApi};

pub use api::ENDPOINT;
pub use buttons::Pressed;
pub use message::message;
pub use replies::Replies;

/// Slack takes one message a second from an incoming webhook
/// (<https://docs.slack.dev/apis/web-api/rate-limits>).
const PACE: Duration = Duration::from_secs(1);

/// Posts to one incoming webhook.
#[derive(Debug)]
pub(super) struct Slack {
    pub webhook_url: Secret,
    pub telling: Telling,
}

impl Receiver for Slack {
    fn url(&self) -> &Secret {
        &self.webhook_url
    }

    fn pace(&self) -> Duration {
        PACE
    }

    fn compose(&self, change: &Change) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&message(change, &self.telling))
    }

    fn storms(&self) -> Option<&dyn Storms> {
        Some(self)
    }
}

impl Storms for Slack {
    fn compose(&self, changes: &[Change]) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&storm::message(&Storm::of(changes, &self.telling)))
    }
}

#[cfg(test)]
mod tests;
