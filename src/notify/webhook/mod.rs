//! Any HTTP receiver of `groundswell.v1.Alert` in JSON.

mod signature;

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::alert::alert;
use super::error::NotifyError;
use super::receiver::{self, Receiver};
use crate::incident::Change;
use crate::secret::Secret;

pub use signature::{BadSigningSecret, Signer};

/// Posts to one address.
#[derive(Debug)]
pub(super) struct Webhook {
    url: Secret,
    headers: HeaderMap,
    signer: Signer,
}

impl Webhook {
    /// `route` names the route in errors.
    pub fn new(
        route: &str,
        url: Secret,
        headers: &[(String, Secret)],
        signing_secrets: &[Secret],
    ) -> Result<Self, NotifyError> {
        let headers = receiver::headers(route, headers)?;
        let signer = Signer::new(signing_secrets)
            .map_err(|why| NotifyError::SigningSecret { route: route.into(), why })?;
        Ok(Self { url, headers, signer })
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
