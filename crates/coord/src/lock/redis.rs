//! Owns leases on one Redis: a key with a random value and an expiry. It does not know who waits for them.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;

use super::{Holder, LeaseTable, RedisLock, Taken};
use crate::Error;
use crate::redis::{Redis, Repeat, Script};

/// `SET key value NX PX`; and the same holder may ask again whose first answer was lost.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
         if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end
         return 0",
    )
});
static EXTEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end
         return 0",
    )
});
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| {
    Script::new("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")
});

/// Leases on one Redis, which may be several behind sentinels or a cluster. It gives no numbers: see
/// [`super::Guard::fence`].
#[derive(Clone, Debug)]
pub struct RedisLeases {
    redis: Redis,
    prefix: String,
}

impl RedisLeases {
    /// Keys are the prefix and the name. It is the form that npm's `redlock` and redis-py's own lock use as well.
    pub fn new(redis: Redis, prefix: impl Into<String>) -> Self {
        Self { redis, prefix: prefix.into() }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl RedisLock {
    /// A lock on this Redis, its keys with this prefix.
    pub fn on(redis: Redis, prefix: impl Into<String>) -> Self {
        Self::new(RedisLeases::new(redis, prefix))
    }
}

#[async_trait]
impl LeaseTable for RedisLeases {
    async fn take(&self, name: &str, holder: &Holder, lease: Duration) -> Result<Taken, Error> {
        let arguments: [&[u8]; 2] = [holder.as_str().as_bytes(), &milliseconds(lease)];
        let is_ours: bool = self.redis.run(&TAKE, &self.key(name), &arguments, Repeat::Safe).await?;
        Ok(if is_ours { Taken::Ours { fence: None } } else { Taken::Held })
    }

    async fn extend(&self, name: &str, holder: &Holder, lease: Duration) -> Result<bool, Error> {
        let arguments: [&[u8]; 2] = [holder.as_str().as_bytes(), &milliseconds(lease)];
        self.redis.run(&EXTEND, &self.key(name), &arguments, Repeat::Safe).await
    }

    async fn give_back(&self, name: &str, holder: &Holder) -> Result<bool, Error> {
        let (key, arguments) = (self.key(name), [holder.as_str().as_bytes()]);
        match self.redis.run(&GIVE_BACK, &key, &arguments, Repeat::Telling).await {
            // It may have been given back by the question whose answer is lost.
            Err(error) => match self.redis.run(&GIVE_BACK, &key, &arguments, Repeat::Telling).await {
                Ok(true) => Ok(true),
                _ => Err(error),
            },
            answer => answer,
        }
    }
}

fn milliseconds(lease: Duration) -> Vec<u8> {
    lease.as_millis().to_string().into_bytes()
}
