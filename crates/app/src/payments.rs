//! Owns payments as the commands that load a server see them: what is sent, what is read, and how long they wait until
//! money has moved. It does not know why anybody pays.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::clock::now;
use crate::client::{Caller, Request, segment};
use crate::provider::CHANNEL;

/// A lost reply is asked for again after three seconds, several times.
const SETTLED_WITHIN: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_millis(40);

/// What is read of a payment.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Payment {
    #[serde(rename = "payment_id")]
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) captured: Amount,
    pub(crate) refunded: Amount,
}

/// What is read of a refund.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refund {
    #[serde(rename = "refund_id")]
    pub(crate) id: String,
    pub(crate) status: String,
}

/// An amount, of which the currency is known.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Amount {
    #[serde(rename = "amount")]
    pub(crate) minor: i64,
}

/// Callbacks that came to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callbacks {
    pub(crate) all: u64,
    /// Of these, said what had been said before.
    pub(crate) repeated: u64,
}

/// Begins a payment.
pub(crate) fn begin(order_no: &str, key: &str) -> Request {
    let path = format!("/api/v1/orders/{}/payments", segment(order_no));
    Request::post(&path, key, &json!({"channel": CHANNEL}))
}

/// Gives money back.
pub(crate) fn give_back(payment: &str, key: &str, body: &Value) -> Request {
    Request::post(&format!("/api/v1/payments/{}/refunds", segment(payment)), key, body)
}

/// Reads a payment.
pub(crate) async fn read(caller: &mut Caller, id: &str) -> anyhow::Result<Payment> {
    caller.ask(&Request::get(&format!("/api/v1/payments/{}", segment(id)))).await?.read()
}

/// Waits until a payment is not open any more.
pub(crate) async fn settled(caller: &mut Caller, id: &str) -> anyhow::Result<Payment> {
    let deadline = now() + SETTLED_WITHIN;
    loop {
        let payment = read(caller, id).await.with_context(|| format!("payment {id}"))?;
        if payment.status != "open" {
            return Ok(payment);
        }
        if now() > deadline {
            bail!("payment {id} is still open after {} s", SETTLED_WITHIN.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until a refund has succeeded or failed.
pub(crate) async fn given_back(caller: &mut Caller, id: &str) -> anyhow::Result<Refund> {
    let deadline = now() + SETTLED_WITHIN;
    loop {
        let path = format!("/api/v1/refunds/{}", segment(id));
        let refund: Refund = caller.ask(&Request::get(&path)).await.with_context(|| format!("refund {id}"))?.read()?;
        if matches!(refund.status.as_str(), "succeeded" | "failed") {
            return Ok(refund);
        }
        if now() > deadline {
            bail!("refund {id} is still {} after {} s", refund.status, SETTLED_WITHIN.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Counts the callbacks that came to the server since it started.
pub(crate) async fn callbacks(caller: &mut Caller) -> anyhow::Result<Callbacks> {
    let metrics = caller.ask(&Request::get("/metrics")).await.context("the server's metrics cannot be read")?;
    Ok(count(&String::from_utf8_lossy(&metrics.body)))
}

fn count(metrics: &str) -> Callbacks {
    let mut callbacks = Callbacks::default();
    for line in metrics.lines().filter(|line| line.starts_with("mideng_callbacks_total{")) {
        let number = line.rsplit(' ').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
        callbacks.all += number;
        callbacks.repeated += if line.contains("result=\"repeated\"") { number } else { 0 };
    }
    callbacks
}

#[cfg(test)]
mod tests {
    use super::{Callbacks, count};

    #[test]
    fn callbacks_are_counted_by_what_became_of_them() {
        let metrics = "# TYPE mideng_callbacks_total counter\n\
            mideng_callbacks_total{channel=\"sandbox\",result=\"taken\"} 3\n\
            mideng_callbacks_total{channel=\"sandbox\",result=\"repeated\"} 18\n\
            mideng_other_total 7\n";
        assert_eq!(count(metrics), Callbacks { all: 21, repeated: 18 });
        assert_eq!(count(""), Callbacks::default());
    }
}
