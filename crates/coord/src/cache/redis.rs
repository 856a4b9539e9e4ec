//! Owns the cache on Redis: a key for each name, its version in front of its bytes.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Cache, ENTRY_MAX, Entry, NAME_MAX, TTL_MAX, check};
use crate::Error;
use crate::redis::{Redis, Repeat, Script};

/// Digits of a version, filled up with zeros: then texts compare as their numbers do, and Lua's numbers, exact to 2^53
/// only, are not needed.
const DIGITS: usize = 20;

/// Arguments: version, bytes, milliseconds. What does not begin with a version is no entry, and goes.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kept = redis.call('get', KEYS[1])
         if kept and #kept >= 20 then
           local version = string.sub(kept, 1, 20)
           if not string.find(version, '%D') and version > ARGV[1] then return 0 end
         end
         redis.call('set', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
         return 1",
    )
});

/// Entries that all who ask this Redis share. A question is one `GET`, a put one script: one round trip each.
#[derive(Clone, Debug)]
pub struct RedisCache {
    redis: Redis,
    prefix: String,
}

impl RedisCache {
    /// Keys are the prefix and the name.
    pub fn new(redis: Redis, prefix: impl Into<String>) -> Self {
        Self { redis, prefix: prefix.into() }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, name: &str) -> Result<Option<Entry>, Error> {
        if name.len() > NAME_MAX {
            return Ok(None);
        }
        let mut command = ::redis::cmd("GET");
        command.arg(self.key(name));
        let kept: Option<Vec<u8>> = self.redis.ask(&command, Repeat::Safe).await?;
        let nonsense = || Error::away(self.redis.address().to_string(), "the key of an entry holds something else");
        kept.map(|kept| parse(kept).ok_or_else(nonsense)).transpose()
    }

    async fn put(&self, name: &str, entry: Entry, ttl: Duration) -> Result<(), Error> {
        check(name, &entry)?;
        let version = format!("{:0DIGITS$}", entry.version);
        let milliseconds = ttl.min(TTL_MAX).as_millis().max(1).to_string();
        let arguments: [&[u8]; 3] = [version.as_bytes(), &entry.bytes, milliseconds.as_bytes()];
        self.redis.run::<bool>(&PUT, &self.key(name), &arguments, Repeat::Safe).await.map(|_| ())
    }
}

fn parse(kept: Vec<u8>) -> Option<Entry> {
    if kept.len() > DIGITS + ENTRY_MAX {
        return None;
    }
    let mut version = Bytes::from(kept);
    let bytes = (version.len() >= DIGITS).then(|| version.split_off(DIGITS))?;
    let digits = std::str::from_utf8(&version).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()))?;
    Some(Entry { version: digits.parse().ok()?, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_is_none() {
        for strange in ["", "7", "strange", "+0000000000000000007", "99999999999999999999", "0000000000000000007x"] {
            assert_eq!(parse(strange.into()), None, "{strange:?}");
        }
        assert_eq!(parse(vec![b'0'; DIGITS + ENTRY_MAX + 1]), None);
        let empty = Entry { version: 7, bytes: Bytes::new() };
        assert_eq!(parse(b"00000000000000000007".to_vec()), Some(empty));
        let largest = Entry { version: u64::MAX, bytes: Bytes::from_static(b"\0row") };
        assert_eq!(parse(b"18446744073709551615\0row".to_vec()), Some(largest));
    }
}
