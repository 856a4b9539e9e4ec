//! Owns what a shop asks of a checkout: which settings there are, and within which bounds each of them is.

use std::fmt;

use thiserror::Error;

use crate::order::PendingLimit;
use crate::{TenantId, Timestamp};

/// The longest time for which one order request keeps others of its member out, in milliseconds: somebody who waits longer
/// is lost.
pub const ORDER_LOCK_MS_MAX: i64 = 60_000;
/// The longest time within which two requests without a key are one, in milliseconds.
pub const SAME_WITHIN_MS_MAX: i64 = 3_600_000;
/// The most units of one product that may be named as what an order takes.
pub const ORDER_UNITS_MAX: i64 = 1_000_000;

/// What a shop asks of a checkout. All of it is off until somebody switches it on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckoutPolicy {
    /// An order is taken only with a one-time token.
    pub checkout_token: bool,
    /// For how many milliseconds at most one order request keeps others of the same member out, which are answered
    /// "too frequent"; 0 where they are not.
    pub order_lock_ms: i64,
    /// Which of a member's orders may wait for payment at the same time.
    pub pending_limit: PendingLimit,
    /// Within how many milliseconds two order requests without a key that ask for the same are one; 0 where a key is
    /// required.
    pub same_within_ms: i64,
    /// How many units of one product one order takes; 0 where it takes any number.
    pub order_units_max: i64,
    /// Whoever comes may buy without a name.
    pub guests: bool,
    /// Whoever comes may become a member by themselves.
    pub registration: bool,
}

/// The policy of a tenant's shop, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub tenant: TenantId,
    /// What it asks.
    pub policy: CheckoutPolicy,
    /// Counts changes, from 1: nobody has set anything yet.
    pub version: u32,
    /// When it was last changed; none where it never was.
    pub changed_at: Option<Timestamp>,
}

/// What is wrong with a policy that can never be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// Others of the member would be kept out for too long.
    #[error("others of the customer are kept out for 0 to {ORDER_LOCK_MS_MAX} milliseconds")]
    OrderLock,
    /// Two wishes that lie far apart would be one.
    #[error("two requests are one within 0 to {SAME_WITHIN_MS_MAX} milliseconds")]
    SameWithin,
    /// Not a number of units.
    #[error("an order takes 1 to {ORDER_UNITS_MAX} units of a product, or any number where this is 0")]
    OrderUnits,
}

/// Why a change of the policy is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Somebody changed it since.
    #[error("what the shop asks of a checkout has version {current}, not {expected}")]
    VersionMismatch {
        /// The version there is.
        current: u32,
        /// The version that If-Match names.
        expected: u32,
    },
}

impl CheckoutPolicy {
    /// Everything that is wrong with it, in the order of its fields.
    pub fn unfit(&self) -> impl Iterator<Item = Unfit> {
        let bounds = [
            (self.order_lock_ms, ORDER_LOCK_MS_MAX, Unfit::OrderLock),
            (self.same_within_ms, SAME_WITHIN_MS_MAX, Unfit::SameWithin),
            (self.order_units_max, ORDER_UNITS_MAX, Unfit::OrderUnits),
        ];
        bounds.into_iter().filter(|(value, most, _)| !(0..=*most).contains(value)).map(|(.., unfit)| unfit)
    }
}

/// As the audit log has it.
impl fmt::Display for CheckoutPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switch = |on: bool| if on { "on" } else { "off" };
        write!(f, "token {} lock {}ms ", switch(self.checkout_token), self.order_lock_ms)?;
        write!(f, "pending {} same {}ms ", self.pending_limit.name(), self.same_within_ms)?;
        write!(f, "units {} guests {} ", self.order_units_max, switch(self.guests))?;
        write!(f, "registration {}", switch(self.registration))
    }
}

impl Standing {
    /// As long as nobody has set one: all of it is off.
    pub fn unset(tenant: TenantId) -> Self {
        Self { tenant, policy: CheckoutPolicy::default(), version: 1, changed_at: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_within_its_bounds() {
        let off = CheckoutPolicy::default();
        let most = CheckoutPolicy {
            order_lock_ms: 60_000,
            same_within_ms: 3_600_000,
            order_units_max: 1_000_000,
            ..CheckoutPolicy::default()
        };
        let all = [Unfit::OrderLock, Unfit::SameWithin, Unfit::OrderUnits];
        let beyond =
            CheckoutPolicy { order_lock_ms: 60_001, same_within_ms: 3_600_001, order_units_max: 1_000_001, ..off };
        let below = CheckoutPolicy { order_lock_ms: -1, same_within_ms: -1, order_units_max: -1, ..off };
        let table = [
            (off, &[][..]),
            (most, &[]),
            (CheckoutPolicy { order_lock_ms: 60_001, ..most }, &all[..1]),
            (CheckoutPolicy { same_within_ms: -1, ..most }, &all[1..2]),
            (CheckoutPolicy { order_units_max: i64::MAX, ..most }, &all[2..]),
            (beyond, &all),
            (below, &all),
        ];
        for (policy, wanted) in table {
            assert_eq!(policy.unfit().collect::<Vec<_>>(), wanted, "{policy:?}");
        }
    }

    /// The audit log takes 200 characters, and so many are not reached by the longest.
    #[test]
    fn a_policy_is_told_in_one_line() {
        let longest = CheckoutPolicy {
            checkout_token: true,
            order_lock_ms: ORDER_LOCK_MS_MAX,
            pending_limit: PendingLimit::OnePerProduct,
            same_within_ms: SAME_WITHIN_MS_MAX,
            order_units_max: ORDER_UNITS_MAX,
            guests: false,
            registration: true,
        };
        assert_eq!(
            longest.to_string(),
            "token on lock 60000ms pending one_per_product same 3600000ms units 1000000 guests off registration on"
        );
    }
}
