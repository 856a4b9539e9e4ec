//! Owns asking Redis: one multiplexed connection that is made anew when it breaks, scripts, and a bound on every wait. It
//! does not know what its scripts mean.

mod address;
mod connect;
mod listen;
mod script;
mod slot;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, Value};
use tokio::time::timeout;

use crate::Error;
use connect::Connection;
use slot::Slot;

pub use address::{Address, AddressError};
pub(crate) use listen::{Counter, Line};
pub(crate) use script::Script;

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection, with TLS and password. Through sentinels this bounds each of two steps.
    pub connect: Duration,
    /// For each answer.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), answer: Duration::from_millis(500) }
    }
}

/// Whether a command may be sent a second time when nobody knows what became of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Twice is as good as once.
    Safe,
    /// The second answer would not tell what the first did.
    Telling,
}

/// A Redis, behind one address. Clones share its connection.
///
/// Every wait has a bound. A command is sent at most twice, and each time for one connection and one answer is waited; a
/// script that the server does not know is sent in full after that, by the same rule. Mostly it is one answer. While it
/// cannot be reached, calls fail at once between attempts, which are at most a second apart.
#[derive(Clone)]
pub struct Redis(Arc<Inside>);

struct Inside {
    address: Address,
    timeouts: Timeouts,
    slot: Slot,
}

impl Redis {
    /// Opens the address and asks once, so that a wrong password or port is found at the start.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let redis = Self::open(url.parse().map_err(Error::Address)?, Timeouts::default());
        redis.ping().await?;
        Ok(redis)
    }

    /// The same without asking: the connection is made when it is first needed, and its lack is an error then.
    pub fn open(address: Address, timeouts: Timeouts) -> Self {
        Self(Arc::new(Inside { slot: Slot::default(), address, timeouts }))
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), Error> {
        // A cluster is asked where a key would be: PING itself goes to all nodes, also to those that are away.
        let command = redis::cmd("EXISTS").arg("ping").to_owned();
        self.ask::<Value>(&command, Repeat::Safe).await.map(|_| ())
    }

    /// Its address without the password.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Runs a script that touches one key.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        key: &str,
        arguments: &[&[u8]],
        repeat: Repeat,
    ) -> Result<T, Error> {
        let asked = self.send(&script.by_sum(key, arguments), repeat).await;
        let asked = match asked {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.send(&script.in_full(key, arguments), repeat).await
            }
            other => other,
        };
        asked.map_err(|error| self.error(&error))
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd, repeat: Repeat) -> Result<T, Error> {
        self.send(command, repeat).await.map_err(|error| self.error(&error))
    }

    async fn send<T: FromRedisValue>(&self, command: &Cmd, repeat: Repeat) -> Result<T, RedisError> {
        let (number, connection) = self.connection().await?;
        let is_cluster = matches!(connection, Connection::Cluster(_));
        let error = match self.send_by(connection, command).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let not_applied = is_of_a_replica(&error);
        if !not_applied && !is_broken(&error) {
            return Err(error);
        }
        // One node of a cluster that is slow is no reason to leave the others; the library looks after each by itself.
        if !(is_cluster && error.is_timeout()) {
            self.0.slot.forget(number);
        }
        if not_applied || (repeat == Repeat::Safe && !error.is_timeout()) {
            let (_, connection) = self.connection().await?;
            return self.send_by(connection, command).await;
        }
        Err(error)
    }

    async fn connection(&self) -> Result<(u64, Connection), RedisError> {
        let Inside { address, timeouts, slot } = &*self.0;
        slot.get(|| connect::connect(address, *timeouts)).await
    }

    /// The library has time-outs of its own; this one holds whatever becomes of them.
    async fn send_by<T: FromRedisValue>(&self, connection: Connection, command: &Cmd) -> Result<T, RedisError> {
        let most = self.0.timeouts.answer * 2;
        let asked = timeout(most, connection.ask(command)).await.unwrap_or_else(|_| Err(connect::timed_out()));
        Ok(redis::from_redis_value(asked?)?)
    }

    fn error(&self, error: &RedisError) -> Error {
        let (place, reason) = (self.0.address.to_string(), error.to_string());
        match error.kind() {
            ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm) => {
                Error::Denied { place, reason }
            }
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => Error::Denied { place, reason },
            // Of the nodes of a cluster the library tells it in its text only.
            _ if reason.contains("AuthenticationFailed") => Error::Denied { place, reason },
            _ => Error::Away { place, reason },
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Redis({})", self.0.address)
    }
}

/// The connection leads to what is not a master any more: nothing was applied, and the master is elsewhere.
fn is_of_a_replica(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}

/// Nothing more comes through the connection, or nobody knows: a time-out may be of a network that is gone, and TCP would
/// tell after minutes.
fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_timeout() || error.is_connection_dropped()
}
