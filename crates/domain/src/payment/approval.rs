//! Owns when a refund waits for a second person, and what that one decided.

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use crate::text::{ActorId, Reason};
use crate::{Currency, Money, PrincipalId, TenantId, Timestamp};

/// Somebody who asked for a refund, or decided on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// In whose name they act.
    pub principal: PrincipalId,
    /// As others name them.
    pub id: ActorId,
}

/// What somebody said to a refund that waited for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether they let it go.
    pub is_approved: bool,
    /// Who.
    pub by: Party,
    /// When.
    pub at: Timestamp,
    /// Why, if they said so.
    pub reason: Option<Reason>,
}

/// How much may be given back of one payment without a second person, by currency. Refunds of a currency that is not in it
/// never wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefundLimits(BTreeMap<String, Money>);

/// Why limits are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadLimits {
    /// A currency stands twice.
    #[error("{0} stands twice")]
    Twice(Currency),
    /// A limit is negative.
    #[error("the limit of {0} is negative")]
    Negative(Currency),
    /// There are too many.
    #[error("there are more than {} currencies", RefundLimits::CURRENCIES_MAX)]
    TooMany,
}

/// What a tenant's shop asks of refunds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundPolicy {
    /// Whose.
    pub tenant: TenantId,
    /// How much one may give back alone.
    pub limits: RefundLimits,
    /// Counts changes, from 1: nobody has set one yet.
    pub version: u32,
    /// When it was last changed; none where it never was.
    pub changed_at: Option<Timestamp>,
}

impl RefundLimits {
    /// The most currencies with a limit.
    pub const CURRENCIES_MAX: usize = 32;

    /// Limits, one of each currency, none of them negative. Zero is a limit: every refund waits.
    pub fn new(limits: impl IntoIterator<Item = Money>) -> Result<Self, BadLimits> {
        let mut known = BTreeMap::new();
        for limit in limits {
            if limit.minor < 0 {
                return Err(BadLimits::Negative(limit.currency));
            }
            if known.insert(limit.currency.code().to_owned(), limit).is_some() {
                return Err(BadLimits::Twice(limit.currency));
            }
            if known.len() > Self::CURRENCIES_MAX {
                return Err(BadLimits::TooMany);
            }
        }
        Ok(Self(known))
    }

    /// The limit of a currency, in minor units.
    pub fn of(&self, currency: Currency) -> Option<i64> {
        self.0.get(currency.code()).map(|limit| limit.minor)
    }

    /// All of them, by the letters of their currencies.
    pub fn iter(&self) -> impl Iterator<Item = Money> + '_ {
        self.0.values().copied()
    }
}

/// `CNY 50000, USD 7000`, in minor units; `none` where no refund waits.
impl fmt::Display for RefundLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (at, limit) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} {}", limit.currency.code(), limit.minor)?;
        }
        Ok(())
    }
}

impl RefundPolicy {
    /// As long as nobody has set one: no refund waits.
    pub fn unset(tenant: TenantId) -> Self {
        Self { tenant, limits: RefundLimits::default(), version: 1, changed_at: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_by_currency() {
        let of = |minor, code: &str| Money::new(minor, code.parse().expect("a currency"));
        let limits = RefundLimits::new([of(500, "JPY"), of(0, "CNY")]).expect("good limits");
        assert_eq!(limits.of(of(1, "CNY").currency), Some(0));
        assert_eq!(limits.of(of(1, "JPY").currency), Some(500));
        assert_eq!(limits.of(of(1, "EUR").currency), None);
        assert_eq!(limits.iter().collect::<Vec<_>>(), [of(0, "CNY"), of(500, "JPY")]);
        assert_eq!((limits.to_string(), RefundLimits::default().to_string()), ("CNY 0, JPY 500".into(), "none".into()));
        let cny = of(1, "CNY").currency;
        assert_eq!(RefundLimits::new([of(1, "CNY"), of(2, "CNY")]), Err(BadLimits::Twice(cny)));
        assert_eq!(RefundLimits::new([of(-1, "CNY")]), Err(BadLimits::Negative(cny)));
    }
}
