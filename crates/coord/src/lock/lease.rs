//! Owns a lock over a table of leases: attempts, their pauses and deadline, the number of the holder. It does not know where
//! the table is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::guard::{End, Standing};
use super::keep::{self, Kept};
use super::{Fence, Guard, Holder, Keep, Lock, NotAcquired, Terms, WAIT_MAX};
use crate::Error;

/// Where leases are kept: Redis, or rows in a database. The table's own clock says when one has run out, never the
/// caller's.
///
/// The future of a call may be dropped at any point. Where that is not safe — a transaction in the middle — the
/// implementation runs its work in a task of its own.
#[async_trait]
pub trait LeaseTable: Send + Sync + 'static {
    /// Writes the holder down if nobody's lease runs. The same holder asks again when it did not hear the answer, and must
    /// be told that it is the holder.
    async fn take(&self, name: &str, holder: &Holder, lease: Duration) -> Result<Taken, Error>;

    /// The lease begins anew, if it is this holder's and has not run out; false otherwise.
    async fn extend(&self, name: &str, holder: &Holder, lease: Duration) -> Result<bool, Error>;

    /// Ends the lease, if it is this holder's; false otherwise, and nothing is changed.
    async fn give_back(&self, name: &str, holder: &Holder) -> Result<bool, Error>;
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The lease is the holder's.
    Ours {
        /// A number greater than that of all holders before, where the table never forgets it: see [`Guard::fence`].
        fence: Option<i64>,
    },
    /// Somebody else's lease runs.
    Held,
}

/// A lock over a table of leases. Waiting is asking again: who comes first is not served first.
pub struct LeaseLock<T> {
    table: Arc<T>,
    fence: Option<Arc<dyn Fence>>,
}

impl<T: LeaseTable> LeaseLock<T> {
    /// Over this table.
    pub fn new(table: T) -> Self {
        Self { table: Arc::new(table), fence: None }
    }

    /// With numbers from elsewhere, one more question for each lock that is taken.
    #[must_use]
    pub fn fenced(self, fence: Arc<dyn Fence>) -> Self {
        Self { fence: Some(fence), ..self }
    }

    async fn attempt(&self, name: &str, terms: Terms) -> Result<Guard, NotAcquired> {
        let lease = terms.lease();
        let mut attempt = Attempt::new(&self.table, name).map_err(NotAcquired::Away)?;
        // Before the question leaves: the table counts from later, so its lease ends later than what is believed here.
        let began_at = Instant::now();
        let taken = self.table.take(name, &attempt.holder, lease).await.map_err(NotAcquired::Away)?;
        let Taken::Ours { fence } = taken else {
            attempt.is_open = false;
            return Err(NotAcquired::Held);
        };
        let fence = match &self.fence {
            Some(numbers) => Some(numbers.next(name).await.map_err(NotAcquired::Away)?),
            None => fence,
        };
        let until = began_at + believed(lease);
        // A number that was given after the lease may be greater than that of the next holder.
        if Instant::now() >= until {
            return Err(NotAcquired::Away(Error::Late { lease }));
        }
        let standing = Standing::new(Some(until));
        let (end, ended) = oneshot::channel();
        let kept = Kept {
            table: Arc::clone(&self.table),
            name: name.into(),
            holder: attempt.holder.clone(),
            lease,
            renew: (terms.keep == Keep::Renewed).then_some(began_at),
        };
        attempt.is_open = false;
        tokio::spawn(keep::keep(kept, Arc::clone(&standing), ended));
        Ok(Guard::new(name, fence, standing, End::Task(end)))
    }
}

#[async_trait]
impl<T: LeaseTable> Lock for LeaseLock<T> {
    async fn acquire(&self, name: &str, terms: Terms) -> Result<Guard, NotAcquired> {
        let deadline = terms.deadline();
        loop {
            let refused = match self.attempt(name, terms).await {
                Ok(guard) => return Ok(guard),
                Err(refused) => refused,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || matches!(refused, NotAcquired::Away(Error::Denied { .. } | Error::Address(_))) {
                return Err(refused);
            }
            sleep(spread(terms.retry.min(WAIT_MAX)).min(left)).await;
        }
    }
}

/// How much of a lease its holder may believe in: two clocks do not run alike. The allowance is that of
/// <https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/>.
pub(super) fn believed(lease: Duration) -> Duration {
    lease.saturating_sub(lease / 100 + Duration::from_millis(2))
}

/// Between half and one and a half of the pause, so that those who wait do not all come at once.
fn spread(pause: Duration) -> Duration {
    // Without randomness they come at once, and still in turn.
    let part = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + f64::from(part) / f64::from(u32::MAX))
}

/// A name that may have been written down. Where it ends without a guard — an error, or a caller that is gone — it is
/// given back in the background.
struct Attempt<T: LeaseTable> {
    table: Arc<T>,
    name: Box<str>,
    holder: Holder,
    is_open: bool,
}

impl<T: LeaseTable> Attempt<T> {
    fn new(table: &Arc<T>, name: &str) -> Result<Self, Error> {
        Ok(Self { table: Arc::clone(table), name: name.into(), holder: Holder::new()?, is_open: true })
    }
}

impl<T: LeaseTable> Drop for Attempt<T> {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let (table, name, holder) = (Arc::clone(&self.table), std::mem::take(&mut self.name), self.holder.clone());
        // A runtime that is gone has nobody left who waits; the lease runs out.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { table.give_back(&name, &holder).await });
        }
    }
}
