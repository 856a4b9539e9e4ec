//! Owns the judgement on a run that came to rest: the tables hold, and every client was told the truth.

use std::collections::{BTreeMap, BTreeSet};

use domain::OrderNo;
use domain::order::PaymentStatus;
use domain::stock::Source;
use domain::text::Note;
use idempotency::{Answer, CommandId, Record};

use super::log::{Arrival, Heard, Log};
use super::passes;
use super::trace::Goal;
use super::wish::{Pass, What};
use crate::memory::Tables;
use crate::{Answered, Scope};

/// Looks at everything; `Err` says what was violated.
pub(super) fn audit(tables: &Tables, log: &Log) -> Result<(), String> {
    tables.audit()?;
    let names = names(log);
    for (scope, record) in &tables.records {
        known(scope, record, (log, &names))?;
    }
    for (id, arrival) in log.iter() {
        let record = arrival.names().and_then(|(scope, _)| tables.records.get(scope));
        told_true(record, id, arrival).map_err(|what| format!("{what}: {arrival:?}, stored: {record:?}"))?;
    }
    passes::audit(tables, log)?;
    effects(tables, log)
}

/// What money came to.
pub(super) fn reached(tables: &Tables) -> impl Iterator<Item = Goal> {
    let refunds = tables.money.payments.values().flat_map(|payment| &payment.refunds);
    let decided = refunds
        .filter_map(|refund| refund.decision.as_ref())
        .map(|decision| if decision.is_approved { Goal::Approved } else { Goal::Rejected });
    let paid = tables.orders.values().filter_map(|order| match order.payment_status() {
        PaymentStatus::Unpaid => None,
        PaymentStatus::Paid => Some(Goal::Paid),
        PaymentStatus::LatePaid => Some(Goal::LatePaid),
        PaymentStatus::Overpaid => Some(Goal::Overpaid),
        PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => Some(Goal::GivenBack),
    });
    paid.chain(decided)
}

/// By the name that a token gives, every name of the arrivals that came with it: their keys, and the token's own.
type Names<'a> = BTreeMap<&'a Scope, BTreeSet<&'a Scope>>;

fn names(log: &Log) -> Names<'_> {
    let mut names = Names::new();
    for (_, arrival) in log.iter() {
        let Some((own, others)) = arrival.names().filter(|_| matches!(arrival.wish.pass, Pass::Token { .. })) else {
            continue;
        };
        for other in others {
            names.entry(other).or_default().extend([own, other]);
        }
    }
    names
}

/// A record was made by an arrival of its own name, and for what that arrival asked; or it is a copy, under the token
/// that the arrival came with, or under another key that came with this token.
fn known(scope: &Scope, record: &Record, (log, names): (&Log, &Names<'_>)) -> Result<(), String> {
    let own = |arrival: &&Arrival| {
        let Some((own, others)) = arrival.names() else { return false };
        let copied =
            || others.iter().any(|name| name == scope || names.get(name).is_some_and(|all| all.contains(scope)));
        (own == scope || copied()) && arrival.wish.fingerprints().current == record.fingerprint
    };
    log.get(record.command)
        .filter(own)
        .map(|_| ())
        .ok_or_else(|| format!("a record of no arrival: {scope:?} {record:?}"))
}

fn told_true(record: Option<&Record>, id: CommandId, arrival: &Arrival) -> Result<(), &'static str> {
    let Some(heard) = &arrival.heard else { return Ok(()) };
    if heard.says_not_applied() && record.is_some_and(|record| record.command == id) {
        return Err("told that it was not applied, but it was");
    }
    let Heard::Answered(answered) = heard else { return Ok(()) };
    let own = record.is_some_and(|record| arrival.wish.fingerprints().current == record.fingerprint);
    match (answered, record) {
        (Answered::Failed(_), _) => Ok(()),
        // It has no record of its own: whose it was told is looked at elsewhere.
        (Answered::Replayed(_), None) if arrival.is_keyless() => Ok(()),
        (_, None) => Err("an acknowledged answer is lost"),
        (Answered::KeyReused, _) if own => Err("its own key was refused to it"),
        (Answered::Executed(_) | Answered::Replayed(_), _) if !own => Err("another request's answer was told"),
        // Under a derived key a later PUT of the same may take the place of an earlier one.
        (Answered::Executed(_) | Answered::Replayed(_), _) if arrival.wish.key.is_derived() => Ok(()),
        (Answered::Executed(answer) | Answered::Replayed(answer), Some(record)) if *answer != record.answer => {
            Err("another answer than the stored one was told")
        }
        (Answered::Executed(_), Some(record)) if record.command != id => {
            Err("executed, but another arrival's record is stored")
        }
        (Answered::Replayed(_), Some(record)) if record.command == id => Err("replayed, but it was executed"),
        _ => Ok(()),
    }
}

