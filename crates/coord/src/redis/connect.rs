//! Owns how a connection is made: to one server, to the master that sentinels name, or to a cluster.

use std::io;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _,
    ProtocolVersion, RedisConnectionInfo, RedisError, TlsCertificates, TlsMode, Value,
};
use tokio::time::timeout;

use super::Timeouts;
use super::address::{Account, Address, Host, Kind};

/// The library's own retries within a cluster: for a slot that has moved, and a node that is new.
const CLUSTER_RETRIES: u32 = 4;

/// The library gives each sentinel a second, whatever is set, and hears them in the order in which they are named: one that
/// is silent is waited for, and the next must still be heard.
const SENTINELS_MAX: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) enum Connection {
    Node(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) async fn ask(self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::Node(mut node) => command.query_async(&mut node).await,
            Self::Cluster(mut cluster) => command.query_async(&mut cluster).await,
        }
    }
}

pub(super) async fn connect(address: &Address, timeouts: Timeouts) -> Result<Connection, RedisError> {
    if let Kind::Cluster { hosts } = &address.kind {
        return cluster(hosts, address, timeouts).await;
    }
    let client = client(address, timeouts, ProtocolVersion::RESP2).await?;
    node(&client, timeouts, |config| config).await.map(Connection::Node)
}

/// The server, or the master that the sentinels name now; of a cluster the first node.
pub(super) async fn client(
    address: &Address,
    timeouts: Timeouts,
    protocol: ProtocolVersion,
) -> Result<Client, RedisError> {
    match &address.kind {
        Kind::Single { host, database } => server(host, *database, address, protocol),
        Kind::Cluster { hosts } => {
            let first = hosts.first().ok_or((ErrorKind::ClusterConnectionNotFound, "it has no nodes"))?;
            server(first, 0, address, protocol)
        }
        Kind::Sentinel { hosts, service, database, account } => {
            provide(address);
            let mut sentinels = SentinelClientBuilder::new(
                hosts.iter().map(|host| place(host, address)),
                service,
                SentinelServerType::Master,
            )?
            .set_client_to_redis_protocol(protocol)
            .set_client_to_redis_db(*database);
            if let Some(tls) = &address.tls {
                sentinels = sentinels
                    .set_client_to_redis_tls_mode(TlsMode::Secure)
                    .set_client_to_redis_certificates(certificates(tls.authority.as_deref()))
                    .set_client_to_sentinel_tls_mode(TlsMode::Secure)
                    .set_client_to_sentinel_certificates(certificates(tls.authority.as_deref()));
            }
            sentinels = with_accounts(sentinels, &address.account, account);
            // New each time: what it knows of the last master is what has just proved wrong.
            let mut sentinels = sentinels.build()?;
            bounded(SENTINELS_MAX.max(timeouts.connect), sentinels.async_get_client()).await
        }
    }
}

/// A connection to it, set up as is wanted.
pub(super) async fn node(
    client: &Client,
    timeouts: Timeouts,
    set_up: impl FnOnce(AsyncConnectionConfig) -> AsyncConnectionConfig,
) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeouts.connect))
        .set_response_timeout(Some(timeouts.answer));
    bounded(timeouts.connect, client.get_multiplexed_async_connection_with_config(&set_up(config))).await
}

/// What a wait that is over is told as.
pub(super) fn timed_out() -> RedisError {
    RedisError::from(io::Error::new(io::ErrorKind::TimedOut, "timed out"))
}

async fn bounded<T>(most: Duration, asked: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    timeout(most, asked).await.unwrap_or_else(|_| Err(timed_out()))
}

fn server(host: &Host, database: i64, address: &Address, protocol: ProtocolVersion) -> Result<Client, RedisError> {
    provide(address);
    let settings = settings(&address.account, database).set_protocol(protocol);
    let place = place(host, address).into_connection_info()?.set_redis_settings(settings);
    match &address.tls {
        None => Client::open(place),
        Some(tls) => Client::build_with_tls(place, certificates(tls.authority.as_deref())),
    }
}

/// The library takes what makes TLS from the process, and panics where there is none; one that is there stays.
fn provide(address: &Address) {
    if address.tls.is_some() {
        let _there = rustls::crypto::ring::default_provider().install_default();
    }
}

async fn cluster(hosts: &[Host], address: &Address, timeouts: Timeouts) -> Result<Connection, RedisError> {
    provide(address);
    let mut nodes: Vec<ConnectionInfo> = Vec::with_capacity(hosts.len());
    for host in hosts {
        nodes.push(place(host, address).into_connection_info()?.set_redis_settings(settings(&address.account, 0)));
    }
    let mut builder = ClusterClientBuilder::new(nodes)
        .connection_timeout(timeouts.connect / 2)
        .response_timeout(timeouts.answer / 2)
        .overall_response_timeout(Some(timeouts.answer))
        .retries(CLUSTER_RETRIES);
    if let Some(tls) = &address.tls {
        builder = builder.tls(TlsMode::Secure);
        if tls.authority.is_some() {
            builder = builder.certs(certificates(tls.authority.as_deref()));
        }
    }
    let client = builder.build()?;
    bounded(timeouts.connect, client.get_async_connection()).await.map(Connection::Cluster)
}

fn place(host: &Host, address: &Address) -> ConnectionAddr {
    let Host { name, port } = host.clone();
    match &address.tls {
        None => ConnectionAddr::Tcp(name, port),
        Some(_) => ConnectionAddr::TcpTls { host: name, port, insecure: false, tls_params: None },
    }
}

/// Without an authority of its own, those that this machine trusts count.
fn certificates(authority: Option<&[u8]>) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: authority.map(<[u8]>::to_vec) }
}

fn settings(account: &Account, database: i64) -> RedisConnectionInfo {
    let settings = RedisConnectionInfo::default().set_db(database);
    let settings = match &account.user {
        Some(user) => settings.set_username(user),
        None => settings,
    };
    match &account.password {
        Some(password) => settings.set_password(password),
        None => settings,
    }
}

fn with_accounts(mut sentinels: SentinelClientBuilder, master: &Account, own: &Account) -> SentinelClientBuilder {
    if let Some(user) = &master.user {
        sentinels = sentinels.set_client_to_redis_username(user);
    }
    if let Some(password) = &master.password {
        sentinels = sentinels.set_client_to_redis_password(password);
    }
    if let Some(user) = &own.user {
        sentinels = sentinels.set_client_to_sentinel_username(user);
    }
    if let Some(password) = &own.password {
        sentinels = sentinels.set_client_to_sentinel_password(password);
    }
    sentinels
}
