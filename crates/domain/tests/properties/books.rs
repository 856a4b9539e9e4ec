//! Owns the books that the changes are written into, and what must hold in them.

use std::collections::{BTreeMap, BTreeSet};

use domain::channel::{Account, Conditions, Kind};
use domain::order::{Event, HistoryEntry, PaymentStatus, PendingSlot, Status};
use domain::outbox::Task;
use domain::payment::RefundStatus;
use domain::stock::{Holding, Source};
use domain::text::Sku;
use domain::{Change, ChannelAccountId, Command, Order, OrderNo, Outcome, State, TenantId};
use proptest::prelude::{prop_assert, prop_assert_eq};
use proptest::test_runner::TestCaseError;

use crate::till::Till;

/// Rows, and everything that was ever appended.
pub struct Books {
    pub state: State,
    pub commands: u32,
    skus: BTreeSet<(TenantId, Sku)>,
    orders: Vec<(TenantId, OrderNo)>,
    keys: BTreeSet<(TenantId, i64, String)>,
    numbers: Vec<(TenantId, OrderNo)>,
    /// By sku and spelled source.
    movements: BTreeMap<(TenantId, Sku, String), i64>,
    history: BTreeMap<(TenantId, OrderNo), Vec<HistoryEntry>>,
    slots: BTreeMap<PendingSlot, OrderNo>,
    till: Till,
}

/// Two tenants, each with two accounts.
impl Default for Books {
    fn default() -> Self {
        let mut state = State::default();
        for (tenant, number) in [(1, 0), (1, 1), (2, 0), (2, 1)] {
            state.put_account(Account {
                tenant: TenantId(tenant),
                id: ChannelAccountId::new(number),
                kind: Kind::Sandbox,
                name: String::new(),
                is_enabled: true,
                conditions: Conditions::default(),
            });
        }
        Self {
            state,
            commands: 0,
            skus: BTreeSet::new(),
            orders: Vec::new(),
            keys: BTreeSet::new(),
            numbers: Vec::new(),
            movements: BTreeMap::new(),
            slots: BTreeMap::new(),
            history: BTreeMap::new(),
            till: Till::default(),
        }
    }
}

impl Books {
    /// An order of the tenant, by any number.
    pub fn pick(&self, tenant: TenantId, pick: u8) -> Option<&Order> {
        let own: Vec<OrderNo> = self.orders.iter().filter(|row| row.0 == tenant).map(|row| row.1).collect();
        let order_no = own.get(usize::from(pick) % own.len().max(1))?;
        self.state.order(tenant, *order_no).map(AsRef::as_ref)
    }

    /// A number that was issued in the tenant, used or not.
    pub fn pick_number(&self, tenant: TenantId, pick: u8) -> Option<OrderNo> {
        let own: Vec<OrderNo> = self.numbers.iter().filter(|row| row.0 == tenant).map(|row| row.1).collect();
        own.get(usize::from(pick) % own.len().max(1)).copied()
    }

    /// Writes what was decided. What SQL keeps unique is looked at here: I-9 and I-10.
    pub fn write(&mut self, command: &Command, outcome: &Outcome) -> Result<(), TestCaseError> {
        self.commands += 1;
        let Outcome::Accepted(accepted) = outcome else { return Ok(()) };
        for change in &accepted.changes {
            self.state.apply(change);
            match change {
                Change::StockSet(item) => {
                    self.skus.insert((item.tenant, item.sku.clone()));
                }
                Change::StockMoved(movement) => {
                    let row = (movement.tenant, movement.sku.clone(), format!("{:?}", movement.source));
                    let before = self.movements.insert(row, movement.quantity);
                    prop_assert_eq!(before, None, "I-9: one movement per source and sku");
                }
                Change::NumberIssued(number) => self.numbers.push((number.tenant, number.order_no)),
                Change::OrderPlaced(order) => {
                    let row = (order.tenant, order.order_no);
                    prop_assert!(!self.orders.contains(&row), "I-10: one order per number");
                    self.orders.push(row);
                    let key = (order.tenant, order.principal.0, order.key.as_str().to_owned());
                    prop_assert!(self.keys.insert(key), "I-10: one order per key");
                }
                Change::SlotTaken(slot, order_no) => {
                    let before = self.slots.insert(slot.clone(), *order_no);
                    prop_assert_eq!(before, None, "one order in a place");
                }
                Change::SlotFreed(slot) => {
                    prop_assert!(self.slots.remove(slot).is_some(), "a place is freed once: {slot:?}");
                }
                Change::HistoryWritten(entry) => {
                    prop_assert_eq!(&entry.key, &command.key);
                    self.history.entry((entry.tenant, entry.order_no)).or_default().push(entry.clone());
                }
                Change::PaymentNoted(entry) => self.till.note(entry)?,
                Change::Posted(posting) => self.till.post(posting)?,
                Change::ProductPut(_)
                | Change::NumberUsed(..)
                | Change::OrderStepped(_)
                | Change::PaymentSet(_)
                | Change::EventSet(_)
                | Change::ReviewRaised(_)
                | Change::ReviewResolved(_)
                | Change::ChannelSwitched(_)
                | Change::MessageQueued(_)
                | Change::PersonAdded(..)
                | Change::PersonStepped(_)
                | Change::TenantStepped(_)
                | Change::SessionEnded(_)
                | Change::SessionRulesPut(_)
                | Change::CheckoutPolicySet(_)
                | Change::RefundPolicySet(_)
                | Change::ApiKeyIssued(..)
                | Change::ApiKeyRevoked(_)
                | Change::Audited(_) => {}
            }
        }
        self.audit_messages(&accepted.changes)
    }

