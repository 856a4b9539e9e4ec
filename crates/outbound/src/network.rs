//! Owns networks as they are written in settings: an address, a slash, how many bits they share. It does not know what a
//! network is for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The widest network that can be named: `10.0.0.0/8` is one, half of the internet is not.
const LENGTH_MIN_V4: u8 = 8;
/// The same for IPv6: `fc00::/7` is one.
const LENGTH_MIN_V6: u8 = 7;

/// A network, such as `10.0.0.0/8` or `fd00:17::/48`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    length: u8,
}

/// Why a text names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotANetwork {
    /// It has another form.
    #[error("it is no network; write one as 10.20.0.0/16, fd00:17::/48, or 10.20.0.7 for a single address")]
    Unreadable,
    /// It is an address within a network, and so may be meant either way.
    #[error("the address is within the network and does not begin it; write {0}, or the address alone")]
    NotItsFirst(Network),
    /// It would open what was meant to stay closed.
    #[error(
        "it is so wide that nearly nothing would be closed; name your own networks, none wider than /8, or /7 of IPv6"
    )]
    TooWide,
}

impl Network {
    pub(crate) const fn v4(octets: [u8; 4], length: u8) -> Self {
        let [a, b, c, d] = octets;
        Self { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length }
    }

    pub(crate) const fn v6(groups: [u16; 8], length: u8) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < groups.len() {
            bits = bits << 16 | groups[at] as u128;
            at += 1;
        }
        Self { first: IpAddr::V6(Ipv6Addr::from_bits(bits)), length }
    }

    /// The network of one address.
    pub(crate) fn single(address: IpAddr) -> Self {
        Self { first: address, length: longest(address) }
    }

    /// Whether an address is within. One that is IPv4 written as IPv6 is within no network here: ask with what it stands for.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && (bits(address) ^ bits(self.first)) & self.mask() == 0
    }

    fn mask(&self) -> u128 {
        u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let first: IpAddr = address.parse().map_err(|_| NotANetwork::Unreadable)?;
        let length = match length {
            None => longest(first),
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse().ok().filter(|it| *it <= longest(first)).ok_or(NotANetwork::Unreadable)?
            }
            Some(_) => return Err(NotANetwork::Unreadable),
        };
        if length < if first.is_ipv4() { LENGTH_MIN_V4 } else { LENGTH_MIN_V6 } {
            return Err(NotANetwork::TooWide);
        }
        if first.to_canonical() != first {
            return Err(NotANetwork::Unreadable);
        }
        let network = Self { first, length };
        let begins = bits(first) & network.mask();
        if begins != bits(first) {
            return Err(NotANetwork::NotItsFirst(Self { first: address_of(begins, first), length }));
        }
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn longest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// From the left, so that one mask serves both.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn address_of(bits: u128, like: IpAddr) -> IpAddr {
    let v6 = Ipv6Addr::from_bits(bits);
    let [a, b, c, d, ..] = v6.octets();
    if like.is_ipv4() { IpAddr::V4(Ipv4Addr::new(a, b, c, d)) } else { IpAddr::V6(v6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_they_are_written() {
        for (text, expected) in [
            ("10.0.0.0/8", Ok("10.0.0.0/8")),
            ("127.0.0.1", Ok("127.0.0.1/32")),
            ("0.0.0.0/8", Ok("0.0.0.0/8")),
            ("fd00:17::/48", Ok("fd00:17::/48")),
            ("::1", Ok("::1/128")),
            ("fc00::/7", Ok("fc00::/7")),
            ("10.1.2.3/8", Err(NotANetwork::NotItsFirst(Network::v4([10, 0, 0, 0], 8)))),
            ("fd00::1/8", Err(NotANetwork::NotItsFirst(Network::v6([0xfd00, 0, 0, 0, 0, 0, 0, 0], 8)))),
            ("0.0.0.0/0", Err(NotANetwork::TooWide)),
            ("10.0.0.0/7", Err(NotANetwork::TooWide)),
            ("::/0", Err(NotANetwork::TooWide)),
            ("::ffff:10.0.0.0/104", Err(NotANetwork::Unreadable)),
            ("10.0.0.0/33", Err(NotANetwork::Unreadable)),
            ("fd00::/129", Err(NotANetwork::Unreadable)),
            ("10.0.0.0/+8", Err(NotANetwork::Unreadable)),
            ("10.0.0.0/", Err(NotANetwork::Unreadable)),
            ("10.0.0/8", Err(NotANetwork::Unreadable)),
            ("localhost", Err(NotANetwork::Unreadable)),
            ("", Err(NotANetwork::Unreadable)),
        ] {
            let read = text.parse::<Network>().map(|network| network.to_string());
            assert_eq!(read, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_network_ends_where_it_ends() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "9.255.255.255", false),
            ("172.16.0.0/12", "172.31.255.255", true),
            ("172.16.0.0/12", "172.32.0.0", false),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.6", false),
            ("fd00:17::/48", "fd00:17::ffff:1", true),
            ("fd00:17::/48", "fd00:17:1::", false),
            ("::1", "0.0.0.1", false),
            ("10.0.0.0/8", "a00::", false),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network} {address}");
        }
    }
}
