#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

fn policy(hosts: &[&str], networks: &[&str], allow_private: bool) -> TargetPolicy {
    TargetPolicy {
        allow_hosts: hosts.iter().map(|it| it.parse().unwrap()).collect(),
        allow_networks: networks.iter().map(|it| it.parse().unwrap()).collect(),
        allow_private,
    }
}

/// Those of `addresses` that `policy` has connections made to over TLS.
fn choose<const N: usize>(
    policy: &TargetPolicy,
    addresses: [IpAddr; N],
) -> Result<Vec<IpAddr>, TargetRefused> {
    choose_of(policy, addresses, false)
}

fn choose_of<const N: usize>(
    policy: &TargetPolicy,
    addresses: [IpAddr; N],
    plain: bool,
) -> Result<Vec<IpAddr>, TargetRefused> {
    let chosen = policy.choose(addresses.map(|it| SocketAddr::new(it, 0)), plain)?;
    Ok(chosen.into_iter().map(|it| it.ip()).collect())
}

fn admit(policy: &TargetPolicy, url: &str) -> Result<(), TargetRefused> {
    policy.admit(&Url::parse(url).unwrap())
}

/// First and last address of what is not on the Internet, and what it is: the IANA Special-Purpose
/// Address Registries, and the clouds.
const SPECIAL: &[(&str, &str, Special)] = &[
    ("0.0.0.0", "0.0.0.0", Special::Unspecified),
    ("0.0.0.1", "0.255.255.255", Special::Reserved),
    ("10.0.0.0", "10.255.255.255", Special::Private),
    ("100.64.0.0", "100.127.255.255", Special::Shared),
    ("127.0.0.0", "127.255.255.255", Special::Loopback),
    ("169.254.0.0", "169.254.255.255", Special::LinkLocal),
    ("172.16.0.0", "172.31.255.255", Special::Private),
    ("192.0.0.0", "192.0.0.255", Special::Reserved),
    ("192.0.2.0", "192.0.2.255", Special::Documentation),
    ("192.88.99.0", "192.88.99.255", Special::Reserved),
    ("192.168.0.0", "192.168.255.255", Special::Private),
    ("198.18.0.0", "198.19.255.255", Special::Reserved),
    ("198.51.100.0", "198.51.100.255", Special::Documentation),
    ("203.0.113.0", "203.0.113.255", Special::Documentation),
    ("224.0.0.0", "239.255.255.255", Special::Multicast),
    ("240.0.0.0", "255.255.255.255", Special::Reserved),
    ("169.254.169.254", "169.254.169.254", Special::Metadata),
    ("100.100.100.200", "100.100.100.200", Special::Metadata),
    ("168.63.129.16", "168.63.129.16", Special::Metadata),
    ("::", "::", Special::Unspecified),
    ("::1", "::1", Special::Loopback),
    ("::2", "::ffff:ffff", Special::Reserved),
    ("::ffff:10.0.0.0", "::ffff:10.255.255.255", Special::Private),
    ("::ffff:169.254.169.254", "::ffff:169.254.169.254", Special::Metadata),
    ("64:ff9b::127.0.0.1", "64:ff9b::127.255.255.255", Special::Loopback),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Special::Reserved),
    ("100::", "100::ffff:ffff:ffff:ffff", Special::Reserved),
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Special::Reserved),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Special::Documentation),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Special::Reserved),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Special::Documentation),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Special::Reserved),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Special::Private),
    ("fd00:ec2::254", "fd00:ec2::254", Special::Metadata),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Special::LinkLocal),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Special::Reserved),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Special::Multicast),
];

/// Somebody's on the Internet, at the edges of what is not.
const PUBLIC: &[&str] = &[
    "1.0.0.0",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "168.63.129.15",
    "2001:200::",
    "2003::",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82f::200e",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
];

