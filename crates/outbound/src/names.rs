//! Owns what hosts lead to: each of their addresses is looked at before any is connected to. It does not connect.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use tokio::task;

use crate::{Policy, Refusal, policy};

/// How many names are asked for at once: each holds a thread for as long as its servers let it wait.
const ASKED_AT_ONCE_MAX: usize = 32;
/// How many addresses of a host are tried.
const TRIED_MAX: usize = 8;

/// Who knows which addresses a host has.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses of a host, all of them.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// What this machine knows: its file of hosts, and the name servers that it is set up to ask.
pub struct SystemNames(Arc<Semaphore>);

/// What connections are made to: addresses that were looked at.
pub(crate) struct Checked {
    pub(crate) names: Arc<dyn Names>,
    pub(crate) policy: Arc<Policy>,
}

impl Default for SystemNames {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ASKED_AT_ONCE_MAX)))
    }
}

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        // The thread goes on when nobody waits any more, and keeps its place among the thirty-two until it ends.
        let found = task::spawn_blocking(move || {
            let _permit = permit;
            (host.as_str(), 0).to_socket_addrs().map(|found| found.map(|it| it.ip()).collect())
        });
        found.await.map_err(io::Error::other)?
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, policy) = (Arc::clone(&self.names), Arc::clone(&self.policy));
        Box::pin(async move {
            let mut found = addresses(&*names, name.as_str()).await?;
            admit_all(&policy, name.as_str(), &found)?;
            found.truncate(TRIED_MAX);
            let places = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(places) as Addrs)
        })
    }
}

async fn addresses(names: &dyn Names, host: &str) -> io::Result<Vec<IpAddr>> {
    if policy::is_localhost(host) {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let mut found = names.addresses(host).await?;
    found.dedup();
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its name has no address"));
    }
    Ok(found)
}

/// One closed address closes the host. Whoever mixes them is mistaken or means us harm; and to go on with the others would
/// make the outcome depend on their order, and hide the mistake.
fn admit_all(policy: &Policy, host: &str, found: &[IpAddr]) -> Result<(), Refusal> {
    found.iter().try_for_each(|address| policy.admit(host, *address))
}
