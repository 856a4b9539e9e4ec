//! What addresses are set aside for, compared with what the standard library says of them and with a list that is read
//! in another way.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use outbound::{Network, Policy, Purpose};
use proptest::prelude::*;

/// As the registries write them: what is not globally reachable, and what is reachable for other purposes than servers.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Its bits as a text of 0 and 1.
fn digits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(it) => format!("{:032b}", it.to_bits()),
        IpAddr::V6(it) => format!("{:0128b}", it.to_bits()),
    }
}

fn is_in(network: &str, address: IpAddr) -> bool {
    let (first, length) = network.split_once('/').expect("a slash");
    let first: IpAddr = first.parse().expect("it is one");
    let length: usize = length.parse().expect("it is one");
    first.is_ipv4() == address.is_ipv4() && digits(first)[..length] == digits(address)[..length]
}

/// Whether an address is anybody's, said without a word of what is tested.
fn is_public(address: IpAddr) -> bool {
    if NOT_PUBLIC.iter().any(|network| is_in(network, address)) {
        return false;
    }
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(v6) if is_in("::ffff:0:0/96", address) || is_in("64:ff9b::/96", address) => {
            let [.., a, b, c, d] = v6.octets();
            is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(_) => is_in("2000::/3", address),
    }
}

/// What the standard library takes for anything but a public unicast address.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => {
            it.is_unspecified()
                || it.is_loopback()
                || it.is_private()
                || it.is_link_local()
                || it.is_multicast()
                || it.is_broadcast()
                || it.is_documentation()
        }
        IpAddr::V6(it) => {
            it.is_unspecified()
                || it.is_loopback()
                || it.is_unique_local()
                || it.is_unicast_link_local()
                || it.is_multicast()
                || it.to_ipv4_mapped().is_some_and(|it| is_special(it.into()))
        }
    }
}

/// Any address, and those at the edges of each network rather more often.
fn address() -> impl Strategy<Value = IpAddr> {
    let edge = (prop::sample::select(NOT_PUBLIC), any::<bool>(), -2_i128..=2).prop_map(|(network, is_last, step)| {
        let (first, length) = network.split_once('/').expect("a slash");
        let length: u32 = length.parse().expect("it is one");
        match first.parse().expect("it is one") {
            IpAddr::V4(first) => {
                let rest = u32::MAX.checked_shr(length).unwrap_or(0);
                let edge = i128::from(first.to_bits() | if is_last { rest } else { 0 }) + step;
                Ipv4Addr::from_bits(u32::try_from(edge.rem_euclid(1 << 32)).expect("it is within")).into()
            }
            IpAddr::V6(first) => {
                let rest = u128::MAX.checked_shr(length).unwrap_or(0);
                let edge = first.to_bits() | if is_last { rest } else { 0 };
                Ipv6Addr::from_bits(edge.wrapping_add_signed(step)).into()
            }
        }
    });
    let v4 = any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let v6 = any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
    let global = any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits >> 3 | 1 << 125)));
    let carried = (prop::sample::select(vec!["::ffff:0:0", "64:ff9b::", "::"]), any::<u32>()).prop_map(|(at, bits)| {
        let at: Ipv6Addr = at.parse().expect("it is one");
        IpAddr::V6(Ipv6Addr::from_bits(at.to_bits() | u128::from(bits)))
    });
    prop_oneof![edge, v4, v6, global, carried]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_address_is_anybodys_or_it_has_a_purpose(address in address()) {
        prop_assert_eq!(Purpose::of(address).is_none(), is_public(address), "{}", address);
        if is_special(address) {
            prop_assert!(Purpose::of(address).is_some(), "{}", address);
        }
    }

    #[test]
    fn a_network_holds_what_begins_with_its_bits(address in address(), of in address(), length in 8_usize..=128) {
        let length = length.min(digits(of).len());
        let first = &digits(of)[..length];
        let begins = format!("{first:0<width$}", width = digits(of).len());
        let first: IpAddr = match of {
            IpAddr::V4(_) => Ipv4Addr::from_bits(u32::from_str_radix(&begins, 2).unwrap()).into(),
            IpAddr::V6(_) => Ipv6Addr::from_bits(u128::from_str_radix(&begins, 2).unwrap()).into(),
        };
        // What is IPv4 in other clothes is named as IPv4.
        if let Ok(network) = format!("{first}/{length}").parse::<Network>() {
            for asked in [address, of] {
                prop_assert_eq!(network.contains(asked), is_in(&network.to_string(), asked), "{} {}", network, asked);
            }
        }
    }

    #[test]
    fn strangers_lead_to_public_addresses_alone(address in address()) {
        prop_assert_eq!(Policy::strangers().admit("a.example", address).is_ok(), is_public(address), "{}", address);
    }
}

#[test]
fn purposes_are_told_apart() {
    for (address, expected) in [
        ("8.8.8.8", None),
        ("2606:4700::1111", None),
        ("64:ff9b::808:808", None),
        ("0.1.2.3", Some(Purpose::Unspecified)),
        ("127.0.0.53", Some(Purpose::Loopback)),
        ("10.0.0.1", Some(Purpose::Private)),
        ("100.127.255.255", Some(Purpose::Shared)),
        ("100.128.0.0", None),
        ("169.254.169.254", Some(Purpose::LinkLocal)),
        ("168.63.129.16", Some(Purpose::CloudHost)),
        ("192.0.0.9", Some(Purpose::Protocols)),
        ("203.0.113.9", Some(Purpose::Documentation)),
        ("198.19.255.255", Some(Purpose::Benchmarking)),
        ("192.88.99.1", Some(Purpose::Carried)),
        ("239.255.255.250", Some(Purpose::Multicast)),
        ("250.0.0.1", Some(Purpose::Reserved)),
        ("255.255.255.255", Some(Purpose::Broadcast)),
        ("::", Some(Purpose::Unspecified)),
        ("::1", Some(Purpose::Loopback)),
        ("::2", Some(Purpose::Carried)),
        ("::ffff:192.168.0.1", Some(Purpose::Private)),
        ("::ffff:8.8.8.8", None),
        ("64:ff9b::c0a8:1", Some(Purpose::Translated)),
        ("64:ff9b:1::1", Some(Purpose::Carried)),
        ("100::", Some(Purpose::Discarded)),
        ("2001::1", Some(Purpose::Protocols)),
        ("2001:db8::", Some(Purpose::Documentation)),
        ("2002::", Some(Purpose::Carried)),
        ("fd00::1", Some(Purpose::UniqueLocal)),
        ("fe80::1", Some(Purpose::LinkLocal)),
        ("fec0::1", Some(Purpose::SiteLocal)),
        ("ff02::1", Some(Purpose::Multicast)),
        ("8000::", Some(Purpose::Reserved)),
    ] {
        assert_eq!(Purpose::of(address.parse().unwrap()), expected, "{address}");
    }
}
