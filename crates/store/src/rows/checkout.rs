//! Owns the rows of what shops ask of a checkout.

use domain::checkout::Standing;
use domain::{CheckoutPolicy, TenantId, Timestamp};

use super::{Column, limit_from_number, limit_number};
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{self, Find, Value, Write, number, row};

const COLUMNS: &[set::Column] = &[
    number("tenant_id"),
    number("checkout_token"),
    number("order_lock_ms"),
    number("pending_limit"),
    number("same_within_ms"),
    number("order_units_max"),
    number("guests"),
    number("registration"),
    number("changed_at"),
    number("version"),
];

/// All but the tenant.
const SET: &[set::Column] = COLUMNS.split_at(1).1;

/// What the shop of a tenant asks of a checkout.
pub(crate) struct CheckoutRow(pub(crate) Standing);

impl Stored for CheckoutRow {
    const FIND: &'static Find =
        &Find { table: "tenant_policies", key: &[number("tenant_id")], unique: None, read: COLUMNS };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let tenant: i64 = fields.take()?;
        let row = tenant.to_string();
        let column = Column { table: "tenant_policies", row: &row };
        let (checkout_token, order_lock_ms, limit): (i64, i64, i64) = (fields.take()?, fields.take()?, fields.take()?);
        let policy = CheckoutPolicy {
            checkout_token: checkout_token == 1,
            order_lock_ms,
            pending_limit: limit_from_number(limit)
                .ok_or_else(|| column.unreadable("pending_limit", limit.to_string()))?,
            same_within_ms: fields.take()?,
            order_units_max: fields.take()?,
            guests: fields.take::<i64>()? == 1,
            registration: fields.take::<i64>()? == 1,
        };
        let changed_at = Some(Timestamp(fields.take()?));
        let version = column.small("version", fields.take()?)?;
        Ok(Self(Standing { tenant: TenantId(tenant), policy, version, changed_at }))
    }
}

/// The policy of a shop that had none, as [`checkout_new`] gives it.
pub(crate) static CHECKOUT_NEW: Write = Write::insert("tenant_policies", CheckoutRow::FIND.read);

/// Another policy, as [`checkout_changed`] gives it.
pub(crate) static CHECKOUT_CHANGED: Write =
    Write::update("tenant_policies", CheckoutRow::FIND.key, SET, &[number("version")]);

/// The row of a policy where there was none.
pub(crate) fn checkout_new(now: &Standing) -> [Value; 10] {
    let CheckoutPolicy { checkout_token, order_lock_ms, same_within_ms, order_units_max, .. } = now.policy;
    row![
        now.tenant.0,
        i64::from(checkout_token),
        order_lock_ms,
        limit_number(now.policy.pending_limit),
        same_within_ms,
        order_units_max,
        i64::from(now.policy.guests),
        i64::from(now.policy.registration),
        now.changed_at.map_or(0, |at| at.0),
        now.version,
    ]
}

/// The row of a policy that takes the place of the one of this version.
pub(crate) fn checkout_changed(now: &Standing, was: u32) -> [Value; 11] {
    let mut values = checkout_new(now).into_iter().chain([Value::from(was)]);
    std::array::from_fn(|_| values.next().expect("ten and one are eleven"))
}
