//! Owns a payment simulator's desk: it is told how to fail and when to pay, and asked what it has in its book. It knows
//! neither whose process that is nor where the account is kept.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::clock::now;
use crate::client::{Caller, Policy, Request, Target, segment};

const DELIVERED_WITHIN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// The desk of one simulator.
pub(crate) struct Desk {
    target: Arc<Target>,
}

/// What its own book says, in minor units over all currencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) charged: i64,
    pub(crate) refunded: i64,
}

/// How a simulator behaves.
pub(crate) struct Manners {
    auto_pay_ms: Value,
    rules: Value,
}

#[derive(Deserialize)]
struct Ledger {
    sums: Vec<Sum>,
}

#[derive(Deserialize)]
struct Sum {
    charged: i64,
    refunded: i64,
}

#[derive(Deserialize)]
struct Callbacks {
    waiting: Vec<Value>,
}

#[derive(Deserialize)]
struct Mischief {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    hits: u64,
}

impl Desk {
    /// Of the simulator at this address.
    pub(crate) fn at(url: &str) -> anyhow::Result<Self> {
        Ok(Self { target: Arc::new(Target::new(url, None)?) })
    }

    /// Has these faults happen from now on, instead of those before.
    pub(crate) async fn set_mischief(&self, rules: &Value) -> anyhow::Result<()> {
        self.caller().ask(&Request::put("/sim/mischief", rules)).await.context("setting the faults").map(drop)
    }

    /// How often each fault happened, in the order in which they were set.
    pub(crate) async fn hits(&self) -> anyhow::Result<Vec<u64>> {
        let mischief: Mischief = self.caller().ask(&Request::get("/sim/mischief")).await?.read()?;
        Ok(mischief.rules.iter().map(|rule| rule.hits).collect())
    }

    /// When it pays by itself, and which faults happen.
    pub(crate) async fn manners(&self) -> anyhow::Result<Manners> {
        let read = async |path| self.caller().ask(&Request::get(path)).await?.read();
        let (mut settings, mut mischief): (Value, Value) = (read("/sim/settings").await?, read("/sim/mischief").await?);
        let rules = from_now_on(mischief["rules"].take());
        Ok(Manners { auto_pay_ms: settings["auto_pay_ms"].take(), rules })
    }

    /// Has it behave so again.
    pub(crate) async fn behave(&self, manners: &Manners) -> anyhow::Result<()> {
        self.set_mischief(&manners.rules).await?;
        self.set(&json!({"auto_pay_ms": manners.auto_pay_ms})).await
    }

    /// From now on each charge is paid at once.
    pub(crate) async fn pay_at_once(&self) -> anyhow::Result<()> {
        self.set(&json!({"auto_pay_ms": 0})).await
    }

    /// From now on a charge waits for the payer's hand.
    pub(crate) async fn wait_for_payers(&self) -> anyhow::Result<()> {
        self.set(&json!({"auto_pay_ms": null})).await
    }

    /// Pays (`pay`) or refuses (`refuse`) a charge of the sandbox, as its payer would.
    pub(crate) async fn act(&self, out_trade_no: &str, what: &str) -> anyhow::Result<()> {
        let path = format!("/sim/charges/sandbox/{}/{what}", segment(out_trade_no));
        self.caller().ask(&Request::tell(&path, Bytes::new())).await.context("the payer's hand").map(drop)
    }

    /// Waits until no callback is on its way.
    pub(crate) async fn delivered(&self) -> anyhow::Result<()> {
        let deadline = now() + DELIVERED_WITHIN;
        loop {
            let callbacks: Callbacks = self.caller().ask(&Request::get("/sim/callbacks")).await?.read()?;
            if callbacks.waiting.is_empty() {
                return Ok(());
            }
            if now() > deadline {
                bail!("callbacks wait still: {}", callbacks.waiting[0]);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What its own book says.
    pub(crate) async fn sums(&self) -> anyhow::Result<Sums> {
        let ledger: Ledger = self.caller().ask(&Request::get("/sim/ledger")).await?.read()?;
        let add = |sums: Sums, sum: &Sum| Sums {
            charged: sums.charged + sum.charged,
            refunded: sums.refunded + sum.refunded,
        };
        Ok(ledger.sums.iter().fold(Sums::default(), add))
    }

    async fn set(&self, settings: &Value) -> anyhow::Result<()> {
        let answer = self.caller().ask(&Request::put("/sim/settings", settings)).await;
        answer.context("the payment simulator does not take its settings").map(drop)
    }

    fn caller(&self) -> Caller {
        Caller::new(self.target.clone(), Policy::default())
    }
}

/// Listed rules as they are set: what of them is used up stays so.
fn from_now_on(mut rules: Value) -> Value {
    for rule in rules.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        let hits = rule.remove("hits").and_then(|hits| hits.as_u64()).unwrap_or(0);
        if let Some(times) = rule.get("times").and_then(Value::as_u64) {
            rule.insert("times".to_owned(), times.saturating_sub(hits).into());
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::{from_now_on, json};

    #[test]
    fn what_of_a_rule_is_used_up_stays_so() {
        let listed = json!([
            {"on": "charge", "do": "slow", "times": 3, "hits": 2},
            {"on": "charge", "do": "slow", "times": 1, "hits": 1},
            {"on": "query", "do": "hang_after", "every": 7, "hits": 5},
        ]);
        let set = json!([
            {"on": "charge", "do": "slow", "times": 1},
            {"on": "charge", "do": "slow", "times": 0},
            {"on": "query", "do": "hang_after", "every": 7},
        ]);
        assert_eq!(from_now_on(listed), set);
    }
}
