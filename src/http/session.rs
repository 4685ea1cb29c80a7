//! Sessions of people who sign in with a browser: a cookie that says whose token it was and until when,
//! signed with the token itself. So nothing is kept, any instance knows it, and it ends with the token.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::mention::Timestamp;

/// How long a session lasts, in seconds: a shift.
const LASTS: i64 = 12 * 3_600;

/// The cookie's name.
const COOKIE: &str = "groundswell_session";

/// A session of `name`, whose token has this `digest`, from `now` on.
pub fn begin(name: &str, digest: &[u8], now: Timestamp) -> String {
    let ends = now.as_millis() / 1_000 + LASTS;
    let signature = URL_SAFE_NO_PAD.encode(sign(name, ends, digest));
    format!("{}.{ends}.{signature}", URL_SAFE_NO_PAD.encode(name))
}

/// Whether `session` is one of `name`, whose token has this `digest`, and is not over at `now`.
pub fn is_of(session: &str, name: &str, digest: &[u8], now: Timestamp) -> bool {
    let mut parts = session.splitn(3, '.');
    let (Some(of), Some(ends), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(ends) = ends.parse::<i64>() else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let is_signed = hmac::verify(&key(digest), message(name, ends).as_bytes(), &signature).is_ok();
    of == URL_SAFE_NO_PAD.encode(name) && now.as_millis() / 1_000 < ends && is_signed
}

/// The session that a request brings.
pub fn brought(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut cookies =
        cookies.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    cookies.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// The header `Set-Cookie` that begins `session`; `secure` when it may be sent over TLS alone.
pub fn cookie(session: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={session}; Path=/; Max-Age={LASTS}; HttpOnly; SameSite=Lax{secure}")
}

/// The header `Set-Cookie` that ends a session.
pub fn end(secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}")
}

fn sign(name: &str, ends: i64, digest: &[u8]) -> hmac::Tag {
    hmac::sign(&key(digest), message(name, ends).as_bytes())
}

fn key(digest: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, digest)
}

fn message(name: &str, ends: i64) -> String {
    format!("groundswell session\n{ends}\n{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    #[test]
    fn a_session_is_of_one_token_and_ends() {
        let session = begin("Dana.L", b"digest", at(1_000));
        assert!(is_of(&session, "Dana.L", b"digest", at(1_000 + LASTS - 1)));
        assert!(!is_of(&session, "Dana.L", b"digest", at(1_000 + LASTS)));
        assert!(!is_of(&session, "Dana.L", b"another", at(1_000)));
        assert!(!is_of(&session, "Noa", b"digest", at(1_000)));
        let forged = session.replace(&(1_000 + LASTS).to_string(), &(2_000 + LASTS).to_string());
        assert!(!is_of(&forged, "Dana.L", b"digest", at(1_000)));
        for broken in ["", ".", "..", "a.b.c", "RGFuYQ.9999999999.", &session[..session.len() - 2]]
        {
            assert!(!is_of(broken, "Dana.L", b"digest", at(1_000)), "{broken}");
        }
    }
}