/// Every effect belongs to one accepted record, and every accepted record has its effect.
fn effects(tables: &Tables, log: &Log) -> Result<(), String> {
    let mut orders: BTreeSet<OrderNo> = BTreeSet::new();
    let mut moved: BTreeSet<String> = BTreeSet::new();
    let mut issued: BTreeSet<OrderNo> = BTreeSet::new();
    for record in tables.records.values().filter(|record| record.answer.status != 409) {
        let Some(arrival) = log.get(record.command) else { continue };
        let lost = || format!("acknowledged, but not there: {record:?}");
        match &arrival.wish.what {
            What::Place { customer, .. } => {
                let order_no = located(&record.answer).ok_or_else(lost)?;
                let order = tables.orders.get(&(arrival.wish.tenant, order_no)).ok_or_else(lost)?;
                let made = arrival.names().is_some_and(|(own, _)| {
                    own.key == order.key && (own.tenant, own.principal) == (order.tenant, order.principal)
                });
                let of_wish = order.note.as_ref().is_some_and(|note| note.as_str() == format!("wish {customer}"));
                if (record.answer.status == 201) != made || !of_wish {
                    return Err(format!("told of another's order: {record:?}, {order:?}"));
                }
                orders.insert(order_no);
            }
            What::Move { .. } => {
                moved.extend(record.answer.header("location").map(str::to_owned));
            }
            What::Issue => {
                issued.insert(located(&record.answer).ok_or_else(lost)?);
            }
            _ => {}
        }
    }
    let by_hand = |source: &Source| matches!(source, Source::Manual(_));
    let sources = tables.movements.values().map(|movement| movement.source).filter(by_hand);
    same(&moved, &sources.map(|source| format!("{source:?}")).collect(), "movements by hand")?;
    same(&orders, &tables.orders.keys().map(|row| row.1).collect(), "orders")?;
    if let Some(number) = tables.numbers.keys().find(|row| !issued.contains(&row.1)) {
        return Err(format!("a number that nobody was told: {number:?}"));
    }
    one_each(tables)
}

/// One wish makes one order, whatever key it was sent under; one key makes one step, or is placed and paid at once.
fn one_each(tables: &Tables) -> Result<(), String> {
    let mut wishes = BTreeSet::new();
    // What came without a key is a new wish in time.
    let mut orders = tables.orders.values().filter(|order| !order.key.is_derived());
    if let Some(order) = orders.find(|order| !wishes.insert(order.note.as_ref().map(Note::as_str))) {
        return Err(format!("a wish made a second order: {order:?}"));
    }
    let mut steps: BTreeMap<Scope, Vec<&domain::order::HistoryEntry>> = BTreeMap::new();
    for entry in tables.history.values() {
        let scope = Scope { tenant: entry.tenant, principal: entry.principal, key: entry.key.clone() };
        steps.entry(scope).or_default().push(entry);
    }
    for (scope, entries) in steps {
        let accepted = tables.records.get(&scope).is_some_and(|record| record.answer.status != 409);
        let first = entries[0];
        let paid_at_once = entries.len() == 2 && entries[1].order_no == first.order_no && first.version == 1;
        if !accepted || (entries.len() > 1 && !paid_at_once) {
            return Err(format!("steps without an accepted record of their own: {entries:?}"));
        }
    }
    Ok(())
}

fn same<T: Ord + std::fmt::Debug>(told: &BTreeSet<T>, there: &BTreeSet<T>, what: &str) -> Result<(), String> {
    match told.symmetric_difference(there).next() {
        Some(one) => Err(format!("{what}: not both told and there: {one:?}")),
        None => Ok(()),
    }
}

fn located(answer: &Answer) -> Option<OrderNo> {
    answer.header("location")?.parse().ok()
}
