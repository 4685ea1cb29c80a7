//! Any HTTP receiver of `groundswell.v1.Alert` in JSON.

mod alert;
mod protobuf;
mod signature;

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::error::NotifyError;
use super::receiver::Receiver;
use crate::incident::Change;
use crate::secret::Secret;

pub use alert::{Alert, SCHEMA_VERSION, alert};
pub use signature::{BadSigningSecret, Signer};

/// Posts to one address.
#[derive(Debug)]
pub(super) struct Webhook {
    url: Secret,
    headers: HeaderMap,
    signer: Signer,
}

impl Webhook {
    /// `route` names the route in errors. Header values are secrets: they are marked so, and show
    /// in no error.
    pub fn new(
        route: &str,
        url: Secret,
        headers: &[(String, Secret)],
        signing_secrets: &[Secret],
    ) -> Result<Self, NotifyError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let bad =
                |what| NotifyError::Header { route: route.into(), header: name.clone(), what };
            let key: HeaderName = name.parse().map_err(|_| bad("name"))?;
            let mut value: HeaderValue = value.expose().parse().map_err(|_| bad("value"))?;
            value.set_sensitive(true);
            map.append(key, value);
        }
        let signer = Signer::new(signing_secrets)
            .map_err(|why| NotifyError::SigningSecret { route: route.into(), why })?;
        Ok(Self { url, headers: map, signer })
    }
}

impl Receiver for Webhook {
    fn url(&self) -> &Secret {
        &self.url
    }

    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn signer(&self) -> Option<Signer> {
        Some(self.signer.clone())
    }

    fn pace(&self) -> Duration {
        Duration::ZERO
    }

    fn compose(&self, change: &Change) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&alert(change))
    }
}

#[cfg(test)]
mod tests;
