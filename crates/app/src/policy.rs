//! Owns `mideng policy`: what a tenant's shop asks of a checkout.

use std::time::Duration;

use anyhow::bail;
use domain::CheckoutPolicy;
use domain::checkout::Unfit;
use domain::order::PendingLimit;

use crate::settings::{Database, Period};
use crate::{admin, terminal};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Show what the shop asks of a checkout
    Show(Tenant),
    /// Change it; what is not named stays. Servers follow within two seconds
    Set(Changes),
}

#[derive(clap::Args)]
pub(crate) struct Changes {
    /// Take orders only with a one-time token: on or off
    #[arg(long, value_name = "SWITCH", value_parser = switch)]
    checkout_token: Option<bool>,
    /// For how long one order request at most keeps others of its customer out, which are answered 429; 0s: not at all
    #[arg(long, value_name = "PERIOD")]
    order_lock: Option<Period>,
    /// Which orders of a customer may wait for payment at a time. First bring every node to this version
    #[arg(long, value_name = "unlimited|one_per_member|one_per_product", value_parser = limit)]
    pending_orders: Option<PendingLimit>,
    /// Within what time two order requests without a key that ask for the same are one; 0s: a key is required
    #[arg(long, value_name = "PERIOD")]
    same_within: Option<Period>,
    /// How many units of one product one order takes, answered 409 `refused_by_rule` beyond; 0: any number
    #[arg(long, value_name = "UNITS")]
    order_units: Option<i64>,
    /// Let whoever comes buy without a name: on or off
    #[arg(long, value_name = "SWITCH", value_parser = switch)]
    guests: Option<bool>,
    /// Let whoever comes become a member by themselves: on or off
    #[arg(long, value_name = "SWITCH", value_parser = switch)]
    registration: Option<bool>,
    #[command(flatten)]
    of: Tenant,
}

/// Whose shop.
#[derive(clap::Args)]
pub(crate) struct Tenant {
    /// The tenant
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
    #[command(flatten)]
    database: Database,
}

impl Command {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let (of, changes) = match &self {
            Self::Show(of) => (of, None),
            Self::Set(changes) => (&changes.of, Some(changes)),
        };
        let (store, _) = admin::open(&of.database).await?;
        let Some(tenant) = store.tenant(&of.tenant).await? else { bail!("there is no tenant {:?}", of.tenant) };
        let policy = match changes {
            None => store.policy(tenant).await?,
            Some(changes) => store.policy_change(tenant, api::now(), |policy| changes.apply(policy)).await??,
        };
        store.close().await;
        let period = |ms: i64| if ms == 0 { "off".to_owned() } else { Period(milliseconds(ms)).to_string() };
        let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
        let rows = [
            ["checkout-token".to_owned(), switch(policy.checkout_token)],
            ["order-lock".to_owned(), period(policy.order_lock_ms)],
            ["pending-orders".to_owned(), policy.pending_limit.name().to_owned()],
            ["same-within".to_owned(), period(policy.same_within_ms)],
            ["order-units".to_owned(), units(policy.order_units_max)],
            ["guests".to_owned(), switch(policy.guests)],
            ["registration".to_owned(), switch(policy.registration)],
        ];
        terminal::print_list(["what", "is"], rows);
        Ok(())
    }
}

impl Changes {
    fn apply(&self, mut policy: CheckoutPolicy) -> anyhow::Result<CheckoutPolicy> {
        if let Some(on) = self.checkout_token {
            policy.checkout_token = on;
        }
        if let Some(limit) = self.pending_orders {
            policy.pending_limit = limit;
        }
        if let Some(units) = self.order_units {
            policy.order_units_max = units;
        }
        policy.guests = self.guests.unwrap_or(policy.guests);
        policy.registration = self.registration.unwrap_or(policy.registration);
        policy.order_lock_ms = self.order_lock.map_or(policy.order_lock_ms, Period::ms);
        policy.same_within_ms = self.same_within.map_or(policy.same_within_ms, Period::ms);
        // What the API would refuse is refused here.
        match policy.unfit().next() {
            Some(unfit) => bail!("--{}: {unfit}", flag(unfit)),
            None => Ok(policy),
        }
    }
}

fn units(most: i64) -> String {
    if most == 0 { "off".to_owned() } else { most.to_string() }
}

const fn flag(unfit: Unfit) -> &'static str {
    match unfit {
        Unfit::OrderLock => "order-lock",
        Unfit::SameWithin => "same-within",
        Unfit::OrderUnits => "order-units",
    }
}

fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("{other:?} is neither on nor off")),
    }
}

fn limit(text: &str) -> Result<PendingLimit, String> {
    PendingLimit::from_name(text).ok_or_else(|| {
        let known: Vec<_> = PendingLimit::ALL.iter().map(|limit| limit.name()).collect();
        format!("{text:?} is none of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        command: Command,
    }

    /// What becomes of a policy that is off.
    fn set(words: &str) -> Result<CheckoutPolicy, String> {
        let words = ["policy", "set"].into_iter().chain(words.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        let Command::Set(changes) = line.command else { return Err("another command".to_owned()) };
        changes.apply(CheckoutPolicy::default()).map_err(|error| error.to_string())
    }

    /// Nothing is set here that the API would refuse.
    #[test]
    fn what_is_set_is_within_the_bounds() {
        let off = CheckoutPolicy::default();
        let most = CheckoutPolicy {
            order_lock_ms: 60_000,
            same_within_ms: 3_600_000,
            order_units_max: 1_000_000,
            guests: true,
            ..off
        };
        assert_eq!(set("--order-lock 1m --same-within 1h --order-units 1000000 --guests on"), Ok(most));
        assert_eq!(set("--order-lock 500ms"), Ok(CheckoutPolicy { order_lock_ms: 500, ..off }));
        for (words, flag) in [
            ("--order-lock 60001ms", "--order-lock: "),
            ("--same-within 61m --guests on", "--same-within: "),
            ("--order-units 1000001", "--order-units: "),
            ("--order-units=-1", "--order-units: "),
        ] {
            let refused = set(words).expect_err(words);
            assert!(refused.starts_with(flag), "{words}: {refused}");
        }
    }
}
