//! What is known of an address by itself: whether it is anybody's on the Internet, or whose it is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What an address is that is not simply somebody's on the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// This machine itself.
    Loopback,
    /// A private network (RFC 1918, RFC 4193).
    Private,
    /// Behind a carrier's NAT (RFC 6598).
    Shared,
    /// The local link.
    LinkLocal,
    /// A cloud's metadata service, which hands out credentials to whoever can reach it.
    Metadata,
    /// Everybody who listens.
    Multicast,
    /// No address at all; systems take it for this machine.
    Unspecified,
    /// In examples only.
    Documentation,
    /// Nobody's on the Internet, for any other reason.
    Reserved,
}

impl Special {
    /// Whether it is one's own: this machine, or a network behind one's own router.
    pub(super) const fn is_own(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::Shared)
    }
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine itself",
            Self::Private => "an address of a private network",
            Self::Shared => "an address behind a carrier's NAT",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "a cloud's metadata service",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "the unspecified address",
            Self::Documentation => "an address for documentation",
            Self::Reserved => "a reserved address",
        })
    }
}

/// Where clouds answer for the machine that asks. Most lie in ranges that are refused anyway; that a
/// private network is allowed must not open them.
const METADATA: [IpAddr; 9] = [
    // Amazon, Google, Microsoft, Oracle, DigitalOcean and others; Amazon's containers and pods.
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    // Google, over IPv6.
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    // Alibaba.
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    // Microsoft's WireServer, of the public range.
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    // Oracle's older machines.
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

const SHARED: Ipv4Net = v4([100, 64, 0, 0], 10);

/// What the IANA IPv4 Special-Purpose Address Registry keeps from the Internet and `std` has no
/// stable word for: "this network", protocol assignments, 6to4 relays, benchmarks, the future.
const RESERVED_V4: [Ipv4Net; 5] = [
    v4([0, 0, 0, 0], 8),
    v4([192, 0, 0, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([198, 18, 0, 0], 15),
    v4([240, 0, 0, 0], 4),
];

const DOCUMENTATION_V6: [Ipv6Net; 2] = [v6([0x2001, 0xdb8], 32), v6([0x3fff, 0], 20)];

/// The only part of IPv6 that is given out as addresses on the Internet ...
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0], 3);

/// ... and what is not, within it: protocol assignments (Teredo among them), and 6to4.
const RESERVED_V6: [Ipv6Net; 2] = [v6([0x2001, 0], 23), v6([0x2002, 0], 16)];

/// IPv4 addresses as a NAT64 shows them to those who have IPv6 alone (RFC 6052).
const NAT64: Ipv6Net = v6([0x64, 0xff9b], 96);

const fn v4(bytes: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = bytes;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(start: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(start[0], start[1], 0, 0, 0, 0, 0, 0), prefix)
}

/// The address that a packet to `address` reaches in the end: an IPv4 one may be written as IPv6.
pub(super) fn reached(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(it) if NAT64.contains(&it) => {
            let [.., a, b, c, d] = it.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        other => other.to_canonical(),
    }
}

/// What `address` is, if it is not simply somebody's on the Internet.
pub(super) fn special(address: IpAddr) -> Option<Special> {
    let address = reached(address);
    if METADATA.contains(&address) {
        return Some(Special::Metadata);
    }
    match address {
        IpAddr::V4(it) => special_v4(it),
        IpAddr::V6(it) => special_v6(it),
    }
}

fn special_v4(it: Ipv4Addr) -> Option<Special> {
    let reserved = || RESERVED_V4.iter().any(|network| network.contains(&it));
    match it {
        _ if it.is_unspecified() => Some(Special::Unspecified),
        _ if it.is_loopback() => Some(Special::Loopback),
        _ if it.is_private() => Some(Special::Private),
        _ if SHARED.contains(&it) => Some(Special::Shared),
        _ if it.is_link_local() => Some(Special::LinkLocal),
        _ if it.is_multicast() => Some(Special::Multicast),
        _ if it.is_documentation() => Some(Special::Documentation),
        _ if reserved() => Some(Special::Reserved),
        _ => None,
    }
}

fn special_v6(it: Ipv6Addr) -> Option<Special> {
    let within = |networks: &[Ipv6Net]| networks.iter().any(|network| network.contains(&it));
    match it {
        _ if it.is_unspecified() => Some(Special::Unspecified),
        _ if it.is_loopback() => Some(Special::Loopback),
        _ if it.is_unique_local() => Some(Special::Private),
        _ if it.is_unicast_link_local() => Some(Special::LinkLocal),
        _ if it.is_multicast() => Some(Special::Multicast),
        _ if within(&DOCUMENTATION_V6) => Some(Special::Documentation),
        _ if !GLOBAL_V6.contains(&it) || within(&RESERVED_V6) => Some(Special::Reserved),
        _ => None,
    }
}
