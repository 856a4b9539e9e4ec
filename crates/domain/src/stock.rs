//! Owns the stock of a product: how much is there, how much is promised, and every movement between.

use thiserror::Error;

use crate::text::{MoveReason, Sku};
use crate::{MovementId, OrderNo, PrincipalId, RefundId, TenantId, Timestamp};

/// The most units of one product that can be held or moved: far over any warehouse, far under overflow.
pub const QUANTITY_MAX: i64 = 1_000_000_000_000;

/// The stock of one product. Invariant I-6: `0 <= reserved <= on_hand`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockItem {
    /// Whose.
    pub tenant: TenantId,
    /// Of which product.
    pub sku: Sku,
    /// Units in the warehouse.
    pub on_hand: i64,
    /// Units of them that are promised to orders not yet paid.
    pub reserved: i64,
}

/// Where a reservation stands. It resolves once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holding {
    /// Promised.
    Held,
    /// Sold: the units left `on_hand`.
    Committed,
    /// Given back.
    Released,
}

/// Units of one product promised to one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Of which product.
    pub sku: Sku,
    /// How many, over all lines of the order with this sku.
    pub quantity: i64,
    /// Where it stands.
    pub holding: Holding,
}

/// What moved stock. With its source, unique: I-9, at most one movement per (source, line, kind).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The first stock of a new product.
    Initial,
    /// A count or delivery by hand.
    Manual(MovementId),
    /// A sale, when the order was paid.
    Sale(OrderNo),
    /// Goods that came back with a refund, where somebody decided so.
    Return(RefundId),
}

/// One change of `on_hand`, append-only. I-8: `on_hand` is the sum of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Whose.
    pub tenant: TenantId,
    /// Of which product.
    pub sku: Sku,
    /// What moved it.
    pub source: Source,
    /// Signed.
    pub quantity: i64,
    /// The words of the person who moved it.
    pub reason: Option<MoveReason>,
    /// In whose name it was moved; of what was moved before that was written down, nobody knows.
    pub principal: Option<PrincipalId>,
    /// When.
    pub at: Timestamp,
}

/// Why stock does not move.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No such product.
    #[error("no product has the sku {}", list(.0))]
    ProductNotFound(Vec<Sku>),
    /// Fewer units are available than asked for.
    #[error("not enough stock of {}", list(.0))]
    Insufficient(Vec<Sku>),
    /// More units than [`QUANTITY_MAX`] would be on hand.
    #[error("the stock of {0} would pass the most that one product can hold")]
    TooMuch(Sku),
}

impl StockItem {
    /// Units that can still be promised.
    pub const fn available(&self) -> i64 {
        self.on_hand - self.reserved
    }

    /// Promises units; `None` if there are too few.
    #[must_use]
    pub fn reserve(&self, quantity: i64) -> Option<Self> {
        (0 <= quantity && quantity <= self.available())
            .then(|| Self { reserved: self.reserved + quantity, ..self.clone() })
    }

    /// Gives promised units back; `None` if that many are not promised.
    #[must_use]
    pub fn release(&self, quantity: i64) -> Option<Self> {
        (0 <= quantity && quantity <= self.reserved)
            .then(|| Self { reserved: self.reserved - quantity, ..self.clone() })
    }

    /// Sells promised units: they leave the warehouse. `None` if that many are not promised.
    #[must_use]
    pub fn commit(&self, quantity: i64) -> Option<Self> {
        self.release(quantity).map(|item| Self { on_hand: item.on_hand - quantity, ..item })
    }

    /// Moves stock by hand. What is promised stays promised.
    pub fn adjust(&self, quantity: i64) -> Result<Self, Refusal> {
        let on_hand = self.on_hand.checked_add(quantity).filter(|&on_hand| on_hand <= QUANTITY_MAX);
        match on_hand {
            None => Err(Refusal::TooMuch(self.sku.clone())),
            Some(on_hand) if on_hand < self.reserved => Err(Refusal::Insufficient(vec![self.sku.clone()])),
            Some(on_hand) => Ok(Self { on_hand, ..self.clone() }),
        }
    }
}

fn list(skus: &[Sku]) -> String {
    let mut text: String = skus.iter().take(10).map(Sku::as_str).collect::<Vec<_>>().join(", ");
    if skus.len() > 10 {
        text.push_str(", …");
    }
    text
}
