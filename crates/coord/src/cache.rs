//! Owns a cache in front of rows that have a version: a newer one is never put away for an older one. It does not know what
//! the rows are.

mod local;
mod redis;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Error;

pub use self::redis::RedisCache;
pub use local::LocalCache;

/// A name is no longer, in bytes.
pub const NAME_MAX: usize = 256;
/// An entry's bytes are no more.
pub const ENTRY_MAX: usize = 4 * 1_024;
/// An entry lasts no longer; who asks for more gets this.
pub const TTL_MAX: Duration = Duration::from_hours(24);

/// Remembers rows of a database for a while, so that it is not asked for them each time.
///
/// The row's version decides between two who put: what is older than what stands there is ignored. So a reader that read
/// the row before it was changed, and comes late, does not put the old row back behind the new one. For the same reason
/// nothing is removed here. Whoever changes a row, or ends it, puts what is now true with the row's new version, after its
/// commit; and with a time to live that is longer than a reader may take from its question to the database to its put. An
/// entry that ran out guards nothing.
///
/// It may err. What was put may be missing. And an older entry may be there after the newer one was put, when that was
/// not heard of: it was evicted or flushed while a reader was late, the put failed, or a replica that never had it became
/// the master. Then the bound is the older entry's own time to live. Redis counts that from when it applied the put.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What stands under this name. A name that is too long has nothing.
    async fn get(&self, name: &str) -> Result<Option<Entry>, Error>;

    /// Puts it there for this long, unless something newer is there. The same version again replaces what stands, and its
    /// time begins anew. A name or an entry over its bound is [`Error::TooLong`].
    async fn put(&self, name: &str, entry: Entry, ttl: Duration) -> Result<(), Error>;
}

/// A row as somebody read or wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which grows with each change of the row.
    pub version: u64,
    /// The row, or the mark that it is no more: in a form that is its user's.
    pub bytes: Bytes,
}

/// Without the bytes, which may be a secret.
impl fmt::Debug for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Entry(version {}, {} bytes)", self.version, self.bytes.len())
    }
}

fn check(name: &str, entry: &Entry) -> Result<(), Error> {
    if name.len() > NAME_MAX {
        return Err(Error::TooLong { what: "a name in the cache", most: NAME_MAX });
    }
    if entry.bytes.len() > ENTRY_MAX {
        return Err(Error::TooLong { what: "an entry of the cache", most: ENTRY_MAX });
    }
    Ok(())
}
