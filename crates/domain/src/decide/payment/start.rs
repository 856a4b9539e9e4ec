//! Owns the beginning of an attempt: may the order be paid, through which account, and what of the attempts before.

use std::sync::Arc;

use super::Till;
use crate::channel::{Account, Method};
use crate::outbox::Task;
use crate::payment::{ATTEMPTS_MAX, Attempt, AttemptStatus, Event, Payment, Refusal, Status, Subject};
use crate::{Command, Money, Order, Outcome, Refusal as AnyRefusal, Reply, StartPayment, State, order};

pub(in crate::decide) fn start(state: &State, command: &Command, wanted: &StartPayment) -> Result<Outcome, AnyRefusal> {
    if let Some(payment) = existing(state, command, wanted)? {
        return Ok(Outcome::accepted(Reply::Payment { payment, created: false }, Vec::new()));
    }
    command.check_token()?;
    let order = super::super::find(state, command, wanted.order_no)?;
    order.expect_step(order::Event::Pay)?;
    if command.at >= order.expires_at {
        return Err(Refusal::OrderExpired(order.order_no).into());
    }
    let (account, method) = choose(state, command, wanted, order.total)?;
    let mut till = open(state, command, wanted, order);
    // One that is being taken back leaves room: who changed channels may come back to the first.
    let is_running = |attempt: &Attempt| attempt.account == account.id && attempt.close_asked_at.is_none();
    let is_unsettled = till.payment.attempts.iter().any(Attempt::is_given_back_there);
    if is_unsettled || till.payment.live().any(is_running) {
        return Err(Refusal::InProgress(till.payment.id).into());
    }
    if till.payment.attempts.len() >= ATTEMPTS_MAX {
        return Err(Refusal::TooManyAttempts(till.payment.id).into());
    }
    // Before another channel is tried the attempts before are taken back; the payer may pay both all the same.
    till.close_live();
    till.begin_attempt(attempt(command, wanted, &till.payment, (account, method, till.order.expires_at)));
    till.queue(account.id, Task::Charge(wanted.attempt), 0);
    Ok(till.finish(|payment| Reply::Payment { payment, created: true }))
}

/// The payment whose attempt this key made before its record was purged.
fn existing(state: &State, command: &Command, wanted: &StartPayment) -> Result<Option<Arc<Payment>>, AnyRefusal> {
    let Some(payment) = state.payment_of_attempt(command.tenant, wanted.attempt) else { return Ok(None) };
    let method = payment.attempt(wanted.attempt).map(|attempt| attempt.method);
    let fits = payment.order_no == wanted.order_no && (wanted.method.is_none() || wanted.method == method);
    if fits { Ok(Some(payment.clone())) } else { Err(AnyRefusal::KeyReused) }
}

/// The first account of the wanted ones that is switched on, takes the amount, and sends the payer back to a URL of this
/// length: one that is cut would send the payer elsewhere.
fn choose<'a>(
    state: &'a State,
    command: &Command,
    wanted: &StartPayment,
    amount: Money,
) -> Result<(&'a Account, Method), Refusal> {
    if wanted.candidates.is_empty() {
        return Err(Refusal::Unavailable);
    }
    let accounts = wanted.candidates.iter().filter_map(|&id| state.account(command.tenant, id));
    let mut usable = accounts.filter_map(|account| {
        let methods = account.kind.methods().iter().copied();
        let mut possible = methods.filter(|&method| wanted.method.is_none_or(|only| only == method));
        possible.find(|&method| account.takes(amount, method)).map(|method| (account, method))
    });
    let length = wanted.return_url.as_ref().map_or(0, String::len);
    let mut most = None;
    let fits = |(account, _): &(&Account, Method)| {
        let longest = account.kind.return_url_max();
        most = most.max(Some(longest));
        length <= longest
    };
    let found = usable.find(fits);
    found.ok_or_else(|| most.map_or(Refusal::NoChannel(amount), |most| Refusal::ReturnUrlTooLong { length, most }))
}

fn open<'a>(state: &'a State, command: &'a Command, wanted: &StartPayment, order: Order) -> Till<'a> {
    if let Some(payment) = state.payment_for(command.tenant, order.order_no) {
        return Till { state, command, order, payment: Payment::clone(payment), changes: Vec::new() };
    }
    let payment = Payment {
        tenant: command.tenant,
        id: wanted.payment,
        order_no: order.order_no,
        amount: order.total,
        status: Status::Open,
        captured: 0,
        refund_reserved: 0,
        refunded: 0,
        version: 0,
        created_at: command.at,
        updated_at: command.at,
        attempts: Vec::new(),
        refunds: Vec::new(),
    };
    let mut till = Till { state, command, order, payment, changes: Vec::new() };
    till.note(Subject::Payment, Event::Begin, None, Status::Open.name());
    till
}

fn attempt(
    command: &Command,
    wanted: &StartPayment,
    payment: &Payment,
    (account, method, expires_at): (&Account, Method, crate::Timestamp),
) -> Attempt {
    Attempt {
        id: wanted.attempt,
        number: u32::try_from(payment.attempts.len()).unwrap_or(u32::MAX).saturating_add(1),
        account: account.id,
        channel: account.kind,
        method,
        provider_key: wanted.provider_key,
        amount: payment.amount.minor,
        captured: 0,
        status: AttemptStatus::Created,
        action: None,
        return_url: wanted.return_url.clone(),
        channel_no: None,
        code: None,
        queries: 0,
        silences: 0,
        query_at: None,
        close_asked_at: None,
        expires_at,
        created_at: command.at,
        updated_at: command.at,
    }
}
