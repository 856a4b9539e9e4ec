//! Owns the guard: what its holder sees of a lock, and how it ends.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::striped::Place;
use crate::Error;

/// A lock that is held, until the last handle of it is dropped or released.
///
/// Dropping gives the lock back in the background, best effort; [`Guard::release`] waits and tells.
#[must_use = "the lock is given back when this is dropped"]
pub struct Guard {
    hold: Arc<Hold>,
}

/// How a release ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It was still ours, and is free now.
    Freed,
    /// Another handle of the same hold lives, and keeps it.
    Entered,
    /// It was not ours any more.
    Lost,
}

struct Hold {
    name: Box<str>,
    fence: Option<i64>,
    standing: Arc<Standing>,
    end: Option<End>,
}

/// What is known of a hold: by its guard, and by who keeps it.
pub(super) struct Standing {
    pub(super) lost: CancellationToken,
    /// Until when the lock is ours for sure; `None` where it has no end.
    until: Mutex<Option<Instant>>,
}

/// How a hold is given back.
pub(super) enum End {
    /// By the task that renews it; it takes the end of the channel for the same.
    Task(oneshot::Sender<oneshot::Sender<Result<bool, Error>>>),
    /// By dropping the place.
    Place(Place),
}

impl Guard {
    pub(super) fn new(name: &str, fence: Option<i64>, standing: Arc<Standing>, end: End) -> Self {
        Self { hold: Arc::new(Hold { name: name.into(), fence, standing, end: Some(end) }) }
    }

    /// Another handle of the same hold, for a part of the work that wants the lock again: the lock is given back with the
    /// last of them.
    pub fn enter(&self) -> Self {
        Self { hold: Arc::clone(&self.hold) }
    }

    /// The lock's name.
    pub fn name(&self) -> &str {
        &self.hold.name
    }

    /// A number greater than that of all who held this name before, to be compared where the work is written.
    ///
    /// A lock that is on Redis alone has none: a counter there is reset by a flush, by a server that comes back empty, and
    /// by a fail-over to a replica that had not heard of the last number; a number that can be given twice fences nothing.
    /// [`super::LeaseLock::fenced`] takes the numbers from where they are safe.
    pub fn fence(&self) -> Option<i64> {
        self.hold.fence
    }

    /// Cancelled as soon as it is known that the lock is not ours any more. It is known late: at the next renewal, or when
    /// the lease has run out without one.
    pub fn lost(&self) -> &CancellationToken {
        &self.hold.standing.lost
    }

    /// Whether the lock is ours, as far as this process can know without asking. It looks at the clock as well: a process
    /// that was stopped for a while finds false here before any token is cancelled.
    pub fn is_held(&self) -> bool {
        !self.lost().is_cancelled() && self.left() != Some(Duration::ZERO)
    }

    /// How long the lock is ours for sure if no renewal succeeds; `None` for one that has no end. The clock is the
    /// process's own, and stands still while the machine sleeps.
    pub fn left(&self) -> Option<Duration> {
        let until = self.hold.standing.until();
        until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Gives the lock back, and tells whether it was still ours. An error means that nobody knows; it runs out then.
    pub async fn release(self) -> Result<Released, Error> {
        let Some(mut hold) = Arc::into_inner(self.hold) else { return Ok(Released::Entered) };
        match hold.end.take() {
            Some(End::Task(task)) => {
                let (told, answer) = oneshot::channel();
                // A task that is gone went with the runtime, and the answer says so.
                let _asked = task.send(told);
                match answer.await {
                    Ok(Ok(true)) => Ok(Released::Freed),
                    Ok(Ok(false)) => Ok(Released::Lost),
                    Ok(Err(error)) => Err(error),
                    Err(_) => Err(Error::away("this process", "it is ending")),
                }
            }
            Some(End::Place(place)) => Ok(if place.give_back() { Released::Freed } else { Released::Lost }),
            None => Ok(Released::Lost),
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Guard").field("name", &self.name()).field("fence", &self.fence()).finish_non_exhaustive()
    }
}

impl Standing {
    pub(super) fn new(until: Option<Instant>) -> Arc<Self> {
        Arc::new(Self { lost: CancellationToken::new(), until: Mutex::new(until) })
    }

    pub(super) fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn renewed(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}
