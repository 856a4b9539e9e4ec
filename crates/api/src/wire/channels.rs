//! Owns the JSON of accounts with payment providers: nothing of their settings is in it.

use domain::channel::{Account, Method};
use serde::{Deserialize, Serialize};
use store::{ChannelAccount, ChannelHealth, Ended};
use utoipa::ToSchema;

/// An account with a provider.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Channel {
    /// Its id.
    channel_account_id: String,
    /// The shop's name for it.
    name: String,
    /// Which provider: `sandbox`, `alipay`, `wechat_pay` or `stripe`.
    kind: &'static str,
    /// Whether new payments go there.
    is_enabled: bool,
    /// The smallest number is tried first.
    priority: i64,
    /// What it takes; what is left open is taken.
    conditions: Conditions,
    /// How its provider does.
    health: Health,
    /// How the attempts of the last hour ended, of the latest 5000 at most.
    last_hour: Rates,
    /// How the attempts of the last day ended, of the latest 5000 at most.
    last_day: Rates,
}

/// What an account takes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conditions {
    /// Only this currency.
    currency: Option<String>,
    /// Only paid so: `page`, `qr` or `card`.
    method: Option<&'static str>,
    /// So much at least, in minor units.
    amount_min: Option<i64>,
    /// So much at most, in minor units.
    amount_max: Option<i64>,
}

/// How an account's provider does, as the nodes found it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Whether it is tried before others.
    is_well: bool,
    /// Calls of a minute, when a node told of them last; null where none had anything to tell.
    asked: Option<u32>,
    /// How many of them were answered.
    answered: Option<u32>,
    /// For how many milliseconds more it is not asked.
    closed_for_ms: Option<i64>,
    /// How many milliseconds ago a node told that.
    told_ms_ago: Option<i64>,
}

/// How attempts ended. Those that are left are under way, or were given up before money moved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rates {
    /// All of them.
    attempts: i64,
    /// Money moved.
    succeeded: i64,
    /// The provider refused.
    failed: i64,
    /// The provider gave no word yet.
    unknown: i64,
}

/// A wish to switch an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchChannel {
    /// Whether new payments are to go there.
    pub(crate) enabled: bool,
}

/// An account that was switched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Switched {
    /// Its id.
    channel_account_id: String,
    /// The shop's name for it.
    name: String,
    /// Which provider: `sandbox`, `alipay`, `wechat_pay` or `stripe`.
    kind: &'static str,
    /// Whether new payments go there.
    is_enabled: bool,
}

impl Channel {
    pub(crate) fn of(row: &ChannelAccount, health: Health, [day, hour]: [Ended; 2]) -> Self {
        let Account { id, kind, name, is_enabled, conditions, .. } = &row.account;
        Self {
            channel_account_id: id.to_string(),
            name: name.clone(),
            kind: kind.name(),
            is_enabled: *is_enabled,
            priority: row.priority,
            conditions: Conditions {
                currency: conditions.currency.map(|currency| currency.code().to_owned()),
                method: conditions.method.map(Method::name),
                amount_min: conditions.amount_min,
                amount_max: conditions.amount_max,
            },
            health,
            last_hour: Rates::of(hour),
            last_day: Rates::of(day),
        }
    }
}

impl Health {
    pub(crate) fn of(is_well: bool, told: Option<&(ChannelHealth, i64)>) -> Self {
        Self {
            is_well,
            asked: told.map(|(health, _)| health.asked),
            answered: told.map(|(health, _)| health.answered),
            closed_for_ms: told.and_then(|(health, _)| health.closed_for_ms),
            told_ms_ago: told.map(|(_, ago)| *ago),
        }
    }
}

impl Rates {
    const fn of(ended: Ended) -> Self {
        let Ended { attempts, succeeded, failed, unknown } = ended;
        Self { attempts, succeeded, failed, unknown }
    }
}

impl Switched {
    pub(crate) fn of(account: &Account) -> Self {
        Self {
            channel_account_id: account.id.to_string(),
            name: account.name.clone(),
            kind: account.kind.name(),
            is_enabled: account.is_enabled,
        }
    }
}
