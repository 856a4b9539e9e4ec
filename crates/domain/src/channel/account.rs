//! Owns a tenant's account with a provider, as far as the rules look at it: whether it is switched on and what it takes.

use thiserror::Error;

use super::{Kind, Method};
use crate::{ChannelAccountId, Currency, Money, TenantId, Timestamp};

/// A tenant's account with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub id: ChannelAccountId,
    /// Which provider.
    pub kind: Kind,
    /// The tenant's name for it, unique in the tenant.
    pub name: String,
    /// False: no new attempt goes there. What was begun goes on.
    pub is_enabled: bool,
    /// What it takes.
    pub conditions: Conditions,
}

/// An account that is to be changed, with what counts its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account.
    pub account: Account,
    /// Raised by each change.
    pub version: i64,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Why an account is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No such account.
    #[error("there is no channel account {0}")]
    NotFound(ChannelAccountId),
}

/// What an account takes; what is left open is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Only this currency.
    pub currency: Option<Currency>,
    /// Only this method.
    pub method: Option<Method>,
    /// So much at least, in minor units.
    pub amount_min: Option<i64>,
    /// So much at most, in minor units.
    pub amount_max: Option<i64>,
}

/// What a provider allows of refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundRules {
    /// The most refunds of one charge.
    pub refunds_max: usize,
    /// Between two refunds of one charge, in milliseconds.
    pub pause_ms: i64,
    /// For so long behind the charge, in milliseconds.
    pub period_ms: i64,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl Account {
    /// Whether an attempt may go there now.
    pub fn takes(&self, amount: Money, method: Method) -> bool {
        let Conditions { currency, method: only, amount_min, amount_max } = self.conditions;
        self.is_enabled
            && self.kind.methods().contains(&method)
            && currency.is_none_or(|currency| currency == amount.currency)
            && self.kind.currency().is_none_or(|code| code == amount.currency.code())
            && only.is_none_or(|only| only == method)
            && amount_min.is_none_or(|least| least <= amount.minor)
            && amount_max.is_none_or(|most| amount.minor <= most)
    }
}

impl Kind {
    /// How one can pay there, the usual way first.
    pub const fn methods(self) -> &'static [Method] {
        match self {
            Self::Sandbox => &[Method::Page, Method::Qr, Method::Card],
            Self::Alipay => &[Method::Page, Method::Qr],
            Self::WechatPay => &[Method::Qr],
            Self::Stripe => &[Method::Card],
        }
    }

    /// The one currency that it takes, if there is one.
    pub const fn currency(self) -> Option<&'static str> {
        match self {
            Self::Sandbox | Self::Stripe => None,
            Self::Alipay | Self::WechatPay => Some("CNY"),
        }
    }

    /// The most characters of the URL to which it sends the payer's browser afterwards. Alipay's document of
    /// `alipay.trade.page.pay`: `return_url`, 256. The others name no limit, or send nobody anywhere.
    pub const fn return_url_max(self) -> usize {
        match self {
            Self::Alipay => 256,
            Self::Sandbox | Self::WechatPay | Self::Stripe => usize::MAX,
        }
    }

    /// What it allows of refunds. WeChat Pay's document of refunds, "Apply for refund", v3: within a year, 50 partial
    /// refunds of an order, one a minute.
    pub const fn refund_rules(self) -> RefundRules {
        match self {
            Self::WechatPay => RefundRules { refunds_max: 50, pause_ms: 60_000, period_ms: 365 * DAY_MS },
            Self::Sandbox | Self::Alipay | Self::Stripe => {
                RefundRules { refunds_max: 1_000, pause_ms: 0, period_ms: i64::MAX }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Conditions, Kind, Method};
    use crate::{ChannelAccountId, Money, TenantId};

    #[test]
    fn what_an_account_takes() {
        let account = |kind, is_enabled, conditions| Account {
            tenant: TenantId(1),
            id: ChannelAccountId::new(1),
            kind,
            name: String::new(),
            is_enabled,
            conditions,
        };
        let money = |minor, code: &str| Money::new(minor, code.parse().expect("a currency"));
        let open = Conditions::default;
        let cny = || Conditions { currency: "CNY".parse().ok(), ..open() };
        let bounded = || Conditions { amount_min: Some(100), amount_max: Some(200), ..open() };
        let table = [
            (Kind::Sandbox, true, open(), money(1, "GBP"), Method::Page, true),
            (Kind::Sandbox, false, open(), money(1, "GBP"), Method::Page, false),
            (Kind::Sandbox, true, cny(), money(1, "GBP"), Method::Page, false),
            (Kind::Sandbox, true, cny(), money(1, "CNY"), Method::Page, true),
            (Kind::Sandbox, true, bounded(), money(99, "CNY"), Method::Page, false),
            (Kind::Sandbox, true, bounded(), money(100, "CNY"), Method::Page, true),
            (Kind::Sandbox, true, bounded(), money(200, "CNY"), Method::Page, true),
            (Kind::Sandbox, true, bounded(), money(201, "CNY"), Method::Page, false),
            (
                Kind::Sandbox,
                true,
                Conditions { method: Some(Method::Qr), ..open() },
                money(1, "CNY"),
                Method::Page,
                false,
            ),
            (Kind::WechatPay, true, open(), money(1, "CNY"), Method::Page, false),
            (Kind::WechatPay, true, open(), money(1, "CNY"), Method::Qr, true),
            (Kind::Alipay, true, open(), money(1, "USD"), Method::Qr, false),
            (Kind::Stripe, true, open(), money(1, "USD"), Method::Card, true),
        ];
        for (kind, is_enabled, conditions, amount, method, expected) in table {
            let account = account(kind, is_enabled, conditions);
            assert_eq!(account.takes(amount, method), expected, "{account:?} {amount:?} {method}");
        }
    }
}
