//! Owns what is to have become of the orders of the months before: a table, a line for each way that an order can go. It does not
//! know how an order gets there.

use domain::order::{CloseReason, FulfillmentStatus, PaymentStatus, Status};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits; nobody has begun to pay.
    ToBePaid,
    /// Its payer stands before the provider's page.
    AtTheDesk,
    /// Its payer said no there.
    PayerRefused,
    /// The provider gives no word of the charge.
    NoWord,
    /// It is paid, and lies there to be packed.
    Paid,
    /// The first payment was refused, the second went through.
    PaidAtSecondTry,
    /// The provider told a wrong amount: a person looks at it. It is asked itself behind a while, and then it is paid.
    WrongAmountTold,
    /// A parcel left, and something is left for another.
    SentInPart,
    /// All of it is on its way.
    Sent,
    /// It arrived.
    Received,
    /// The customer thought better of it.
    CancelledByCustomer,
    /// The shop gave it up.
    CancelledByMerchant,
    /// Nobody paid in time.
    Expired,
    /// It arrived, and some of the money went back.
    RefundedInPart,
    /// All of the money went back before anything was sent.
    Refunded,
    /// So much is to go back that a second person is asked.
    RefundWaits,
    /// Whoever asked for that took it back.
    RefundRejected,
    /// The provider did not get the money to where it came from.
    RefundFailed,
    /// It was paid when it had been given up; the money went back by itself.
    PaidLate,
    /// The same, and the money could not go back.
    PaidLateAndKept,
    /// It was paid at two accounts; the second payment went back by itself.
    PaidTwice,
    /// The same, and the money could not go back.
    PaidTwiceAndKept,
}

/// Where the orders of a fate stand when the demo serves, and how many there are.
#[derive(Debug)]
pub struct Line {
    pub fate: Fate,
    pub count: usize,
    pub order: Status,
    pub paid: PaymentStatus,
    pub sent: FulfillmentStatus,
}

/// An order that is to be made: its number, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub number: usize,
    pub fate: Fate,
}

/// The months before.
pub const PLAN: &[Line] = &[
    line(Fate::ToBePaid, 22, Status::PendingPayment, PaymentStatus::Unpaid),
    line(Fate::AtTheDesk, 8, Status::PendingPayment, PaymentStatus::Unpaid),
    line(Fate::PayerRefused, 8, Status::PendingPayment, PaymentStatus::Unpaid),
    line(Fate::NoWord, 3, Status::PendingPayment, PaymentStatus::Unpaid),
    line(Fate::Paid, 44, Status::Paid, PaymentStatus::Paid),
    line(Fate::PaidAtSecondTry, 8, Status::Paid, PaymentStatus::Paid),
    line(Fate::WrongAmountTold, 1, Status::PendingPayment, PaymentStatus::Unpaid),
    Line { sent: FulfillmentStatus::Partial, ..line(Fate::SentInPart, 16, Status::Paid, PaymentStatus::Paid) },
    line(Fate::Sent, 40, Status::Shipped, PaymentStatus::Paid),
    line(Fate::Received, 90, Status::Completed, PaymentStatus::Paid),
    line(Fate::CancelledByCustomer, 16, Status::Closed, PaymentStatus::Unpaid),
    line(Fate::CancelledByMerchant, 10, Status::Closed, PaymentStatus::Unpaid),
    line(Fate::Expired, 24, Status::Closed, PaymentStatus::Unpaid),
    line(Fate::RefundedInPart, 14, Status::Completed, PaymentStatus::PartiallyRefunded),
    line(Fate::Refunded, 12, Status::Closed, PaymentStatus::Refunded),
    line(Fate::RefundWaits, 6, Status::Completed, PaymentStatus::Paid),
    line(Fate::RefundRejected, 4, Status::Completed, PaymentStatus::Paid),
    line(Fate::RefundFailed, 3, Status::Paid, PaymentStatus::Paid),
    line(Fate::PaidLate, 3, Status::Closed, PaymentStatus::Refunded),
    line(Fate::PaidLateAndKept, 2, Status::Closed, PaymentStatus::LatePaid),
    line(Fate::PaidTwice, 2, Status::Paid, PaymentStatus::Paid),
    line(Fate::PaidTwiceAndKept, 2, Status::Paid, PaymentStatus::Overpaid),
];

