//! Owns a member's turn: where a shop wants it, one order request of a member keeps the others out for a moment. It is a
//! hint in front of the database: whatever the lock does, no order is placed twice because of it.

use std::time::Duration;

use coord::lock::{Guard, Keep, NotAcquired, Terms};
use domain::text::CustomerId;
use domain::{CheckoutPolicy, PrincipalId};
use engine::Scope;
use tokio::time::{sleep, timeout};

use super::Mutation;
use crate::problem::Problem;

/// How long an order waits for an answer about a lock.
const LOCK_WAIT: Duration = Duration::from_millis(500);
/// How often a lock that somebody holds is asked for again, and after what pause.
const TRIES_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_millis(10);

impl Mutation {
    /// The member's turn, to be kept until the answer is there. A request that is a repetition needs none: who asks again
    /// for what is done, or is being done by this node, gets that answer. What another node is doing is not known here: then
    /// the repetition is told to come again, with the same key.
    pub(crate) async fn turn(&self, policy: &CheckoutPolicy, customer: &CustomerId) -> Result<Option<Guard>, Problem> {
        let lease = Duration::from_millis(policy.order_lock_ms.unsigned_abs());
        if lease.is_zero() {
            return Ok(None);
        }
        let terms = Terms { lease, wait: Duration::ZERO, keep: Keep::OneLease, ..Terms::default() };
        let name = format!("order:{}:{customer}", self.caller.tenant.0);
        let mut tries = 0;
        loop {
            // A lock that is slow is no help: the order does not wait for it.
            let asked = timeout(LOCK_WAIT, self.api.locks().try_acquire(&name, terms)).await;
            let refused = match asked {
                Ok(Ok(guard)) => return Ok(Some(guard)),
                Ok(Err(refused)) => refused,
                Err(_) => NotAcquired::Away(coord::Error::away("the lock", "no answer in time")),
            };
            match refused {
                NotAcquired::Held if self.is_repetition().await? => return Ok(None),
                // Who holds it may be a repetition of this that is not submitted yet.
                NotAcquired::Held if tries < TRIES_MAX => {
                    tries += 1;
                    sleep(PAUSE).await;
                }
                NotAcquired::Held => {
                    metrics::counter!("mideng_order_lock_held_total").increment(1);
                    let detail = "another order request of this customer is being worked on";
                    return Err(Problem::new("operation_too_frequent", detail));
                }
                // Without a lock the database still keeps two orders apart; the shop only loses its pause between them.
                NotAcquired::Away(error) => {
                    metrics::counter!("mideng_order_lock_away_total").increment(1);
                    tracing::debug!(%error, "the lock is away");
                    return Ok(None);
                }
            }
        }
    }

    /// Whether a name of the request is known: it is being worked on here, or has its answer.
    pub(crate) async fn is_repetition(&self) -> Result<bool, Problem> {
        Ok(self.known_among(&[self.caller.principal]).await?.is_some())
    }

    /// The place of the first of these principals of whom a name of the request is known, as if it were theirs.
    pub(super) async fn known_among(&self, principals: &[PrincipalId]) -> Result<Option<usize>, Problem> {
        let tenant = self.caller.tenant;
        let aliases = self.aliases.iter().map(|alias| (&alias.key, alias.since));
        for (key, since) in self.key.iter().map(|key| (key, None)).chain(aliases) {
            let scope = |principal: &PrincipalId| Scope { tenant, principal: *principal, key: key.clone() };
            let scopes: Vec<_> = principals.iter().map(scope).collect();
            if let Some(place) = scopes.iter().position(|scope| self.api.is_in_flight(scope)) {
                return Ok(Some(place));
            }
            let known = self.api.ask(|store| async move { store.key_first_known(&scopes, since).await }).await?;
            if known.is_some() {
                return Ok(known);
            }
        }
        Ok(None)
    }
}
