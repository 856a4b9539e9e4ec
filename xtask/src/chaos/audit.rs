//! Owns the verdict: what the clients were told, held against what is there. It asks nobody and changes nothing.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use super::client::Answer;
use super::ledger::Entry;
use super::wish::Kind;

/// One key: what its client knew, and what the server says now.
pub(super) struct Case {
    pub(super) before: Entry,
    /// The final answer, or what came instead of one.
    pub(super) now: Result<Answer, String>,
    /// How many answers, with this one, said that the request was executed just then.
    pub(super) executed: u32,
}

/// An order as the API lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Order {
    #[serde(rename = "order_no")]
    pub(super) number: String,
    /// The key that it was placed under.
    pub(super) customer_id: String,
    pub(super) status: String,
    pub(super) version: u64,
    pub(super) close_reason: Option<String>,
}

impl Order {
    /// Whether the server closed it by itself, as its time to pay ran out behind this standing.
    fn has_expired_since(&self, status: &str, version: u64) -> bool {
        let expired = self.status == "closed" && self.close_reason.as_deref() == Some("timeout");
        expired && status == "pending_payment" && self.version == version + 1
    }
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Breach {
    /// The key has no answer, though all is quiet.
    Unexplained { key: String, last: String },
    /// Two final answers of one key differ.
    Differs { key: String, one: String, other: String },
    /// A right request got what it never should.
    Unexpected { key: String, answer: String },
    /// More than one answer says that the request was executed.
    ExecutedTwice { key: String, times: u32 },
    /// An acknowledged order is not there.
    Lost { key: String, order_no: String },
    /// An order that no acknowledged key placed.
    Stranger { order_no: String, customer_id: String },
    /// Two orders under one key.
    Doubled { key: String, orders: Vec<String> },
    /// An order is not in the state that its acknowledged changes lead to.
    State { order_no: String, expected: String, found: String },
}

/// Everything that is wrong.
pub(super) fn judge(cases: &[Case], orders: &[Order]) -> Vec<Breach> {
    let mut breaches: Vec<_> = cases.iter().flat_map(answers).collect();
    breaches.extend(orders_and_keys(cases, orders));
    breaches.extend(states(cases, orders));
    breaches.sort();
    breaches
}

/// One key by itself.
fn answers(case: &Case) -> Vec<Breach> {
    let Entry { wish, answers, .. } = &case.before;
    let key = || wish.key.clone();
    let mut breaches = Vec::new();
    let now = match &case.now {
        Ok(now) => Some(now),
        Err(last) => {
            breaches.push(Breach::Unexplained { key: key(), last: last.clone() });
            None
        }
    };
    let mut all = answers.iter().chain(now);
    if let Some(first) = all.next() {
        if !wish.kind.may_get(first.status, first.code().as_deref()) {
            breaches.push(Breach::Unexpected { key: key(), answer: shown(first) });
        }
        if let Some(other) = all.find(|other| *other != first) {
            breaches.push(Breach::Differs { key: key(), one: shown(first), other: shown(other) });
        }
    }
    if case.executed > 1 {
        breaches.push(Breach::ExecutedTwice { key: key(), times: case.executed });
    }
    breaches
}

/// Each acknowledged key has its order, and each order its key.
fn orders_and_keys(cases: &[Case], orders: &[Order]) -> Vec<Breach> {
    let mut by_customer: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    for order in orders {
        by_customer.entry(&order.customer_id).or_default().push(order);
    }
    let mut breaches = Vec::new();
    for (key, order_no) in cases.iter().filter_map(placed) {
        let found = by_customer.remove(key).unwrap_or_default();
        if !found.iter().any(|order| order.number == order_no) {
            breaches.push(Breach::Lost { key: key.to_owned(), order_no: order_no.clone() });
        }
        match &found[..] {
            [] => {}
            [one] if one.number == order_no => {}
            [one] => breaches.push(stranger(one)),
            _ => {
                let orders = found.iter().map(|order| order.number.clone()).collect();
                breaches.push(Breach::Doubled { key: key.to_owned(), orders });
            }
        }
    }
    breaches.extend(by_customer.into_values().flatten().map(stranger));
    breaches
}

/// Each order has gone through its acknowledged changes, and no others.
fn states(cases: &[Case], orders: &[Order]) -> Vec<Breach> {
    let listed: BTreeMap<_, _> = orders.iter().map(|order| (order.number.as_str(), order)).collect();
    // The last answer about each order; a client changes an order only when it has the answer to the change before.
    let mut told: BTreeMap<String, (Order, u64)> = BTreeMap::new();
    for order in cases.iter().filter_map(answered_order) {
        let (last, changes) = told.entry(order.number.clone()).or_insert_with(|| (order.clone(), 0));
        *changes += 1;
        if order.version > last.version {
            *last = order;
        }
    }
    // These go on by themselves, to where money says.
    let paying: BTreeSet<_> = cases.iter().filter_map(paying).collect();
    let first: BTreeMap<_, _> =
        cases.iter().filter_map(|case| Some((placed(case)?.1, answered_order(case)?.version))).collect();
    let wrong = told.into_iter().filter_map(|(order_no, (last, changes))| {
        // That it is lost is said already.
        let found = listed.get(order_no.as_str())?;
        if paying.contains(order_no.as_str()) && matches!(&found.status[..], "paid" | "closed") {
            return None;
        }
        let version = first.get(&order_no).map_or(last.version, |first| first + changes - 1);
        let is_right = (found.version, &found.status) == (version, &last.status);
        (!is_right && !found.has_expired_since(&last.status, version)).then(|| Breach::State {
            order_no,
            expected: format!("{} in version {version}", last.status),
            found: format!("{} in version {}", found.status, found.version),
        })
    });
    wrong.collect()
}

/// The key of an acknowledged order, with the order's number.
fn placed(case: &Case) -> Option<(&str, String)> {
    let is_placed = case.before.wish.kind == Kind::Place;
    is_placed.then(|| Some((case.before.wish.key.as_str(), answered_order(case)?.number)))?
}

/// The order in an answer that acknowledges something.
fn answered_order(case: &Case) -> Option<Order> {
    let answer = case.before.answer().or(case.now.as_ref().ok())?;
    if answer.status < 300 { serde_json::from_str(&answer.body).ok() } else { None }
}

/// The number of an order that its client wanted to pay.
fn paying(case: &Case) -> Option<&str> {
    let wish = &case.before.wish;
    (wish.kind == Kind::Pay).then(|| wish.path.split('/').nth(4))?
}

fn stranger(order: &Order) -> Breach {
    Breach::Stranger { order_no: order.number.clone(), customer_id: order.customer_id.clone() }
}

fn shown(answer: &Answer) -> String {
    let Answer { content_type, etag, location, body, .. } = answer;
    format!("{} [{content_type:?} {etag:?} {location:?}] {body}", answer.status)
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexplained { key, last } => write!(out, "UNEXPLAINED: key {key} has no final answer, but {last}"),
            Self::Differs { key, one, other } => {
                write!(out, "ANSWERED IN TWO WAYS: key {key}\n    {one}\n    {other}")
            }
            Self::Unexpected { key, answer } => write!(out, "UNEXPECTED: key {key} was answered {answer}"),
            Self::ExecutedTwice { key, times } => write!(out, "EXECUTED {times} TIMES: key {key}"),
            Self::Lost { key, order_no } => write!(out, "LOST: order {order_no}, acknowledged to key {key}"),
            Self::Stranger { order_no, customer_id } => {
                write!(out, "FROM NOWHERE: order {order_no} of {customer_id}, which nobody was told of")
            }
            Self::Doubled { key, orders } => write!(out, "DOUBLED: key {key} has {}", orders.join(" and ")),
            Self::State { order_no, expected, found } => {
                write!(out, "STATE: order {order_no} is {found}, not {expected}")
            }
        }
    }
}
