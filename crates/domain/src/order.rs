//! Owns the order: what it holds, what is derived from it, and how one step of its life changes it.

mod pending;
mod refusal;
mod shipment;
mod status;

pub use pending::{PendingLimit, PendingSlot};
pub use refusal::Refusal;
pub use shipment::{Parcel, Shipment};
pub use status::{CloseReason, Event, FulfillmentStatus, PaymentStatus, Status};

use idempotency::{Fingerprint, Key};

use crate::stock::Reservation;
use crate::text::{CustomerId, Note, ProductName, Sku};
use crate::{Money, OrderNo, PrincipalId, TenantId, Timestamp};

/// The most lines an order may have.
pub const LINES_MAX: usize = 2_000;
/// The most units on one line.
pub const LINE_QUANTITY_MAX: i64 = 1_000_000_000;

/// One line, as it was priced when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// 1, 2, 3, …
    pub number: u32,
    /// What.
    pub sku: Sku,
    /// Its name then.
    pub name: ProductName,
    /// How many; at least 1.
    pub quantity: i64,
    /// What one cost then.
    pub unit_price: Money,
    /// Quantity times price.
    pub total: Money,
    /// How many are in parcels.
    pub shipped: i64,
    /// How many were given back.
    pub refunded: i64,
}

/// An order with its lines, reservations and parcels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Whose.
    pub tenant: TenantId,
    /// Its number, unique in the tenant for ever.
    pub order_no: OrderNo,
    /// Who placed it. With the key it stays on the order for ever, the pair unique.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: Key,
    /// What the request asked for.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub status: Status,
    /// Why it was closed.
    pub close_reason: Option<CloseReason>,
    /// Raised by each step; equals the number of its history entries.
    pub version: u32,
    /// For whom.
    pub customer_id: CustomerId,
    /// What was bought.
    pub lines: Vec<Line>,
    /// The sum of the lines (I-5; freight and discounts come later).
    pub total: Money,
    /// Minor units taken for it, also late or twice.
    pub captured: i64,
    /// Minor units of what was owed that were given back.
    pub refunded: i64,
    /// Minor units that had come late or twice and went back.
    pub returned: i64,
    /// The buyer's words.
    pub note: Option<Note>,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// From then on an unpaid order is closed.
    pub expires_at: Timestamp,
    /// Which of its member's orders could wait beside it when it was placed.
    pub pending_limit: PendingLimit,
    /// Stock promised to it.
    pub reservations: Vec<Reservation>,
    /// What was sent, oldest first.
    pub shipments: Vec<Shipment>,
}

/// One step of an order's life, append-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Whose.
    pub tenant: TenantId,
    /// Which order's.
    pub order_no: OrderNo,
    /// The order's version behind the step; gapless from 1.
    pub version: u32,
    /// What happened.
    pub event: Event,
    /// Where the order stood; none for the first entry.
    pub from: Option<Status>,
    /// Where it stands behind it.
    pub to: Status,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: Key,
}

/// Who steps, when, under which key: what a history entry takes from its command.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: &'a Key,
}

impl Order {
    /// Derived from what was captured and given back. What came late or twice shows for as long as it is here.
    pub fn payment_status(&self) -> PaymentStatus {
        let kept = self.captured - self.returned;
        match self.status {
            Status::PendingPayment => PaymentStatus::Unpaid,
            _ if !self.was_paid() => match (self.captured, kept) {
                (0, _) => PaymentStatus::Unpaid,
                (_, 0) => PaymentStatus::Refunded,
                _ => PaymentStatus::LatePaid,
            },
            _ if kept > self.total.minor => PaymentStatus::Overpaid,
            _ if self.refunded == 0 => PaymentStatus::Paid,
            _ if self.refunded < self.total.minor => PaymentStatus::PartiallyRefunded,
            _ => PaymentStatus::Refunded,
        }
    }

    /// Whether it was paid while it waited for that.
    pub fn was_paid(&self) -> bool {
        match self.status {
            Status::PendingPayment => false,
            Status::Paid | Status::Shipped | Status::Completed => true,
            Status::Closed => self.close_reason == Some(CloseReason::Refunded),
        }
    }

    /// Derived from the parcels.
    pub fn fulfillment_status(&self) -> FulfillmentStatus {
        match self.status {
            Status::Completed => FulfillmentStatus::Received,
            Status::Shipped => FulfillmentStatus::Shipped,
            _ if self.shipments.is_empty() => FulfillmentStatus::Unfulfilled,
            _ => FulfillmentStatus::Partial,
        }
    }

    /// The order's first entry in its history. The order must be as it was placed.
    pub fn first_entry(&self) -> HistoryEntry {
        let cause = Cause { at: self.created_at, principal: self.principal, key: &self.key };
        self.entry(Event::Place, None, cause)
    }

    /// Units of a line that are neither sent nor given back.
    pub const fn unshipped(line: &Line) -> i64 {
        let left = line.quantity - line.shipped - line.refunded;
        if left > 0 { left } else { 0 }
    }

    /// Some of it was sent, and the rest was sent or given back.
    pub fn is_all_sent(&self) -> bool {
        !self.shipments.is_empty() && self.lines.iter().all(|line| Self::unshipped(line) == 0)
    }

    /// Takes one step of the transition table: status, version and time change, and the history entry is given.
    pub fn step(&mut self, event: Event, cause: Cause<'_>) -> Result<HistoryEntry, Refusal> {
        let from = self.status;
        self.status = from.on(event).ok_or(Refusal::InvalidTransition { from, event })?;
        self.version += 1;
        self.updated_at = cause.at;
        Ok(self.entry(event, Some(from), cause))
    }

    /// Refuses unless the transition table has this step: asked first where details could be wrong as well.
    pub fn expect_step(&self, event: Event) -> Result<(), Refusal> {
        match self.status.on(event) {
            Some(_) => Ok(()),
            None => Err(Refusal::InvalidTransition { from: self.status, event }),
        }
    }

    /// Refuses unless the order has the version that If-Match names.
    pub fn expect_version(&self, expected: u32) -> Result<(), Refusal> {
        if self.version == expected {
            Ok(())
        } else {
            Err(Refusal::VersionMismatch { order_no: self.order_no, current: self.version })
        }
    }

    fn entry(&self, event: Event, from: Option<Status>, cause: Cause<'_>) -> HistoryEntry {
        HistoryEntry {
            tenant: self.tenant,
            order_no: self.order_no,
            version: self.version,
            event,
            from,
            to: self.status,
            at: cause.at,
            principal: cause.principal,
            key: cause.key.clone(),
        }
    }
}
