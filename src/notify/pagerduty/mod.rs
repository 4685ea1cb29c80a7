//! PagerDuty, through its Events API v2.

mod event;

use std::time::Duration;

use super::receiver::Receiver;
use super::telling::Telling;
use crate::incident::Change;
use crate::secret::Secret;

pub use event::event;

/// Where PagerDuty takes events of accounts that are not of its European region.
pub const ENDPOINT: &str = "https://events.pagerduty.com/v2/enqueue";

/// PagerDuty publishes no number: it answers 429 when there is too much. A storm of incidents goes at
/// two a second.
const PACE: Duration = Duration::from_millis(500);

/// Sends events to one integration of a PagerDuty service.
#[derive(Debug)]
pub(super) struct PagerDuty {
    pub url: Secret,
    pub routing_key: Secret,
    pub telling: Telling,
}

impl Receiver for PagerDuty {
    fn url(&self) -> &Secret {
        &self.url
    }

    fn pace(&self) -> Duration {
        PACE
    }

    fn compose(&self, change: &Change) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&event(change, self.routing_key.expose(), &self.telling))
    }
}

#[cfg(test)]
mod tests;
