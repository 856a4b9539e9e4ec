//! Owns the run of a handler under a lease: its task, its heartbeat, its time, its panics.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use tokio::time::{Instant, sleep, sleep_until};

use super::answer::{self, Captured};
use super::attempt::{Said, Teller, Work, outcome_pending};
use super::claim::{Claim, Mark};
use super::hub::Running;
use super::service::Handler;
use super::{Fate, Site};
use crate::Answer;
use crate::protocol::{Guarantee, Lease, Written};

/// A handler that runs, and ends.
pub(super) struct Execution<S: Handler> {
    pub(super) site: Arc<Site>,
    pub(super) lease: Lease,
    pub(super) teller: Teller<S>,
    /// While this lives, duplicates of this process wait to be woken.
    _running: Running,
}

/// How a handler ended.
pub(super) enum Ran<E> {
    Answered {
        response: Response,
        /// What is kept, where the layer keeps it.
        end: End,
    },
    Failed(E),
    Panicked,
}

/// What an answer says about its effect.
pub(super) enum End {
    /// To be kept, on an at-most-once route.
    Keep(Answer),
    Release,
    Doubt,
    /// The handler says that its transaction has the answer; this is what it returned, as it would be kept.
    Completed(Answer),
}

impl<S: Handler> Execution<S> {
    pub(super) fn new(site: Arc<Site>, (lease, running): (Lease, Running), teller: Teller<S>) -> Self {
        Self { site, lease, teller, _running: running }
    }

    pub(super) async fn run(mut self, mut work: Work<S>) {
        let claim = Claim::new(&self.site, &self.lease);
        work.request.extensions_mut().insert(claim.clone());
        let ran = self.handle(work, &claim).await;
        match self.lease.guarantee {
            Guarantee::Transactional => self.end_transactional(ran).await,
            Guarantee::AtMostOnce => self.end_at_most_once(ran).await,
        }
    }

    /// Runs the handler to its end. It is told to stop when its lease is lost or its time is over, and never cut off: what it
    /// holds open may not bear that.
    async fn handle(&mut self, mut work: Work<S>, claim: &Claim) -> Ran<S::Error> {
        let Self { site, lease, teller, .. } = self;
        let mut handler = caught(async {
            let response = work.inner.call(work.request).await?.into_response();
            Ok(ended(site, claim, response).await)
        });
        // Who waits for nothing needs no clocks.
        if let Some(ran) = at_once(&mut handler).await {
            return Ran::of(ran);
        }
        let mut heart = pin!(heartbeat(site, lease, claim));
        let mut limit = pin!(sleep(site.route.policy.handler_timeout));
        let (mut beats, mut in_time) = (true, true);
        loop {
            tokio::select! {
                biased;
                ran = &mut handler => return Ran::of(ran),
                () = &mut heart, if beats => beats = false,
                () = &mut limit, if in_time => {
                    (beats, in_time) = (false, false);
                    tracing::warn!(route = %site.route, name = ?lease.name, "a handler is over its time");
                    claim.stop();
                    teller.say(Said::Refused(outcome_pending()));
                }
            }
        }
    }
}

impl<E> Ran<E> {
    /// Nothing where it panicked.
    fn of(ran: Option<Result<(Response, End), E>>) -> Self {
        match ran {
            Some(Ok((response, end))) => Self::Answered { response, end },
            Some(Err(error)) => Self::Failed(error),
            None => Self::Panicked,
        }
    }
}

/// Reads the handler's answer as far as it is kept. It belongs to the handler's time.
async fn ended(site: &Site, claim: &Claim, mut response: Response) -> (Response, End) {
    match response.extensions_mut().remove::<Mark>() {
        Some(Mark::Completed) => {
            let Captured { response, answer } = answer::capture(response, site.route.answer_bytes_max).await;
            return (response, End::Completed(answer));
        }
        Some(Mark::NotStarted) => return (response, End::Release),
        None if claim.is_released() => return (response, End::Release),
        None => {}
    }
    match (claim.guarantee(), site.route.policy.fate_of(response.status())) {
        // Whether something is kept was decided in the handler's transaction.
        (Guarantee::Transactional, _) | (_, Fate::Release) => (response, End::Release),
        (_, Fate::Doubt) => (response, End::Doubt),
        (_, Fate::Keep) => {
            let Captured { response, answer } = answer::capture(response, site.route.answer_bytes_max).await;
            (response, End::Keep(answer))
        }
    }
}

/// Renews the lease while the handler runs. Ends when it is lost, or so long after the last renewal that it may be.
async fn heartbeat(site: &Site, lease: &Lease, claim: &Claim) {
    let interval = lease.length / 3;
    let mut renewed = Instant::now();
    let mut next = renewed + interval;
    loop {
        sleep_until(next).await;
        let asked = Instant::now();
        let end = renewed + lease.length;
        match tokio::time::timeout_at(end, site.house.store.renew(lease)).await {
            Ok(Ok(Written::Done)) => {
                renewed = asked;
                next = asked + interval;
            }
            Ok(Ok(Written::Lost)) => {
                tracing::warn!(name = ?lease.name, "the lease of a running handler was lost");
                return claim.stop();
            }
            Ok(Err(error)) => {
                tracing::warn!(name = ?lease.name, %error, "a lease could not be renewed");
                next = Instant::now() + (interval / 4).max(Duration::from_millis(10));
            }
            Err(_) => {}
        }
        if Instant::now() >= renewed + lease.length {
            tracing::warn!(name = ?lease.name, "the lease of a running handler is over");
            return claim.stop();
        }
        next = next.min(renewed + lease.length);
    }
}

/// The output of a future that waits for nothing, or no more than it has waited for.
pub(super) async fn at_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    poll_fn(|context| match Pin::new(&mut *future).poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// A future's output, or `None` where it panicked. It is on the heap: one that holds a handler is some kilobytes long,
/// and would be moved from one future into the next.
pub(super) struct Caught<F>(Pin<Box<F>>);

pub(super) fn caught<F: Future>(future: F) -> Caught<F> {
    Caught(Box::pin(future))
}

impl<F: Future> Future for Caught<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // What panicked is not polled again, so nobody sees what it left half-done.
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    }
}
