//! Owns the desk: what the payer's hand and a tester do, unsigned. It does not know how a provider speaks.

mod lang;
pub(crate) mod pages;
mod worse;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::book::{Charge, Refusal, Status};
use crate::clock;
use crate::gate::own;
use crate::kind::Kind;
use crate::mischief::Rule;
use crate::world::{Turn, World};

type Shared = State<Arc<World>>;

/// Which charges are wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    kind: Option<Kind>,
    status: Option<Status>,
    out_trade_no: Option<String>,
}

pub(crate) async fn charges(State(world): Shared, Query(wanted): Query<Wanted>) -> Response {
    let fits = |charge: &&Charge| {
        wanted.kind.is_none_or(|kind| kind == charge.kind)
            && wanted.status.is_none_or(|status| status == charge.status)
            && wanted.out_trade_no.as_ref().is_none_or(|number| *number == charge.out_trade_no)
    };
    let charges: Vec<_> =
        world.book.read(|pages| pages.charges().filter(fits).map(|charge| shown(&world, charge)).collect());
    settled(&world, 200, &json!({"charges": charges})).await
}

/// Pays or refuses a charge, as the payer would.
pub(crate) async fn act(State(world): Shared, Path((kind, number, what)): Path<(String, String, String)>) -> Response {
    match decide(&world, &kind, &number, &what) {
        Ok(charge) => settled(&world, 200, &shown(&world, &charge)).await,
        Err(refusal) => {
            let (status, code, message) = words(refusal);
            failed(status, code, message)
        }
    }
}

pub(crate) async fn ledger(State(world): Shared) -> Response {
    let (movements, sums) = world.book.read(|pages| {
        let mut sums: BTreeMap<(&str, String), (i64, i64)> = BTreeMap::new();
        for movement in pages.movements() {
            let (charged, refunded) = sums.entry((movement.account, movement.currency.clone())).or_default();
            *(if movement.kind == "refund" { refunded } else { charged }) += movement.amount;
        }
        (pages.movements().to_vec(), sums)
    });
    let sums: Vec<_> = sums
        .into_iter()
        .map(|((account, currency), (charged, refunded))| {
            json!({"account": account, "currency": currency, "charged": charged, "refunded": refunded,
                "left": charged - refunded})
        })
        .collect();
    settled(&world, 200, &json!({"movements": movements, "sums": sums})).await
}

pub(crate) async fn settings(State(world): Shared) -> Response {
    json_of(200, &json!(world.settings.now()))
}

pub(crate) async fn set(State(world): Shared, body: Bytes) -> Response {
    let members: Value = match serde_json::from_slice(&body) {
        Ok(members) => members,
        Err(error) => return failed(400, "invalid_json", &error.to_string()),
    };
    match world.settings.change(&members) {
        Ok(settings) => json_of(200, &json!(settings)),
        Err(message) => failed(400, "invalid_settings", &message),
    }
}

/// Has WeChat Pay sign with another certificate, and with its first one instead of its public key.
pub(crate) async fn certificate(State(world): Shared) -> Response {
    match tokio::task::spawn_blocking(move || world.certificates.change()).await {
        Ok(Ok(made)) => json_of(200, &made),
        Ok(Err(message)) => failed(503, "no_certificate", &message),
        Err(_) => failed(503, "no_certificate", "it was not made"),
    }
}

pub(crate) async fn callbacks(State(world): Shared) -> Response {
    json_of(200, &world.post.shown())
}

pub(crate) async fn mischief(State(world): Shared) -> Response {
    json_of(200, &json!({"rules": world.mischief.list()}))
}

pub(crate) async fn set_mischief(State(world): Shared, body: Bytes) -> Response {
    let rules: Vec<Rule> = match serde_json::from_slice(&body) {
        Ok(rules) => rules,
        Err(error) => return failed(400, "invalid_rules", &error.to_string()),
    };
    match world.mischief.set(rules) {
        Ok(()) => json_of(200, &json!({"rules": world.mischief.list()})),
        Err(unfit) => failed(400, "invalid_rules", &unfit.to_string()),
    }
}

pub(crate) async fn clear_mischief(State(world): Shared) -> Response {
    world.mischief.clear();
    json_of(200, &json!({"rules": []}))
}

fn decide(world: &World, kind: &str, number: &str, what: &str) -> Result<Charge, Refusal> {
    decide_on(world, kind, number, |turn, charge| match what {
        "pay" => turn.pay(&charge.charge_no),
        "refuse" if charge.kind == Kind::Stripe => turn.refuse(&charge.charge_no, "card_declined"),
        "refuse" => turn.refuse(&charge.charge_no, "payer_refused"),
        _ => Err(Refusal::Unknown),
    })
}

/// Does something to a charge as it is then, and to nothing else meanwhile.
fn decide_on(
    world: &World,
    kind: &str,
    number: &str,
    what: impl FnOnce(&mut Turn<'_>, &Charge) -> Result<Charge, Refusal>,
) -> Result<Charge, Refusal> {
    let kind = Kind::named(kind).ok_or(Refusal::Unknown)?;
    let charge_no = find(world, kind, number).ok_or(Refusal::Unknown)?.charge_no;
    world.turn(|turn| {
        let charge = turn.pages.charge(&charge_no).cloned().ok_or(Refusal::Unknown)?;
        what(turn, &charge)
    })
}

/// By the merchant's number, or by the provider's.
fn find(world: &World, kind: Kind, number: &str) -> Option<Charge> {
    world.book.read(|pages| {
        let by_own = || pages.charge(number).filter(|charge| charge.kind == kind);
        pages.trade(kind, number).or_else(by_own).cloned()
    })
}

fn words(refusal: Refusal) -> (u16, &'static str, &'static str) {
    match refusal {
        Refusal::AlreadyPaid => (409, "charge_succeeded", "it is paid"),
        Refusal::Failed => (409, "charge_failed", "it failed"),
        Refusal::Closed => (409, "charge_closed", "it is closed"),
        _ => (404, "not_found", "no such charge"),
    }
}

fn shown(world: &World, charge: &Charge) -> Value {
    json!({
        "kind": charge.kind,
        "charge_no": charge.charge_no,
        "out_trade_no": charge.out_trade_no,
        "status": charge.status,
        "amount": charge.amount,
        "currency": charge.currency,
        "refunded": charge.refunded,
        "subject": charge.subject,
        "method": charge.method,
        "code": charge.code,
        "notify_url": charge.notify_url,
        "return_url": charge.return_url,
        "pay_url": world.pay_url(charge),
        "created_at": clock::utc(charge.created_at),
        "expires_at": charge.expires_at.map(clock::utc),
        "paid_at": charge.paid_at.map(clock::utc),
    })
}

/// Answers when all that is said is on the disk.
async fn settled(world: &World, status: u16, body: &Value) -> Response {
    match world.book.settled().await {
        Ok(()) => json_of(status, body),
        Err(_) => failed(503, "book_closed", "the book cannot be written"),
    }
}

fn failed(status: u16, code: &str, message: &str) -> Response {
    json_of(status, &json!({"error": {"code": code, "message": message}}))
}

fn json_of(status: u16, body: &Value) -> Response {
    own(status, "application/json; charset=utf-8", format!("{body}\n"))
}
