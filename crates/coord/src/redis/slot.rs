//! Owns the one connection that all share: who makes it, who waits for that, and when it is tried again.

use std::future::Future;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::RedisError;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connect::Connection;

/// Between two attempts lies as much time as the first of them took, within these.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Slot {
    now: RwLock<Now>,
    /// Held by who makes a connection.
    making: Mutex<Option<Failed>>,
}

#[derive(Default)]
struct Now {
    number: u64,
    connection: Option<Connection>,
}

struct Failed {
    at: Instant,
    again_at: Instant,
    error: RedisError,
}

impl Slot {
    /// The connection and its number. Where there is none, one caller makes it, and those that wait share what becomes of
    /// it.
    pub(super) async fn get<F>(&self, make: impl FnOnce() -> F) -> Result<(u64, Connection), RedisError>
    where
        F: Future<Output = Result<Connection, RedisError>>,
    {
        if let Some(there) = self.there() {
            return Ok(there);
        }
        let asked_at = Instant::now();
        let mut making = self.making.lock().await;
        if let Some(there) = self.there() {
            return Ok(there);
        }
        if let Some(failed) = &*making
            && (failed.at >= asked_at || Instant::now() < failed.again_at)
        {
            return Err(failed.error.clone());
        }
        let began_at = Instant::now();
        match make().await {
            Ok(connection) => {
                *making = None;
                Ok(self.put(connection))
            }
            Err(error) => {
                let at = Instant::now();
                let again_at = at + (at - began_at).clamp(PAUSE_MIN, PAUSE_MAX);
                *making = Some(Failed { at, again_at, error: error.clone() });
                Err(error)
            }
        }
    }

    /// Forgets the connection of this number, unless there is a newer one.
    pub(super) fn forget(&self, number: u64) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if now.number == number {
            now.connection = None;
        }
    }

    fn there(&self) -> Option<(u64, Connection)> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.connection.clone().map(|connection| (now.number, connection))
    }

    fn put(&self, connection: Connection) -> (u64, Connection) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        now.number += 1;
        now.connection = Some(connection.clone());
        (now.number, connection)
    }
}
