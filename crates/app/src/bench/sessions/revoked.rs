//! Owns how soon a session that was ended on one node is refused by the others.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::order::{Buyer, Sender};
use super::super::stock;
use super::crowd::{Crowd, Tokens};
use super::{SKUS, equal, load};
use crate::client::clock::{latencies, micros, now};
use crate::client::{Connection, Request, Target};

const CONNECTIONS: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(10);
/// Sessions that are ended one behind the other, beside each other.
const LANES: usize = 3;
/// How often each node is asked.
const STEP: Duration = Duration::from_millis(4);
/// From the first answer of a node to the end of the session: long enough for all of them to remember it.
const REMEMBERED: Duration = Duration::from_millis(200);
/// A node that still lets in is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A node that has refused once goes on refusing.
const AND_ON: usize = 5;

/// A session that is watched.
struct Watched {
    tokens: Tokens,
    /// Told when the node that ended it has answered.
    ended: tokio::sync::watch::Sender<Option<Instant>>,
}

/// Ends sessions of people on one node, again and again, while all nodes take orders and the others are asked by the same
/// people. Microseconds from the answer of the one to the first refusal of another.
pub(super) async fn measure(
    (first, key): (&Arc<Target>, Option<&str>),
    others: &[String],
    (rate, seconds): (u32, u64),
) -> anyhow::Result<Value> {
    let others = others.iter().map(|url| Ok(Arc::new(Target::new(url, key)?))).collect::<anyhow::Result<Vec<_>>>()?;
    let nodes: Vec<Arc<Target>> = std::iter::once(first.clone()).chain(others.iter().cloned()).collect();
    let senders = nodes.into_iter().map(|target| Sender { target, buyer: Buyer::Many }).collect();
    let before = stock::reserved(first, SKUS).await?;
    // As many as may be needed, for each is ended once.
    let rounds = usize::try_from(seconds)?;
    let crowd = Crowd::gather(first, "leaver", rounds * LANES).await?;
    let people = crowd.tokens();
    let until = now() + Duration::from_secs(seconds);
    let lanes = people.chunks(rounds).map(|people| leave(first, people, (&others, until)));
    let (load, lanes) = tokio::join!(load(senders, CONNECTIONS, seconds, Some(rate)), try_join_all(lanes));
    let load = load?;
    let mut seen = latencies();
    let delays: Vec<Duration> = lanes?.into_iter().flatten().collect();
    for delay in &delays {
        seen.saturating_record(micros(*delay));
    }
    let rows = stock::reserved(first, SKUS).await? - before;
    Ok(json!({
        "nodes": others.len() + 1, "rate": rate, "refusals": delays.len(),
        "p50_us": seen.value_at_quantile(0.5), "p99_us": seen.value_at_quantile(0.99), "max_us": seen.max(),
        "orders": equal(load.total.executed, rows)?, "order_p99_us": load.latencies.value_at_quantile(0.99),
    }))
}

/// One after the other leaves.
async fn leave(
    first: &Arc<Target>,
    people: &[Tokens],
    (others, until): (&[Arc<Target>], Instant),
) -> anyhow::Result<Vec<Duration>> {
    let mut delays = Vec::new();
    for (number, tokens) in people.iter().enumerate().take_while(|_| now() < until) {
        let (ended, _) = tokio::sync::watch::channel(None);
        let watched = Watched { tokens: tokens.clone(), ended };
        // At another moment of what a node remembers each time.
        let pause = REMEMBERED + Duration::from_millis(u64::try_from(number)? * 37 % 500);
        let watchers = try_join_all(others.iter().map(|node| watched.refused_by(node)));
        let (seen, ()) = tokio::try_join!(watchers, watched.end_on(first, pause))?;
        delays.extend(seen);
    }
    Ok(delays)
}

impl Watched {
    async fn end_on(&self, node: &Arc<Target>, pause: Duration) -> anyhow::Result<()> {
        tokio::time::sleep(pause).await;
        let mut connection = Connection::new(self.tokens.target(node.url())?);
        let request = Request::delete(&format!("/api/v1/sessions/{}", self.tokens.session_id));
        let answer = connection.send(&request, TIMEOUT).await?;
        ensure!(answer.status == StatusCode::NO_CONTENT, "{answer}");
        self.ended.send_replace(Some(now()));
        Ok(())
    }

    /// From the answer of the node that ended it to the first refusal of this one.
    async fn refused_by(&self, node: &Arc<Target>) -> anyhow::Result<Duration> {
        let mut connection = Connection::new(self.tokens.target(node.url())?);
        let (begin, mut let_in, mut refused) = (now(), 0_u64, Vec::new());
        while refused.len() < AND_ON {
            ensure!(begin.elapsed() < PATIENCE, "{} does not refuse a session that is over", node.url());
            let answer = connection.send(&Request::get("/api/v1/me"), TIMEOUT).await?;
            match answer.status {
                StatusCode::OK => {
                    ensure!(refused.is_empty(), "{} refused, and let in again", node.url());
                    let_in += 1;
                }
                StatusCode::UNAUTHORIZED => refused.push(now()),
                _ => anyhow::bail!("{answer}"),
            }
            tokio::time::sleep(STEP).await;
        }
        ensure!(let_in > 0, "{} never let anybody in", node.url());
        // The news may be here before that node's answer is with who asked for it.
        let mut told = self.ended.subscribe();
        let ended = *told.wait_for(Option::is_some).await?;
        Ok(refused[0].saturating_duration_since(ended.context("it was waited for")?))
    }
}
