//! Owns how long orders wait while many log in at once.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::super::load::Load;
use super::super::order::{Buyer, Sender};
use super::super::stock;
use super::crowd::{add, log_in, logins};
use super::{SKUS, equal, load};
use crate::client::clock::now;
use crate::client::{Connection, Policy, Target};

const CONNECTIONS: usize = 64;
/// Seconds at full speed, where no rate is given, and at the rate before the first turn.
const RUN_IN_SECONDS: u64 = 10;

/// Orders at a rate, with and without so many log-ins from the first measured moment on; which of both goes first changes.
pub(super) async fn measure(
    target: &Arc<Target>,
    people: usize,
    (rate, seconds, turns): (Option<u32>, u64, usize),
) -> anyhow::Result<Value> {
    let senders = || vec![Sender { target: target.clone(), buyer: Buyer::Many }];
    // Each logs in in one turn: tries are counted by account.
    let logins = logins("guest", people * turns);
    add(target, &logins).await?;
    let before = stock::reserved(target, SKUS).await?;
    let (mut placed, mut figures) = (0, Vec::new());
    let mut most = 0;
    let rate = if let Some(rate) = rate {
        rate
    } else {
        let full = load(senders(), CONNECTIONS, RUN_IN_SECONDS, None).await?;
        placed += full.total.executed;
        most = full.measured.executed / RUN_IN_SECONDS;
        u32::try_from(most / 4)?
    };
    placed += load(senders(), CONNECTIONS, RUN_IN_SECONDS, Some(rate)).await?.total.executed;
    for (turn, logins) in logins.chunks(people).enumerate() {
        let alone = || load(senders(), CONNECTIONS, seconds, Some(rate));
        let beside = async || {
            let (orders, rush) = tokio::join!(load(senders(), CONNECTIONS, seconds, Some(rate)), rush(target, logins));
            anyhow::Ok((orders?, rush?))
        };
        let (alone, (with, rush)) = if turn % 2 == 0 {
            let with = beside().await?;
            (alone().await?, with)
        } else {
            (alone().await?, beside().await?)
        };
        placed += alone.total.executed + with.total.executed;
        figures.push(json!({
            "alone_p50_us": alone.latencies.value_at_quantile(0.5), "alone_p99_us": p99(&alone),
            "with_p50_us": with.latencies.value_at_quantile(0.5), "with_p99_us": p99(&with),
            "log_ins_seconds": rush.0, "told_to_come_again": rush.1,
        }));
    }
    let rows = stock::reserved(target, SKUS).await? - before;
    Ok(json!({"rate": rate, "most": most, "turns": figures, "orders": equal(placed, rows)?}))
}

/// All of them at once; who is told to come again does, as a client should. How long it took, and how often they were told.
async fn rush(target: &Arc<Target>, logins: &[String]) -> anyhow::Result<(f64, u32)> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let nobody = Arc::new(Target::new(target.url(), None)?);
    let (begin, again) = (now(), Cell::new(0));
    let (nobody, again_of) = (&nobody, &again);
    let each = logins.iter().enumerate().map(|(number, login)| async move {
        let mut connection = Connection::new(nobody.clone());
        let mut random = StdRng::seed_from_u64(u64::try_from(number)?);
        let settled = Policy::default().settle(&mut connection, &log_in(login), &mut random).await;
        let settled = settled.context("somebody cannot log in")?;
        ensure!(settled.answer.status.is_success(), "{}", settled.answer);
        again_of.set(again_of.get() + settled.retries);
        anyhow::Ok(())
    });
    try_join_all(each).await?;
    Ok((begin.elapsed().as_secs_f64(), again.get()))
}

fn p99(load: &Load) -> u64 {
    load.latencies.value_at_quantile(0.99)
}
