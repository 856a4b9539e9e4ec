//! Owns a member's turn: where a shop wants it, one order request of a member keeps the others out for a moment. It is a
//! hint in front of the database: whatever the lock does, no order is placed twice because of it.

use std::time::Duration;

use coord::lock::{Guard, Keep, NotAcquired, Terms};
use domain::text::CustomerId;
use engine::Scope;
use store::Policy;

use super::Mutation;
use crate::problem::Problem;

impl Mutation {
    /// The member's turn, to be kept until the answer is there. A request that is a repetition needs none: who asks again
    /// for what is done, or being done, gets that answer.
    pub(crate) async fn turn(&self, policy: &Policy, customer: &CustomerId) -> Result<Option<Guard>, Problem> {
        let lease = Duration::from_millis(policy.order_lock_ms.unsigned_abs());
        if lease.is_zero() {
            return Ok(None);
        }
        let terms = Terms { lease, wait: Duration::ZERO, keep: Keep::OneLease, ..Terms::default() };
        let name = format!("order:{}:{customer}", self.caller.0.tenant.0);
        match self.api.locks().try_acquire(&name, terms).await {
            Ok(guard) => Ok(Some(guard)),
            Err(NotAcquired::Held) if self.is_repetition().await? => Ok(None),
            Err(NotAcquired::Held) => {
                metrics::counter!("mideng_order_lock_held_total").increment(1);
                Err(Problem::new("operation_too_frequent", "another order request of this customer is being worked on"))
            }
            // Without a lock the database still keeps two orders apart; the shop only loses its pause between them.
            Err(NotAcquired::Away(error)) => {
                metrics::counter!("mideng_order_lock_away_total").increment(1);
                tracing::debug!(%error, "the lock is away");
                Ok(None)
            }
        }
    }

    /// Whether a name of the request is known: it is being worked on here, or has its answer.
    async fn is_repetition(&self) -> Result<bool, Problem> {
        let (tenant, principal) = (self.caller.0.tenant, self.caller.0.principal);
        let names = self.key.iter().chain(self.aliases.iter().map(|alias| &alias.key));
        for key in names {
            let scope = Scope { tenant, principal, key: key.clone() };
            if self.api.is_in_flight(&scope)
                || self.api.ask(|store| async move { store.key_is_known(&scope).await }).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
