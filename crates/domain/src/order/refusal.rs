//! Owns why a command on an order is refused, in the order in which the rules are looked at.

use thiserror::Error;

use super::{Event, Status};
use crate::OrderNo;
use crate::text::{Sku, TrackingNo};

/// Why a command on an order is refused. Each depends on state, so each is stored under the key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// What is asked for is nobody's own, and who asks may touch only their own.
    #[error("there is no such thing")]
    NotTheirs,
    /// No such order.
    #[error("there is no order {0}")]
    NotFound(OrderNo),
    /// Another request made the order of this number.
    #[error("the order number {0} belongs to another order")]
    NumberTaken(OrderNo),
    /// The number was not issued to this caller, or has expired.
    #[error("the order number {0} was not issued to you, or has expired")]
    NumberInvalid(OrderNo),
    /// The member has an order that waits for payment, and the shop allows one.
    #[error("the order {0} of this customer still waits for payment; pay it or cancel it first")]
    AnotherPending(OrderNo),
    /// A line's currency is not the product's, or two products have two.
    #[error("{0} is priced in another currency than the rest of the order")]
    CurrencyMismatch(Sku),
    /// The sum does not fit.
    #[error("the order's total is larger than an amount can be")]
    TotalTooLarge,
    /// If-Match named another version.
    #[error("the order {order_no} has version {current}, not the one that If-Match names")]
    VersionMismatch {
        /// Which order.
        order_no: OrderNo,
        /// Its version now.
        current: u32,
    },
    /// The transition table has no such cell.
    #[error("an order that is {from} cannot take the event {event}")]
    InvalidTransition {
        /// Where it stands.
        from: Status,
        /// What was wanted.
        event: Event,
    },
    /// The order has not reached its deadline.
    #[error("the order {0} has not expired yet")]
    NotExpired(OrderNo),
    /// No such line.
    #[error("the order has no line {0}")]
    LineNotFound(u32),
    /// More than is left of the line.
    #[error("line {line} has {left} left to ship")]
    TooManyShipped {
        /// Which line.
        line: u32,
        /// Units that are not in a parcel yet.
        left: i64,
    },
    /// Units of the line are about to be given back.
    #[error("a refund of units of line {line} is under way, and {left} can be sent now")]
    RefundUnderWay {
        /// Which line.
        line: u32,
        /// Units that can be sent.
        left: i64,
    },
    /// More than is left of the line to give back.
    #[error("line {line} has {left} left to give back")]
    TooManyRefunded {
        /// Which line.
        line: u32,
        /// Units that are neither given back nor about to be.
        left: i64,
    },
    /// A parcel of this order has the number, with something else in it.
    #[error("this order already has a parcel with the tracking number {0}")]
    TrackingTaken(TrackingNo),
    /// There is no parcel to correct.
    #[error("the order has no shipment to correct")]
    NoShipment,
}
