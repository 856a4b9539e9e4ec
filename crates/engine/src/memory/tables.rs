//! Owns the tables in memory: what they load, what they write, and which rows they refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::order::{HistoryEntry, PendingSlot};
use domain::stock::{Movement, Source};
use domain::text::Sku;
use domain::{
    Change, MovementId, Needs, Order, OrderNo, OrderNumber, PrincipalId, Product, RefundId, State, StockItem, TenantId,
};
use idempotency::{CommandId, Key, Record};

use super::money::Money;
use super::people::People;
use crate::{Commit, NewRecord, RecordKind, Scope, Snapshot};

/// What moved stock, in an order: the initial stock, movements by hand, sales, returns.
pub(super) type SourceKey = (Option<MovementId>, Option<OrderNo>, Option<RefundId>);

/// Every table. Sorted, so that nothing depends on the order of a hash map.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Products by sku.
    pub products: BTreeMap<(TenantId, Sku), Product>,
    /// Stock by sku.
    pub stock: BTreeMap<(TenantId, Sku), StockItem>,
    /// Movements of stock, unique by sku and source.
    pub movements: BTreeMap<(TenantId, Sku, SourceKey), Movement>,
    /// Orders by number.
    pub orders: BTreeMap<(TenantId, OrderNo), Arc<Order>>,
    /// Orders by who placed them under which key.
    pub orders_by_key: BTreeMap<(TenantId, PrincipalId, Key), OrderNo>,
    /// Numbers that were issued and not used.
    pub numbers: BTreeMap<(TenantId, OrderNo), OrderNumber>,
    /// Members' places for orders that wait for payment.
    pub slots: BTreeMap<PendingSlot, OrderNo>,
    /// Steps of orders, by version.
    pub history: BTreeMap<(TenantId, OrderNo, u32), HistoryEntry>,
    /// What hangs on payments.
    pub money: Money,
    /// People, tenants and audit logs.
    pub people: People,
    /// What is kept under the keys.
    pub records: BTreeMap<Scope, Record>,
    /// How often each arrival was committed. SQL has no such table: it is here to be audited.
    pub executions: BTreeMap<CommandId, u32>,
}

impl Tables {
    /// The rows that are there of those that are wanted, with the stock of every reservation found.
    pub fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Snapshot {
        let mut state = State::default();
        for (tenant, sku) in &needs.products {
            self.load_product(*tenant, sku, &mut state);
        }
        let by_key = needs.orders_by_key.iter().filter_map(|key| Some((key.0, *self.orders_by_key.get(key)?)));
        let paid = self.money.orders_of(needs);
        for (tenant, order_no) in needs.orders.iter().copied().chain(by_key).chain(paid.iter().copied()) {
            let Some(order) = self.orders.get(&(tenant, order_no)) else { continue };
            for reservation in &order.reservations {
                self.load_product(tenant, &reservation.sku, &mut state);
            }
            state.put_order(order.clone());
        }
        self.money.load(needs, &paid, &mut state);
        needs
            .numbers
            .iter()
            .filter_map(|row| self.numbers.get(row))
            .for_each(|number| state.put_number(number.clone()));
        needs
            .slots
            .iter()
            .filter_map(|slot| Some((slot, self.slots.get(slot)?)))
            .for_each(|(slot, order_no)| state.put_slot(slot.clone(), *order_no));
        self.people.load(needs, &mut state);
        let records =
            scopes.iter().filter_map(|scope| Some((scope.clone(), self.records.get(scope)?.clone()))).collect();
        Snapshot { state, records, ..Snapshot::default() }
    }

    fn load_product(&self, tenant: TenantId, sku: &Sku, state: &mut State) {
        let row = (tenant, sku.clone());
        if let Some((product, item)) = self.products.get(&row).zip(self.stock.get(&row)) {
            state.put_product(product.clone());
            state.put_stock(item.clone());
        }
    }

    /// Writes a commit; `Err` names the row that a unique key, or an update of so many rows, refuses.
    pub fn write(&mut self, commit: &Commit) -> Result<(), String> {
        commit.changes.iter().try_for_each(|change| self.write_change(change))?;
        commit.records.iter().try_for_each(|record| self.write_record(record))
    }

