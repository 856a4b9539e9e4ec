//! Owns bounded concurrency on the client's side: a few lanes, each with its own connections, share a list of work.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::try_join_all;

/// Runs `work` on every item, on so many lanes at once; `lane` makes what a lane keeps. The first error ends all.
pub async fn spread<T, L>(
    items: &[T],
    lanes: usize,
    lane: impl Fn() -> L,
    work: impl AsyncFn(&mut L, usize, &T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let run = || async {
        let mut lane = lane();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return Ok(()) };
            work(&mut lane, index, item).await?;
        }
    };
    try_join_all((0..lanes.min(items.len())).map(|_| run())).await.map(drop)
}
