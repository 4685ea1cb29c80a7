//! Who may ask for what: bearer tokens (RFC 6750) with roles.
//!
//! While no tokens are set up, everybody may ask for everything as long as only this machine can
//! ask; as soon as others can, nobody has a role.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ring::digest::{Digest, SHA256, digest};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::problem::{refuse, with_header};
use super::session;
use super::settings::{HttpSettings, Token};
use crate::notify::PageLinks;
use crate::source::wall_clock;
use crate::telemetry::{Http, Metrics, Refusal};

/// The name of whoever asks where no tokens are set up.
const LOCAL: &str = "local";

/// The name of whoever has followed a link.
const FOLLOWER: &str = "link";

/// What somebody may do. Each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// See everything.
    Viewer,
    /// Also answer for incidents.
    Responder,
    /// Also change how Groundswell works.
    Admin,
}

impl Role {
    /// Every role, the lowest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Responder, Self::Admin];

    /// Its name in the configuration and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Responder => "responder",
            Self::Admin => "admin",
        }
    }
}

/// Who asks. Behind [`Access::require`] it is among the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name of the token, or `local` where none are set up.
    pub name: Arc<str>,
    /// What they may do.
    pub role: Role,
}

impl Caller {
    /// Whether they may do something about incidents.
    pub fn may_act(&self) -> bool {
        self.role >= Role::Responder
    }

    /// Whether they are let in for being on this machine.
    pub fn is_local(&self) -> bool {
        &*self.name == LOCAL
    }

    /// Whether nothing says who they are.
    pub fn is_nameless(&self) -> bool {
        matches!(&*self.name, LOCAL | FOLLOWER)
    }

    /// As people are told of them.
    pub fn person(&self) -> &str {
        if self.is_nameless() { "someone" } else { &self.name }
    }
}

/// Who may ask for what. Clones share it.
#[derive(Debug, Clone)]
pub struct Access {
    known: Arc<Known>,
    /// Those who have followed a signed link.
    linked: Option<Arc<Linked>>,
    /// What browsers call the page's site, where people have been told of it: something in front may
    /// name another host.
    site: Option<Arc<str>>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Linked {
    page: PageLinks,
    /// Signs their sessions; it is no token, and nobody sends it.
    holder: KnownToken,
}

#[derive(Debug)]
enum Known {
    /// No tokens, and only this machine can ask.
    ThisMachine,
    /// No tokens, and others can ask.
    Nobody,
    Tokens(Vec<KnownToken>),
}

struct KnownToken {
    caller: Caller,
    /// Of the token, so that all are of one length.
    digest: Digest,
}

impl fmt::Debug for KnownToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.fmt(f)
    }
}

/// Why somebody may not ask for something.
#[derive(Debug)]
pub(super) enum Denial {
    NoToken,
    UnknownToken,
    RoleTooLow(Caller),
    NoTokensSetUp,
    ForeignSite,
}

impl Access {
    /// As `settings` have it. While there are no tokens it counts who can ask.
    pub fn new(settings: &HttpSettings, metrics: Metrics) -> Self {
        let known = match &settings.tokens[..] {
            [] if settings.is_local() => Known::ThisMachine,
            [] => Known::Nobody,
            tokens => Known::Tokens(tokens.iter().map(KnownToken::new).collect()),
        };
        let linked = settings.page.as_ref().and_then(|page| Linked::by(page, settings.link_role));
        let site = settings.page.as_ref().map(|it| it.public_url.origin().ascii_serialization());
        let (linked, site) = (linked.map(Arc::new), site.map(Into::into));
        Self { known: Arc::new(known), linked, site, metrics }
    }

    /// Whether there are tokens.
    pub fn has_tokens(&self) -> bool {
        matches!(*self.known, Known::Tokens(_))
    }

    /// `routes` for those who have at least `role`; their [`Caller`] is among the extensions of what
    /// they ask. Others are told why not.
    pub fn require<S>(&self, role: Role, routes: Router<S>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        routes.route_layer(from_fn_with_state((self.clone(), role), admit))
    }

    /// Counts somebody who was turned away.
    pub(super) fn refused(&self, reason: Refusal) {
        self.metrics.http().refused(reason);
    }

