//! Owns the marks on Redis: a key with an expiry for each.

use std::time::Duration;

use async_trait::async_trait;

use super::Tokens;
use crate::Error;
use crate::redis::{Redis, Repeat};

/// Marks that all who ask this Redis have made.
#[derive(Clone, Debug)]
pub struct RedisTokens {
    redis: Redis,
    prefix: String,
}

impl RedisTokens {
    /// Keys are the prefix and the name.
    pub fn new(redis: Redis, prefix: impl Into<String>) -> Self {
        Self { redis, prefix: prefix.into() }
    }
}

#[async_trait]
impl Tokens for RedisTokens {
    async fn seen(&self, name: &str) -> Result<bool, Error> {
        let mut command = ::redis::cmd("EXISTS");
        command.arg(format!("{}{name}", self.prefix));
        self.redis.ask(&command, Repeat::Safe).await
    }

    async fn mark(&self, name: &str, ttl: Duration) -> Result<(), Error> {
        let mut command = ::redis::cmd("SET");
        let milliseconds = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 2);
        command.arg(format!("{}{name}", self.prefix)).arg(1).arg("PX").arg(milliseconds);
        self.redis.ask(&command, Repeat::Safe).await
    }
}
