//! Owns `mideng policy`: what a tenant's shop asks of a checkout.

use std::time::Duration;

use anyhow::bail;
use domain::order::PendingLimit;
use store::Policy;

use crate::settings::{Database, Period};
use crate::{admin, terminal};

/// The longest time within which one order request keeps others of its member out: somebody who waits longer is lost.
const ORDER_LOCK_MAX: Duration = Duration::from_mins(1);
/// The longest time within which two requests without a key are one.
const SAME_WITHIN_MAX: Duration = Duration::from_hours(1);

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
    #[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(i64).range(0..=1_000_000))]
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
        let mut policy = store.policy(tenant).await?;
        if let Some(changes) = changes {
            changes.apply(&mut policy)?;
            store.policy_set(tenant, &policy, api::now()).await?;
        }
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
    fn apply(&self, policy: &mut Policy) -> anyhow::Result<()> {
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
        for (name, wanted, most, kept) in [
            ("order-lock", self.order_lock, ORDER_LOCK_MAX, &mut policy.order_lock_ms),
            ("same-within", self.same_within, SAME_WITHIN_MAX, &mut policy.same_within_ms),
        ] {
            let Some(Period(wanted)) = wanted else { continue };
            if wanted > most {
                bail!("--{name} is {}; it may be {} at most", Period(wanted), Period(most));
            }
            *kept = i64::try_from(wanted.as_millis())?;
        }
        Ok(())
    }
}

fn units(most: i64) -> String {
    if most == 0 { "off".to_owned() } else { most.to_string() }
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
