//! The HTTP client all routes share.

use std::error::Error;
use std::time::Duration;

use super::error::NotifyError;

/// A connection that has not come about by then is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// `groundswell/<version>`.
const USER_AGENT: &str = concat!("groundswell/", env!("CARGO_PKG_VERSION"));

/// A client that speaks TLS through rustls with the ring provider and trusts the system's
/// certificate authorities. Follows no redirects: a webhook that has moved is a change for people
/// to confirm, since its address is the credential. Proxies named in the environment
/// (`HTTPS_PROXY`, `NO_PROXY`) are used.
///
/// # Errors
///
/// [`NotifyError::Client`] when the system has no usable certificate authorities.
pub fn http_client() -> Result<reqwest::Client, NotifyError> {
    // Fails only if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
        .map_err(|error| NotifyError::Client(describe(error)))
}

/// `error` and what caused it in one line, without the address it was about.
pub(super) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
