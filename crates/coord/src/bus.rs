//! Owns a broadcast between the nodes: short messages, and the news that some may have been missed. It does not know what
//! they say.

mod listen;
mod local;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::Error;

pub use self::redis::RedisBus;
pub use local::LocalBus;

/// A message has no more bytes.
pub const MESSAGE_MAX: usize = 1_024;
/// So many wait for a subscriber; one that is slower misses some, and is told.
pub const BACKLOG_MAX: usize = 1_024;
/// No longer than this, and what a busy machine adds, after a message is missed, a gap is told. While nothing can be heard,
/// gaps are told again and again, no further apart than this.
pub const GAP_WITHIN: Duration = Duration::from_secs(2);

/// Tells all nodes, the one that publishes too, what one of them says. Nothing is kept for who does not listen.
///
/// It is for dropping early what would be dropped late. A message may come twice, or not at all. A subscriber is told of
/// what it misses, by [`Heard::Gap`]; but a message that was refused with an error has been told to nobody, and of that no
/// subscriber knows, nor of what one says to a master that the others have left. So what is remembered on the
/// strength of this needs a time of its own after which it is forgotten: that is the bound for whatever goes wrong here.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Says it to all who listen. Over [`MESSAGE_MAX`] it is [`Error::TooLong`]; of any other error nobody knows who heard.
    async fn publish(&self, message: &[u8]) -> Result<(), Error>;

    /// Listens from now on. The first that it hears is a gap.
    fn subscribe(&self) -> Subscription;
}

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What somebody published.
    Message(Bytes),
    /// Messages may have been missed: it begins, the connection broke, or the subscriber was too slow. Whatever is
    /// remembered because nothing was said against it is to be forgotten.
    Gap,
}

/// One who listens.
#[derive(Debug)]
pub struct Subscription {
    heard: Receiver<Heard>,
    has_begun: bool,
}

impl Subscription {
    /// For implementors of a bus of their own: from a channel that they send to.
    pub const fn new(heard: Receiver<Heard>) -> Self {
        Self { heard, has_begun: false }
    }

    /// What comes next; `None` when the bus is no more, and nothing will come. Dropped while it waits, it loses nothing.
    pub async fn next(&mut self) -> Option<Heard> {
        if !self.has_begun {
            self.has_begun = true;
            return Some(Heard::Gap);
        }
        match self.heard.recv().await {
            Ok(heard) => Some(heard),
            Err(RecvError::Lagged(_)) => Some(Heard::Gap),
            Err(RecvError::Closed) => None,
        }
    }
}

fn check(message: &[u8]) -> Result<(), Error> {
    if message.len() > MESSAGE_MAX {
        return Err(Error::TooLong { what: "a message to all nodes", most: MESSAGE_MAX });
    }
    Ok(())
}
