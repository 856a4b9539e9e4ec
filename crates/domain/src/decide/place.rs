//! Owns placing an order: who may use the number, what the lines cost, what stock they promise.

use std::collections::BTreeMap;
use std::sync::Arc;

use idempotency::{Admission, Prior, admit};

use crate::order::{Event, HistoryEntry, Line, Status};
use crate::stock::{Holding, Reservation};
use crate::text::Sku;
use crate::{
    Change, Command, LineRequest, Money, Order, OrderNumberSource, Outcome, PlaceOrder, Refusal, Reply, State, order,
    stock,
};

pub(super) fn place(state: &State, command: &Command, wanted: &PlaceOrder) -> Result<Outcome, Refusal> {
    if let Some(existing) = existing(state, command, wanted)? {
        return Ok(Outcome::accepted(Reply::Order { order: existing, created: false }, Vec::new()));
    }
    command.check_token()?;
    check_number(state, command, wanted)?;
    check_slots(state, command, wanted)?;
    let lines = price(state, command, wanted)?;
    let total = total(&lines)?;
    let (reservations, stock) = reserve(state, command, &wanted.lines)?;
    let order = Order {
        tenant: command.tenant,
        order_no: wanted.number.order_no(),
        principal: command.principal,
        key: command.key.clone(),
        fingerprint: command.fingerprints.current,
        status: Status::PendingPayment,
        close_reason: None,
        version: 1,
        customer_id: wanted.customer_id.clone(),
        lines,
        total,
        captured: 0,
        refunded: 0,
        returned: 0,
        note: wanted.note.clone(),
        created_at: command.at,
        updated_at: command.at,
        expires_at: wanted.expires_at,
        pending_limit: wanted.pending_limit,
        reservations,
        shipments: Vec::new(),
    };
    placed(state, command, order, stock)
}

/// The order that this request made before its record was purged, or that has its number. A duplicate is never
/// shown to a shopper as a failure.
fn existing(state: &State, command: &Command, wanted: &PlaceOrder) -> Result<Option<Arc<Order>>, Refusal> {
    if let Some(order) = state.order_by_key(command.tenant, command.principal, &command.key) {
        return if same_request(order, command) { Ok(Some(order.clone())) } else { Err(Refusal::KeyReused) };
    }
    for alias in command.aliases.iter().filter(|alias| alias.since.is_none()) {
        if let Some(order) = state.order_by_key(command.tenant, command.principal, &alias.key) {
            return if same_request(order, command) { Ok(Some(order.clone())) } else { Err(Refusal::TokenUsed) };
        }
    }
    let Some(order) = state.order(command.tenant, wanted.number.order_no()) else { return Ok(None) };
    if order.principal == command.principal && same_request(order, command) {
        Ok(Some(order.clone()))
    } else if is_hidden(order, command, wanted) {
        // It is looked at as a number that nobody was issued, or numbers could be tried out.
        Ok(None)
    } else {
        Err(order::Refusal::NumberTaken(order.order_no).into())
    }
}

/// Whether the number that the request names is of an order that whoever asks may not know of.
fn is_hidden(order: &Order, command: &Command, wanted: &PlaceOrder) -> bool {
    matches!(wanted.number, OrderNumberSource::Issued(_))
        && order.principal != command.principal
        && !command.whose.includes(&order.customer_id)
}

fn same_request(order: &Order, command: &Command) -> bool {
    let prior = Prior { command: None, fingerprint: &order.fingerprint };
    admit(Some(prior), command.id, &command.fingerprints) == Admission::Replay
}

fn check_number(state: &State, command: &Command, wanted: &PlaceOrder) -> Result<(), order::Refusal> {
    let OrderNumberSource::Issued(order_no) = wanted.number else { return Ok(()) };
    state
        .number(command.tenant, order_no)
        .filter(|number| number.principal == command.principal && command.at < number.expires_at)
        .map(|_| ())
        .ok_or(order::Refusal::NumberInvalid(order_no))
}

/// The shop's limit of orders that wait for payment. An order of which nothing is owed is looked at as any other: what
/// it costs is not known yet.
fn check_slots(state: &State, command: &Command, wanted: &PlaceOrder) -> Result<(), order::Refusal> {
    let skus = wanted.lines.iter().map(|line| &line.sku);
    let slots = wanted.pending_limit.slots(command.tenant, &wanted.customer_id, skus);
    match slots.iter().find_map(|slot| state.slot(slot)) {
        Some(pending) => Err(order::Refusal::AnotherPending(pending)),
        None => Ok(()),
    }
}

