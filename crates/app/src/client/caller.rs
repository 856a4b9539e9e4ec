//! Owns asking a server in peace: one connection, retried to a final answer, and lists read to their end.

use std::sync::Arc;

use anyhow::ensure;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Answer, Connection, Policy, Request, Target, segment};

/// The most items that the API gives on one page.
const LIMIT: usize = 200;

/// Asks one thing after the other.
pub struct Caller {
    connection: Connection,
    policy: Policy,
    random: StdRng,
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
}

impl Caller {
    /// Asks this server.
    pub fn new(target: Arc<Target>, policy: Policy) -> Self {
        Self { connection: Connection::new(target), policy, random: StdRng::seed_from_u64(0) }
    }

    /// The final answer, which must be a success.
    pub async fn ask(&mut self, request: &Request) -> anyhow::Result<Answer> {
        let answer = self.hear(request).await?;
        ensure!(answer.status.is_success(), "{answer}");
        Ok(answer)
    }

    /// The final answer, whatever it is.
    pub async fn hear(&mut self, request: &Request) -> anyhow::Result<Answer> {
        Ok(self.policy.settle(&mut self.connection, request, &mut self.random).await?.answer)
    }

    /// Calls `each` with every item of the list at `path`, newest first, page by page.
    pub async fn list<T: DeserializeOwned>(&mut self, path: &str, mut each: impl FnMut(T)) -> anyhow::Result<()> {
        let mut from = String::new();
        loop {
            let page = self.ask(&Request::get(&format!("{path}?limit={LIMIT}{from}"))).await?;
            let page: Page<T> = page.read()?;
            page.data.into_iter().for_each(&mut each);
            let Some(cursor) = page.next_cursor else { return Ok(()) };
            from = format!("&cursor={}", segment(&cursor));
        }
    }
}
