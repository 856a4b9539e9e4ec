//! Owns what people do in the demo's shop, one request each: order, pay at the provider, pack, receive, give money back. It does
//! not know who does what, nor why.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parcel::parcel;
use crate::client::clock::now;
use crate::client::{Answer, Caller, Policy, Request, Target, segment};
use crate::payments;
use crate::provider::Desk;

/// A payment whose provider lost the answer goes on behind a few seconds.
const TURNED_WITHIN: Duration = Duration::from_secs(25);
const PAUSE: Duration = Duration::from_millis(40);

/// What is read of an order.
#[derive(Debug, Deserialize)]
pub struct Order {
    #[serde(rename = "order_no")]
    pub number: String,
    version: u32,
}

/// What is read of a payment.
#[derive(Debug, Deserialize)]
pub struct Paying {
    #[serde(rename = "payment_id")]
    pub id: String,
    pub attempts: Vec<Attempt>,
    pub refunds: Vec<payments::Refund>,
}

/// One try to pay.
#[derive(Debug, Deserialize)]
pub struct Attempt {
    #[serde(rename = "attempt_id")]
    pub id: String,
    pub status: String,
}

/// Somebody's hands. What they do carries a name, of which its key is made.
pub struct Hands<'a> {
    caller: Caller,
    desk: &'a Desk,
}

impl<'a> Hands<'a> {
    /// Hands that hold one connection to the shop.
    pub fn new(target: &Arc<Target>, desk: &'a Desk, policy: Policy) -> Self {
        Self { caller: Caller::new(target.clone(), policy), desk }
    }

    /// Places an order.
    pub async fn order(&mut self, name: &str, body: &Value) -> anyhow::Result<Order> {
        self.caller.ask(&ordering(name, body)).await?.read()
    }

    /// Places an order, whatever is said to it.
    pub async fn try_order(&mut self, name: &str, body: &Value) -> anyhow::Result<Answer> {
        self.caller.hear(&ordering(name, body)).await
    }

    /// Gives an order up, as `customer` or `merchant`.
    pub async fn cancel(&mut self, name: &str, order_no: &str, who: &str) -> anyhow::Result<()> {
        self.change(name, order_no, "cancel", &json!({"reason": who})).await
    }

    /// Begins to pay through the account of this name.
    pub async fn begin(&mut self, name: &str, order_no: &str, channel: &str) -> anyhow::Result<Paying> {
        self.caller.ask(&beginning(name, order_no, channel)).await?.read()
    }

    /// Waits until the last attempt is where the payer decides; gives its number there.
    pub async fn at_the_desk(&mut self, payment: &str) -> anyhow::Result<String> {
        let paying = self.turned(payment, |paying| is_last(paying, "requires_action")).await?;
        Ok(paying.attempts.into_iter().next_back().context("a payment has an attempt")?.id)
    }

    /// Waits until the last attempt has this status.
    pub async fn attempted(&mut self, payment: &str, status: &str) -> anyhow::Result<()> {
        self.turned(payment, |paying| is_last(paying, status)).await.map(drop)
    }

    /// Waits until some money went back, or did not.
    pub async fn returned(&mut self, payment: &str) -> anyhow::Result<()> {
        let is_over = |refund: &payments::Refund| matches!(refund.status.as_str(), "succeeded" | "failed");
        self.turned(payment, |paying| paying.refunds.iter().any(is_over)).await.map(drop)
    }

    /// Pays at the provider.
    pub async fn pay(&self, attempt: &str) -> anyhow::Result<()> {
        self.desk.act(attempt, "pay").await
    }

    /// Says no at the provider.
    pub async fn refuse(&self, attempt: &str) -> anyhow::Result<()> {
        self.desk.act(attempt, "refuse").await
    }

    /// Waits until a payment is not open any more.
    pub async fn settled(&mut self, payment: &str) -> anyhow::Result<()> {
        payments::settled(&mut self.caller, payment).await.map(drop)
    }

    /// Sends all that is left of an order, or one piece of its first line; `number` is that of the parcel.
    pub async fn send(&mut self, name: &str, order_no: &str, (number, is_part): (usize, bool)) -> anyhow::Result<()> {
        let path = format!("/api/v1/orders/{}", segment(order_no));
        let order: Order = self.caller.ask(&Request::get(&path)).await?.read()?;
        let (carrier, tracking_no) = parcel(number);
        let mut body = json!({"carrier": carrier, "tracking_no": tracking_no});
        if is_part {
            body["lines"] = json!([{"line": 1, "quantity": 1}]);
        }
        let request = Request::post(&format!("{path}/ship"), &format!("{name}-ship"), &body);
        self.caller.ask(&request.header("if-match", &format!("\"{}\"", order.version))).await.map(drop)
    }

    /// Says that an order arrived.
    pub async fn receive(&mut self, name: &str, order_no: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/orders/{}/receive", segment(order_no));
        self.caller.ask(&Request::post_bytes(&path, &format!("{name}-receive"), Bytes::new())).await.map(drop)
    }

    /// Asks for money back: so many fen, or all of it.
    pub async fn give_back(
        &mut self,
        name: &str,
        payment: &str,
        (fen, reason): (Option<i64>, &str),
    ) -> anyhow::Result<payments::Refund> {
        let mut body = json!({"reason": reason});
        if let Some(fen) = fen {
            body["amount"] = json!({"amount": fen, "currency": "CNY"});
        }
        self.caller.ask(&payments::give_back(payment, &format!("{name}-refund"), &body)).await?.read()
    }

    /// Waits until a refund has succeeded or failed.
    pub async fn given_back(&mut self, refund: &str) -> anyhow::Result<()> {
        payments::given_back(&mut self.caller, refund).await.map(drop)
    }

    /// Takes a refund back that waits for a second person.
    pub async fn reject(&mut self, name: &str, refund: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/refunds/{}/reject", segment(refund));
        self.caller.ask(&Request::post_bytes(&path, &format!("{name}-reject"), Bytes::new())).await.map(drop)
    }

    async fn change(&mut self, name: &str, order_no: &str, what: &str, body: &Value) -> anyhow::Result<()> {
        let path = format!("/api/v1/orders/{}/{what}", segment(order_no));
        self.caller.ask(&Request::post(&path, &format!("{name}-{what}"), body)).await.map(drop)
    }

    async fn turned(&mut self, payment: &str, is_so: impl Fn(&Paying) -> bool) -> anyhow::Result<Paying> {
        let deadline = now() + TURNED_WITHIN;
        let path = format!("/api/v1/payments/{}", segment(payment));
        loop {
            let paying: Paying = self.caller.ask(&Request::get(&path)).await?.read()?;
            if is_so(&paying) {
                return Ok(paying);
            }
            if now() > deadline {
                bail!("payment {payment} is not as far within {} s: {paying:?}", TURNED_WITHIN.as_secs());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Beginning to pay through the account of this name.
pub fn beginning(name: &str, order_no: &str, channel: &str) -> Request {
    let path = format!("/api/v1/orders/{}/payments", segment(order_no));
    Request::post(&path, &format!("{name}-pay-{channel}"), &json!({"channel": channel}))
}

fn ordering(name: &str, body: &Value) -> Request {
    Request::post("/api/v1/orders", &format!("{name}-order"), body)
}

fn is_last(paying: &Paying, status: &str) -> bool {
    paying.attempts.last().is_some_and(|attempt| attempt.status == status)
}
