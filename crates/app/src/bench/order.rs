//! Owns what the bench sends: orders of one line under fresh keys, and now and then an earlier one again.

use std::sync::Arc;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::load::Plan;
use crate::client::{Request, Target};

/// So many shoppers: their orders lie apart in the index by customer, as they do in a mall.
const CUSTOMERS: u32 = 10_000;
/// So many earlier requests are kept to be repeated.
const EARLIER_MAX: usize = 256;

/// Who sends over a connection.
#[derive(Clone)]
pub struct Sender {
    /// Where and as whom.
    pub target: Arc<Target>,
    /// Whose orders.
    pub buyer: Buyer,
}

/// Whose orders they are.
#[derive(Clone)]
pub enum Buyer {
    /// Those of many shoppers.
    Many,
    /// One shopper's, of this id.
    One(String),
    /// Those of the person whose session it is.
    Themselves,
}

/// Makes one connection's requests.
pub struct Orders {
    random: StdRng,
    buyer: Buyer,
    skus: u32,
    duplicates: f64,
    empty: bool,
    earlier: Vec<Earlier>,
}

/// A request that was answered, and the body of its answer.
struct Earlier {
    request: Request,
    body: Bytes,
}

/// The next request.
pub struct Next {
    /// The request.
    pub request: Request,
    /// What its answer must be where it is a repetition.
    pub known: Option<Bytes>,
}

/// The code of a product of the bench.
pub fn sku(number: u32) -> String {
    format!("bench-{number:06}")
}

impl Orders {
    /// Of this connection. Keys are drawn from a seed that no other run has.
    pub fn new(plan: &Plan, (buyer, connection): (Buyer, usize)) -> Self {
        let random = StdRng::seed_from_u64(plan.seed.wrapping_add(connection as u64));
        let (skus, duplicates, empty) = (plan.skus, plan.duplicates, plan.route_empty);
        Self { random, buyer, skus, duplicates, empty, earlier: Vec::new() }
    }

    /// The next request.
    pub fn next(&mut self) -> Next {
        if self.empty {
            return Next { request: Request::get("/livez"), known: None };
        }
        if !self.earlier.is_empty() && self.random.random_bool(self.duplicates) {
            let earlier = &self.earlier[self.random.random_range(0..self.earlier.len())];
            return Next { request: earlier.request.clone(), known: Some(earlier.body.clone()) };
        }
        let key = format!("bench-{:032x}", self.random.random::<u128>());
        let sku = sku(self.random.random_range(0..self.skus));
        let customer = self.random.random_range(0..CUSTOMERS);
        let customer = match &self.buyer {
            Buyer::Many => format!(r#""customer_id":"bench-{customer}","#),
            Buyer::One(id) => format!(r#""customer_id":"{id}","#),
            Buyer::Themselves => String::new(),
        };
        let body = format!(r#"{{{customer}"lines":[{{"sku":"{sku}","quantity":1}}]}}"#);
        Next { request: Request::post_bytes("/api/v1/orders", &key, body.into()), known: None }
    }

    /// Keeps an answered request, so that it can be repeated.
    pub fn keep(&mut self, request: Request, body: Bytes) {
        if self.duplicates == 0.0 {
            return;
        }
        let earlier = Earlier { request, body };
        if self.earlier.len() < EARLIER_MAX {
            self.earlier.push(earlier);
        } else {
            let place = self.random.random_range(0..EARLIER_MAX);
            self.earlier[place] = earlier;
        }
    }
}
