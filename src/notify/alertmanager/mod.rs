//! Prometheus' Alertmanager, through its API v2.

mod alert;

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderMap;

use super::error::NotifyError;
use super::receiver::{self, Receiver, Repeat};
use super::telling::Telling;
use super::told::Told;
use crate::incident::Change;
use crate::secret::Secret;
use crate::source::wall_clock;

pub(super) use alert::alerts;

/// Sends alerts to one instance of Alertmanager.
#[derive(Debug)]
pub(super) struct Alertmanager {
    url: Secret,
    headers: HeaderMap,
    repeat_every: Duration,
    telling: Telling,
}

impl Alertmanager {
    /// `base` is the instance's address, as its pages have it; `route` names the route in errors.
    pub fn new(
        route: &str,
        base: &Secret,
        headers: &[(String, Secret)],
        repeat_every: Duration,
        telling: Telling,
    ) -> Result<Self, NotifyError> {
        let headers = receiver::headers(route, headers)?;
        Ok(Self { url: api(base), headers, repeat_every, telling })
    }

    fn body(&self, told: &[Told]) -> serde_json::Result<Vec<u8>> {
        let now = wall_clock();
        let alerts: Vec<_> =
            told.iter().flat_map(|told| alerts(told, now, &self.telling)).collect();
        serde_json::to_vec(&alerts)
    }
}

/// Where alerts are posted. An address that is none stays as it is: whoever connects to it says so.
fn api(base: &Secret) -> Secret {
    let api = Url::parse(base.expose()).ok().and_then(|mut url| {
        url.path_segments_mut().ok()?.pop_if_empty().extend(["api", "v2", "alerts"]);
        Some(Secret::new(url))
    });
    api.unwrap_or_else(|| base.clone())
}

impl Receiver for Alertmanager {
    fn url(&self) -> &Secret {
        &self.url
    }

    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn pace(&self) -> Duration {
        Duration::ZERO
    }

    fn compose(&self, change: &Change) -> serde_json::Result<Vec<u8>> {
        self.body(&[Told::once(change)])
    }

    fn repeat(&self) -> Option<&dyn Repeat> {
        Some(self)
    }
}

/// What is not sent again is over for Alertmanager once its `endsAt` has come, and one that has lost
/// its memory knows of nothing.
impl Repeat for Alertmanager {
    fn every(&self) -> Duration {
        self.repeat_every
    }

    fn compose(&self, told: &[Told]) -> serde_json::Result<Vec<u8>> {
        self.body(told)
    }
}

#[cfg(test)]
mod tests;
