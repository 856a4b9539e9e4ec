//! Owns sending requests that were made before: at a pace, or all at once.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;

use super::super::pace::Pace;
use super::till::LANES;
use crate::client::clock::{latencies, micros, now};
use crate::client::{Connection, Request, Target};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Not counted.
pub(super) const WARM_UP: u32 = 1;

/// Sends so many a second; gives how long each waited from when it was due.
pub(super) async fn paced(target: &Arc<Target>, requests: &[Request], rate: u32) -> anyhow::Result<Histogram<u64>> {
    let seconds = u64::try_from(requests.len())? / u64::from(rate);
    let pace = Pace::start(rate, Duration::from_secs(seconds), LANES);
    let (taken, seen) = (Cell::new(0_usize), RefCell::new(latencies()));
    let begin = now();
    let worker = || async {
        let mut connection = Connection::new(target.clone());
        while let Some(due) = pace.take().await {
            let request = &requests[taken.replace(taken.get() + 1)];
            let answer = connection.send(request, TIMEOUT).await?;
            ensure!(answer.status.is_success(), "{answer}");
            if due - begin >= Duration::from_secs(u64::from(WARM_UP)) {
                seen.borrow_mut().saturating_record(micros(now() - due));
            }
        }
        anyhow::Ok(())
    };
    try_join_all((0..LANES).map(|_| worker())).await?;
    Ok(seen.into_inner())
}

/// Sends one request so many times at once; gives how long all of them took.
pub(super) async fn at_once(lanes: &mut [Connection], request: &Request, count: usize) -> anyhow::Result<Duration> {
    let left = Cell::new(count);
    let left = &left;
    let begin = now();
    let workers = lanes.iter_mut().map(|connection| async move {
        while left.get() > 0 {
            left.set(left.get() - 1);
            let answer = connection.send(request, TIMEOUT).await?;
            ensure!(answer.status.is_success(), "{answer}");
        }
        anyhow::Ok(())
    });
    try_join_all(workers).await?;
    Ok(begin.elapsed())
}
