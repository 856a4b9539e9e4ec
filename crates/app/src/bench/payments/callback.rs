//! Owns callbacks as the sandbox signs them, and their comparison with orders.

use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::pace::{WARM_UP, at_once, paced};
use super::till::{LANES, PRICE, Till};
use crate::client::{Connection, Request};

/// Orders and callbacks at the same rate, in turns: each callback is the first of its payment, and comes before the server
/// has begun to ask for that payment by itself. Which of both goes first changes.
pub(super) async fn beside_orders(till: &Till, rate: u32, (seconds, turns): (u32, u32)) -> anyhow::Result<Value> {
    let count = usize::try_from(rate * (seconds + WARM_UP))?;
    let signer = Signer::new(till)?;
    let mut figures = Vec::new();
    for turn in 0..turns {
        let begun = till.begin(&till.orders(&format!("paid-{turn}"), count).await?).await?;
        till.submitted(&begun).await?;
        let orders: Vec<Request> = (0..count).map(|number| Till::order(&format!("beside-{turn}"), number)).collect();
        let callbacks = begun.iter().map(|begun| signer.succeeded(begun.attempt())).collect::<Result<Vec<_>, _>>()?;
        let (orders, callbacks) = if turn % 2 == 0 {
            let callbacks = paced(&till.target, &callbacks, rate).await?;
            (paced(&till.target, &orders, rate).await?, callbacks)
        } else {
            (paced(&till.target, &orders, rate).await?, paced(&till.target, &callbacks, rate).await?)
        };
        till.paid(&begun).await?;
        figures.push(json!({
            "order_p50_us": orders.value_at_quantile(0.5), "order_p99_us": orders.value_at_quantile(0.99),
            "callback_p50_us": callbacks.value_at_quantile(0.5), "callback_p99_us": callbacks.value_at_quantile(0.99),
        }));
    }
    Ok(figures.into())
}

/// The same order many times at once, then the same callback, again and again; none of them is the first.
pub(super) async fn duplicates(till: &Till, count: usize, rounds: usize) -> anyhow::Result<Value> {
    let begun = till.begin(&till.orders("repeated", 1).await?).await?;
    till.submitted(&begun).await?;
    let callback = Signer::new(till)?.succeeded(begun[0].attempt())?;
    let order = Till::order("repeated", 0);
    let mut lanes: Vec<Connection> = (0..LANES).map(|_| Connection::new(till.target.clone())).collect();
    for request in [&order, &callback] {
        at_once(&mut lanes, request, count).await?;
    }
    till.paid(&begun).await?;
    let (mut orders, mut callbacks) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        orders.push(at_once(&mut lanes, &order, count).await?.as_secs_f64() * 1_000.0);
        callbacks.push(at_once(&mut lanes, &callback, count).await?.as_secs_f64() * 1_000.0);
    }
    Ok(json!({"orders_ms": orders, "callbacks_ms": callbacks}))
}

/// Speaks as the provider.
struct Signer {
    path: String,
    account: String,
    key: Hmac<Sha256>,
}

impl Signer {
    fn new(till: &Till) -> anyhow::Result<Self> {
        let (secret, account) = till.provider.secret()?;
        let key = Hmac::new_from_slice(secret.as_bytes()).context("the sandbox's secret")?;
        Ok(Self { path: format!("/notify/{}", till.provider.account), account, key })
    }

    /// That a charge succeeded.
    fn succeeded(&self, attempt: &str) -> anyhow::Result<Request> {
        let body = json!({"event_id": attempt, "type": "charge.succeeded", "account": self.account, "charge": {
            "charge_no": attempt, "out_trade_no": attempt, "status": "succeeded", "amount": PRICE, "currency": "CNY",
            "refunded": 0, "pay_url": null, "code": null, "paid_at": null,
        }});
        let (body, at) = (serde_json::to_string(&body)?, (api::now().0 / 1_000).to_string());
        let mut key = self.key.clone();
        key.update(format!("CALLBACK\n{at}\n{body}").as_bytes());
        let signature = key.finalize().into_bytes();
        let signature = signature.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let request = Request::tell(&self.path, body.into()).header("x-sandbox-timestamp", &at);
        Ok(request.header("x-sandbox-signature", &signature))
    }
}
