//! Owns which lanes this node may empty: taken, held on to in time, and known to be lost.

use store::Lease;
use tokio::time::Instant;

use crate::Relay;

/// The lanes of this node.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    held: Vec<Lease>,
    /// When they are to be held on to.
    renew_at: Option<Instant>,
    /// From then on they may be somebody else's.
    lost_at: Option<Instant>,
}

impl Lanes {
    /// Holds on to the lanes where it is time, and takes those that are free. Without an answer from the database they are
    /// ours until the lease is over, and not a moment longer.
    pub(crate) async fn keep(&mut self, relay: &Relay) -> &[Lease] {
        let now = Instant::now();
        if self.renew_at.is_none_or(|at| at <= now) {
            let lease = relay.options.lease;
            let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
            match relay.store.lanes_take(&relay.options.owner, lease_ms).await {
                Ok(held) => {
                    if held.len() != self.held.len() {
                        tracing::info!(lanes = held.len(), "lanes of the outbox are emptied here");
                    }
                    self.held = held;
                    self.renew_at = Some(now + lease / 3);
                    // Counted from before the question.
                    self.lost_at = Some(now + lease);
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox's lanes could not be held on to; tried again");
                    self.renew_at = Some(now + relay.options.poll);
                }
            }
        }
        if self.lost_at.is_none_or(|at| at <= Instant::now()) {
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
