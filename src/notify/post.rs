//! A POST of JSON to one address, and what its answer means.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url};
use uuid::Uuid;

use super::channel::Refusal;
use super::error::NotifyError;
use super::http::{Clients, describe};
use super::observer::Failure;
use super::receiver::Receiver;
use super::retry_after;
use super::told::Told;
use super::webhook::Signer;
use crate::incident::Change;

/// Names what is delivered, so that a receiver can drop what it has already seen
/// (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest error word of a receiver that is shown, in bytes.
const MAX_CODE: usize = 64;

/// An address to POST to, with its credentials, and what composes what is sent there.
pub(super) struct Post {
    receiver: Box<dyn Receiver>,
    client: Client,
    url: Url,
    headers: HeaderMap,
    signer: Option<Signer>,
    timeout: Duration,
}

impl Post {
    /// Where `receiver` of `route` is.
    pub fn new(
        clients: &mut Clients,
        route: &str,
        receiver: Box<dyn Receiver>,
        timeout: Duration,
    ) -> Result<Self, NotifyError> {
        let bad =
            |reason: &str| NotifyError::Address { route: route.into(), reason: reason.into() };
        let url = Url::parse(receiver.url().expose()).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("it begins neither with https:// nor with http://"));
        }
        let client = clients.client(route, &url)?;
        let mut headers = receiver.headers();
        let json = HeaderValue::from_static("application/json");
        headers.entry(CONTENT_TYPE).or_insert(json);
        let signer = receiver.signer();
        Ok(Self { receiver, client, url, headers, signer, timeout })
    }

    /// The address. A secret.
    pub fn address(&self) -> &str {
        self.receiver.url().expose()
    }

    /// As [`Receiver::pace`].
    pub fn pace(&self) -> Duration {
        self.receiver.pace()
    }

    /// Posts what tells `change`, under the change's id as the idempotency key, and signed.
    pub async fn deliver(&self, change: &Change) -> Result<(), Refusal> {
        self.post(change.id, written(self.receiver.compose(change))?).await
    }

    /// Whether it can be told of many incidents in one go.
    pub fn tells_storms(&self) -> bool {
        self.receiver.storms().is_some()
    }

    /// Posts what tells all of `changes`, under a key that follows from theirs.
    pub async fn deliver_storm(&self, changes: &[Change]) -> Result<(), Refusal> {
        let Some(storms) = self.receiver.storms() else { return Err(Failure::no_storms().into()) };
        let ids: Vec<u8> = changes.iter().flat_map(|change| *change.id.as_bytes()).collect();
        let key = Uuid::new_v5(&Uuid::nil(), &ids);
        self.post(key, written(storms.compose(changes))?).await
    }

    async fn post(&self, key: Uuid, body: Bytes) -> Result<(), Refusal> {
        let signature = self
            .signer
            .as_ref()
            .map(|signer| signer.headers(key, jiff::Timestamp::now(), &body))
            .unwrap_or_default();
        let request = self.request(body).header(IDEMPOTENCY_KEY, key.to_string());
        let request = signature
            .into_iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        self.send(request).await
    }

    /// As [`Repeat::every`](super::receiver::Repeat::every).
    pub fn repeat_every(&self) -> Option<Duration> {
        self.receiver.repeat().map(|repeat| repeat.every())
    }

    /// Posts what tells all of `told` again, if the receiver needs that.
    pub async fn repeat(&self, told: &[Told]) -> Result<(), Refusal> {
        let Some(repeat) = self.receiver.repeat() else { return Ok(()) };
        let body = written(repeat.compose(told))?;
        self.send(self.request(body)).await
    }

    fn request(&self, body: Bytes) -> RequestBuilder {
        let request = self.client.post(self.url.clone()).headers(self.headers.clone());
        request.timeout(self.timeout).body(body)
    }

    /// A status of 2xx is acceptance.
    async fn send(&self, request: RequestBuilder) -> Result<(), Refusal> {
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(self.refusal(response).await),
            Err(error) => Err(self.failure(error).into()),
        }
    }

    async fn refusal(&self, response: Response) -> Refusal {
        let retry_after = retry_after::wait(response.headers(), jiff::Timestamp::now());
        Refusal {
            failure: Failure::Status {
                status: response.status().as_u16(),
                code: self.code(response).await,
            },
            retry_after,
        }
    }

    /// The body of an error, if it is one plain word such as Slack's `invalid_blocks`. Anything
    /// longer is not shown: error pages like to repeat the address, which is the credential.
    async fn code(&self, mut response: Response) -> Option<String> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_CODE {
                return None;
            }
        }
        let word = String::from_utf8(body).ok()?;
        let word = word.trim();
        let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        (plain && !self.is_part_of_a_secret(word)).then(|| word.to_owned())
    }

    fn is_part_of_a_secret(&self, word: &str) -> bool {
        let holds =
            |secret: &[u8]| String::from_utf8_lossy(secret).to_ascii_lowercase().contains(word);
        holds(self.url.as_str().as_bytes()) || self.headers.values().any(|v| holds(v.as_bytes()))
    }

    fn failure(&self, error: reqwest::Error) -> Failure {
        // A connection that could not be made in time is a matter of the network, not of a
        // receiver slow to answer.
        if error.is_timeout() && !error.is_connect() {
            return Failure::Timeout(self.timeout);
        }
        Failure::Connection(self.hide_address(describe(error)))
    }

    /// No error is known to repeat the path, and none shall; those about a certificate name the host.
    fn hide_address(&self, mut text: String) -> String {
        let parts = [Some(self.url.path()), self.url.query(), self.url.domain()];
        for secret in parts.into_iter().flatten().filter(|part| part.len() > 1) {
            text = text.replace(secret, "[secret]");
        }
        text
    }
}

fn written(body: serde_json::Result<Vec<u8>>) -> Result<Bytes, Failure> {
    body.map(Bytes::from).map_err(|error| Failure::Encoding(error.to_string()))
}
