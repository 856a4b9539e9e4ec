//! Owns how an address of Redis is written. Passwords go in and never come out as text.

mod parse;

use std::fmt;
use std::path::PathBuf;

/// Where a Redis is, and how to get in:
///
/// ```text
/// redis://[user:password@]host[:6379][/database]
/// redis+sentinel://[user:password@]host[:26379],…/service[/database]
/// redis+cluster://[user:password@]host[:6379],…
/// ```
///
/// With `rediss` in place of `redis` all of it speaks TLS, by the certificates that this machine trusts, or by those of
/// `?ca=/path/to/authority.pem` alone. The account is that of the servers with the data; sentinels that have one of their
/// own take `?sentinel_user=` and `?sentinel_password=`. User and password are percent-encoded.
///
/// `Display` and `Debug` write it without user and password.
#[derive(Clone)]
pub struct Address {
    pub(super) kind: Kind,
    pub(super) account: Account,
    pub(super) tls: Option<Tls>,
}

#[derive(Clone)]
pub(super) enum Kind {
    Single { host: Host, database: i64 },
    Sentinel { hosts: Vec<Host>, service: String, database: i64, account: Account },
    Cluster { hosts: Vec<Host> },
}

#[derive(Clone)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: u16,
}

#[derive(Clone, Default)]
pub(super) struct Account {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

#[derive(Clone)]
pub(super) struct Tls {
    /// The certificates of the authority, as PEM.
    pub(super) authority: Option<Vec<u8>>,
}

/// Which part of an address is wrong. It repeats nothing of the address but the name of a file: what stands in the wrong
/// place may be a piece of a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The part before `://`.
    #[error("it begins with none of redis://, redis+sentinel://, redis+cluster://, and their forms with rediss")]
    Scheme,
    /// No host, or an empty one in the list.
    #[error("a host is missing")]
    Host,
    /// More than one host where one is meant.
    #[error("it has several hosts; redis+sentinel:// and redis+cluster:// take several")]
    Hosts,
    /// A port that is none.
    #[error("a port is not a number from 1 to 65535; in a password the letters : / ? # @ are written percent-encoded")]
    Port,
    /// A user or password that is no text.
    #[error("user or password are not percent-encoded UTF-8")]
    Account,
    /// A database that is none.
    #[error("its database is not a number")]
    Database,
    /// A cluster has one database.
    #[error("a cluster takes no database")]
    ClusterDatabase,
    /// Sentinels are asked for a service.
    #[error("the name of the service is missing behind the sentinels: redis+sentinel://host/service")]
    Service,
    /// A part too many.
    #[error("there is more behind its host than it takes")]
    Path,
    /// A parameter that nobody knows here.
    #[error("it has a parameter that is none of ca, sentinel_user, sentinel_password, or one that is of no use here")]
    Parameter,
    /// A file of certificates that cannot be read.
    #[error("the file of its authority, {}, cannot be read: {reason}", file.display())]
    Authority {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl Address {
    /// The number of the database; a cluster has the one.
    pub(crate) const fn database(&self) -> i64 {
        match &self.kind {
            Kind::Single { database, .. } | Kind::Sentinel { database, .. } => *database,
            Kind::Cluster { .. } => 0,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "rediss" } else { "redis" };
        match &self.kind {
            Kind::Single { host, database } => write!(out, "{scheme}://{host}/{database}"),
            Kind::Sentinel { hosts, service, database, .. } => {
                write!(out, "{scheme}+sentinel://{}/{service}/{database}", List(hosts))
            }
            Kind::Cluster { hosts } => write!(out, "{scheme}+cluster://{}", List(hosts)),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Address({self})")
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port } = self;
        if name.contains(':') { write!(out, "[{name}]:{port}") } else { write!(out, "{name}:{port}") }
    }
}

struct List<'a>(&'a [Host]);

impl fmt::Display for List<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, host) in self.0.iter().enumerate() {
            if at > 0 {
                out.write_str(",")?;
            }
            write!(out, "{host}")?;
        }
        Ok(())
    }
}
