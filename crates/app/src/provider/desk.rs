//! Owns a payment simulator's desk: it is told how to fail and when to pay, and asked what it has in its book. It knows
//! neither whose process that is nor where the account is kept.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::clock::now;
use crate::client::{Caller, Policy, Request, Target};

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

    /// How it is set: when it pays by itself, and so on.
    pub(crate) async fn settings(&self) -> anyhow::Result<Value> {
        let answer = self.caller().ask(&Request::get("/sim/settings")).await;
        answer.context("the payment simulator does not tell its settings")?.read()
    }

    /// Has no fault happen any more, and charges paid as they were with these settings.
    pub(crate) async fn leave_as(&self, settings: &Value) -> anyhow::Result<()> {
        self.set_mischief(&json!([])).await?;
        self.set(&json!({"auto_pay_ms": settings["auto_pay_ms"]})).await
    }

    /// From now on each charge is paid at once.
    pub(crate) async fn pay_at_once(&self) -> anyhow::Result<()> {
        self.set(&json!({"auto_pay_ms": 0})).await
    }

    /// From now on a charge waits for the payer's hand.
    pub(crate) async fn wait_for_payers(&self) -> anyhow::Result<()> {
        self.set(&json!({"auto_pay_ms": null})).await
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
