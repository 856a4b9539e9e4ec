//! Owns the JSON of what a shop asks of a checkout.

use domain::CheckoutPolicy as Settings;
use domain::checkout::{Standing, Unfit};
use domain::order::PendingLimit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::time;
use super::requests::Errors;
use crate::problem::Problem;

/// What a shop asks of a checkout.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckoutPolicy {
    /// An order is taken only with a one-time token.
    checkout_token: bool,
    /// For how long at most one order request keeps others of its customer out, in milliseconds; 0: it does not.
    order_lock_ms: i64,
    /// Which orders of a customer may wait for payment at a time: `unlimited`, `one_per_member` or `one_per_product`.
    pending_limit: &'static str,
    /// Within how many milliseconds two order requests without a key that ask for the same are one; 0: a key is required.
    same_within_ms: i64,
    /// How many units of one product one order takes; 0: any number.
    order_units_max: i64,
    /// Whoever comes may buy without a name.
    guests: bool,
    /// Whoever comes may become a member by themselves.
    registration: bool,
    /// Raised by each change, from 1; also the `ETag`.
    version: u32,
    /// When it was last changed; null where it never was.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
}

/// Say what the shop asks of a checkout: all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutCheckoutPolicy {
    /// An order is taken only with a one-time token.
    checkout_token: bool,
    /// For how long at most one order request keeps others of its customer out, which are answered 429, in milliseconds: a
    /// minute at most; 0: it does not.
    #[schema(minimum = 0, maximum = 60_000, example = 3_000)]
    order_lock_ms: i64,
    /// Which orders of a customer may wait for payment at a time: `unlimited`, `one_per_member` or `one_per_product`.
    #[schema(example = "unlimited")]
    pending_limit: String,
    /// Within how many milliseconds two order requests without a key that ask for the same are one: an hour at most; 0: a key
    /// is required.
    #[schema(minimum = 0, maximum = 3_600_000, example = 10_000)]
    same_within_ms: i64,
    /// How many units of one product one order takes, answered 409 `refused_by_rule` beyond; 0: any number.
    #[schema(minimum = 0, maximum = 1_000_000, example = 5)]
    order_units_max: i64,
    /// Whoever comes may buy without a name.
    guests: bool,
    /// Whoever comes may become a member by themselves.
    registration: bool,
}

impl CheckoutPolicy {
    pub(crate) fn of(standing: &Standing) -> Self {
        let Settings { checkout_token, order_lock_ms, pending_limit, same_within_ms, order_units_max, .. } =
            standing.policy;
        Self {
            checkout_token,
            order_lock_ms,
            pending_limit: pending_limit.name(),
            same_within_ms,
            order_units_max,
            guests: standing.policy.guests,
            registration: standing.policy.registration,
            version: standing.version,
            changed_at: standing.changed_at.map(time),
        }
    }
}

impl PutCheckoutPolicy {
    pub(crate) fn checked(&self) -> Result<Settings, Problem> {
        let mut errors = Errors::default();
        let pending_limit = PendingLimit::from_name(&self.pending_limit);
        if pending_limit.is_none() {
            let names = PendingLimit::ALL.map(PendingLimit::name).join(", ");
            errors.add("/pending_limit", "unknown_value", format!("it is one of {names}"));
        }
        let policy = Settings {
            checkout_token: self.checkout_token,
            order_lock_ms: self.order_lock_ms,
            pending_limit: pending_limit.unwrap_or_default(),
            same_within_ms: self.same_within_ms,
            order_units_max: self.order_units_max,
            guests: self.guests,
            registration: self.registration,
        };
        for unfit in policy.unfit() {
            errors.add(pointer(unfit), "out_of_range", unfit.to_string());
        }
        errors.none()?;
        Ok(policy)
    }
}

/// Where in the body it stands what is wrong.
const fn pointer(unfit: Unfit) -> &'static str {
    match unfit {
        Unfit::OrderLock => "/order_lock_ms",
        Unfit::SameWithin => "/same_within_ms",
        Unfit::OrderUnits => "/order_units_max",
    }
}

#[cfg(test)]
mod tests {
    use domain::checkout::{ORDER_LOCK_MS_MAX, ORDER_UNITS_MAX, SAME_WITHIN_MS_MAX};

    /// What the reference tells of bounds is what is checked.
    #[test]
    fn the_bounds_are_those_of_the_policy() {
        assert_eq!((ORDER_LOCK_MS_MAX, SAME_WITHIN_MS_MAX, ORDER_UNITS_MAX), (60_000, 3_600_000, 1_000_000));
    }
}
