//! Owns how the demo's payers behave: who clicks pay twice, who pays in two browsers, and who wants the money back. All
//! follows from a shopper's number.

use serde_json::json;

use crate::client::Request;
use crate::payments;

/// How a payer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Clicks pay once.
    Patient,
    /// Clicks pay so many times at once: the same key.
    Clicks(usize),
    /// Clicks pay in two browsers: two keys, of which one may begin a payment.
    Browsers,
}

/// How often somebody asks for the money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regret {
    /// Never.
    None,
    /// Once.
    Once,
    /// Twice at once, under the same key.
    Twice,
    /// In two browsers at once, under two keys: there is nothing left for the second.
    Browsers,
}

/// Somebody who pays an order.
#[derive(Debug)]
pub struct Payer<'a> {
    /// The shopper's number.
    pub number: u32,
    /// The order.
    pub order_no: &'a str,
}

impl Payer<'_> {
    /// How they pay.
    pub const fn manner(&self) -> Manner {
        match self.number % 10 {
            1..=2 => Manner::Clicks(2),
            3 => Manner::Clicks(4),
            4 => Manner::Browsers,
            _ => Manner::Patient,
        }
    }

    /// Whether they want the money back.
    pub const fn regret(&self) -> Regret {
        match self.number % 64 {
            5 | 25 => Regret::Once,
            15 | 35 => Regret::Twice,
            45 => Regret::Browsers,
            _ => Regret::None,
        }
    }

    /// Paying, in the browser of this name.
    pub fn pay(&self, browser: &str) -> Request {
        payments::begin(self.order_no, &format!("pay-{:05}-{browser}", self.number))
    }

    /// Wanting all of it back, in the browser of this name.
    pub fn refund(&self, payment: &str, browser: &str) -> Request {
        let key = format!("refund-{:05}-{browser}", self.number);
        payments::give_back(payment, &key, &json!({"reason": "customer"}))
    }
}

#[cfg(test)]
mod tests {
    use super::{Manner, Payer, Regret};

    #[test]
    fn there_are_all_kinds_of_payers() {
        let payers: Vec<_> = (1..=640).map(|number| Payer { number, order_no: "ord_1" }).collect();
        for wanted in [Manner::Patient, Manner::Clicks(2), Manner::Clicks(4), Manner::Browsers] {
            assert!(payers.iter().filter(|payer| payer.manner() == wanted).count() >= 64, "{wanted:?}");
        }
        for wanted in [Regret::Once, Regret::Twice, Regret::Browsers] {
            assert!(payers.iter().filter(|payer| payer.regret() == wanted).count() >= 10, "{wanted:?}");
        }
    }
}
