//! Owns what a caller gets for a command, and the ticket on which it waits.

use std::sync::Arc;
use std::time::Duration;

use idempotency::Answer;
use tokio::sync::oneshot;

use crate::intake::{Intake, Standing};

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// This arrival was executed.
    Executed(Answer),
    /// An earlier arrival of the same request was; this is its answer.
    Replayed(Answer),
    /// The key belongs to another request.
    KeyReused,
    /// No answer could be made. Nothing is stored under the key: the client sends the same request again.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What it needs of the outside cannot be used now; nothing was applied.
    Unavailable,
    /// The storage kept refusing; nothing was applied.
    Busy,
    /// This command breaks its transaction, alone too; nothing was applied. A bug of ours.
    Broken,
    /// It is not known whether the command was applied. The same key will tell.
    Pending,
    /// The storage failed for good and the engine writes no more; this command was not applied.
    Stopped,
}

/// Why a caller stopped waiting. The command goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// An earlier arrival under the same key is still running.
    InFlight,
    /// The command itself is still running, or its commit is not resolved.
    Pending,
}

/// The right to wait for one command's answer. Dropping it cancels nothing but the waiting.
#[must_use]
pub struct Ticket {
    pub(crate) receiver: oneshot::Receiver<Answered>,
    pub(crate) duplicate: bool,
    pub(crate) intake: Arc<Intake>,
}

impl Ticket {
    /// True if an earlier arrival under the same key was running when this one came.
    pub const fn is_duplicate(&self) -> bool {
        self.duplicate
    }

    /// Waits for the answer, at most so long.
    pub async fn wait(mut self, limit: Duration) -> Result<Answered, Waiting> {
        self.heard(limit).await
    }

    /// The same where somebody else may go on waiting, should this waiting be broken off. An answer is given once.
    pub async fn heard(&mut self, limit: Duration) -> Result<Answered, Waiting> {
        match tokio::time::timeout(limit, &mut self.receiver).await {
            Ok(Ok(answered)) => Ok(answered),
            // The lane is gone without a word: only the key can tell what became of the command.
            Ok(Err(_)) => Ok(Answered::Failed(Failure::Pending)),
            Err(_) if self.duplicate && self.intake.standing() == Standing::Ready => Err(Waiting::InFlight),
            Err(_) => Err(Waiting::Pending),
        }
    }
}
