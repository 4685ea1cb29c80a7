//! What every receiver of JSON must be able to say; `post` does the rest.

use std::fmt::Debug;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::error::NotifyError;
use super::told::Told;
use super::webhook::Signer;
use crate::incident::Change;
use crate::secret::Secret;

/// People or programs that are told by a POST of JSON to one address.
///
/// To add one: a folder beside `slack/` with its own `Receiver`, a [`Target`](super::Target), and some
/// lines in `Builder::channel`.
pub(super) trait Receiver: Debug + Send + Sync {
    /// Where to POST.
    fn url(&self) -> &Secret;

    /// Headers of its own.
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    /// What signs every try, if anything does.
    fn signer(&self) -> Option<Signer> {
        None
    }

    /// The shortest time it allows between two messages to one address.
    fn pace(&self) -> Duration;

    /// The body, JSON.
    fn compose(&self, change: &Change) -> serde_json::Result<Vec<u8>>;

    /// How it is told of many incidents in one go, if it can be.
    fn storms(&self) -> Option<&dyn Storms> {
        None
    }

    /// What it is told again, if it forgets.
    fn repeat(&self) -> Option<&dyn Repeat> {
        None
    }
}

/// A receiver that people read: many incidents at once are told in one go.
pub(super) trait Storms {
    /// The body that tells all of `changes`, JSON.
    fn compose(&self, changes: &[Change]) -> serde_json::Result<Vec<u8>>;
}

/// A receiver that must be told again and again of what is open.
pub(super) trait Repeat {
    /// How often.
    fn every(&self) -> Duration;

    /// The body that tells all of `told`, JSON.
    fn compose(&self, told: &[Told]) -> serde_json::Result<Vec<u8>>;
}

/// `headers` of `route`, for requests. Their values are secrets: they are marked so, and show in no
/// error.
pub(super) fn headers(route: &str, headers: &[(String, Secret)]) -> Result<HeaderMap, NotifyError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let bad = |what| NotifyError::Header { route: route.into(), header: name.clone(), what };
        let key: HeaderName = name.parse().map_err(|_| bad("name"))?;
        let mut value: HeaderValue = value.expose().parse().map_err(|_| bad("value"))?;
        value.set_sensitive(true);
        map.append(key, value);
    }
    Ok(map)
}