#[test]
fn what_is_not_on_the_internet_is_known() {
    for (first, last, what) in SPECIAL {
        for address in [first, last] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(address::special(address), Some(*what), "{address}");
            let refused = choose(&TargetPolicy::default(), [address]);
            assert_eq!(refused, Err(TargetRefused::Address { address, what: *what }));
        }
    }
    for address in PUBLIC {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(address::special(address), None, "{address}");
        let chosen = choose(&TargetPolicy::default(), [address]);
        assert_eq!(chosen, Ok(vec![address]));
    }
}

/// What is one's own, and never anybody's metadata service, however it is written.
#[test]
fn private_networks_open_no_metadata_service() {
    let open = policy(&[], &[], true);
    for (first, _, what) in SPECIAL {
        let address: IpAddr = first.parse().unwrap();
        let own = [Special::Loopback, Special::Private, Special::Shared].contains(what);
        assert_eq!(choose(&open, [address]).is_ok(), own, "{address}");
    }
    let listed = policy(&[], &["169.254.169.254/32"], false);
    for url in ["http://169.254.169.254/x", "https://[::ffff:a9fe:a9fe]/x"] {
        assert_eq!(admit(&listed, url), Ok(()), "{url}");
        assert!(admit(&open, url).is_err(), "{url}");
    }
}

/// As many ways as there are to write an address in a URL.
#[test]
fn literal_addresses_are_judged_however_they_are_written() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://１２７.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
    ] {
        let refused = admit(&TargetPolicy::default(), url);
        let what = Special::Loopback;
        assert!(
            matches!(refused, Err(TargetRefused::Address { what: it, .. }) if it == what),
            "{url}"
        );
        assert_eq!(admit(&policy(&[], &["127.0.0.0/8", "::1/128"], false), url), Ok(()), "{url}");
        assert_eq!(admit(&policy(&[], &[], true), url), Ok(()), "{url}");
        assert!(admit(&policy(&[], &["10.0.0.0/8"], false), url).is_err(), "{url}");
    }
}

#[test]
fn plain_http_is_for_what_has_been_opened() {
    let closed = TargetPolicy::default();
    let open = policy(&[], &["10.1.0.0/16"], false);
    assert_eq!(admit(&closed, "http://hooks.example/x"), Err(TargetRefused::Plain));
    assert_eq!(admit(&closed, "https://hooks.example/x"), Ok(()));
    assert_eq!(admit(&open, "http://1.1.1.1/x"), Err(TargetRefused::Plain));
    assert_eq!(admit(&open, "http://10.1.2.3/x"), Ok(()));
    // What its name says is found when it is looked up.
    assert_eq!(admit(&open, "http://hooks.example/x"), Ok(()));
    let [public, private]: [IpAddr; 2] = ["1.1.1.1".parse().unwrap(), "10.1.2.3".parse().unwrap()];
    assert_eq!(choose_of(&open, [public, private], true), Ok(vec![private]));
    assert_eq!(choose_of(&open, [public], true), Err(TargetRefused::Plain));
}

#[test]
fn of_several_addresses_only_the_open_ones_are_tried() {
    let parse = |text: &str| text.parse::<IpAddr>().unwrap();
    let (public, private) = (parse("1.1.1.1"), parse("192.168.0.1"));
    let closed = TargetPolicy::default();
    assert_eq!(choose(&closed, [private, public]), Ok(vec![public]));
    assert_eq!(choose(&closed, [public, public]), Ok(vec![public, public]));
    let first = choose(&closed, [private, parse("::1")]);
    assert!(matches!(first, Err(TargetRefused::Address { address, .. }) if address == private));
}

