//! Owns asking for the truth when all is quiet: every key is sent again, and every order is listed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::audit::{Case, Order};
use super::client::{Http, Outcome, TIMEOUT};
use super::ledger::Entry;
use super::log::{Log, Try};
use crate::clock::{self, Stopwatch};

const THREADS: usize = 16;
/// How long a key may go without an answer when all is quiet.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(200);
const PAGE: usize = 200;

/// Sends every key again until it is answered.
pub(super) fn ask_all(http: &Http, log: &Arc<Log>, entries: Vec<Entry>) -> Vec<Case> {
    let waiting = Mutex::new(entries.into_iter().enumerate().collect::<VecDeque<_>>());
    let cases = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((at, entry)) = next else { return };
            let case = ask(http, log, at, entry);
            cases.lock().unwrap_or_else(PoisonError::into_inner).push(case);
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    cases.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn ask(http: &Http, log: &Log, at: usize, mut entry: Entry) -> Case {
    let before = entry.clone();
    let stopwatch = Stopwatch::start();
    let mut node = at % http.nodes();
    loop {
        let since = Stopwatch::start();
        let outcome = http.send(node, &entry.wish, TIMEOUT);
        let took_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        log.write(&Try { client: "audit", node, wish: &entry.wish, took_ms, outcome: &outcome });
        let last = outcome.class();
        if entry.note(&outcome) {
            let Outcome::Answered { answer, .. } = outcome else { continue };
            return Case { before, now: Ok(answer), executed: entry.executed };
        }
        if stopwatch.elapsed() > PATIENCE {
            return Case { before, now: Err(last), executed: entry.executed };
        }
        clock::pause(PAUSE);
        node = (node + 1) % http.nodes();
    }
}

/// Every order that the API lists.
pub(super) fn list_all(http: &Http) -> Result<Vec<Order>> {
    #[derive(Deserialize)]
    struct Page {
        data: Vec<Order>,
        next_cursor: Option<String>,
    }
    let (mut orders, mut from, mut node) = (Vec::new(), String::new(), 0);
    loop {
        // Each page from another server: they all see the same.
        node = (node + 1) % http.nodes();
        let path = format!("/api/v1/orders?limit={PAGE}{from}");
        let page: Page = http.get(node, &path).context("listing the orders")?;
        orders.extend(page.data);
        let Some(cursor) = page.next_cursor else { return Ok(orders) };
        from = format!("&cursor={cursor}");
    }
}
