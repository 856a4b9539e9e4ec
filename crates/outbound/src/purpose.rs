//! Owns what addresses are set aside for, so that none of them is taken for somebody's server on the internet. It does not
//! know who wants to call one.
//!
//! IANA IPv4 and IPv6 Special-Purpose Address Registries:
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>; and for what of IPv6 is given out at all
//! <https://www.iana.org/assignments/ipv6-address-space>.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Network;

/// What an address is set aside for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// No host at all, `0.0.0.0/8` and `::` (RFC 791, RFC 4291). Systems take it for themselves.
    Unspecified,
    /// This machine, `127.0.0.0/8` and `::1` (RFC 1122, RFC 4291).
    Loopback,
    /// Somebody's own network, RFC 1918.
    Private,
    /// A provider's network behind its translator, `100.64.0.0/10` (RFC 6598).
    Shared,
    /// Somebody's own network, `fc00::/7` (RFC 4193).
    UniqueLocal,
    /// Machines at the same wire, `169.254.0.0/16` and `fe80::/10` (RFC 3927, RFC 4291); clouds tell secrets there.
    LinkLocal,
    /// Somebody's own network as it was once meant, `fec0::/10` (RFC 3879).
    SiteLocal,
    /// The host below a virtual machine of Azure, a public address that never leaves it:
    /// <https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16>.
    CloudHost,
    /// The protocols themselves, `192.0.0.0/24` and `2001::/23` (RFC 6890), with Teredo (RFC 4380).
    Protocols,
    /// Examples in books (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// Measurements of routers (RFC 2544).
    Benchmarking,
    /// IPv4 in IPv6 as it was once carried: 6to4 (RFC 7526), IPv4-compatible (RFC 4291), local NAT64 (RFC 8215).
    Carried,
    /// A translator's way to an IPv4 address that is itself set aside (RFC 6052).
    Translated,
    /// What is dropped, `100::/64` (RFC 6666).
    Discarded,
    /// Many at once (RFC 5771, RFC 4291).
    Multicast,
    /// Everybody at once (RFC 8190).
    Broadcast,
    /// Given to nobody: `240.0.0.0/4` (RFC 1112), and all of IPv6 outside of `2000::/3`.
    Reserved,
}

const V4: &[(Network, Purpose)] = &[
    (Network::v4([0, 0, 0, 0], 8), Purpose::Unspecified),
    (Network::v4([10, 0, 0, 0], 8), Purpose::Private),
    (Network::v4([100, 64, 0, 0], 10), Purpose::Shared),
    (Network::v4([127, 0, 0, 0], 8), Purpose::Loopback),
    (Network::v4([168, 63, 129, 16], 32), Purpose::CloudHost),
    (Network::v4([169, 254, 0, 0], 16), Purpose::LinkLocal),
    (Network::v4([172, 16, 0, 0], 12), Purpose::Private),
    (Network::v4([192, 0, 0, 0], 24), Purpose::Protocols),
    (Network::v4([192, 0, 2, 0], 24), Purpose::Documentation),
    (Network::v4([192, 88, 99, 0], 24), Purpose::Carried),
    (Network::v4([192, 168, 0, 0], 16), Purpose::Private),
    (Network::v4([198, 18, 0, 0], 15), Purpose::Benchmarking),
    (Network::v4([198, 51, 100, 0], 24), Purpose::Documentation),
    (Network::v4([203, 0, 113, 0], 24), Purpose::Documentation),
    (Network::v4([224, 0, 0, 0], 4), Purpose::Multicast),
    (Network::v4([255, 255, 255, 255], 32), Purpose::Broadcast),
    (Network::v4([240, 0, 0, 0], 4), Purpose::Reserved),
];

/// The first that fits; what fits none and is within [`GIVEN_OUT`] is somebody's.
const V6: &[(Network, Purpose)] = &[
    (Network::v6([0; 8], 128), Purpose::Unspecified),
    (Network::v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Purpose::Loopback),
    (Network::v6([0; 8], 96), Purpose::Carried),
    (Network::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Purpose::Carried),
    (Network::v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), Purpose::Discarded),
    (Network::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Purpose::Protocols),
    (Network::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Purpose::Documentation),
    (Network::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), Purpose::Carried),
    (Network::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Purpose::Documentation),
    (Network::v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Purpose::UniqueLocal),
    (Network::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Purpose::LinkLocal),
    (Network::v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Purpose::SiteLocal),
    (Network::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Purpose::Multicast),
];

/// All that is given out to anybody.
const GIVEN_OUT: Network = Network::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// Where a translator stands for IPv4, RFC 6052.
const TRANSLATOR: Network = Network::v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

impl Purpose {
    /// What an address is set aside for; nothing where it may be anybody's. An IPv4 address that is written as IPv6
    /// (`::ffff:10.0.0.1`) is what it is as IPv4.
    pub fn of(address: IpAddr) -> Option<Self> {
        match address.to_canonical() {
            IpAddr::V4(address) => found(V4, address.into()),
            // Networks without IPv4 of their own reach all of it through such addresses: their resolver makes them.
            IpAddr::V6(address) if TRANSLATOR.contains(address.into()) => {
                found(V4, behind(address).into()).map(|_| Self::Translated)
            }
            IpAddr::V6(address) => {
                let address = address.into();
                found(V6, address).or_else(|| (!GIVEN_OUT.contains(address)).then_some(Self::Reserved))
            }
        }
    }

    /// Whether somebody's own network is meant, with machines that are reached from within it alone.
    pub fn is_own_network(self) -> bool {
        matches!(self, Self::Private | Self::Shared | Self::UniqueLocal)
    }

    /// Whether no setting opens it: there is no single machine, or it is not the one that is named.
    pub fn is_no_machine(self) -> bool {
        matches!(self, Self::Unspecified | Self::Multicast | Self::Broadcast | Self::Discarded)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "an address of no machine",
            Self::Loopback => "an address of this machine itself",
            Self::Private | Self::Shared | Self::UniqueLocal | Self::SiteLocal => "an address of a private network",
            Self::LinkLocal => "an address of the machines next to this one, where clouds keep secrets",
            Self::CloudHost => "an address of the cloud below this machine",
            Self::Protocols => "an address that the internet's protocols keep for themselves",
            Self::Documentation => "an address for examples",
            Self::Benchmarking => "an address for measurements",
            Self::Carried => "an address that carries another within it",
            Self::Translated => "a translator's way to an address that is not public",
            Self::Discarded => "an address of which all is dropped",
            Self::Multicast => "an address of many machines",
            Self::Broadcast => "an address of all machines",
            Self::Reserved => "an address that belongs to nobody",
        })
    }
}

fn found(table: &[(Network, Purpose)], address: IpAddr) -> Option<Purpose> {
    table.iter().find(|(network, _)| network.contains(address)).map(|(_, purpose)| *purpose)
}

fn behind(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
