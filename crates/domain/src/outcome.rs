//! Owns what a decision says: accepted with a reply and changes, or refused.

use std::sync::Arc;

use crate::api_key::ApiKey;
use crate::payment::{Payment, RefundPolicy};
use crate::person::Person;
use crate::review::Review;
use crate::stock::Movement;
use crate::tenant::Tenant;
use crate::{Change, Order, OrderNumber, Product, RefundId, Refusal, StockItem, channel, checkout, session};

/// What was decided.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is done.
    Accepted(Accepted),
    /// It is not, and that is final under this key.
    Refused(Refusal),
}

/// What is done, and what the caller is told.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// What the caller is told.
    pub reply: Reply,
    /// What changes, in order. Empty where everything was so already.
    pub changes: Vec<Change>,
}

/// What the caller is told.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The product as it is now.
    Product {
        /// The product.
        product: Product,
        /// Its stock.
        stock: StockItem,
        /// True if it is new.
        created: bool,
    },
    /// Stock was moved.
    StockMoved {
        /// How.
        movement: Movement,
        /// What there is now.
        stock: StockItem,
    },
    /// A number was issued.
    NumberIssued(OrderNumber),
    /// The order as it is now.
    Order {
        /// The order.
        order: Arc<Order>,
        /// True if this command made it.
        created: bool,
    },
    /// The payment as it is now.
    Payment {
        /// The payment.
        payment: Arc<Payment>,
        /// True if this command made an attempt.
        created: bool,
    },
    /// The refund as it is now.
    Refund {
        /// The payment.
        payment: Arc<Payment>,
        /// Which of its refunds.
        refund: RefundId,
        /// True if the command asked for money to be given back; false if it decided on one that was there.
        created: bool,
    },
    /// What the shop asks of refunds now.
    RefundPolicy(RefundPolicy),
    /// The person as they are now.
    Person {
        /// The person.
        person: Person,
        /// True if this command added them.
        created: bool,
    },
    /// The tenant as it is now.
    Tenant {
        /// The tenant.
        tenant: Tenant,
        /// True if this command opened it.
        created: bool,
    },
    /// The review as it is now.
    Review(Review),
    /// The account with a provider as it is now.
    Channel(channel::Account),
    /// The session is over, by this or before.
    SessionEnded,
    /// The rules of sessions as they are now.
    SessionRules(session::Policy),
    /// The API key as it is now. Its secret is no part of it: an answer is stored.
    ApiKey {
        /// The key.
        key: ApiKey,
        /// True if this command issued it.
        created: bool,
    },
    /// What the shop asks of a checkout now.
    CheckoutPolicy(checkout::Standing),
    /// What became of something that a channel said, or did not say.
    Noted(channel::State),
}

impl Outcome {
    /// Accepted, with this reply and these changes.
    pub fn accepted(reply: Reply, changes: Vec<Change>) -> Self {
        Self::Accepted(Accepted { reply, changes })
    }
}

impl<R: Into<Refusal>> From<R> for Outcome {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}
