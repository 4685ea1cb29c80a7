//! Where HTTP is served, and who may ask how much.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use super::section::{Placed, Section};
use crate::http::{HttpLimits, HttpSettings, Rate, Role, SlackSettings, TlsFiles, Token};
use crate::notify::{LinkSigning, PageLinks, TargetPolicy};
use crate::secret::Secret;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const LONGEST: Duration = Duration::from_secs(300);

/// A token shorter than this can be guessed.
const MIN_TOKEN_CHARS: usize = 16;

pub(super) fn http(root: &mut Section<'_, '_>, targets: &TargetPolicy) -> HttpSettings {
    let mut section = root.section("http");
    let default = HttpSettings::default();
    let settings = HttpSettings {
        listen: listen(&mut section, default.listen),
        tls: tls(&mut section),
        tokens: tokens(&mut section),
        slack: slack(&mut section, targets),
        notice: section.string("notice").map(|(text, _)| text).filter(|text| !text.is_empty()),
        open_metrics: section.boolean("open_metrics", default.open_metrics),
        limits: limits(&mut section, default.limits),
        ..default
    };
    let (page, link_role) = page(&mut section, default.link_role);
    section.finish();
    HttpSettings { page, link_role, ..settings }
}

/// How people come to the page from where they are told, and what a link lets them do.
fn page(section: &mut Section<'_, '_>, default_role: Role) -> (Option<PageLinks>, Role) {
    let public_url = public_url(section);
    let mut links = section.section("links");
    if !links.is_there() {
        return (
            public_url.map(|public_url| PageLinks { public_url, signing: None }),
            default_role,
        );
    }
    let secret = links.required_secret("secret").and_then(|secret| hard_to_guess(&links, secret));
    // An administrator has a token.
    let roles = [Role::Viewer, Role::Responder].map(|role| (role.name(), role));
    let role = links.choice("role", &roles).unwrap_or(default_role);
    let valid_for = links.duration("valid_for", 12 * HOUR, 60 * SECOND, 30 * 24 * HOUR);
    if public_url.is_none() {
        let at = links.at.clone();
        let message =
            "links lead nowhere: write [http] public_url = \"https://groundswell.example.com\"";
        links.reader.report(&at, format_args!("http.links: {message}"));
    }
    links.finish();
    let page = public_url.zip(secret).map(|(public_url, secret)| PageLinks {
        public_url,
        signing: Some(LinkSigning { secret, valid_for }),
    });
    (page, role)
}

