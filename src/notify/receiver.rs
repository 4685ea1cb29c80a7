//! What every receiver of JSON must be able to say; `post` does the rest.

use std::fmt::Debug;
use std::time::Duration;

use jiff::tz::TimeZone;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::alertmanager::Alertmanager;
use super::error::NotifyError;
use super::pagerduty::PagerDuty;
use super::settings::{Route, Target};
use super::slack::Slack;
use super::told::Told;
use super::webhook::{Signer, Webhook};
use crate::incident::Change;
use crate::secret::Secret;

/// People or programs that are told by a POST of JSON to one address.
///
/// To add one: a folder beside `slack/` with its own `Receiver`, a [`Target`], and a line in
/// [`of`].
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

    /// What it is told again, if it forgets.
    fn repeat(&self) -> Option<&dyn Repeat> {
        None
    }
}

/// A receiver that must be told again and again of what is open.
pub(super) trait Repeat {
    /// How often.
    fn every(&self) -> Duration;

    /// The body that tells all of `told`, JSON.
    fn compose(&self, told: &[Told]) -> serde_json::Result<Vec<u8>>;
}

/// The receiver `route` leads to; it tells moments in `time_zone`.
pub(super) fn of(route: &Route, time_zone: &TimeZone) -> Result<Box<dyn Receiver>, NotifyError> {
    Ok(match &route.target {
        Target::Slack { webhook_url } => {
            Box::new(Slack { webhook_url: webhook_url.clone(), time_zone: time_zone.clone() })
        }
        Target::PagerDuty { url, routing_key } => Box::new(PagerDuty {
            url: url.clone(),
            routing_key: routing_key.clone(),
            time_zone: time_zone.clone(),
        }),
        Target::Alertmanager { url, headers, repeat_every } => Box::new(Alertmanager::new(
            &route.name,
            url,
            headers,
            *repeat_every,
            time_zone.clone(),
        )?),
        Target::Webhook { url, headers, signing_secrets } => {
            Box::new(Webhook::new(&route.name, url.clone(), headers, signing_secrets)?)
        }
    })
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
