//! Owns breaking off: a request whose client goes away at a chosen point, as a phone in a lift does.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::io::AsyncWriteExt as _;

use super::connection::connect;
use super::{NoAnswer, Request, Target};

/// Where the client goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// In the middle of the request's head: nothing can have been applied.
    InHead,
    /// In the middle of the request's body: nothing can have been applied.
    InBody,
    /// At once when everything is sent: the server sees the end of the connection while it works.
    AfterSending,
    /// When the answer has begun to arrive, which is not read: the request was applied, and the client cannot know.
    BeforeReading,
}

impl Cut {
    /// One of the points, most often one at which the server may have applied the request.
    pub fn draw(random: &mut StdRng) -> Self {
        match random.random_range(0..8) {
            0 => Self::InHead,
            1 => Self::InBody,
            2..5 => Self::AfterSending,
            _ => Self::BeforeReading,
        }
    }

    /// Sends so much of the request over a connection of its own, and breaks off.
    pub async fn send(self, target: &Target, request: &Request, timeout: Duration) -> Result<(), NoAnswer> {
        let (bytes, head) = request.to_bytes(target);
        let until = match self {
            Self::InHead => head / 2,
            Self::InBody => usize::midpoint(head, bytes.len()),
            Self::AfterSending | Self::BeforeReading => bytes.len(),
        };
        let mut stream = connect(target, timeout).await?;
        stream.write_all(&bytes[..until]).await.map_err(|error| NoAnswer::Lost(error.to_string()))?;
        if self == Self::BeforeReading {
            tokio::time::timeout(timeout, stream.readable())
                .await
                .map_err(|_| NoAnswer::TimedOut(timeout))?
                .map_err(|error| NoAnswer::Lost(error.to_string()))?;
        }
        Ok(())
    }
}
