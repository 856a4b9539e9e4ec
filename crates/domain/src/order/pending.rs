//! Owns how many orders of a member may wait for payment at the same time, where a shop limits it.

use std::collections::BTreeSet;

use super::{HistoryEntry, Order, Status};
use crate::text::{CustomerId, Sku};
use crate::{Change, OrderNo, TenantId};

/// Which of a member's orders may wait for payment at the same time. It stays on the order, so that a setting that
/// changes meanwhile frees what was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PendingLimit {
    /// Any.
    #[default]
    Unlimited,
    /// One of a member's.
    OnePerMember,
    /// One of a member's with the same product.
    OnePerProduct,
}

/// The one place that a member has for an order that waits for payment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PendingSlot {
    /// Whose shop.
    pub tenant: TenantId,
    /// The member.
    pub customer_id: CustomerId,
    /// For orders with this product; none: for any order.
    pub sku: Option<Sku>,
}

impl PendingLimit {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Unlimited, Self::OnePerMember, Self::OnePerProduct];

    /// As settings and messages name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlimited => "unlimited",
            Self::OnePerMember => "one_per_member",
            Self::OnePerProduct => "one_per_product",
        }
    }

    /// The limit of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.name() == name)
    }

    /// The places that an order of these products takes, sorted, each once.
    pub fn slots<'a>(
        self,
        tenant: TenantId,
        customer_id: &CustomerId,
        skus: impl Iterator<Item = &'a Sku>,
    ) -> BTreeSet<PendingSlot> {
        let slot = |sku| PendingSlot { tenant, customer_id: customer_id.clone(), sku };
        match self {
            Self::Unlimited => BTreeSet::new(),
            Self::OnePerMember => BTreeSet::from([slot(None)]),
            Self::OnePerProduct => skus.map(|sku| slot(Some(sku.clone()))).collect(),
        }
    }
}

impl Order {
    /// The places that it takes while it waits for payment.
    pub fn pending_slots(&self) -> BTreeSet<PendingSlot> {
        self.pending_limit.slots(self.tenant, &self.customer_id, self.lines.iter().map(|line| &line.sku))
    }

    /// What a step that ends the waiting frees.
    pub(crate) fn freed_by<'a>(&'a self, entry: &HistoryEntry) -> impl Iterator<Item = Change> + use<'a> {
        let waited = entry.from == Some(Status::PendingPayment) && entry.to != Status::PendingPayment;
        let slots = if waited { self.pending_slots() } else { BTreeSet::new() };
        slots.into_iter().map(Change::SlotFreed)
    }

    /// What a new order that waits takes.
    pub(crate) fn taken(&self) -> impl Iterator<Item = Change> + use<> {
        let slots = if self.status == Status::PendingPayment { self.pending_slots() } else { BTreeSet::new() };
        let order_no: OrderNo = self.order_no;
        slots.into_iter().map(move |slot| Change::SlotTaken(slot, order_no))
    }
}
