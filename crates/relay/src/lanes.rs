//! Owns which lanes this node may empty: taken, held on to in time, and known to be lost.

use std::time::Duration;

use store::Lease;

use crate::Relay;
use crate::clock::Moment;

/// For so long behind the last word of the database a call is begun under a lease without asking again.
pub(crate) const SURE_FOR: Duration = Duration::from_secs(1);

/// The lanes of this node.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    held: Vec<Lease>,
    /// When the database last said that they are ours; from before the question.
    confirmed: Option<Moment>,
    /// When it last did not answer.
    unanswered: Option<Moment>,
}

impl Lanes {
    /// Holds on to the lanes where it is time, and takes those that are free. Without an answer from the database they are
    /// ours until the lease is over, and not a moment longer.
    pub(crate) async fn keep(&mut self, relay: &Relay) -> &[Lease] {
        let lease = relay.options.lease;
        let is_over = |since: Option<Moment>, time: Duration| since.is_none_or(|at| at.elapsed(relay) >= time);
        if is_over(self.confirmed, lease / 3) && is_over(self.unanswered, relay.options.poll) {
            let asked = Moment::now(relay);
            let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
            match relay.store.lanes_take(&relay.options.owner, lease_ms).await {
                Ok(held) => {
                    if held.len() != self.held.len() {
                        tracing::info!(lanes = held.len(), "lanes of the outbox are emptied here");
                    }
                    *self = Self { held, confirmed: Some(asked), unanswered: None };
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox's lanes could not be held on to; tried again");
                    self.unanswered = Some(asked);
                }
            }
        }
        // What is fetched now may be begun a little later.
        if is_over(self.confirmed, lease.saturating_sub(SURE_FOR)) {
            self.held.clear();
        }
        &self.held
    }

    pub(crate) fn held(&self) -> &[Lease] {
        &self.held
    }

    /// Somebody took one over: all are asked for anew.
    pub(crate) fn lost(&mut self) {
        tracing::warn!("a lane of the outbox was taken over by another node; nothing was written under the old lease");
        *self = Self::default();
    }
}
