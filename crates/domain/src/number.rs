//! Owns the pre-issued order number: taken when a checkout page opens, good for one order of its taker.

use crate::{OrderNo, PrincipalId, TenantId, Timestamp};

/// A number that was issued and has not become an order. A refused order does not use it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderNumber {
    /// Whose.
    pub tenant: TenantId,
    /// The number.
    pub order_no: OrderNo,
    /// Who took it; nobody else may use it.
    pub principal: PrincipalId,
    /// From then on it is not taken any more.
    pub expires_at: Timestamp,
}
