//! Owns the shoppers: what each wants, and how badly each behaves. All follows from a shopper's number, so that every
//! demo is the same storm.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::catalogue::{HOT, PRODUCTS};
use crate::client::Request;

/// One in so many wants the hot product.
const HOT_EACH: u32 = 3;

/// Somebody with a telephone.
#[derive(Debug)]
pub struct Shopper {
    /// Counted from 1.
    pub number: u32,
    /// How they behave.
    pub manner: Manner,
    /// Places in the catalogue, and how many of each.
    lines: Vec<(usize, i64)>,
}

/// How a shopper behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Clicks once and waits.
    Patient,
    /// Clicks so many times at once.
    Clicks(usize),
    /// The connection breaks so many times before an answer comes.
    Loses(u32),
    /// Has the answer, and sends everything again later: a page reloaded, a queue redelivered.
    Reloads,
    /// Breaks off and never comes back.
    Abandons,
    /// Orders, thinks better of it, and clicks cancel twice.
    Cancels,
}

impl Shopper {
    /// The shopper of this number.
    pub fn new(number: u32) -> Self {
        let mut random = StdRng::seed_from_u64(u64::from(number));
        let manner = match random.random_range(0..100) {
            0..35 => Manner::Patient,
            35..60 => Manner::Clicks(random.random_range(2..=4)),
            60..80 => Manner::Loses(random.random_range(1..=3)),
            80..90 => Manner::Reloads,
            90..95 => Manner::Abandons,
            _ => Manner::Cancels,
        };
        let lines = if number.is_multiple_of(HOT_EACH) { vec![(HOT, 1)] } else { basket(&mut random) };
        Self { number, manner, lines }
    }

    /// Who they are in the shop.
    pub fn customer(&self) -> String {
        format!("shopper-{:05}", self.number)
    }

    /// The order, the same however often it is sent.
    pub fn order(&self) -> Request {
        let line = |&(place, quantity): &(usize, i64)| json!({"sku": PRODUCTS[place].sku, "quantity": quantity});
        let lines: Vec<Value> = self.lines.iter().map(line).collect();
        let body = json!({"customer_id": self.customer(), "lines": lines});
        Request::post("/api/v1/orders", &format!("checkout-{:05}", self.number), &body)
    }

    /// Chance for where their connections break.
    pub fn random(&self) -> StdRng {
        StdRng::seed_from_u64(u64::from(self.number) << 32)
    }

    /// Thinking better of it.
    pub fn cancel(&self, order_no: &str) -> Request {
        let path = format!("/api/v1/orders/{order_no}/cancel");
        Request::post(&path, &format!("cancel-{:05}", self.number), &json!({"reason": "customer"}))
    }
}

/// One to three products, each once.
fn basket(random: &mut StdRng) -> Vec<(usize, i64)> {
    let mut lines = Vec::new();
    for _ in 0..random.random_range(1..=3) {
        let place = random.random_range(HOT + 1..PRODUCTS.len());
        if lines.iter().all(|&(other, _)| other != place) {
            lines.push((place, random.random_range(1..=3)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{HOT, Manner, Shopper};

    #[test]
    fn a_storm_has_all_kinds_of_shoppers() {
        let shoppers: Vec<_> = (1..=3_000).map(Shopper::new).collect();
        assert_eq!(shoppers.iter().filter(|shopper| shopper.lines[0].0 == HOT).count(), 1_000);
        for wanted in [Manner::Patient, Manner::Clicks(2), Manner::Loses(3), Manner::Reloads, Manner::Abandons] {
            assert!(shoppers.iter().filter(|shopper| shopper.manner == wanted).count() > 50, "{wanted:?}");
        }
        assert_eq!(format!("{:?}", Shopper::new(7)), format!("{:?}", Shopper::new(7)));
    }
}
