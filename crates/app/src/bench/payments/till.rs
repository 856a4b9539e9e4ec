//! Owns a shop with a till: its server, its provider, and orders and payments by the thousand.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::super::order::sku;
use super::super::stock;
use crate::client::{Caller, Policy, Request, Server, ServerArgs, Target, spread};
use crate::payments;
use crate::provider::{self, Provider};

const SKUS: u32 = 1_000;
/// What each product costs, in fen.
pub(super) const PRICE: i64 = 1_999;
/// Clients at once.
pub(super) const LANES: usize = 64;

pub(super) struct Till {
    pub(super) target: Arc<Target>,
    pub(super) provider: Provider,
    server: Server,
}

/// A payment that was begun.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Begun {
    payment_id: String,
    attempts: Vec<Attempt>,
}

#[derive(Clone, Debug, Deserialize)]
struct Attempt {
    attempt_id: String,
    status: String,
}

#[derive(Deserialize)]
struct Order {
    order_no: String,
}

impl Till {
    pub(super) async fn open() -> anyhow::Result<Self> {
        let server = Server::reach(&ServerArgs { url: None, api_key: None }).await?;
        let (database, folder) = server.own().context("the measurement needs a server of its own")?;
        let provider = Provider::start(folder.join("psp-sim"), database).await?;
        provider.desk.wait_for_payers().await?;
        let target = server.target.clone();
        stock::prepare(&target, SKUS).await?;
        let till = Self { target, provider, server };
        // The server has looked at its accounts from now on.
        let first = till.orders("first", 1).await?;
        provider::known(&till.target, &payments::begin(&first[0], "first")).await?;
        Ok(till)
    }

    pub(super) async fn close(self) {
        self.server.stop().await;
        self.provider.stop().await;
    }

    /// A request for an order.
    pub(super) fn order(name: &str, number: usize) -> Request {
        let sku = sku(u32::try_from(number).unwrap_or_default() % SKUS);
        let body = format!(r#"{{"customer_id":"bench-{number}","lines":[{{"sku":"{sku}","quantity":1}}]}}"#);
        Request::post_bytes("/api/v1/orders", &format!("{name}-{number}"), body.into())
    }

    /// Places so many orders; gives their numbers.
    pub(super) async fn orders(&self, name: &str, count: usize) -> anyhow::Result<Vec<String>> {
        let requests: Vec<Request> = (0..count).map(|number| Self::order(name, number)).collect();
        let orders: Vec<Order> = self.ask_all(&requests).await?;
        Ok(orders.into_iter().map(|order| order.order_no).collect())
    }

    /// Begins to pay all of these.
    pub(super) async fn begin(&self, orders: &[String]) -> anyhow::Result<Vec<Begun>> {
        let requests: Vec<Request> =
            orders.iter().map(|order| payments::begin(order, &format!("pay-{order}"))).collect();
        self.ask_all(&requests).await
    }

    /// Waits until the provider has taken all of these.
    pub(super) async fn submitted(&self, begun: &[Begun]) -> anyhow::Result<()> {
        self.all(begun, "requires_action").await
    }

    /// Waits until all of these are paid: what was measured is what it says.
    pub(super) async fn paid(&self, begun: &[Begun]) -> anyhow::Result<()> {
        self.all(begun, "succeeded").await
    }

    async fn all(&self, begun: &[Begun], status: &'static str) -> anyhow::Result<()> {
        let wait = async |caller: &mut Caller, _: usize, begun: &Begun| {
            for _ in 0..1_200 {
                let path = format!("/api/v1/payments/{}", begun.payment_id);
                let now: Begun = caller.ask(&Request::get(&path)).await?.read()?;
                if now.attempts.iter().all(|attempt| attempt.status == status) {
                    return Ok(());
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            anyhow::bail!("payment {} is not {status} within a minute", begun.payment_id)
        };
        spread(begun, LANES, || self.caller(), wait).await
    }

    pub(super) fn caller(&self) -> Caller {
        Caller::new(self.target.clone(), Policy::default())
    }

    /// The value of a counter of the server.
    pub(super) async fn counter(&self, name: &str) -> anyhow::Result<u64> {
        let metrics = self.caller().ask(&Request::get("/metrics")).await?;
        let text = String::from_utf8_lossy(&metrics.body);
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.map_or(0, |value| value.trim().parse().unwrap_or_default()))
    }

    async fn ask_all<T: serde::de::DeserializeOwned>(&self, requests: &[Request]) -> anyhow::Result<Vec<T>> {
        let answers: RefCell<Vec<Option<T>>> = RefCell::new(requests.iter().map(|_| None).collect());
        let ask = async |caller: &mut Caller, at: usize, request: &Request| {
            let answer = caller.ask(request).await?.read()?;
            answers.borrow_mut()[at] = Some(answer);
            anyhow::Ok(())
        };
        spread(requests, LANES, || self.caller(), ask).await?;
        let answers: Vec<T> = answers.into_inner().into_iter().flatten().collect();
        ensure!(answers.len() == requests.len(), "not all was answered");
        Ok(answers)
    }
}

impl Begun {
    /// The number of its attempt, which the provider knows.
    pub(super) fn attempt(&self) -> &str {
        self.attempts.last().map_or("", |attempt| &attempt.attempt_id)
    }
}