const fn line(fate: Fate, count: usize, order: Status, paid: PaymentStatus) -> Line {
    let sent = match order {
        Status::Shipped => FulfillmentStatus::Shipped,
        Status::Completed => FulfillmentStatus::Received,
        Status::PendingPayment | Status::Paid | Status::Closed => FulfillmentStatus::Unfulfilled,
    };
    Line { fate, count, order, paid, sent }
}

impl Fate {
    /// Why such an order is closed, where it is.
    pub const fn close_reason(self) -> Option<CloseReason> {
        match self {
            Self::CancelledByCustomer | Self::PaidLate | Self::PaidLateAndKept => Some(CloseReason::Customer),
            Self::CancelledByMerchant => Some(CloseReason::Merchant),
            Self::Expired => Some(CloseReason::Timeout),
            Self::Refunded => Some(CloseReason::Refunded),
            _ => None,
        }
    }

    /// Whether the provider has to be told what to do with the payment, or the payer what to do there.
    pub const fn is_by_hand(self) -> bool {
        matches!(
            self,
            Self::AtTheDesk
                | Self::PayerRefused
                | Self::NoWord
                | Self::PaidAtSecondTry
                | Self::WrongAmountTold
                | Self::RefundFailed
                | Self::PaidLate
                | Self::PaidLateAndKept
                | Self::PaidTwice
                | Self::PaidTwiceAndKept
        )
    }

    /// Whether its goods cost more than may be given back without a second person.
    pub const fn is_dear(self) -> bool {
        matches!(self, Self::RefundWaits | Self::RefundRejected)
    }
}

/// Every order of the plan, in an order that is the same each time, and in which the fates are mixed.
pub fn visits() -> Vec<Visit> {
    let mut fates: Vec<Fate> = PLAN.iter().flat_map(|line| std::iter::repeat_n(line.fate, line.count)).collect();
    let mut random = StdRng::seed_from_u64(0);
    for last in (1..fates.len()).rev() {
        fates.swap(last, random.random_range(0..=last));
    }
    fates.into_iter().enumerate().map(|(number, fate)| Visit { number, fate }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{PLAN, Status, visits};

    #[test]
    fn every_state_that_a_console_can_show_is_there() {
        let is_there = |what: &dyn Fn(&super::Line) -> bool| PLAN.iter().any(|line| line.count > 0 && what(line));
        for status in Status::ALL {
            assert!(is_there(&|line| line.order == status), "{status:?}");
        }
        for paid in ["unpaid", "paid", "late_paid", "overpaid", "partially_refunded", "refunded"] {
            assert!(is_there(&|line| line.paid.name() == paid), "{paid}");
        }
        for sent in ["unfulfilled", "partial", "shipped", "received"] {
            assert!(is_there(&|line| line.sent.name() == sent), "{sent}");
        }
        for reason in ["customer", "merchant", "timeout", "refunded"] {
            assert!(is_there(&|line| line.fate.close_reason().is_some_and(|of| of.name() == reason)), "{reason}");
        }
        for line in PLAN {
            assert_eq!(line.order == Status::Closed, line.fate.close_reason().is_some(), "{:?}", line.fate);
        }
    }

    #[test]
    fn a_fate_stands_once_and_the_fates_are_mixed() {
        let fates: HashSet<_> = PLAN.iter().map(|line| format!("{:?}", line.fate)).collect();
        assert_eq!(fates.len(), PLAN.len());
        let visits = visits();
        assert!((300..=400).contains(&visits.len()), "a few hundred: {}", visits.len());
        let newest: HashSet<_> = visits.iter().rev().take(50).map(|visit| format!("{:?}", visit.fate)).collect();
        assert!(newest.len() >= 8, "{newest:?}");
        assert_eq!(format!("{visits:?}"), format!("{:?}", super::visits()));
    }
}
