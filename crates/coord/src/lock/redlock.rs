//! Owns leases on several Redis servers that know nothing of each other: whoever has most of them has the lock.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{Holder, LeaseTable, RedisLeases, Redlock, Taken};
use crate::Error;
use crate::redis::Redis;

/// Leases by the rules of <https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/>: all nodes are asked
/// at the same time, each with a short time-out of its own; most of them must grant; after a failure the lease is given
/// back on all of them, also on those that did not answer. It gives no numbers, and its promise rests on clocks that run
/// alike: `docs/decisions/0030-what-locks-promise.md`.
#[derive(Clone, Debug)]
pub struct RedlockLeases {
    nodes: Arc<[RedisLeases]>,
    node_timeout: Duration,
}

/// How many nodes said what.
#[derive(Default)]
struct Votes {
    yes: usize,
    no: usize,
    error: Option<Error>,
}

impl RedlockLeases {
    /// An odd number of nodes is meant, three or five. A node that has not answered in this time counts as away; it should
    /// be small beside the lease.
    pub fn new(nodes: impl IntoIterator<Item = Redis>, prefix: &str, node_timeout: Duration) -> Self {
        Self { nodes: nodes.into_iter().map(|redis| RedisLeases::new(redis, prefix)).collect(), node_timeout }
    }

    /// How many make a majority.
    fn most(&self) -> usize {
        self.nodes.len() / 2 + 1
    }

    /// Asks all nodes at once, each in a task of its own: one that is late is waited for as long as a node may take, and not
    /// cut off then, so that it finds its connection dead and makes a new one, also where that takes longer.
    async fn all<F>(&self, ask: impl Fn(RedisLeases) -> F) -> Votes
    where
        F: Future<Output = Result<bool, Error>> + Send + 'static,
    {
        let mut asked: JoinSet<_> =
            self.nodes.iter().map(|node| timeout(self.node_timeout, tokio::spawn(ask(node.clone())))).collect();
        let mut votes = Votes::default();
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok(Ok(Ok(Ok(true)))) => votes.yes += 1,
                Ok(Ok(Ok(Ok(false)))) => votes.no += 1,
                Ok(Ok(Ok(Err(error)))) => votes.error = Some(error),
                Ok(Err(_)) => votes.error = Some(late()),
                Ok(Ok(Err(error))) | Err(error) => votes.error = Some(Error::away("a node", error)),
            }
        }
        votes
    }

    /// True and false are the answers of most nodes; else nobody knows.
    fn outcome(&self, votes: Votes) -> Result<bool, Error> {
        if votes.yes >= self.most() {
            return Ok(true);
        }
        // So many refused that those who did not answer change nothing.
        if self.nodes.len() - votes.no < self.most() {
            return Ok(false);
        }
        let reason = votes.error.map_or_else(|| "there is none".to_owned(), |error| error.to_string());
        Err(Error::away("most of the nodes", reason))
    }
}

fn late() -> Error {
    Error::away("a node", "it did not answer in time")
}

impl Redlock {
    /// A lock on these servers.
    pub fn on_all(nodes: impl IntoIterator<Item = Redis>, prefix: &str, node_timeout: Duration) -> Self {
        Self::new(RedlockLeases::new(nodes, prefix, node_timeout))
    }
}

#[async_trait]
impl LeaseTable for RedlockLeases {
    async fn take(&self, name: &str, holder: &Holder, lease: Duration) -> Result<Taken, Error> {
        let until = Instant::now() + self.node_timeout.min(lease);
        // Gone with this future: whoever gives up in the middle gives back, and that may come before the question.
        let asker = Arc::new(());
        let votes = self
            .all(|node| {
                let (name, holder, asker) = (name.to_owned(), holder.clone(), Arc::downgrade(&asker));
                async move {
                    let taken = node.take(&name, &holder, lease).await;
                    if Instant::now() < until && asker.strong_count() > 0 {
                        return taken.map(|taken| taken != Taken::Held);
                    }
                    // Nobody counts it any more, and the release may have come first.
                    let _best_effort = node.give_back(&name, &holder).await;
                    Err(late())
                }
            })
            .await;
        drop(asker);
        if votes.yes >= self.most() {
            return Ok(Taken::Ours { fence: None });
        }
        // Also with those that said nothing: they may have granted it.
        let answered = votes.yes + votes.no;
        let _best_effort = self.give_back(name, holder).await;
        if answered >= self.most() { Ok(Taken::Held) } else { self.outcome(votes).map(|_| Taken::Held) }
    }

    async fn extend(&self, name: &str, holder: &Holder, lease: Duration) -> Result<bool, Error> {
        let votes = self
            .all(|node| {
                let (name, holder) = (name.to_owned(), holder.clone());
                async move { node.extend(&name, &holder, lease).await }
            })
            .await;
        self.outcome(votes)
    }

    async fn give_back(&self, name: &str, holder: &Holder) -> Result<bool, Error> {
        let votes = self
            .all(|node| {
                let (name, holder) = (name.to_owned(), holder.clone());
                async move { node.give_back(&name, &holder).await }
            })
            .await;
        self.outcome(votes)
    }
}