    /// A session of whoever holds `token`, from now on; `None` when nobody does.
    pub(super) fn begin_session(&self, token: &str) -> Option<String> {
        let Known::Tokens(tokens) = &*self.known else { return None };
        let holder = holder_of(tokens, token.as_bytes())?;
        Some(session::begin(&holder.caller.name, holder.digest.as_ref(), wall_clock()))
    }

    /// A session of whoever follows a link to `incident` that is signed by `signature` and lets in `until`.
    pub(super) fn follow_link(
        &self,
        incident: Uuid,
        until: i64,
        signature: &str,
    ) -> Option<String> {
        let (linked, now) = (self.linked.as_ref()?, wall_clock());
        let Linked { page, holder } = &**linked;
        let lets_in = page.lets_in(incident, until, signature, now);
        lets_in.then(|| session::begin(&holder.caller.name, holder.digest.as_ref(), now))
    }

    /// Whose session a request brings.
    fn in_session(&self, tokens: &[KnownToken], headers: &HeaderMap) -> Result<Caller, Denial> {
        let session = session::brought(headers).ok_or(Denial::NoToken)?;
        let linked = self.linked.as_ref().map(|it| &it.holder);
        let is_of = |token: &&KnownToken| token.has_begun(&session);
        let token = tokens.iter().chain(linked).find(is_of).ok_or(Denial::UnknownToken)?;
        if self.is_of_this_site(headers) {
            Ok(token.caller.clone())
        } else {
            Err(Denial::ForeignSite)
        }
    }

    /// Whether a request that a browser sends with a cookie comes from a page of this server, or from the
    /// address bar.
    pub(super) fn is_of_this_site(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if !headers.contains_key(header::ORIGIN) {
            return true;
        }
        let Some(origin) = text(header::ORIGIN) else { return false };
        let is_public = self.site.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(origin));
        let is_host = |host: &str| {
            origin.split_once("://").is_some_and(|(_, it)| it.eq_ignore_ascii_case(host))
        };
        is_public || text(header::HOST).is_some_and(is_host)
    }

    /// Who asks, if they have at least `role`.
    pub(super) fn caller(&self, role: Role, headers: &HeaderMap) -> Result<Caller, Denial> {
        let caller = match &*self.known {
            Known::Nobody if self.linked.is_none() => return Err(Denial::NoTokensSetUp),
            Known::Nobody => self.in_session(&[], headers)?,
            Known::ThisMachine if !from_this_machine(headers) => return Err(Denial::ForeignSite),
            Known::ThisMachine => Caller { name: LOCAL.into(), role: Role::Admin },
            Known::Tokens(tokens) if !headers.contains_key(header::AUTHORIZATION) => {
                self.in_session(tokens, headers)?
            }
            Known::Tokens(tokens) => {
                let holder = holder_of(tokens, bearer(headers)?);
                holder.ok_or(Denial::UnknownToken)?.caller.clone()
            }
        };
        if caller.role < role { Err(Denial::RoleTooLow(caller)) } else { Ok(caller) }
    }
}

impl Linked {
    /// By links to `page`, if they are signed; whoever follows one has `role`.
    fn by(page: &PageLinks, role: Role) -> Option<Self> {
        let secret = &page.signing.as_ref()?.secret;
        // One that was not looked up signs nothing: everybody knows it.
        if secret.expose().is_empty() {
            return None;
        }
        let holder = Token { name: FOLLOWER.into(), role, token: secret.clone() };
        Some(Self { page: page.clone(), holder: KnownToken::new(&holder) })
    }
}

impl KnownToken {
    fn new(token: &Token) -> Self {
        Self {
            caller: Caller { name: token.name.as_str().into(), role: token.role },
            digest: digest(&SHA256, token.token.expose().as_bytes()),
        }
    }

    /// Whether `session` was begun with this token, and is not over.
    fn has_begun(&self, session: &str) -> bool {
        session::is_of(session, &self.caller.name, self.digest.as_ref(), wall_clock())
    }

    fn is(&self, digest: &Digest) -> bool {
        self.digest.as_ref().ct_eq(digest.as_ref()).into()
    }
}

/// The one of `tokens` that is `token`.
fn holder_of<'t>(tokens: &'t [KnownToken], token: &[u8]) -> Option<&'t KnownToken> {
    let digest = digest(&SHA256, token);
    // All are compared, in a time that tells nothing about them.
    let mut alike = None;
    for token in tokens.iter().filter(|it| it.is(&digest)) {
        alike = Some(token);
    }
    alike
}

