//! Owns an early word about one-time tokens: whether one was used already. It consumes nothing: only the database does, in
//! the transaction of the command itself.

mod local;
mod redis;

use std::time::Duration;

use async_trait::async_trait;

use crate::Error;

pub use self::redis::RedisTokens;
pub use local::LocalTokens;

/// Remembers which tokens were consumed, so that most repetitions are known before the database is asked.
///
/// It may err in both ways. A token that it does not know may have been consumed: it was forgotten, or the mark was lost.
/// A token that it knows may never have been: the mark was made, and the transaction was not. So a `true` means "ask the
/// database for what became of it", and never a refusal by itself; a `false` means nothing.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Whether a mark of this name is there.
    async fn seen(&self, name: &str) -> Result<bool, Error>;

    /// Marks it for this long, after the commit that consumed it.
    async fn mark(&self, name: &str, ttl: Duration) -> Result<(), Error>;
}
