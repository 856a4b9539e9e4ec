//! Owns the demo's storm: sends every shopper's requests over HTTP, and keeps what each of them was told.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::Deserialize;

use super::shopper::{Manner, Shopper};
use crate::client::clock::{latencies, micros, now};
use crate::client::{Answer, Connection, Cut, Policy, Request, Target, spread};
use crate::terminal;

/// Shoppers in the shop at once.
const LANES: usize = 48;
/// Connections of one shopper: as many as anybody clicks at once.
const CONNECTIONS: usize = 4;

/// What the shoppers were told.
pub struct Storm {
    /// How many came.
    pub shoppers: u32,
    /// Everything that was sent, broken off or not.
    pub requests: u64,
    /// Requests that were broken off.
    pub cut: u64,
    /// Shoppers who never saw an answer.
    pub abandoned: u64,
    /// Answers that were given before.
    pub replayed: u64,
    /// Shoppers who were told different things about one order.
    pub different: u64,
    /// Refused shoppers by code.
    pub refused: BTreeMap<String, u64>,
    /// Orders that shoppers were told of, with the shopper.
    pub orders: Vec<(u32, String)>,
    /// Orders that were cancelled again.
    pub cancelled: u64,
    /// From the first try to the final answer, in µs.
    pub latencies: Histogram<u64>,
    /// How long the storm took.
    pub took: Duration,
}

#[derive(Deserialize)]
struct Placed {
    order_no: String,
}

/// One shopper's connections.
struct Lane {
    connections: Vec<Connection>,
}

/// Sends everything.
pub async fn run(target: &Arc<Target>, shoppers: u32) -> anyhow::Result<Storm> {
    let begin = now();
    let progress = terminal::bar(shoppers as usize, "shoppers");
    let storm = RefCell::new(Storm::new(shoppers));
    let lane = || Lane { connections: (0..CONNECTIONS).map(|_| Connection::new(target.clone())).collect() };
    let numbers: Vec<u32> = (1..=shoppers).collect();
    let visit = async |lane: &mut Lane, _: usize, number: &u32| {
        lane.visit(&Shopper::new(*number), &storm).await?;
        storm.borrow().show(&progress);
        anyhow::Ok(())
    };
    spread(&numbers, LANES, lane, visit).await?;
    progress.finish_and_clear();
    Ok(Storm { took: begin.elapsed(), ..storm.into_inner() })
}

impl Lane {
    async fn visit(&mut self, shopper: &Shopper, storm: &RefCell<Storm>) -> anyhow::Result<()> {
        let order = shopper.order();
        let random = &mut shopper.random();
        let first = match shopper.manner {
            Manner::Abandons => {
                storm.borrow_mut().abandoned += 1;
                return self.cut(&order, random, storm).await;
            }
            Manner::Clicks(times) => self.send(&order, times, storm).await?,
            Manner::Loses(times) => {
                for _ in 0..times {
                    self.cut(&order, random, storm).await?;
                }
                self.send(&order, 1, storm).await?
            }
            Manner::Patient | Manner::Cancels => self.send(&order, 1, storm).await?,
            Manner::Reloads => {
                let first = self.send(&order, 1, storm).await?;
                let again = self.send(&order, 1, storm).await?;
                storm.borrow_mut().compare(&first, &again);
                first
            }
        };
        let Some(order_no) = storm.borrow_mut().told(shopper, &first) else { return Ok(()) };
        if shopper.manner == Manner::Cancels {
            let cancelled = self.send(&shopper.cancel(&order_no), 2, storm).await?;
            storm.borrow_mut().cancelled += u64::from(cancelled.status.is_success());
        }
        Ok(())
    }

    /// Sends a request so many times at once; gives the answer, which must be one.
    async fn send(&mut self, request: &Request, times: usize, storm: &RefCell<Storm>) -> anyhow::Result<Answer> {
        let policy = Policy::default();
        let copies = self.connections.iter_mut().take(times).map(async |connection| {
            let begin = now();
            let mut random = StdRng::seed_from_u64(storm.borrow().requests);
            let settled = policy.settle(connection, request, &mut random).await?;
            let mut storm = storm.borrow_mut();
            storm.requests += 1 + u64::from(settled.retries);
            storm.replayed += u64::from(settled.answer.is_replay());
            storm.latencies.saturating_record(micros(begin.elapsed()));
            anyhow::Ok(settled.answer)
        });
        let mut answers = try_join_all(copies).await?;
        let first = answers.swap_remove(0);
        for other in &answers {
            storm.borrow_mut().compare(&first, other);
        }
        Ok(first)
    }

    /// Sends a request and breaks off; whether it arrives is left to chance.
    async fn cut(&self, request: &Request, random: &mut StdRng, storm: &RefCell<Storm>) -> anyhow::Result<()> {
        let cut = Cut::draw(random);
        cut.send(self.connections[0].target(), request, Policy::default().timeout).await?;
        let mut storm = storm.borrow_mut();
        storm.requests += 1;
        storm.cut += 1;
        Ok(())
    }
}

impl Storm {
    fn new(shoppers: u32) -> Self {
        Self {
            shoppers,
            requests: 0,
            cut: 0,
            abandoned: 0,
            replayed: 0,
            different: 0,
            refused: BTreeMap::new(),
            orders: Vec::new(),
            cancelled: 0,
            latencies: latencies(),
            took: Duration::ZERO,
        }
    }

    /// An order to look at.
    pub fn an_order(&self) -> Option<&str> {
        self.orders
            .iter()
            .rev()
            .find(|(number, _)| Shopper::new(*number).manner == Manner::Clicks(4))
            .map(|(_, no)| &**no)
    }

    /// Notes what a shopper was told; gives the order's number if there is one.
    fn told(&mut self, shopper: &Shopper, answer: &Answer) -> Option<String> {
        if let Ok(placed) = answer.read::<Placed>() {
            self.orders.push((shopper.number, placed.order_no.clone()));
            Some(placed.order_no)
        } else {
            *self.refused.entry(answer.code()).or_default() += 1;
            None
        }
    }

    fn compare(&mut self, first: &Answer, other: &Answer) {
        self.different += u64::from(!first.agrees(other));
    }

    fn show(&self, progress: &ProgressBar) {
        progress.inc(1);
        progress.set_message(format!(
            "{} orders · {} duplicates · {} refused",
            terminal::thousands(self.orders.len() as i128),
            terminal::thousands(self.replayed),
            terminal::thousands(self.refused.values().sum::<u64>()),
        ));
    }
}
