//! Signatures by Standard Webhooks, version 1, with a shared secret
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>):
//! whoever has the secret can tell that a request comes from here, unchanged, and when it was sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::hmac::{self, HMAC_SHA256, Key};
use uuid::Uuid;

use crate::secret::Secret;

/// What a secret of this kind begins with.
const PREFIX: &str = "whsec_";
/// How long a key may be, in bytes: as the standard has it.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Signs what is sent, once with each of its secrets: while a secret is replaced, receivers that
/// have the old one and those that have the new one are both served.
#[derive(Debug, Clone)]
pub struct Signer {
    keys: Vec<Key>,
}

/// A secret that nothing can be signed with. Does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a signing secret is whsec_ and 24 to 64 random bytes in base64; make one with: \
     echo \"whsec_$(openssl rand -base64 32)\""
)]
pub struct BadSigningSecret;

impl Signer {
    /// Signs with each of `secrets`.
    ///
    /// # Errors
    ///
    /// When one of them is no signing secret.
    pub fn new(secrets: &[Secret]) -> Result<Self, BadSigningSecret> {
        Ok(Self { keys: secrets.iter().map(key).collect::<Result<_, _>>()? })
    }

    /// The headers of a request that says `body` under `id` and is sent at `at`; none without a
    /// secret.
    pub(in crate::notify) fn headers(
        &self,
        id: Uuid,
        at: Timestamp,
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        if self.keys.is_empty() {
            return Vec::new();
        }
        let (id, at) = (id.to_string(), at.as_second().to_string());
        let signatures: Vec<String> =
            self.keys.iter().map(|key| signature(key, &id, &at, body)).collect();
        vec![
            ("webhook-id", id),
            ("webhook-timestamp", at),
            ("webhook-signature", signatures.join(" ")),
        ]
    }
}

fn key(secret: &Secret) -> Result<Key, BadSigningSecret> {
    let text = secret.expose().strip_prefix(PREFIX).ok_or(BadSigningSecret)?;
    let bytes = STANDARD.decode(text).map_err(|_| BadSigningSecret)?;
    let right = KEY_BYTES.contains(&bytes.len());
    right.then(|| Key::new(HMAC_SHA256, &bytes)).ok_or(BadSigningSecret)
}

fn signature(key: &Key, id: &str, at: &str, body: &[u8]) -> String {
    let mut signing = hmac::Context::with_key(key);
    for part in [id.as_bytes(), b".", at.as_bytes(), b".", body] {
        signing.update(part);
    }
    format!("v1,{}", STANDARD.encode(signing.sign()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn signer(secrets: &[&str]) -> Result<Signer, BadSigningSecret> {
        Signer::new(&secrets.iter().map(|it| Secret::new(*it)).collect::<Vec<_>>())
    }

    /// What the standard's own libraries are tested with.
    #[test]
    fn the_vectors_of_the_standard() {
        for (secret, id, at, body, signed) in [
            (
                SECRET,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "1614265330",
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                OTHER,
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                "1649367553",
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
        ] {
            let key = key(&Secret::new(secret)).unwrap();
            assert_eq!(signature(&key, id, at, body.as_bytes()), signed);
        }
    }

    #[test]
    fn each_secret_signs_the_same_words() {
        let (id, at) = (Uuid::from_u128(7), Timestamp::from_second(1_700_000_000).unwrap());
        let headers = |secrets: &[&str]| signer(secrets).unwrap().headers(id, at, b"{}");
        let signed = |secrets: &[&str]| headers(secrets)[2].1.clone();
        let both = headers(&[SECRET, OTHER]);
        assert_eq!(both[0], ("webhook-id", id.to_string()));
        assert_eq!(both[1], ("webhook-timestamp", "1700000000".to_owned()));
        assert_eq!(both[2].1, format!("{} {}", signed(&[SECRET]), signed(&[OTHER])));
        assert_ne!(signed(&[SECRET]), signed(&[OTHER]));
        assert_eq!(headers(&[]), []);
    }

    #[test]
    fn what_is_no_signing_secret_is_refused_and_not_shown() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![b'x'; bytes]));
        for good in [of(24), of(32), of(64)] {
            assert!(signer(&[&good]).is_ok(), "{good}");
        }
        for bad in [
            of(23),
            of(65),
            of(0),
            STANDARD.encode([b'x'; 32]),
            "whsec_hunter-two-hunter-two-hunter-two".to_owned(),
            format!("whsk_{}", STANDARD.encode([b'x'; 32])),
            of(32).trim_end_matches('=').to_owned(),
        ] {
            let error = signer(&[SECRET, &bad]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("eHh4"), "{bad}");
        }
        let shown = format!("{:?}", signer(&[&of(32)]).unwrap());
        assert!(!shown.contains("120") && !shown.contains("xx"), "{shown}");
    }
}
