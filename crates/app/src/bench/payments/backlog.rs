//! Owns what is left to be done at a provider that was away: how fast it is done once the provider is back.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::till::{LANES, Till};
use crate::client::clock::now;
use crate::payments;

const MESSAGES: &str = "mideng_relay_messages_total";
const LOOK_EACH: Duration = Duration::from_millis(20);
/// Nothing of what is measured takes as long.
const DONE_WITHIN: Duration = Duration::from_mins(10);

/// All payments are begun while the provider is away. Counted is from the first twentieth that is done to the last: what is
/// before it is the breaker, which looks now and then whether somebody is there.
pub(super) async fn drained(till: &Till, messages: usize) -> anyhow::Result<Value> {
    let orders = till.orders("relay", messages).await?;
    till.provider.leave().await;
    till.begin(&orders).await?;
    let before = till.counter(MESSAGES).await?;
    till.provider.come_back().await?;
    let all = messages as u64;
    let back = now();
    let first = reached(till, before + all / 20).await?;
    let last = reached(till, before + all - all / 20).await?;
    let seconds = (last - first).as_secs_f64();
    let began_after = (first - back).as_secs_f64();
    Ok(json!({"messages": all - 2 * (all / 20), "seconds": seconds, "began_after_s": began_after}))
}

/// Payments are begun at a pace, also while the provider is away and when it is back, until nothing is left over.
pub(super) async fn outage(till: &Till, rate: u32, seconds: u32) -> anyhow::Result<Value> {
    let away = Duration::from_secs(u64::from(seconds));
    let orders = till.orders("outage", usize::try_from(rate * seconds)? * 2).await?;
    let (begun, is_over) = (Cell::new(0_u64), Cell::new(false));
    let before = till.counter(MESSAGES).await?;
    till.provider.leave().await;
    let gone = now();
    let arrive = async {
        let next = Cell::new(0_usize);
        let lane = || async {
            let mut caller = till.caller();
            while let Some(order) = orders.get(next.get()).filter(|_| !is_over.get()) {
                let due = gone + Duration::from_secs(1) / rate * u32::try_from(next.replace(next.get() + 1))?;
                tokio::time::sleep_until(due).await;
                caller.ask(&payments::begin(order, &format!("pay-{order}"))).await?;
                begun.set(begun.get() + 1);
            }
            anyhow::Ok(())
        };
        try_join_all((0..LANES).map(|_| lane())).await.map(drop)
    };
    let drain = async {
        tokio::time::sleep_until(gone + away).await;
        till.provider.come_back().await?;
        let (back, waiting) = (now(), begun.get());
        // As the wheel turns, some tenths of a second of arrivals are always under way.
        while done(till, before).await? + u64::from(rate) / 4 < begun.get() {
            anyhow::ensure!(back.elapsed() < DONE_WITHIN, "the backlog is not gone within {DONE_WITHIN:?}");
            tokio::time::sleep(LOOK_EACH).await;
        }
        is_over.set(true);
        let (seconds, sent) = (back.elapsed().as_secs_f64(), done(till, before).await?);
        anyhow::Ok(json!({
            "arrivals_per_second": rate, "backlog": waiting, "messages": sent, "seconds": seconds,
        }))
    };
    let (arrived, drained) = tokio::join!(arrive, drain);
    arrived?;
    drained
}

/// How many were done since.
async fn done(till: &Till, before: u64) -> anyhow::Result<u64> {
    Ok(till.counter(MESSAGES).await?.saturating_sub(before))
}

/// Waits until so many are done; gives when.
async fn reached(till: &Till, count: u64) -> anyhow::Result<Instant> {
    let deadline = now() + DONE_WITHIN;
    while till.counter(MESSAGES).await? < count {
        anyhow::ensure!(now() < deadline, "the outbox is not emptied within {DONE_WITHIN:?}");
        tokio::time::sleep(LOOK_EACH).await;
    }
    Ok(now())
}
