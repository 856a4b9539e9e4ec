//! Owns the broadcast within this process.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::broadcast::Sender;

use super::{BACKLOG_MAX, Bus, Heard, Subscription, check};
use crate::Error;

/// Messages among the tasks of this process: all that a server needs which is alone.
#[derive(Debug)]
pub struct LocalBus(Sender<Heard>);

impl LocalBus {
    /// A bus of its own.
    pub fn new() -> Self {
        Self(Sender::new(BACKLOG_MAX))
    }
}

impl Default for LocalBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, message: &[u8]) -> Result<(), Error> {
        check(message)?;
        // It fails where nobody listens, which is no failure.
        let _listeners = self.0.send(Heard::Message(Bytes::copy_from_slice(message)));
        Ok(())
    }

    fn subscribe(&self) -> Subscription {
        Subscription::new(self.0.subscribe())
    }
}