#[test]
fn hosts_that_are_named_are_the_only_ones() {
    let named =
        policy(&["hooks.slack.com", "*.Example.com", "bücher.example", "1.1.1.1"], &[], true);
    for good in [
        "https://hooks.slack.com/x",
        "https://HOOKS.slack.com./x",
        "https://hooks.slack.com:8443/x",
        "https://a.example.com/",
        "https://a.b.example.com/",
        "https://xn--bcher-kva.example/",
        "https://1.1.1.1/",
    ] {
        assert_eq!(admit(&named, good), Ok(()), "{good}");
    }
    for bad in [
        "https://slack.com/",
        "https://evil-hooks.slack.com/",
        "https://hooks.slack.com.evil.example/",
        "https://hooks.slack.com@evil.example/",
        "https://example.com/",
        "https://evilexample.com/",
        "https://1.1.1.2/",
        "http://localhost/",
        "https://10.0.0.1/",
    ] {
        assert_eq!(admit(&named, bad), Err(TargetRefused::Host), "{bad}");
    }
}

#[test]
fn a_pattern_is_a_host_alone() {
    for (text, shown) in [
        ("*.Example.COM", "*.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("0x7f.1", "127.0.0.1"),
        ("::1", "::1"),
        ("localhost", "localhost"),
    ] {
        assert_eq!(text.parse::<HostPattern>().unwrap().to_string(), shown);
    }
    for text in [
        "",
        " ",
        "*",
        "*.",
        "*.*.example",
        "a.*.example",
        "https://a.example",
        "a.example/x",
        "a.example:443",
        "me@a.example",
        "a.example?x",
        "a.example#x",
        "a b",
        "[::1]",
        "a.example\\x",
    ] {
        assert_eq!(text.parse::<HostPattern>(), Err(NoHostPattern), "{text}");
    }
}

#[test]
fn refusals_tell_people_what_to_write() {
    let told = |policy: &TargetPolicy, url: &str| admit(policy, url).unwrap_err().to_string();
    let closed = TargetPolicy::default();
    insta::assert_snapshot!(told(&closed, "https://[::ffff:10.1.2.3]/x"), @r#"it leads to ::ffff:10.1.2.3, an address of a private network; if it shall, write allow_private = true or allow_networks = ["10.1.2.3/32"] in [delivery]"#);
    insta::assert_snapshot!(told(&closed, "http://169.254.169.254/latest"), @r#"it leads to 169.254.169.254, a cloud's metadata service; if it shall, write allow_networks = ["169.254.169.254/32"] in [delivery]"#);
    insta::assert_snapshot!(told(&closed, "http://hooks.example/x"), @r#"nothing encrypts what is sent there, which is only for this machine and for networks that [delivery] opens with allow_private = true or allow_networks; write https://, or of a mail server encryption = "starttls""#);
    insta::assert_snapshot!(told(&policy(&["a.example"], &[], false), "https://b.example/x"), @"its host is not among allow_hosts of [delivery]; add it there, or correct the address");
}

proptest! {
    /// An IPv4 address is the same target in each of its IPv6 forms.
    #[test]
    fn the_form_of_an_address_changes_nothing(bits in any::<u32>(), allow_private in any::<bool>()) {
        let plain = Ipv4Addr::from_bits(bits);
        let [a, b, c, d] = plain.octets();
        let nat64 = format!("64:ff9b::{a}.{b}.{c}.{d}").parse::<IpAddr>().unwrap();
        let policy = policy(&[], &["10.1.0.0/16", "169.254.0.0/16"], allow_private);
        let open = |address: IpAddr| choose(&policy, [address]).is_ok();
        prop_assert_eq!(open(plain.into()), open(plain.to_ipv6_mapped().into()));
        prop_assert_eq!(open(plain.into()), open(nat64));
    }

    /// What is not opened is refused, whatever bits it is made of: a target is on the Internet or named.
    #[test]
    fn nothing_outside_the_internet_is_open_by_default(bits in any::<u128>()) {
        let address = Ipv6Addr::from_bits(bits);
        let global = address.segments()[0] & 0xe000 == 0x2000;
        let open = choose(&TargetPolicy::default(), [IpAddr::V6(address)]).is_ok();
        prop_assert!(global || !open, "{address}");
    }
}
