//! Owns a connection on which a server speaks unasked, to the master that has a key. It does not know what is said there.

use std::convert::Infallible;

use redis::aio::MultiplexedConnection;
use redis::{Client, ErrorKind, ProtocolVersion, PushInfo, PushKind, RedisError, Value};
use tokio::sync::mpsc;

use super::address::{Address, Host, Kind};
use super::{Redis, Timeouts, connect};
use crate::Error;

/// Messages that wait between the connection and who listens. More are lost, and their numbers tell.
const UNHEARD_MAX: usize = 1_024;

/// A node of a cluster names the master that has the key, and that one is believed to have it; a slot that moves just then
/// takes one more.
const HOPS_MAX: usize = 3;

/// A channel that is listened to, and the counter beside it.
pub(crate) struct Line {
    /// What is said, from the subscription on; it ends with the connection.
    pub(crate) said: mpsc::Receiver<Vec<u8>>,
    pub(crate) counter: Counter,
}

/// A number on the same connection: its answer comes after all that the server said before.
pub(crate) struct Counter {
    connection: MultiplexedConnection,
    redis: Redis,
    key: String,
}

impl Redis {
    /// A connection of its own that is subscribed, to the master that has the key: where that is counted, and where a
    /// message that goes with the counting is heard first.
    pub(crate) async fn listen(&self, key: &str, channel: &str) -> Result<Line, Error> {
        let (address, timeouts) = (self.address(), self.0.timeouts);
        let line = match &address.kind {
            Kind::Single { .. } | Kind::Sentinel { .. } => self.line(address, timeouts, key).await,
            Kind::Cluster { hosts } => self.line_of_cluster(hosts, key).await,
        };
        let mut line = line.map_err(|error| self.error(&error))?;
        let subscribed = line.counter.connection.subscribe(channel).await;
        subscribed.map_err(|error| self.error(&error)).map(|()| line)
    }

    /// It has counted: the server is the key's master, and lets us.
    async fn line(&self, address: &Address, timeouts: Timeouts, key: &str) -> Result<Line, RedisError> {
        let client = connect::client(address, timeouts, ProtocolVersion::RESP3).await?;
        let (connection, said) = open(&client, timeouts).await?;
        let mut counter = Counter { connection, redis: self.clone(), key: key.to_owned() };
        counter.ask().await?;
        Ok(Line { said, counter })
    }

    /// Of the nodes that are named, the first that knows the key's master.
    async fn line_of_cluster(&self, hosts: &[Host], key: &str) -> Result<Line, RedisError> {
        let mut last = RedisError::from((ErrorKind::ClusterConnectionNotFound, "it has no nodes"));
        for host in hosts {
            let mut host = host.clone();
            for _ in 0..HOPS_MAX {
                let kind = Kind::Single { host: host.clone(), database: 0 };
                let node = Address { kind, ..self.address().clone() };
                last = match self.line(&node, self.0.timeouts, key).await {
                    Ok(line) => return Ok(line),
                    Err(error) => error,
                };
                match last.redirect_node().and_then(|(place, _)| host.of_redirection(place)) {
                    Some(next) => host = next,
                    None => break,
                }
            }
        }
        Err(last)
    }
}

impl Counter {
    /// Where it stands. It is asked by a command that writes and changes nothing: a replica refuses, also one that was the
    /// master when the connection was made.
    pub(crate) async fn read(&mut self) -> Result<u64, Error> {
        self.ask().await.map_err(|error| self.redis.error(&error))
    }

    /// For what goes wrong with the connection beside it.
    pub(crate) fn away(&self, reason: &str) -> Error {
        Error::away(self.redis.address().to_string(), reason)
    }

    async fn ask(&mut self) -> Result<u64, RedisError> {
        redis::cmd("INCRBY").arg(&self.key).arg(0).query_async(&mut self.connection).await
    }
}

impl Host {
    /// From what a node of a cluster names; without a host it means its own.
    fn of_redirection(&self, place: &str) -> Option<Self> {
        let (name, port) = place.rsplit_once(':')?;
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let name = if name.is_empty() { &self.name } else { name };
        Some(Self { name: name.to_owned(), port: port.parse().ok()? })
    }
}

async fn open(
    client: &Client,
    timeouts: Timeouts,
) -> Result<(MultiplexedConnection, mpsc::Receiver<Vec<u8>>), RedisError> {
    let (sender, said) = mpsc::channel(UNHEARD_MAX);
    // The library calls it in the order in which all came, before it hands out the next answer.
    let hear = move |push: PushInfo| {
        if push.kind == PushKind::Message
            && let Some(Value::BulkString(message)) = push.data.into_iter().nth(1)
        {
            let _room = sender.try_send(message);
        }
        Ok::<(), Infallible>(())
    };
    let connection = connect::node(client, timeouts, |config| config.set_push_sender(hear)).await?;
    Ok((connection, said))
}
