//! Owns what the API answers of what a shop asks of its people and of a checkout.

use serde::Deserialize;

use crate::show::Money;

/// What a shop asks of the sessions of one kind of people.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SessionRules {
    pub(crate) open_max: OpenMax,
    pub(crate) when_full: String,
    pub(crate) idle_s: i64,
    pub(crate) absolute_s: i64,
    /// `every_request`, `writes` or `below`.
    pub(crate) renewal: String,
    pub(crate) renewal_percent: Option<u8>,
    pub(crate) version: u32,
    pub(crate) changed_at: Option<String>,
}

/// How many sessions one person has at a time, by what they use.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OpenMax {
    pub(crate) web: u32,
    pub(crate) app: u32,
    pub(crate) mini_program: u32,
}

/// How much may be given back of one payment without a second person.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RefundLimits {
    pub(crate) alone_up_to: Vec<Money>,
    pub(crate) version: u32,
    pub(crate) changed_at: Option<String>,
}

/// What a shop asks of a checkout.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CheckoutPolicy {
    pub(crate) checkout_token: bool,
    pub(crate) order_lock_ms: i64,
    /// `unlimited`, `one_per_member` or `one_per_product`.
    pub(crate) pending_limit: String,
    pub(crate) same_within_ms: i64,
    pub(crate) order_units_max: i64,
    pub(crate) guests: bool,
    pub(crate) registration: bool,
    pub(crate) version: u32,
    pub(crate) changed_at: Option<String>,
}
