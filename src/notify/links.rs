//! Links to the on-call page: whoever is told at night is let in by one tap, for a while.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use ring::hmac;
use uuid::Uuid;

use super::targets::bare_host;
use crate::mention::Timestamp;
use crate::secret::Secret;

/// How the on-call page is reached from where people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLinks {
    /// The page's address, as people have it.
    pub public_url: Url,
    /// What links are signed with; none: they let nobody in, who follows one signs in as usual.
    pub signing: Option<LinkSigning>,
}

/// What makes a link let in whoever follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSigning {
    /// Known to all instances alike.
    pub secret: Secret,
    /// How long a link lets in.
    pub valid_for: Duration,
}

impl PageLinks {
    /// Whether people come to it from this machine alone.
    pub fn is_on_this_machine(&self) -> bool {
        let host = bare_host(&self.public_url);
        host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback())
    }

    /// As [`Self::to`], to the page that shows all incidents.
    pub fn home(&self, now: Timestamp) -> String {
        match self.signing {
            Some(_) => self.to(Uuid::nil(), now),
            None => self.public_url.to_string(),
        }
    }

    /// The link to `incident` that is sent at `now`: `/open/{incident}?until={seconds}&signature={HMAC}`,
    /// or `/incidents/{incident}` when it is not signed.
    pub fn to(&self, incident: Uuid, now: Timestamp) -> String {
        let mut link = self.public_url.clone();
        let Some(signing) = &self.signing else {
            link.set_path(&format!("/incidents/{incident}"));
            return link.into();
        };
        let valid_for = i64::try_from(signing.valid_for.as_secs()).unwrap_or(i64::MAX);
        let until = (now.as_millis() / 1_000).saturating_add(valid_for);
        let signature = hmac::sign(&signing.key(), message(incident, until).as_bytes());
        link.set_path(&format!("/open/{incident}"));
        link.query_pairs_mut()
            .append_pair("until", &until.to_string())
            .append_pair("signature", &URL_SAFE_NO_PAD.encode(signature));
        link.into()
    }

    /// Whether `incident`, `until` and `signature` are of a link that was sent, and still lets in at `now`.
    pub fn lets_in(&self, incident: Uuid, until: i64, signature: &str, now: Timestamp) -> bool {
        let Some(signing) = &self.signing else { return false };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let message = message(incident, until);
        let is_signed = hmac::verify(&signing.key(), message.as_bytes(), &signature).is_ok();
        is_signed && now.as_millis() / 1_000 < until
    }
}

impl LinkSigning {
    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose().as_bytes())
    }
}

fn message(incident: Uuid, until: i64) -> String {
    format!("groundswell link\n{until}\n{incident}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn links(secret: Option<&str>) -> PageLinks {
        let valid_for = Duration::from_secs(3_600);
        let signing = secret.map(|it| LinkSigning { secret: Secret::new(it), valid_for });
        PageLinks { public_url: Url::parse("https://page.example:8443").unwrap(), signing }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    /// What `link` says of until when, and its signature.
    fn parts(link: &str) -> (i64, String) {
        let url = Url::parse(link).unwrap();
        let mut pairs = url.query_pairs().map(|it| it.1.into_owned());
        (pairs.next().unwrap().parse().unwrap(), pairs.next().unwrap())
    }

    #[test]
    fn a_link_lets_in_to_one_incident_for_a_while() {
        let (links, incident) = (links(Some("secret")), Uuid::from_u128(7));
        let link = links.to(incident, at(1_000));
        assert!(
            link.starts_with(&format!("https://page.example:8443/open/{incident}?until=4600&"))
        );
        let (until, signature) = parts(&link);
        assert!(links.lets_in(incident, until, &signature, at(4_599)));
        assert!(!links.lets_in(incident, until, &signature, at(4_600)), "it is over");
        assert!(!links.lets_in(incident, until + 60, &signature, at(1_000)), "longer than it was");
        assert!(!links.lets_in(Uuid::from_u128(8), until, &signature, at(1_000)), "another");
        assert!(!links.lets_in(incident, until, "", at(1_000)));
        assert!(!links.lets_in(incident, until, "not base64!", at(1_000)));
        let of_another = super::tests::links(Some("another")).to(incident, at(1_000));
        assert!(!links.lets_in(incident, until, &parts(&of_another).1, at(1_000)));
    }

    #[test]
    fn a_link_leads_to_all_incidents() {
        let (signed, now) = (links(Some("secret")), at(1_000));
        let (until, signature) = parts(&signed.home(now));
        assert!(signed.lets_in(Uuid::nil(), until, &signature, now));
        assert_eq!(links(None).home(now), "https://page.example:8443/");
    }

    #[test]
    fn without_a_secret_a_link_lets_nobody_in() {
        let (links, incident) = (links(None), Uuid::from_u128(7));
        assert_eq!(
            links.to(incident, at(0)),
            format!("https://page.example:8443/incidents/{incident}")
        );
        let (until, signature) = parts(&super::tests::links(Some("secret")).to(incident, at(0)));
        assert!(!links.lets_in(incident, until, &signature, at(0)));
    }
}
