//! Owns the storm: every invoice's request goes out several times at once, some of them break off, all are retried to
//! the end, and all answers of one invoice must be the same bytes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;

use super::invoice::{Book, Invoice};
use crate::client::{Connection, Cut, Policy, Request, Settled, Target, spread};
use crate::terminal;

/// Invoices under way at once, and a bound for all connections together.
const LANES_MAX: usize = 16;
const CONNECTIONS_MAX: usize = 128;
/// The share of requests whose client goes away before the answer. Which ones follows from the invoice's place, so
/// that two runs over the same files cut the same requests off.
const CUT_SHARE: f64 = 0.25;

/// What the storm saw.
#[derive(Debug, Default)]
pub struct Storm {
    /// Answers that were given before.
    pub replayed: u64,
    /// Requests that were sent again.
    pub retried: u64,
    /// Requests whose client went away.
    pub cut: u64,
    /// Invoices with a final refusal.
    pub refused: u64,
    /// Invoice number to the order's.
    pub answered: HashMap<String, String>,
    /// Refusals and answers that differ, for people.
    pub problems: Vec<String>,
}

#[derive(Deserialize)]
struct Placed {
    order_no: String,
}

/// Sends all invoices' requests, each so many times at once.
pub async fn send(book: &Book, target: &Arc<Target>, policy: Policy, copies: usize) -> anyhow::Result<Storm> {
    let progress = terminal::bar(book.invoices.len(), "invoices");
    let storm = RefCell::new(Storm::default());
    let lane = || (0..copies).map(|_| Connection::new(target.clone())).collect::<Vec<_>>();
    let place = async |lane: &mut Vec<Connection>, place: usize, invoice: &Invoice| {
        let request = invoice.request(&book.products);
        let copies = lane.iter_mut().zip(0_u64..).map(|(connection, copy)| {
            let random = StdRng::seed_from_u64((place as u64) << 16 | copy);
            send_copy(connection, &request, policy, random)
        });
        let copies = try_join_all(copies).await?;
        storm.borrow_mut().add(invoice, &copies);
        progress.inc(1);
        progress.set_message(format!("{} duplicates", terminal::thousands(storm.borrow().replayed)));
        anyhow::Ok(())
    };
    let lanes = (CONNECTIONS_MAX / copies).clamp(1, LANES_MAX);
    spread(&book.invoices, lanes, lane, place).await?;
    progress.finish_and_clear();
    Ok(storm.into_inner())
}

/// One of the copies: perhaps cut off, then sent until the answer is final.
pub(super) struct Copy {
    pub(super) settled: Settled,
    cut: bool,
}

/// Sends one copy, cut off or not as chance has it.
pub(super) async fn send_copy(
    connection: &mut Connection,
    request: &Request,
    policy: Policy,
    mut random: StdRng,
) -> anyhow::Result<Copy> {
    let cut = random.random_bool(CUT_SHARE);
    if cut {
        // Whether it arrives is left to chance: the retry below has to be right either way.
        let _ = Cut::draw(&mut random).send(connection.target(), request, policy.timeout).await;
    }
    let settled = policy.settle(connection, request, &mut random).await?;
    Ok(Copy { settled, cut })
}

impl Storm {
    fn add(&mut self, invoice: &Invoice, copies: &[Copy]) {
        for copy in copies {
            self.cut += u64::from(copy.cut);
            self.retried += u64::from(copy.cut) + u64::from(copy.settled.retries);
            // 200 is the order of a key whose record was purged: the request was applied long ago.
            let answer = &copy.settled.answer;
            self.replayed += u64::from(answer.is_replay() || answer.status == http::StatusCode::OK);
        }
        let Some((first, rest)) = copies.split_first() else { return };
        let first = &first.settled.answer;
        if let Some(other) = rest.iter().find(|copy| !copy.settled.answer.agrees(first)) {
            let other = &other.settled.answer;
            self.problems.push(format!("invoice {}: two answers differ: {first} / {other}", invoice.number));
        }
        match first.read::<Placed>() {
            Ok(placed) => {
                self.answered.insert(invoice.number.clone(), placed.order_no);
            }
            Err(reason) => {
                self.refused += 1;
                self.problems.push(format!("invoice {} has no order: {reason}", invoice.number));
            }
        }
    }
}

#[cfg(test)]
mod tests;
