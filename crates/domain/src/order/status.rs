//! Owns the transition table of an order: every legal step, and nothing else is.

use crate::names::names;

/// Where an order stands. First the numeric codes that mall systems use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `0` Placed, stock promised, not paid.
    PendingPayment,
    /// `1` Paid.
    Paid,
    /// `2` Everything is on its way.
    Shipped,
    /// `3` Received.
    Completed,
    /// `4` Ended without, or after giving back, everything. Never reopens.
    Closed,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It is placed. Only the first entry of a history has it.
    Place,
    /// Captured = payable; at once where the payable is zero.
    Pay,
    /// The customer or the merchant gives it up.
    Cancel,
    /// Its time to pay ran out.
    Expire,
    /// Some of it is sent, some is left.
    ShipPart,
    /// The last of it is sent, or what was not sent is given back.
    ShipAll,
    /// A parcel's number is corrected.
    CorrectShipment,
    /// The buyer has it.
    Receive,
    /// Nobody said so for so many days.
    ReceiveAutomatically,
    /// A refund settled and something is left.
    RefundPart,
    /// A refund settled and every line is refunded.
    RefundAll,
    /// Money came after it was closed.
    LatePayment,
    /// Money came a second time.
    Overpay,
    /// Money that came late or twice went back.
    ReturnExcess,
    /// Money that a refund had given back came home again.
    RefundSentBack,
}

/// Why an order was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The customer gave it up.
    Customer,
    /// The merchant gave it up.
    Merchant,
    /// Its time to pay ran out.
    Timeout,
    /// Every line was refunded.
    Refunded,
}

/// What was paid of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Nothing.
    Unpaid,
    /// What was owed.
    Paid,
    /// After the order was closed.
    LatePaid,
    /// More than was owed.
    Overpaid,
    /// What was owed, and some of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
}

/// What was sent of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FulfillmentStatus {
    /// Nothing.
    Unfulfilled,
    /// Some.
    Partial,
    /// All.
    Shipped,
    /// All, and it arrived.
    Received,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::PendingPayment, Self::Paid, Self::Shipped, Self::Completed, Self::Closed];

    /// Where an order goes from here on `event`; `None` where the table has no such cell.
    pub const fn on(self, event: Event) -> Option<Self> {
        use Event::{
            Cancel, CorrectShipment, Expire, LatePayment, Overpay, Pay, Receive, ReceiveAutomatically, RefundAll,
            RefundPart, RefundSentBack, ReturnExcess, ShipAll, ShipPart,
        };
        match (self, event) {
            (Self::Paid | Self::Shipped | Self::Completed | Self::Closed, RefundSentBack) => Some(self),
            (Self::PendingPayment, Pay)
            | (Self::Paid, ShipPart | CorrectShipment | RefundPart | Overpay | ReturnExcess) => Some(Self::Paid),
            (Self::Paid, ShipAll) | (Self::Shipped, CorrectShipment | RefundPart | Overpay | ReturnExcess) => {
                Some(Self::Shipped)
            }
            (Self::Shipped, Receive | ReceiveAutomatically)
            | (Self::Completed, RefundPart | Overpay | ReturnExcess) => Some(Self::Completed),
            (Self::PendingPayment, Cancel | Expire)
            | (Self::Paid | Self::Shipped | Self::Completed, RefundAll)
            | (Self::Closed, LatePayment | ReturnExcess | RefundPart) => Some(Self::Closed),
            _ => None,
        }
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 15] = [
        Self::Place,
        Self::Pay,
        Self::Cancel,
        Self::Expire,
        Self::ShipPart,
        Self::ShipAll,
        Self::CorrectShipment,
        Self::Receive,
        Self::ReceiveAutomatically,
        Self::RefundPart,
        Self::RefundAll,
        Self::LatePayment,
        Self::Overpay,
        Self::ReturnExcess,
        Self::RefundSentBack,
    ];
}

names!(Status {
    PendingPayment = "pending_payment",
    Paid = "paid",
    Shipped = "shipped",
    Completed = "completed",
    Closed = "closed",
});
names!(Event {
    Place = "place",
    Pay = "pay",
    Cancel = "cancel",
    Expire = "expire",
    ShipPart = "ship_part",
    ShipAll = "ship_all",
    CorrectShipment = "correct_shipment",
    Receive = "receive",
    ReceiveAutomatically = "receive_automatically",
    RefundPart = "refund_part",
    RefundAll = "refund_all",
    LatePayment = "late_payment",
    Overpay = "overpay",
    ReturnExcess = "return_excess",
    RefundSentBack = "refund_sent_back",
});
names!(CloseReason {
    Customer = "customer",
    Merchant = "merchant",
    Timeout = "timeout",
    Refunded = "refunded",
});
names!(PaymentStatus {
    Unpaid = "unpaid",
    Paid = "paid",
    LatePaid = "late_paid",
    Overpaid = "overpaid",
    PartiallyRefunded = "partially_refunded",
    Refunded = "refunded",
});
names!(FulfillmentStatus {
    Unfulfilled = "unfulfilled",
    Partial = "partial",
    Shipped = "shipped",
    Received = "received",
});

#[cfg(test)]
mod tests {
    use super::{Event, Status};

    /// The whole table, every cell, as DOMAIN has it: a row a status, a column an event; `.` is refused.
    const TABLE: &str = "
                          place pay  cancel expire ship_part ship_all correct receive auto refund_part refund_all late over excess         sent_back
        pending_payment   .     paid closed closed .         .        .       .       .    .           .          .    .    .              .
        paid              .     .    .      .      paid      shipped  paid    .       .    paid        closed     .    paid paid           paid
        shipped           .     .    .      .      .         .        shipped completed completed shipped closed  .    shipped shipped     shipped
        completed         .     .    .      .      .         .        .       .       .    completed   closed     .    completed completed completed
        closed            .     .    .      .      .         .        .       .       .    closed      .          closed .  closed         closed
    ";

    #[test]
    fn every_cell_of_the_table() {
        let mut cells = 0;
        let rows = TABLE.trim().lines().skip(1).zip(Status::ALL);
        for (row, from) in rows {
            let mut columns = row.split_whitespace();
            assert_eq!(columns.next(), Some(from.name()));
            for event in Event::ALL {
                let expected = columns.next().expect("a cell for each event");
                let found = from.on(event).map_or(".", Status::name);
                assert_eq!(found, expected, "{from} on {event}");
                cells += 1;
            }
            assert_eq!(columns.next(), None);
        }
        assert_eq!(cells, 75);
    }

    #[test]
    fn names_go_both_ways() {
        assert!(Status::ALL.iter().all(|&status| Status::from_name(status.name()) == Some(status)));
        assert!(Event::ALL.iter().all(|&event| Event::from_name(event.name()) == Some(event)));
        assert_eq!(Status::from_name("open"), None);
    }
}