/// The address at which people have the page: a scheme and a host, since the page has the whole of it.
fn public_url(section: &mut Section<'_, '_>) -> Option<Url> {
    let (text, at) = section.string("public_url")?;
    let is_whole = |url: &Url| {
        matches!(url.scheme(), "https" | "http")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    let url = Url::parse(&text).ok().filter(is_whole);
    if url.is_none() {
        let path = section.path_of("public_url");
        let expected = "expected the page's address as people have it, without a path or a name, e.g. \"https://groundswell.example.com\"";
        section.reader.report_value(&at, format_args!("{path}: {expected}"));
    }
    url
}

fn slack(section: &mut Section<'_, '_>, targets: &TargetPolicy) -> Option<SlackSettings> {
    let mut section = section.section("slack");
    if !section.is_there() {
        return None;
    }
    let secret = section.required_secret("signing_secret");
    section.finish();
    Some(SlackSettings { signing_secret: secret?.0, targets: targets.clone() })
}

/// A secret that nobody guesses, or that is not looked up.
fn hard_to_guess(section: &Section<'_, '_>, (secret, at): Placed<Secret>) -> Option<Secret> {
    let length = secret.expose().chars().count();
    if (1..MIN_TOKEN_CHARS).contains(&length) {
        let path = section.path_of("secret");
        let advice = "what it names is too short to be safe from guessing; make one with openssl rand -hex 32";
        section.reader.report_value(&at, format_args!("{path}: {advice}"));
        return None;
    }
    Some(secret)
}

fn listen(section: &mut Section<'_, '_>, default: SocketAddr) -> SocketAddr {
    let Some((text, at)) = section.string("listen") else { return default };
    text.parse().unwrap_or_else(|_| {
        section.complain(
            "listen",
            &at,
            "expected an address and a port, e.g. \"127.0.0.1:9464\" or \"0.0.0.0:9464\"",
        );
        default
    })
}

fn tls(section: &mut Section<'_, '_>) -> Option<TlsFiles> {
    let mut section = section.section("tls");
    let is_there = section.is_there();
    for (key, example) in [("cert", "\"cert.pem\""), ("key", "\"key.pem\"")] {
        if section.take(key).is_none() && is_there {
            section.miss(key, example);
        }
    }
    let (cert, key) = (file(&mut section, "cert"), file(&mut section, "key"));
    let client_ca = file(&mut section, "client_ca");
    section.finish();
    Some(TlsFiles { cert: cert?, key: key?, client_ca })
}

/// The path at `key`. What is no path is not shown: it may be a private key.
fn file(section: &mut Section<'_, '_>, key: &'static str) -> Option<PathBuf> {
    let (text, at) = section.string(key)?;
    if text.contains('\n') || text.contains("-----") {
        let path = section.path_of(key);
        let message = format_args!(
            "{path}: this is not a path; write where the file lies, not what is in it, e.g. \
             \"/etc/groundswell/tls/tls.{}\"",
            if key == "key" { "key" } else { "crt" }
        );
        section.reader.report_value(&at, message);
        return None;
    }
    Some(text.into())
}

fn tokens(section: &mut Section<'_, '_>) -> Vec<Token> {
    let mut names = BTreeSet::new();
    let mut tokens: Vec<Token> = Vec::new();
    for mut section in section.sections("token") {
        let name = section.required("name", "\"grafana\"");
        if let Some((name, at)) = &name
            && !names.insert(name.clone())
        {
            section.disagree("name", at, "there is another token of this name; write another");
        }
        let roles = Role::ALL.map(|role| (role.name(), role));
        if section.take("role").is_none() {
            section.miss("role", "\"viewer\"");
        }
        let role = section.choice("role", &roles);
        let token = token(&mut section, &tokens);
        section.finish();
        if let (Some((name, _)), Some(role), Some(token)) = (name, role, token) {
            tokens.push(Token { name, role, token });
        }
    }
    tokens
}

/// The secret of a token. It is never shown, wrong or right.
fn token(section: &mut Section<'_, '_>, others: &[Token]) -> Option<Secret> {
    let (secret, at) = section.required_secret("token")?;
    let text = secret.expose();
    let report = |wrong: &str| {
        let path = section.path_of("token");
        section.reader.report_value(&at, format_args!("{path}: {wrong}"));
        None
    };
    if text.is_empty() {
        // Secrets are not looked up.
        return Some(secret);
    }
    if text.chars().count() < MIN_TOKEN_CHARS {
        return report(
            "the token that it names is too short to be safe from guessing; make one with openssl rand -hex 32",
        );
    }
    if !text.bytes().all(may_be_sent) {
        return report(
            "the token that it names holds a character that cannot be sent; take letters, digits and \
             -._~+/= only, as openssl rand -hex 32 makes them",
        );
    }
    if let Some(other) = others.iter().find(|other| other.token == secret) {
        let wrong = format!("it names the same token as \"{}\"; make another for each", other.name);
        return report(&wrong);
    }
    Some(secret)
}

/// What a bearer token is made of (RFC 6750, section 2.1).
const fn may_be_sent(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

fn limits(section: &mut Section<'_, '_>, default: HttpLimits) -> HttpLimits {
    let requests = u64::from(default.rate.requests.get());
    let requests = section.integer("requests_per_second", requests, 1..1_000_001);
    HttpLimits {
        max_body_bytes: section.integer(
            "max_body_bytes",
            default.max_body_bytes as u64,
            1_024..(16 << 20) + 1,
        ) as usize,
        header_timeout: section.duration(
            "header_timeout",
            default.header_timeout,
            MILLISECOND,
            LONGEST,
        ),
        request_timeout: section.duration(
            "request_timeout",
            default.request_timeout,
            MILLISECOND,
            LONGEST,
        ),
        max_connections: section.integer(
            "max_connections",
            default.max_connections as u64,
            1..65_537,
        ) as usize,
        rate: Rate {
            requests: u32::try_from(requests)
                .ok()
                .and_then(NonZeroU32::new)
                .unwrap_or(default.rate.requests),
            per: SECOND,
        },
    }
}
