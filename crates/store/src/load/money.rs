//! Owns reading payments of a batch: which orders they are for, and they themselves with all that hangs on them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Needs, Payment, State, TenantId};

use super::{LoadError, find, order_key};
use crate::found::{Fields, Intent, Stored, Tables};
use crate::rows::{
    AccountRow, AttemptRow, ChannelEventRow, PaymentRow, RefundLineRow, RefundPolicyRow, RefundRow, ReviewRow,
    StandingOfChannel, parse_order_no,
};
use crate::set::{Find, Value, number, text};
use crate::{Error, OrderKey};

/// The order behind an id. It is the same for ever, so it is read before the order is locked.
struct OrderOf(i64, String);

impl OrderOf {
    const PAYMENTS: &'static Find = &Find {
        table: "payments",
        key: &[number("tenant_id"), text("payment_id")],
        unique: Some("payments_tenant_id_payment_id"),
        read: &[number("tenant_id"), text("order_no")],
    };
    const ATTEMPTS: &'static Find = &Find {
        table: "payment_attempts",
        key: &[number("tenant_id"), text("attempt_id")],
        unique: Some("payment_attempts_tenant_id_attempt_id"),
        read: Self::PAYMENTS.read,
    };
    const NUMBERED: &'static Find = &Find {
        table: "payment_attempts",
        key: &[number("tenant_id"), text("account_id"), text("channel_no")],
        unique: Some("payment_attempts_tenant_id_account_id_channel_no"),
        read: Self::PAYMENTS.read,
    };
    const REFUNDS: &'static Find = &Find {
        table: "refunds",
        key: &[number("tenant_id"), text("refund_id")],
        unique: Some("refunds_tenant_id_refund_id"),
        read: Self::PAYMENTS.read,
    };
}

impl Stored for OrderOf {
    const FIND: &'static Find = Self::PAYMENTS;

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self(fields.take()?, fields.take()?))
    }
}

/// The orders whose payment is wanted.
pub(super) async fn orders_of(tables: &mut impl Tables, needs: &Needs) -> Result<BTreeSet<OrderKey>, LoadError> {
    let mut orders = needs.payments_for.clone();
    let payments = needs.payments.iter().flat_map(|(tenant, id)| key(*tenant, id.to_string()));
    let attempts = needs.attempts.iter().flat_map(|(tenant, id)| key(*tenant, id.to_string()));
    let refunds = needs.refunds.iter().flat_map(|(tenant, id)| key(*tenant, id.to_string()));
    let mut found: Vec<OrderOf> = super::find_in(tables, OrderOf::PAYMENTS, payments, Intent::Read).await?;
    found.extend(super::find_in::<OrderOf>(tables, OrderOf::ATTEMPTS, attempts, Intent::Read).await?);
    found.extend(super::find_in::<OrderOf>(tables, OrderOf::REFUNDS, refunds, Intent::Read).await?);
    let numbered = needs.numbered.iter();
    let numbered = numbered.flat_map(|(tenant, account, number)| -> [Value; 3] {
        [tenant.0.into(), account.to_string().into(), number.as_str().into()]
    });
    found.extend(super::find_in::<OrderOf>(tables, OrderOf::NUMBERED, numbered, Intent::Read).await?);
    for OrderOf(tenant, order_no) in found {
        orders.insert((TenantId(tenant), parse_order_no(&order_no)?));
    }
    Ok(orders)
}

fn key(tenant: TenantId, id: String) -> [Value; 2] {
    [tenant.0.into(), id.into()]
}

/// Accounts, what came from outside before, what shops ask of refunds, reviews, and the payments for these orders, whose heads are locked.
pub(super) async fn load(
    tables: &mut impl Tables,
    needs: &Needs,
    paid: &BTreeSet<OrderKey>,
    state: &mut State,
) -> Result<(), LoadError> {
    let accounts = needs.accounts.iter().flat_map(|(tenant, id)| key(*tenant, id.to_string()));
    for AccountRow(account) in find(tables, accounts, Intent::Read).await? {
        state.put_account(account);
    }
    let standings = needs.standings.iter().flat_map(|(tenant, id)| key(*tenant, id.to_string()));
    for StandingOfChannel(standing) in find(tables, standings, Intent::Change).await? {
        state.put_standing(standing);
    }
    let events = needs.events.iter().flat_map(|(tenant, digest)| [tenant.0.into(), digest.0[..].into()]);
    for ChannelEventRow(event) in find(tables, events, Intent::Read).await? {
        state.put_event(event);
    }
    let policies = needs.refund_policies.iter().map(|tenant| tenant.0.into());
    for RefundPolicyRow(policy) in find(tables, policies, Intent::Change).await? {
        state.put_refund_policy(policy);
    }
    let reviews = needs.reviews.iter().flat_map(|(tenant, id)| key(*tenant, id.to_string()));
    for ReviewRow(review) in find(tables, reviews, Intent::Change).await? {
        state.put_review(review);
    }
    for payment in payments(tables, paid).await? {
        state.put_payment(payment.into());
    }
    Ok(())
}

/// The payments for these orders, in the order of their keys.
pub(crate) async fn payments(tables: &mut impl Tables, orders: &BTreeSet<OrderKey>) -> Result<Vec<Payment>, LoadError> {
    let keys = || orders.iter().flat_map(order_key);
    let mut payments: BTreeMap<(i64, String), Payment> = BTreeMap::new();
    for row in find::<PaymentRow>(tables, keys(), Intent::Read).await? {
        let payment = row.head()?;
        payments.insert((row.tenant_id, row.order_no), payment);
    }
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    for row in find::<AttemptRow>(tables, keys(), Intent::Read).await? {
        if let Some(payment) = payments.get_mut(&(row.tenant_id, row.order_no)) {
            payment.attempts.push(row.attempt);
        }
    }
    for row in find::<RefundRow>(tables, keys(), Intent::Read).await? {
        if let Some(payment) = payments.get_mut(&(row.tenant_id, row.order_no)) {
            payment.refunds.push(row.refund);
        }
    }
    let refunded = payments.values().any(|payment| !payment.refunds.is_empty());
    let lines: Vec<RefundLineRow> = if refunded { find(tables, keys(), Intent::Read).await? } else { Vec::new() };
    for row in lines {
        let payment = payments.get_mut(&(row.tenant_id, row.order_no));
        let refunds = payment.map(|payment| &mut payment.refunds).into_iter().flatten();
        for refund in refunds.filter(|refund| refund.number == row.number) {
            refund.lines.push(row.line);
        }
    }
    payments.values_mut().for_each(sort);
    Ok(payments.into_values().collect())
}

/// Databases give rows in any order.
fn sort(payment: &mut Payment) {
    payment.attempts.sort_unstable_by_key(|attempt| attempt.number);
    payment.refunds.sort_unstable_by_key(|refund| refund.number);
    for refund in &mut payment.refunds {
        refund.lines.sort_unstable_by_key(|line| line.line);
    }
}

/// Payments by id; those that do not exist are left out.
pub(crate) async fn by_id(tables: &mut impl Tables, needs: &Needs) -> Result<Vec<Payment>, LoadError> {
    let orders = orders_of(tables, needs).await?;
    payments(tables, &orders).await
}
