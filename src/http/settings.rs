//! What the HTTP server is told.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::Role;
use crate::notify::{PageLinks, TargetPolicy};
use crate::secret::Secret;

/// Where the server listens, and who may ask it how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The files for TLS; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// Who may ask for what needs a role.
    pub tokens: Vec<Token>,
    /// How people come to the page from where they are told; none: nothing links to it.
    pub page: Option<PageLinks>,
    /// What whoever follows a signed link may do.
    pub link_role: Role,
    /// How buttons in Slack are heard of; none: there are none.
    pub slack: Option<SlackSettings>,
    /// What stands above all pages; none: nothing does.
    pub notice: Option<String>,
    /// Whether `/metrics` answers without a token though there are tokens.
    pub open_metrics: bool,
    /// How much is taken from one client, and from all together.
    pub limits: HttpLimits,
}

impl HttpSettings {
    /// Whether only this machine can ask: nobody has been told of another way here.
    pub fn is_local(&self) -> bool {
        let elsewhere = self.page.as_ref().is_some_and(|page| !page.is_on_this_machine());
        self.listen.ip().to_canonical().is_loopback() && !elsewhere
    }

    /// Whether browsers come by TLS, be it to something that stands in front.
    pub fn is_encrypted(&self) -> bool {
        let in_front = self.page.as_ref().is_some_and(|page| page.public_url.scheme() == "https");
        self.tls.is_some() || in_front
    }

    /// What is open to more people than it may seem, and what to do about it.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.is_local() {
            return warnings;
        }
        if self.tokens.is_empty() && self.tls.as_ref().is_none_or(|tls| tls.client_ca.is_none()) {
            warnings.push(format!(
                "/metrics is open to everybody who can reach {}; set up a [[http.token]], or demand \
                 certificates with client_ca in [http.tls]",
                self.listen
            ));
        }
        if !self.tokens.is_empty() && self.tls.is_none() {
            warnings.push(format!(
                "tokens can be read by everybody between a client and {}; set up [http.tls], or let \
                 something in front encrypt",
                self.listen
            ));
        }
        warnings
    }
}

/// How buttons that are pressed in Slack are heard of, and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackSettings {
    /// What Slack signs with.
    pub signing_secret: Secret,
    /// Where answers may go.
    pub targets: TargetPolicy,
}

/// PEM files; read again whenever their content changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate first, then those between it and its authority.
    pub cert: PathBuf,
    /// The certificate's private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
    /// The authorities by which a client's certificate must be signed; without, clients need none.
    pub client_ca: Option<PathBuf>,
}

/// A bearer token and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Who holds it, for logs; no two alike.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The token itself.
    pub token: Secret,
}

/// How much is taken from one client, and from all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a TLS handshake, and then the head of a request, may take.
    pub header_timeout: Duration,
    /// How long it may take to read a request's body and to find the answer; also how long a client
    /// may leave an answer untouched.
    pub request_timeout: Duration,
    /// Most connections at the same time.
    pub max_connections: usize,
    /// How often one client may ask.
    pub rate: Rate,
}

/// So many at once, and as many again spread over each `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: NonZeroU32,
    /// In which time; not zero.
    pub per: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 10,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_connections: 512,
            rate: Rate {
                requests: NonZeroU32::MIN.saturating_add(49),
                per: Duration::from_secs(1),
            },
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9_464)),
            tls: None,
            tokens: Vec::new(),
            page: None,
            link_role: Role::Viewer,
            slack: None,
            notice: None,
            open_metrics: false,
            limits: HttpLimits::default(),
        }
    }
}
