//! Owns the broadcast on Redis: a channel, and a counter beside it that numbers what is said there.

use std::sync::LazyLock;

use async_trait::async_trait;
use tokio::sync::broadcast::Sender;
use tokio_util::task::AbortOnDropHandle;

use super::listen::listen;
use super::{BACKLOG_MAX, Bus, Heard, Subscription, check};
use crate::Error;
use crate::redis::{Redis, Repeat, Script};

/// Arguments: channel, message. The number tells a listener what it missed. And counting writes, so that a replica which
/// was the master refuses: `PUBLISH` alone is welcome there, and nobody hears it.
static PUBLISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local number = redis.call('incr', KEYS[1])
         redis.call('publish', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[2])
         return 1",
    )
});

/// Messages among all who ask this Redis, of version 6 or later, under this name.
///
/// One task listens, by a connection of its own to the master that has the counter, and asks on it for the counter: what
/// it has not heard by then is missed. It begins anew when the connection breaks or does not answer in time, and when the
/// server is the master no more. The user's account needs the commands `INCR`, `INCRBY`, `EVAL`, `EVALSHA`, `PUBLISH` and
/// `SUBSCRIBE`, the key, and the channel, which is the key with `@` and the number of the database.
#[derive(Debug)]
pub struct RedisBus {
    redis: Redis,
    key: String,
    channel: String,
    heard: Sender<Heard>,
    _listening: AbortOnDropHandle<()>,
}

impl RedisBus {
    /// The counter's key is the name. It listens until it is dropped; then its subscriptions end. It is called within a
    /// runtime of tokio.
    pub fn open(redis: Redis, name: impl Into<String>) -> Self {
        let (key, heard) = (name.into(), Sender::new(BACKLOG_MAX));
        // Channels are shared by all databases of a server, and counters are not.
        let channel = format!("{key}@{}", redis.address().database());
        let listening = tokio::spawn(listen(redis.clone(), (key.clone(), channel.clone()), heard.clone()));
        Self { redis, key, channel, heard, _listening: AbortOnDropHandle::new(listening) }
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, message: &[u8]) -> Result<(), Error> {
        check(message)?;
        let arguments = [self.channel.as_bytes(), message];
        self.redis.run::<bool>(&PUBLISH, &self.key, &arguments, Repeat::Safe).await.map(|_| ())
    }

    fn subscribe(&self) -> Subscription {
        Subscription::new(self.heard.subscribe())
    }
}
