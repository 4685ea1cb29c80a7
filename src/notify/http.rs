//! The HTTP clients that routes share.

use std::collections::HashMap;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};

use super::error::NotifyError;
use super::targets::{TargetPolicy, TargetRefused, bare_host, is_plain};

/// A connection that has not come about by then is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// `groundswell/<version>`.
const USER_AGENT: &str = concat!("groundswell/", env!("CARGO_PKG_VERSION"));

/// A client that speaks TLS through rustls with the ring provider and trusts the system's
/// certificate authorities. Follows no redirects: a webhook that has moved is a change for people
/// to confirm, since its address is the credential. Proxies named in the environment
/// (`HTTPS_PROXY`, `NO_PROXY`) are used. It goes anywhere: what is sent to a route's target is
/// sent by one that keeps to a [`TargetPolicy`].
///
/// # Errors
///
/// [`NotifyError::Client`] when the system has no usable certificate authorities.
pub fn http_client() -> Result<Client, NotifyError> {
    finish(builder())
}

fn builder() -> ClientBuilder {
    // Fails only if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
}

fn finish(builder: ClientBuilder) -> Result<Client, NotifyError> {
    builder.build().map_err(|error| NotifyError::Client(describe(error)))
}

/// The clients that keep to a policy: one for each way to a target.
pub(super) struct Clients {
    policy: Arc<TargetPolicy>,
    proxies: Matcher,
    made: HashMap<Way, Client>,
}

/// How a target is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// By addresses that are looked up and judged here.
    Direct { plain: bool },
    /// Through a proxy, which looks its name up.
    Proxy,
}

impl Clients {
    pub fn new(policy: TargetPolicy) -> Self {
        // The same variables, read by the same code, as reqwest goes by.
        Self { policy: Arc::new(policy), proxies: Matcher::from_env(), made: HashMap::new() }
    }

    /// Where its clients go.
    pub fn policy(&self) -> TargetPolicy {
        TargetPolicy::clone(&self.policy)
    }

    /// The client for the target `url` of `route`. Whatever the target's name resolves to, then or
    /// later, it connects to no address that the policy refuses; unless a proxy stands between.
    pub fn client(&mut self, route: &str, url: &Url) -> Result<Client, NotifyError> {
        let refuse = |why| NotifyError::Target { route: route.to_owned(), why };
        self.policy.admit(url).map_err(refuse)?;
        let way = if self.is_proxied(url) {
            // Nobody here sees what it would resolve to.
            if is_plain(url) && bare_host(url).parse::<IpAddr>().is_err() {
                return Err(refuse(TargetRefused::Plain));
            }
            tracing::info!(
                route,
                "goes through a proxy, which resolves the target's name: what that may lead to is the proxy's to guard"
            );
            Way::Proxy
        } else {
            Way::Direct { plain: is_plain(url) }
        };
        if let Some(client) = self.made.get(&way) {
            return Ok(client.clone());
        }
        let client = match way {
            Way::Proxy => http_client()?,
            Way::Direct { plain } => {
                let policy = Arc::clone(&self.policy);
                finish(builder().no_proxy().dns_resolver(Guard { policy, plain }))?
            }
        };
        self.made.insert(way, client.clone());
        Ok(client)
    }

    fn is_proxied(&self, url: &Url) -> bool {
        url.as_str().parse().is_ok_and(|uri| self.proxies.intercept(&uri).is_some())
    }
}

/// Looks names up as the system does, and leaves out what the policy refuses. Every new connection
/// comes by here, so an answer that changes between two of them is judged anew. Addresses written
/// in a URL do not: [`TargetPolicy::admit`] has judged them.
struct Guard {
    policy: Arc<TargetPolicy>,
    plain: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, plain) = (Arc::clone(&self.policy), self.plain);
        Box::pin(async move {
            // Port 0: the URL's is put in its place.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let chosen = policy.choose(found, plain)?;
            Ok(Box::new(chosen.into_iter()) as Addrs)
        })
    }
}

/// `error` and what caused it in one line, without the address it was about.
pub(super) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<TargetRefused>() {
            return format!("refused: {refused}");
        }
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