/// Each wanted line with its product's name and price as they are now.
fn price(state: &State, command: &Command, wanted: &PlaceOrder) -> Result<Vec<Line>, Refusal> {
    let mut missing: Vec<Sku> = Vec::new();
    let mut lines = Vec::with_capacity(wanted.lines.len());
    for (number, line) in (1..).zip(&wanted.lines) {
        let Some(product) = state.product(command.tenant, &line.sku) else {
            if !missing.contains(&line.sku) {
                missing.push(line.sku.clone());
            }
            continue;
        };
        let unit_price = line.unit_price.unwrap_or(product.price);
        if unit_price.currency != product.price.currency {
            return Err(order::Refusal::CurrencyMismatch(line.sku.clone()).into());
        }
        lines.push(Line {
            number,
            sku: line.sku.clone(),
            name: product.name.clone(),
            quantity: line.quantity,
            unit_price,
            total: unit_price.times(line.quantity).ok_or(order::Refusal::TotalTooLarge)?,
            shipped: 0,
            refunded: 0,
        });
    }
    if missing.is_empty() { Ok(lines) } else { Err(stock::Refusal::ProductNotFound(missing).into()) }
}

fn total(lines: &[Line]) -> Result<Money, order::Refusal> {
    let (first, rest) = lines.split_first().expect("intake refuses an order without lines");
    rest.iter().try_fold(first.total, |sum, line| {
        if line.total.currency != sum.currency {
            return Err(order::Refusal::CurrencyMismatch(line.sku.clone()));
        }
        sum.plus(line.total).ok_or(order::Refusal::TotalTooLarge)
    })
}

/// Promises stock for all lines together: two lines with the same sku count as one.
fn reserve(
    state: &State,
    command: &Command,
    lines: &[LineRequest],
) -> Result<(Vec<Reservation>, Vec<Change>), stock::Refusal> {
    let mut wanted: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in lines {
        let sum = wanted.entry(&line.sku).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    let mut short = Vec::new();
    let mut reservations = Vec::with_capacity(wanted.len());
    let mut changes = Vec::with_capacity(wanted.len() + 3);
    for (sku, quantity) in wanted {
        let item = state.stock(command.tenant, sku).expect("storage loads a product with its stock");
        match item.reserve(quantity) {
            Some(item) => {
                reservations.push(Reservation { sku: sku.clone(), quantity, holding: Holding::Held });
                changes.push(Change::StockSet(item));
            }
            None => short.push(sku.clone()),
        }
    }
    if short.is_empty() { Ok((reservations, changes)) } else { Err(stock::Refusal::Insufficient(short)) }
}

fn placed(state: &State, command: &Command, mut order: Order, stock: Vec<Change>) -> Result<Outcome, Refusal> {
    let mut changes = stock;
    let mut history = vec![order.first_entry()];
    if order.total.minor == 0 {
        // Nothing is owed: paid in the same change, on the stock that was promised a line above.
        let mut promised = state.clone_stock_of(&order);
        for change in &changes {
            promised.apply(change);
        }
        let (entry, sold) = paid(&promised, &mut order, command)?;
        changes.extend(sold);
        history.push(entry);
    }
    changes.extend(order.taken());
    let order = Arc::new(order);
    changes.push(Change::OrderPlaced(order.clone()));
    changes.push(Change::NumberUsed(order.tenant, order.order_no));
    changes.extend(history.into_iter().map(Change::HistoryWritten));
    Ok(Outcome::accepted(Reply::Order { order, created: true }, changes))
}

/// Steps an order of which nothing is owed to paid: its stock is sold.
fn paid(state: &State, order: &mut Order, command: &Command) -> Result<(HistoryEntry, Vec<Change>), order::Refusal> {
    let entry = order.step(Event::Pay, command.cause())?;
    Ok((entry, super::resolve::reservations(state, order, Holding::Committed, command)))
}

impl State {
    fn clone_stock_of(&self, order: &Order) -> Self {
        let mut state = Self::default();
        order
            .reservations
            .iter()
            .filter_map(|reservation| self.stock(order.tenant, &reservation.sku))
            .for_each(|item| state.put_stock(item.clone()));
        state
    }
}
