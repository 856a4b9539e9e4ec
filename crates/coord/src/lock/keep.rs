//! Owns the life of a lease behind its guard: renewal, the moment when it is lost, and the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot::{self, Receiver};
use tokio::time::{Instant, sleep_until};

use super::Holder;
use super::guard::Standing;
use super::lease::{LeaseTable, believed};
use crate::Error;

/// The part of a lease after which it is renewed, and the part after which a renewal that failed is tried again.
const RENEW_AT: u32 = 3;
const AGAIN_AFTER: u32 = 10;

/// What is kept.
pub(super) struct Kept<T> {
    pub(super) table: Arc<T>,
    pub(super) name: Box<str>,
    pub(super) holder: Holder,
    pub(super) lease: Duration,
    /// When the lease began, if it is to be renewed.
    pub(super) renew: Option<Instant>,
}

/// What the guard says at its end: where the answer goes, or nothing when it was dropped.
type Ended = Receiver<oneshot::Sender<Result<bool, Error>>>;

enum Event {
    Ended(Option<oneshot::Sender<Result<bool, Error>>>),
    RanOut,
    Due,
    Renewed(Instant, Result<bool, Error>),
}

/// Runs until the guard ends.
pub(super) async fn keep<T: LeaseTable>(kept: Kept<T>, standing: Arc<Standing>, mut ended: Ended) {
    let teller = if let Some(teller) = held(&kept, &standing, &mut ended).await {
        teller
    } else {
        standing.lost.cancel();
        ended.await.ok()
    };
    // Also one that was lost: an answer that came late may have left it with us.
    let was_lost = standing.lost.is_cancelled();
    let given_back = kept.table.give_back(&kept.name, &kept.holder).await;
    if let Some(teller) = teller {
        let _told = teller.send(if was_lost { Ok(false) } else { given_back });
    } else if let Err(error) = given_back {
        tracing::debug!(lock = %kept.name, %error, "a lock was not given back, and runs out");
    }
}

/// Holds on to the lease. `None` when it is lost; else what the guard said at its end.
async fn held<T: LeaseTable>(
    kept: &Kept<T>,
    standing: &Standing,
    ended: &mut Ended,
) -> Option<Option<oneshot::Sender<Result<bool, Error>>>> {
    let mut due = kept.renew.map(|began_at| began_at + kept.lease / RENEW_AT);
    loop {
        let mut event = next(standing, ended, due).await;
        if let Event::Due = event {
            event = renew(kept, standing, ended).await;
        }
        match event {
            Event::Ended(teller) => return Some(teller),
            Event::RanOut | Event::Renewed(_, Ok(false)) => return None,
            Event::Renewed(asked_at, Ok(true)) => {
                standing.renewed(asked_at + believed(kept.lease));
                due = Some(asked_at + kept.lease / RENEW_AT);
            }
            Event::Renewed(_, Err(error)) => {
                tracing::debug!(lock = %kept.name, %error, "a lock was not renewed, and is tried again");
                due = Some(Instant::now() + kept.lease / AGAIN_AFTER);
            }
            Event::Due => {}
        }
    }
}

async fn next(standing: &Standing, ended: &mut Ended, due: Option<Instant>) -> Event {
    let until = standing.until();
    tokio::select! {
        biased;
        teller = ended => Event::Ended(teller.ok()),
        () = at(until) => Event::RanOut,
        () = at(due) => Event::Due,
    }
}

/// The lease ends when it ends, whether the answer is on its way or not.
async fn renew<T: LeaseTable>(kept: &Kept<T>, standing: &Standing, ended: &mut Ended) -> Event {
    let until = standing.until();
    let asked_at = Instant::now();
    tokio::select! {
        biased;
        teller = ended => Event::Ended(teller.ok()),
        answer = kept.table.extend(&kept.name, &kept.holder, kept.lease) => Event::Renewed(asked_at, answer),
        () = at(until) => Event::RanOut,
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