    fn write_record(&mut self, new: &NewRecord) -> Result<(), String> {
        if new.kind == RecordKind::Own {
            *self.executions.entry(new.record.command).or_default() += 1;
        }
        let before = self.records.insert(new.scope.clone(), new.record.clone());
        refuse_if(before.is_some() && !new.replaces, || format!("a second record under {}", new.scope.key))
    }

    fn write_change(&mut self, change: &Change) -> Result<(), String> {
        match change {
            Change::ProductPut(product) => {
                let before = self.products.insert((product.tenant, product.sku.clone()), product.clone());
                let version = before.map_or(0, |before| before.version);
                refuse_if(product.version != version + 1, || format!("a lost update of the product {}", product.sku))
            }
            Change::StockSet(item) => {
                self.stock.insert((item.tenant, item.sku.clone()), item.clone());
                Ok(())
            }
            Change::StockMoved(movement) => {
                let row = (movement.tenant, movement.sku.clone(), source_key(movement.source));
                let before = self.movements.insert(row, movement.clone());
                refuse_if(before.is_some(), || format!("a second movement of {} by one source", movement.sku))
            }
            Change::NumberIssued(number) => {
                let before = self.numbers.insert((number.tenant, number.order_no), number.clone());
                refuse_if(before.is_some(), || format!("a second number {}", number.order_no))
            }
            Change::NumberUsed(tenant, order_no) => {
                self.numbers.remove(&(*tenant, *order_no));
                Ok(())
            }
            Change::SlotTaken(slot, order_no) => {
                let before = self.slots.insert(slot.clone(), *order_no);
                refuse_if(before.is_some(), || format!("a second order in {slot:?}"))
            }
            Change::SlotFreed(slot) => {
                let before = self.slots.remove(slot);
                refuse_if(before.is_none(), || format!("nothing in {slot:?}"))
            }
            Change::OrderPlaced(order) => self.insert_order(order),
            Change::OrderStepped(order) => self.update_order(order),
            Change::HistoryWritten(entry) => {
                let before = self.history.insert((entry.tenant, entry.order_no, entry.version), entry.clone());
                refuse_if(before.is_some(), || format!("a second step {} of {}", entry.version, entry.order_no))
            }
            Change::PersonAdded(..)
            | Change::PersonStepped(_)
            | Change::TenantStepped(_)
            | Change::SessionEnded(_)
            | Change::SessionRulesPut(_)
            | Change::ApiKeyIssued(..)
            | Change::ApiKeyRevoked(_)
            | Change::CheckoutPolicySet(_)
            | Change::Audited(_) => self.people.write(change),
            other => self.money.write(other),
        }
    }

    fn insert_order(&mut self, order: &Arc<Order>) -> Result<(), String> {
        let key = (order.tenant, order.principal, order.key.clone());
        let by_key = self.orders_by_key.insert(key, order.order_no);
        refuse_if(by_key.is_some(), || format!("a second order under {}", order.key))?;
        let before = self.orders.insert((order.tenant, order.order_no), order.clone());
        refuse_if(before.is_some(), || format!("a second order {}", order.order_no))
    }

    fn update_order(&mut self, order: &Arc<Order>) -> Result<(), String> {
        let mut parcels = BTreeSet::new();
        let unique = order.shipments.iter().all(|parcel| parcels.insert((&parcel.carrier, &parcel.tracking_no)));
        refuse_if(!unique, || format!("two parcels of {} with one number", order.order_no))?;
        let before = self.orders.insert((order.tenant, order.order_no), order.clone());
        refuse_if(before.is_none_or(|before| before.version + 1 != order.version), || {
            format!("a lost update of the order {}", order.order_no)
        })
    }
}

pub(super) fn refuse_if(refused: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if refused { Err(why()) } else { Ok(()) }
}

const fn source_key(source: Source) -> SourceKey {
    match source {
        Source::Initial => (None, None, None),
        Source::Manual(id) => (Some(id), None, None),
        Source::Sale(order_no) => (None, Some(order_no), None),
        Source::Return(refund) => (None, None, Some(refund)),
    }
}
