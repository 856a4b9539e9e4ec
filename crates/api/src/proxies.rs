//! Owns whose address a request has: the client's, where a proxy that we were told of says it, and else the one at the other
//! end of the connection. It does not know what is counted by it.
//!
//! Whoever sends a request may write any X-Forwarded-For into it. A proxy appends the address that it sees, so the lines are read
//! from their end, for as long as what wrote them is one of ours (OWASP ASVS 5.0, 4.1.3 and 15.3.4).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName};

/// Where a proxy writes for whom it asks.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// What no client sends that asks by itself.
const OF_PROXIES: [&str; 6] =
    ["x-forwarded-for", "forwarded", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];
/// No request comes through more proxies than this.
const HOPS_MAX: usize = 32;

/// The networks in which proxies of ours are.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<Network>);

/// Addresses that begin alike, `10.0.0.0/8`; one address without the slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNetwork {
    /// It cannot be read.
    #[error("{0:?} is no address and no network; write 10.0.0.7 or 10.0.0.0/8")]
    Unreadable(String),
    /// Some of its bits behind its length are set.
    #[error("{0:?} is an address within a network; write {1}")]
    Inside(String, String),
    /// All addresses.
    #[error("{0:?} is everybody: whoever asks could say where they come from")]
    Everybody(String),
}

impl Proxies {
    /// Those in these networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether this is one of them.
    fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.includes(address))
    }

    /// Who asks: the last in line that is no proxy of ours. What cannot be read was written by nobody whom we know, and the last
    /// that we know stands for it.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().rev().map(|line| line.to_str().unwrap_or_default());
        let mut hops = lines.flat_map(|line| line.rsplit(',')).take(HOPS_MAX);
        while self.include(client) {
            let Some(before) = hops.next().and_then(hop) else { break };
            client = before;
        }
        client
    }

    /// Whether somebody on this machine asks by themselves. A proxy on it asks for others: one that is named here, or says
    /// so in a line of its own. One that does neither cannot be told from somebody here.
    pub(crate) fn is_here(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() && !self.include(peer) && !OF_PROXIES.iter().any(|name| headers.contains_key(*name))
    }
}

impl Network {
    fn includes(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }

    /// The first address that begins alike.
    fn first(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        }
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let unreadable = || NoNetwork::Unreadable(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| unreadable())?;
        // An address of the fourth version in the clothes of the sixth is compared as what it is.
        if address.to_canonical() != address {
            return Err(unreadable());
        }
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let digits = |bits: &&str| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = match bits {
            None => whole,
            Some(bits) => Some(bits).filter(digits).and_then(|bits| bits.parse().ok()).ok_or_else(unreadable)?,
        };
        if bits > whole {
            return Err(unreadable());
        }
        if bits == 0 {
            return Err(NoNetwork::Everybody(text.to_owned()));
        }
        let network = Self { address, bits };
        if network.first() != address {
            return Err(NoNetwork::Inside(text.to_owned(), format!("{}/{bits}", network.first())));
        }
        Ok(network)
    }
}

/// An address as proxies write it; some write the port as well.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests;