    /// What waits for a second person, or was rejected, is nobody's outside.
    fn audit_messages(&self, changes: &[Change]) -> Result<(), TestCaseError> {
        for change in changes {
            let Change::MessageQueued(message) = change else { continue };
            let (Task::Refund(id) | Task::QueryRefund(id, _)) = message.task else { continue };
            let payment = self.state.payment_of_refund(message.tenant, id).expect("a message is of a refund");
            let refund = payment.refund(id).expect("it has it");
            let held = [RefundStatus::AwaitingApproval, RefundStatus::Rejected].contains(&refund.status);
            prop_assert!(!held, "{message:?} of {refund:?}");
        }
        Ok(())
    }

    /// Looks at everything.
    pub fn audit(&self) -> Result<(), TestCaseError> {
        let mut held: BTreeMap<(TenantId, Sku), i64> = BTreeMap::new();
        for &(tenant, order_no) in &self.orders {
            let order = self.state.order(tenant, order_no).expect("an order stays");
            self.audit_order(order)?;
            for reservation in order.reservations.iter().filter(|row| row.holding == Holding::Held) {
                *held.entry((tenant, reservation.sku.clone())).or_default() += reservation.quantity;
            }
        }
        let orders = self.orders.iter().filter_map(|&(tenant, order_no)| self.state.order(tenant, order_no));
        let waiting = orders.filter(|order| order.status == Status::PendingPayment);
        let taken: BTreeMap<_, _> =
            waiting.flat_map(|order| order.pending_slots().into_iter().map(|slot| (slot, order.order_no))).collect();
        prop_assert_eq!(&self.slots, &taken, "places are those of the orders that wait");
        for (tenant, sku) in &self.skus {
            let item = self.state.stock(*tenant, sku).expect("stock stays");
            prop_assert!(0 <= item.reserved && item.reserved <= item.on_hand, "I-6: {item:?}");
            let held = held.get(&(*tenant, sku.clone())).copied().unwrap_or(0);
            prop_assert_eq!(item.reserved, held, "I-7");
            let moved: i64 =
                self.movements.iter().filter(|(row, _)| row.0 == *tenant && row.1 == *sku).map(|(_, by)| by).sum();
            prop_assert_eq!(item.on_hand, moved, "I-8");
        }
        Ok(())
    }

    fn audit_order(&self, order: &Order) -> Result<(), TestCaseError> {
        let sum: i64 = order.lines.iter().map(|line| line.total.minor).sum();
        prop_assert_eq!(order.total.minor, sum, "I-5");
        for line in &order.lines {
            prop_assert_eq!(line.total, line.unit_price.times(line.quantity).expect("it fits"), "I-5");
            let sent =
                order.shipments.iter().flat_map(|parcel| &parcel.parcels).filter(|part| part.line == line.number);
            prop_assert_eq!(line.shipped, sent.map(|part| part.quantity).sum::<i64>());
            prop_assert!(line.shipped <= line.quantity && line.refunded <= line.quantity);
        }
        let unpaid = order.payment_status() == PaymentStatus::Unpaid;
        prop_assert_eq!(unpaid, order.captured == 0 && !order.was_paid(), "I-11");
        prop_assert!(!order.was_paid() || order.captured >= order.total.minor, "I-11");
        if let Some(payment) = self.state.payment_for(order.tenant, order.order_no) {
            self.till.audit(order, payment)?;
        }
        self.audit_stock_of(order)?;
        self.audit_history(order)
    }

    /// A reservation resolves once, with its order, and a sale is one movement.
    fn audit_stock_of(&self, order: &Order) -> Result<(), TestCaseError> {
        let expected = match order.status {
            Status::PendingPayment => Holding::Held,
            _ if order.was_paid() => Holding::Committed,
            _ => Holding::Released,
        };
        for reservation in &order.reservations {
            prop_assert_eq!(reservation.holding, expected);
            let ordered = order.lines.iter().filter(|line| line.sku == reservation.sku).map(|line| line.quantity);
            prop_assert_eq!(reservation.quantity, ordered.sum::<i64>());
            let source = format!("{:?}", Source::Sale(order.order_no));
            let sold = self.movements.get(&(order.tenant, reservation.sku.clone(), source)).copied();
            prop_assert_eq!(sold, (expected == Holding::Committed).then_some(-reservation.quantity));
        }
        Ok(())
    }

    /// I-13: a path of the table, with gapless versions.
    fn audit_history(&self, order: &Order) -> Result<(), TestCaseError> {
        let entries = self.history.get(&(order.tenant, order.order_no)).expect("an order has a history");
        let mut at: Option<Status> = None;
        for (version, entry) in (1..).zip(entries) {
            prop_assert_eq!(entry.version, version, "I-13");
            prop_assert_eq!(entry.from, at, "I-13");
            match at {
                None => prop_assert_eq!((entry.event, entry.to), (Event::Place, Status::PendingPayment), "I-13"),
                Some(from) => prop_assert_eq!(from.on(entry.event), Some(entry.to), "I-13"),
            }
            at = Some(entry.to);
        }
        prop_assert_eq!((at, entries.len()), (Some(order.status), order.version as usize), "I-13");
        Ok(())
    }
}
