//! Owns which addresses are called: schemes, ports, hosts, and where their names may lead. It does not ask for names, and
//! calls nobody.

use std::net::IpAddr;

use reqwest::Url;

use crate::{Network, Ports, Purpose, Refusal};

/// The longest address that is read, in bytes.
pub const URL_BYTES_MAX: usize = 2048;
/// The longest name of a host, RFC 1035.
const HOST_BYTES_MAX: usize = 254;
/// The ports that strangers may name.
const PORTS_OF_STRANGERS: [u16; 2] = [443, 8443];
/// This machine, as `localhost` means it.
const THIS_MACHINE: [Network; 2] = [Network::v4([127, 0, 0, 0], 8), Network::v6([0, 0, 0, 0, 0, 0, 0, 1], 128)];

/// Which addresses are called.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The one place that is called, without its path, where there is but one.
    only: Option<Url>,
    http: Http,
    ports: Ports,
    networks: Vec<Network>,
    /// Whether the networks of those who run this are open, too.
    own_networks: bool,
}

/// What becomes of addresses with `http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// They are not called.
    Refused,
    /// They are called on this machine alone, where nobody is on the way; it must still be among the networks.
    Here,
    /// They are called.
    Called,
}

impl Policy {
    /// For addresses that anybody may have made up: https, on ports 443 and 8443, of public hosts.
    pub fn strangers() -> Self {
        let ports = Ports::Only(PORTS_OF_STRANGERS.into());
        Self { only: None, http: Http::Refused, ports, networks: Vec::new(), own_networks: false }
    }

    /// For the place that whoever runs this wrote into the settings, and no other: its scheme, host and port. Writing it
    /// says that it may be in their own network; and this machine it may be where it was written as that (`localhost`,
    /// `127.0.0.1`), not where a name turns out to lead there.
    pub fn configured(url: &Url) -> Self {
        let mut only = url.clone();
        only.set_path("");
        only.set_query(None);
        only.set_fragment(None);
        let host = url.host_str().unwrap_or_default();
        let networks = match literal(host) {
            Some(address) => vec![Network::single(address.to_canonical())],
            None if is_localhost(host) => THIS_MACHINE.to_vec(),
            None => Vec::new(),
        };
        let ports = Ports::Only(url.port_or_known_default().into_iter().collect());
        Self { only: Some(only), http: Http::Called, ports, networks, own_networks: true }
    }

    /// Says what becomes of `http`.
    #[must_use]
    pub fn with_http(self, http: Http) -> Self {
        Self { http, ..self }
    }

    /// Says which ports are called.
    #[must_use]
    pub fn with_ports(self, ports: Ports) -> Self {
        Self { ports, ..self }
    }

    /// Opens networks that would be closed. What is no machine (see [`Purpose::is_no_machine`]) stays closed.
    #[must_use]
    pub fn with_networks(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        self.networks.extend(networks);
        self
    }

    /// Reads an address that somebody wrote, and looks at it without asking for its name: what a form can answer at once.
    /// Where the name leads is looked at with each call.
    pub fn read(&self, text: &str) -> Result<Url, Refusal> {
        if text.len() > URL_BYTES_MAX {
            return Err(Refusal::TooLong { bytes_max: URL_BYTES_MAX });
        }
        let url = Url::parse(text).map_err(|_| Refusal::Unreadable)?;
        self.check(&url)?;
        Ok(url)
    }

    /// Looks at an address without asking for its name.
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(Refusal::TooLong { bytes_max: URL_BYTES_MAX });
        }
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Refusal::NotOfTheWeb);
        }
        let host = url.host_str().filter(|host| is_host(host)).ok_or(Refusal::Unreadable)?;
        let port = url.port_or_known_default().ok_or(Refusal::Unreadable)?;
        let name = || host.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials { host: name() });
        }
        if url.scheme() == "http" && !self.allows_http(host) {
            return Err(Refusal::Plain { host: name() });
        }
        if let Some(only) = self.only.as_ref().filter(|only| only.origin() != url.origin()) {
            return Err(Refusal::Elsewhere { host: place(url), expected: place(only) });
        }
        if !self.ports.allow(port) {
            return Err(Refusal::Port { host: name(), port, advice: self.ports.advice() });
        }
        // Such a host is asked for by nobody: whoever connects takes it as it stands.
        literal(host).map_or(Ok(()), |address| self.admit(host, address))
    }

    /// Looks at where a host leads. An IPv4 address that is written as IPv6 is looked at as what it is.
    pub fn admit(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let Some(purpose) = Purpose::of(address) else { return Ok(()) };
        let plain = address.to_canonical();
        let host = host.to_owned();
        if purpose.is_no_machine() {
            return Err(Refusal::NoMachine { host, address, purpose });
        }
        let is_own = self.own_networks && purpose.is_own_network();
        if is_own || self.networks.iter().any(|network| network.contains(plain)) {
            return Ok(());
        }
        Err(Refusal::Closed { host, address, purpose })
    }

    fn allows_http(&self, host: &str) -> bool {
        match self.http {
            Http::Refused => false,
            Http::Called => true,
            Http::Here => is_localhost(host) || literal(host).is_some_and(|address| address.is_loopback()),
        }
    }
}

/// The address that a host is, where it is no name. The address was read as the web's standard says
/// (<https://url.spec.whatwg.org/#host-parsing>), which leaves no IPv4 address in another form than four numbers.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether libraries that read addresses by other rules see the same host: the web's standard takes quotes and braces, too.
fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    host.len() <= HOST_BYTES_MAX && (host.bytes().all(plain) || literal(host).is_some())
}

/// Whether a name means this machine whatever anybody answers for it, RFC 6761 section 6.3.
pub(crate) fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host == "localhost" || host.ends_with(".localhost")
}

fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}://{host}:{port}", url.scheme())
}
