//! Where notifications may go: an address comes from a secret, what it resolves to from whoever
//! answers for its name, and neither shall make this process talk to what only it can reach.

mod address;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use reqwest::Url;

pub use address::Special;

/// Where notifications may go. By default to any host on the Internet, over https.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetPolicy {
    /// The only hosts they go to; none named: any.
    pub allow_hosts: Vec<HostPattern>,
    /// Networks that are not on the Internet and that they go to all the same.
    pub allow_networks: Vec<IpNet>,
    /// Whether they go to this machine and to private networks: loopback, RFC 1918, RFC 4193 and
    /// RFC 6598, but no cloud's metadata service.
    pub allow_private: bool,
}

/// A host by its name, or all below a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    below: bool,
}

/// Why nothing is sent to a target. Tells the key to set, and nothing of the target's address but
/// the IP address that it leads to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefused {
    /// Another host than those that were named.
    #[error(
        "its host is not among allow_hosts of [delivery]; add it there, or correct the address"
    )]
    Host,
    /// An address that is not on the Internet.
    #[error("it leads to {address}, {what}; if it shall, write {} in [delivery]", remedy(*address, *what))]
    Address {
        /// What the target's host is, or resolves to.
        address: IpAddr,
        /// What is known of it.
        what: Special,
    },
    /// Unencrypted, and to somebody else's network.
    #[error(
        "nothing encrypts what is sent there, which is only for this machine and for networks that [delivery] opens \
         with allow_private = true or allow_networks; write https://, or of a mail server encryption = \"starttls\""
    )]
    Plain,
}

fn remedy(address: IpAddr, what: Special) -> String {
    let networks = format!("allow_networks = [\"{}\"]", IpNet::from(address::reached(address)));
    if what.is_own() { format!("allow_private = true or {networks}") } else { networks }
}

impl TargetPolicy {
    /// Whether notifications may go to `url`, as far as it alone tells: what its host resolves to
    /// is judged as it is connected to.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn admit(&self, url: &Url) -> Result<(), TargetRefused> {
        self.admit_host(bare_host(url), is_plain(url))
    }

    /// As [`Self::admit`], for what is reached by `host`'s name; `plain`: without TLS.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn admit_host(&self, host: &str, plain: bool) -> Result<(), TargetRefused> {
        if !self.allow_hosts.is_empty() && !self.allow_hosts.iter().any(|it| it.matches(host)) {
            return Err(TargetRefused::Host);
        }
        match host.parse::<IpAddr>() {
            Ok(address) => self.judge(address, plain),
            Err(_) if plain && !self.opens_any() => Err(TargetRefused::Plain),
            Err(_) => Ok(()),
        }
    }

    /// Those of `addresses` that a connection may be made to; `plain`: without TLS.
    ///
    /// # Errors
    ///
    /// Why there is none, if there were any.
    pub(super) fn choose(
        &self,
        addresses: impl IntoIterator<Item = SocketAddr>,
        plain: bool,
    ) -> Result<Vec<SocketAddr>, TargetRefused> {
        let mut chosen = Vec::new();
        let mut refused = None;
        for address in addresses {
            match self.judge(address.ip(), plain) {
                Ok(()) => chosen.push(address),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        match refused {
            Some(why) if chosen.is_empty() => Err(why),
            _ => Ok(chosen),
        }
    }

    fn judge(&self, address: IpAddr, plain: bool) -> Result<(), TargetRefused> {
        match address::special(address) {
            None if plain => Err(TargetRefused::Plain),
            None => Ok(()),
            Some(what) if self.opens(address, what) => Ok(()),
            Some(what) => Err(TargetRefused::Address { address, what }),
        }
    }

    fn opens(&self, address: IpAddr, what: Special) -> bool {
        let reached = address::reached(address);
        (self.allow_private && what.is_own())
            || self.allow_networks.iter().any(|it| it.contains(&reached) || it.contains(&address))
    }

    /// Whether any address that is not on the Internet is open.
    fn opens_any(&self) -> bool {
        self.allow_private || !self.allow_networks.is_empty()
    }
}

/// Whether what is sent to `url` is sent without TLS.
pub(super) fn is_plain(url: &Url) -> bool {
    url.scheme() != "https"
}

/// The host of `url`, an IPv6 address without its brackets; empty if there is none.
pub(super) fn bare_host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.')
}

impl HostPattern {
    fn matches(&self, host: &str) -> bool {
        match host.strip_suffix(&self.name) {
            Some("") => !self.below,
            Some(before) => self.below && before.ends_with('.'),
            None => false,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.name)
    }
}

/// A text that is no [`HostPattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no host's name, nor `*.` and one")]
pub struct NoHostPattern;

impl FromStr for HostPattern {
    type Err = NoHostPattern;

    /// Writes the name as addresses have it: in lower case, IPv4 in its usual form, what is not
    /// ASCII in punycode.
    fn from_str(text: &str) -> Result<Self, NoHostPattern> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let bracketed = name.parse::<Ipv6Addr>().is_ok();
        let host = if bracketed { format!("[{name}]") } else { name.to_owned() };
        let url = Url::parse(&format!("https://{host}/")).map_err(|_| NoHostPattern)?;
        let has_more = name.contains(['/', '?', '#', '@', '\\', '*', '[']) || url.port().is_some();
        if has_more || (!bracketed && name.contains(':')) {
            return Err(NoHostPattern);
        }
        Ok(Self { name: bare_host(&url).to_owned(), below })
    }
}

#[cfg(test)]
mod tests;