async fn admit(
    State((access, role)): State<(Access, Role)>,
    mut request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    match access.caller(role, request.headers()) {
        Ok(caller) => {
            tracing::debug!(%method, path, caller = &*caller.name, "allowed");
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denial) => {
            tracing::debug!(%method, path, reason = denial.reason().name(), "turned away");
            denial.answer(role, access.metrics.http())
        }
    }
}

/// The token that a request brings.
fn bearer(headers: &HeaderMap) -> Result<&[u8], Denial> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let (first, second) = (given.next().ok_or(Denial::NoToken)?, given.next());
    let space = first.iter().position(|byte| *byte == b' ').ok_or(Denial::NoToken)?;
    let (scheme, token) = (&first[..space], first[space..].trim_ascii());
    match second {
        None if !scheme.eq_ignore_ascii_case(b"bearer") || token.is_empty() => Err(Denial::NoToken),
        None => Ok(token),
        Some(_) => Err(Denial::UnknownToken),
    }
}

/// Whether no foreign web page can be behind a request: a browser names the page's site as `Origin`,
/// and the name that it looked up as `Host`.
fn from_this_machine(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).is_none_or(|it| it.parse().is_ok_and(|it| is_this_machine(&it)));
    let origin = text(header::ORIGIN).is_none_or(|it| {
        it.parse::<Uri>().is_ok_and(|it| it.authority().is_some_and(is_this_machine))
    });
    host && origin
}

fn is_this_machine(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

impl Denial {
    pub(super) const fn reason(&self) -> Refusal {
        match self {
            Self::NoToken => Refusal::NoToken,
            Self::UnknownToken => Refusal::UnknownToken,
            Self::RoleTooLow(_) => Refusal::RoleTooLow,
            Self::NoTokensSetUp => Refusal::NoTokensSetUp,
            Self::ForeignSite => Refusal::ForeignSite,
        }
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::UnknownToken => StatusCode::UNAUTHORIZED,
            Self::RoleTooLow(_) | Self::NoTokensSetUp | Self::ForeignSite => StatusCode::FORBIDDEN,
        }
    }

    /// What to do, for who asked for what needs `role`.
    pub(super) fn detail(&self, role: Role) -> String {
        let role = role.name();
        match self {
            Self::NoToken => format!(
                "This needs a token with the role {role} or a higher one. Send it in the header \
                 \"Authorization: Bearer TOKEN\". Tokens are set up as [[http.token]] in the \
                 configuration of Groundswell."
            ),
            Self::UnknownToken => {
                "The token that was sent is not known here; it may have been replaced. Ask whoever \
                 runs Groundswell for one, set up as [[http.token]] in its configuration."
                    .to_owned()
            }
            Self::RoleTooLow(caller) => format!(
                "The token \"{}\" has the role {}; this needs the role {role}. Ask whoever runs \
                 Groundswell for a token with that role.",
                caller.name,
                caller.role.name()
            ),
            Self::NoTokensSetUp => format!(
                "This needs the role {role}, and nobody has one: Groundswell can be reached from \
                 other machines, and no tokens are set up. Set one up as [[http.token]] in its \
                 configuration, and start it anew."
            ),
            Self::ForeignSite => {
                "The request comes from a web page of another site, or names another host. With a token \
                 in the header \"Authorization\" that does not matter; without, ask this server by \
                 its own name, and where no tokens are set up, as localhost."
                    .to_owned()
            }
        }
    }

    /// The answer to who asked for what needs `role`.
    fn answer(&self, role: Role, http: &Http) -> Response {
        let (status, detail) = (self.status(), self.detail(role));
        let role = role.name();
        let response = refuse(http, status, self.reason(), &detail);
        let challenge = match self {
            Self::NoToken => "Bearer realm=\"groundswell\"".to_owned(),
            Self::UnknownToken => {
                "Bearer realm=\"groundswell\", error=\"invalid_token\"".to_owned()
            }
            Self::RoleTooLow(_) => format!(
                "Bearer realm=\"groundswell\", error=\"insufficient_scope\", scope=\"{role}\""
            ),
            Self::NoTokensSetUp | Self::ForeignSite => return response,
        };
        with_header(response, header::WWW_AUTHENTICATE, &challenge)
    }
}
