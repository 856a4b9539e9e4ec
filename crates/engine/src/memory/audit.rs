//! Owns the invariants of the tables: what must hold in them whatever happened.

use std::collections::BTreeMap;

use domain::order::{Event, PaymentStatus, Status};
use domain::stock::Holding;
use domain::text::Sku;
use domain::{Order, StockItem, TenantId};

use super::tables::{SourceKey, Tables};

impl Tables {
    /// Looks at every invariant; `Err` says which one does not hold, and where.
    pub fn audit(&self) -> Result<(), String> {
        let mut held: BTreeMap<(TenantId, &Sku), i64> = BTreeMap::new();
        for order in self.orders.values() {
            self.audit_order(order)?;
            for reservation in order.reservations.iter().filter(|row| row.holding == Holding::Held) {
                *held.entry((order.tenant, &reservation.sku)).or_default() += reservation.quantity;
            }
        }
        for item in self.stock.values() {
            self.audit_stock(item, held.get(&(item.tenant, &item.sku)).copied().unwrap_or(0))?;
        }
        let waiting = self.orders.values().filter(|order| order.status == Status::PendingPayment);
        let taken: BTreeMap<_, _> =
            waiting.flat_map(|order| order.pending_slots().into_iter().map(|slot| (slot, order.order_no))).collect();
        hold(self.slots == taken, || format!("places of orders that wait: {:?}, not {taken:?}", self.slots))?;
        let twice = self.executions.iter().find(|&(_, &times)| times > 1);
        hold(twice.is_none(), || format!("I-10: an arrival was executed more than once: {twice:?}"))?;
        hold(self.orders.len() == self.orders_by_key.len(), || "I-10: not one order per key".to_owned())?;
        self.people.check()?;
        hold(self.products.keys().eq(self.stock.keys()), || "a product without stock, or stock without one".to_owned())
    }

    fn audit_stock(&self, item: &StockItem, held: i64) -> Result<(), String> {
        hold(0 <= item.reserved && item.reserved <= item.on_hand, || format!("I-6: {item:?}"))?;
        hold(item.reserved == held, || format!("I-7: {held} held of {item:?}"))?;
        let first = (item.tenant, item.sku.clone(), SourceKey::default());
        let of_item =
            |row: &(&(TenantId, Sku, _), &domain::stock::Movement)| row.0.0 == item.tenant && row.0.1 == item.sku;
        let moved: i64 = self.movements.range(first..).take_while(of_item).map(|(_, movement)| movement.quantity).sum();
        hold(item.on_hand == moved, || format!("I-8: {moved} moved of {item:?}"))
    }

    fn audit_order(&self, order: &Order) -> Result<(), String> {
        let told = |what: &str| format!("{what}: {order:?}");
        let by_key = self.orders_by_key.get(&(order.tenant, order.principal, order.key.clone()));
        hold(by_key == Some(&order.order_no), || told("I-10: an order that its key does not find"))?;
        hold(!self.numbers.contains_key(&(order.tenant, order.order_no)), || told("a used number is still to be had"))?;
        let sum: i64 = order.lines.iter().map(|line| line.total.minor).sum();
        let exact = order.lines.iter().all(|line| line.unit_price.times(line.quantity) == Some(line.total));
        hold(exact && order.total.minor == sum, || told("I-5"))?;
        let unpaid = order.payment_status() == PaymentStatus::Unpaid;
        hold(unpaid == (order.captured == 0 && !order.was_paid()), || told("I-11"))?;
        hold(!order.was_paid() || order.captured >= order.total.minor, || told("I-11"))?;
        self.money.audit(order)?;
        hold(parcels_add_up(order), || told("parcels do not add up"))?;
        self.audit_reservations(order)?;
        self.audit_history(order)
    }

    fn audit_reservations(&self, order: &Order) -> Result<(), String> {
        let expected = match order.status {
            Status::PendingPayment => Holding::Held,
            _ if order.was_paid() => Holding::Committed,
            _ => Holding::Released,
        };
        let mut wanted: BTreeMap<&Sku, i64> = BTreeMap::new();
        for line in &order.lines {
            *wanted.entry(&line.sku).or_default() += line.quantity;
        }
        let found: BTreeMap<&Sku, i64> = order.reservations.iter().map(|row| (&row.sku, row.quantity)).collect();
        let resolved = order.reservations.iter().all(|row| row.holding == expected);
        hold(found == wanted && resolved, || format!("I-7: the reservations of {order:?}"))?;
        for (&sku, &quantity) in &wanted {
            let sale = self.movements.get(&(order.tenant, sku.clone(), (None, Some(order.order_no), None)));
            let sold = sale.map_or(0, |movement| -movement.quantity);
            let due = if expected == Holding::Committed { quantity } else { 0 };
            hold(sold == due, || format!("I-9: {sold} of {sku} sold by {order:?}"))?;
        }
        Ok(())
    }

    fn audit_history(&self, order: &Order) -> Result<(), String> {
        let mut at: Option<Status> = None;
        for version in 1..=order.version {
            let entry = self.history.get(&(order.tenant, order.order_no, version));
            let entry = entry.ok_or_else(|| format!("I-13: no step {version} of {order:?}"))?;
            let legal = match at {
                None => entry.event == Event::Place && entry.to == Status::PendingPayment,
                Some(from) => from.on(entry.event) == Some(entry.to),
            };
            hold(entry.from == at && legal, || format!("I-13: not in the table: {entry:?}"))?;
            at = Some(entry.to);
        }
        let beyond = self.history.contains_key(&(order.tenant, order.order_no, order.version + 1));
        hold(at == Some(order.status) && !beyond, || format!("I-13: the history does not lead to {order:?}"))
    }
}

fn parcels_add_up(order: &Order) -> bool {
    let all_sent = order.lines.iter().all(|line| Order::unshipped(line) == 0);
    let sent_when_due = all_sent || !matches!(order.status, Status::Shipped | Status::Completed);
    sent_when_due
        && order.lines.iter().all(|line| {
            let parts =
                order.shipments.iter().flat_map(|parcel| &parcel.parcels).filter(|part| part.line == line.number);
            line.shipped == parts.map(|part| part.quantity).sum::<i64>() && line.shipped <= line.quantity
        })
}

fn hold(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
