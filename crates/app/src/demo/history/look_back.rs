//! Owns the look at what became of the months before: where each order stands on the server, against the plan.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::plan::{Fate, PLAN};
use crate::client::Caller;
use crate::terminal::{Sheet, thousands};

/// Where the orders stand.
#[derive(Debug, Default)]
pub struct Found {
    by_status: BTreeMap<String, u64>,
    /// How many stand elsewhere than planned.
    elsewhere: u64,
}

#[derive(Deserialize)]
struct Order {
    #[serde(rename = "order_no")]
    number: String,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    close_reason: Option<String>,
}

/// Reads the orders that were placed.
pub async fn read(caller: &mut Caller, placed: &HashMap<String, Fate>) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let take = |order: Order| {
        if let Some(fate) = placed.get(&order.number) {
            found.take(&order, *fate);
        }
    };
    caller.list("/api/v1/orders", take).await?;
    found.elsewhere += placed.len() as u64 - found.by_status.values().sum::<u64>();
    Ok(found)
}

impl Found {
    fn take(&mut self, order: &Order, fate: Fate) {
        *self.by_status.entry(order.status.clone()).or_default() += 1;
        if !order.is_as_planned(fate) {
            tracing::warn!(order_no = order.number, ?fate, "an order stands elsewhere than planned");
            self.elsewhere += 1;
        }
    }

    /// What there is to look around in.
    pub fn sheet(&self, customers: usize) -> Sheet {
        let mut sheet = Sheet::new("the months before, to look around in");
        sheet.row("customers", thousands(customers as u64));
        sheet.row("orders", thousands(self.by_status.values().sum::<u64>()));
        for (status, name) in [
            ("pending_payment", "  to be paid: not begun, at the provider, refused there, or without a word"),
            ("paid", "  paid, some of them sent in part or paid twice"),
            ("shipped", "  sent"),
            ("completed", "  received, some with money back, or waiting for a second person"),
            ("closed", "  closed: cancelled, expired, paid too late, refunded"),
        ] {
            sheet.row(name, thousands(self.by_status.get(status).copied().unwrap_or(0)));
        }
        if self.elsewhere > 0 {
            sheet.row("orders that went another way than planned", thousands(self.elsewhere));
        }
        sheet
    }
}

impl Order {
    fn is_as_planned(&self, fate: Fate) -> bool {
        PLAN.iter().filter(|line| line.fate == fate).any(|line| {
            self.status == line.order.name()
                && self.payment_status == line.paid.name()
                && self.fulfillment_status == line.sent.name()
                && self.close_reason.as_deref() == fate.close_reason().map(domain::order::CloseReason::name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, Found, Order};

    fn order(status: &str, paid: &str, sent: &str, reason: Option<&str>) -> Order {
        let [status, payment_status, fulfillment_status] = [status, paid, sent].map(ToOwned::to_owned);
        Order {
            number: "ord_1".into(),
            status,
            payment_status,
            fulfillment_status,
            close_reason: reason.map(Into::into),
        }
    }

    #[test]
    fn an_order_is_where_it_should_be_or_counted() {
        for (order, fate, is_so) in [
            (order("completed", "paid", "received", None), Fate::Received, true),
            (order("completed", "partially_refunded", "received", None), Fate::Received, false),
            (order("closed", "unpaid", "unfulfilled", Some("timeout")), Fate::Expired, true),
            (order("closed", "unpaid", "unfulfilled", Some("customer")), Fate::Expired, false),
            (order("paid", "paid", "partial", None), Fate::SentInPart, true),
            (order("paid", "paid", "unfulfilled", None), Fate::SentInPart, false),
        ] {
            let mut found = Found::default();
            found.take(&order, fate);
            assert_eq!(found.elsewhere == 0, is_so, "{fate:?}");
        }
    }
}
