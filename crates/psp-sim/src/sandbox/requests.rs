//! Owns the sandbox's requests: what they need, and what they are answered with. It does not know of signatures.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{charge_json, error, refund_json, refused, statement};
use crate::book::{Asking, Charge, Refund};
use crate::clock;
use crate::exchange::{Asked, Reply, text};
use crate::kind::Kind;
use crate::world::{Opening, World};

type Answered = Result<Reply, Reply>;

pub(super) fn charge(world: &World, asked: &Asked) -> Answered {
    let body = asked.json().ok_or_else(|| invalid("the body is no JSON"))?;
    let out_trade_no = number(&body, "out_trade_no")?;
    let (amount, currency) = money(&body)?;
    let opening = Opening {
        kind: Kind::Sandbox,
        out_trade_no,
        amount,
        currency,
        subject: text(&body, "subject").unwrap_or_default(),
        method: text(&body, "method").unwrap_or_else(|| "page".to_owned()),
        notify_url: text(&body, "notify_url"),
        return_url: text(&body, "return_url"),
        expires_at: moment(&body, "expires_at")?,
        metadata: BTreeMap::new(),
    };
    let charge = world.turn(|turn| match turn.pages.trade(Kind::Sandbox, &opening.out_trade_no) {
        Some(charge) if charge.amount == opening.amount && charge.currency == opening.currency => Ok(charge.clone()),
        Some(_) => Err(error(409, "out_trade_no_used", "the number was used for another amount")),
        None => Ok(turn.open(opening)),
    })?;
    Ok(Reply::json(200, &charge_json(world, &charge)))
}

pub(super) fn query(world: &World, out_trade_no: &str) -> Answered {
    let charge = find(world, out_trade_no)?;
    Ok(Reply::json(200, &charge_json(world, &charge)))
}

pub(super) fn close(world: &World, out_trade_no: &str) -> Answered {
    let charge_no = find(world, out_trade_no)?.charge_no;
    // What is paid, failed or closed stays so: the answer tells.
    let _ = world.turn(|turn| turn.close(&charge_no, None));
    query(world, out_trade_no)
}

pub(super) fn refund(world: &World, asked: &Asked, fails: Option<&str>) -> Answered {
    let body = asked.json().ok_or_else(|| invalid("the body is no JSON"))?;
    let out_trade_no = number(&body, "out_trade_no")?;
    let out_refund_no = number(&body, "out_refund_no")?;
    let (amount, currency) = money(&body)?;
    let charge_no = find(world, &out_trade_no)?.charge_no;
    let asking = Asking {
        charge_no,
        out_refund_no,
        amount,
        currency,
        reason: text(&body, "reason").unwrap_or_default(),
        notify_url: text(&body, "notify_url"),
        metadata: BTreeMap::new(),
        apart_ms: 0,
        fails: fails.map(ToOwned::to_owned),
    };
    let (refund, _) = world.turn(|turn| turn.refund(asking)).map_err(refused)?;
    Ok(Reply::json(200, &refund_json(&refund)))
}

pub(super) fn query_refund(world: &World, out_refund_no: &str) -> Answered {
    let found: Option<Refund> =
        world.book.read(|pages| pages.refund_numbered(Kind::Sandbox, "", out_refund_no).cloned());
    let refund = found.ok_or_else(|| error(404, "not_found", "no such refund"))?;
    Ok(Reply::json(200, &refund_json(&refund)))
}

pub(super) fn statement(world: &World, day: &str) -> Answered {
    let range = clock::day(day, false).ok_or_else(|| invalid("the day is no YYYY-MM-DD"))?;
    let lines = world.book.read(|pages| statement::lines(pages.movements(), &range));
    Ok(Reply::of(200, "text/csv; charset=utf-8", lines.into_bytes()))
}

fn find(world: &World, out_trade_no: &str) -> Result<Charge, Reply> {
    let found = world.book.read(|pages| pages.trade(Kind::Sandbox, out_trade_no).cloned());
    found.ok_or_else(|| error(404, "not_found", "no such charge"))
}

fn number(body: &Value, name: &str) -> Result<String, Reply> {
    let fits = |text: &String| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
    text(body, name).filter(fits).ok_or_else(|| invalid(&format!("{name} is needed, 1 to 64 characters of ASCII")))
}

fn money(body: &Value) -> Result<(i64, String), Reply> {
    let amount = body["amount"].as_i64().filter(|amount| *amount > 0);
    let amount = amount.ok_or_else(|| invalid("amount is needed, in the currency's minor unit, above 0"))?;
    let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let currency =
        text(body, "currency").filter(is_code).ok_or_else(|| invalid("currency is three capital letters"))?;
    Ok((amount, currency))
}

/// RFC 3339, or a number of seconds or milliseconds since 1970.
fn moment(body: &Value, name: &str) -> Result<Option<i64>, Reply> {
    // From here on a number can only mean milliseconds: in seconds it would be the year 5138.
    const MILLISECONDS: i64 = 100_000_000_000;
    let read = match &body[name] {
        Value::Null => return Ok(None),
        Value::String(text) => clock::read(text),
        Value::Number(number) => number.as_i64().map(|at| if at < MILLISECONDS { at * 1_000 } else { at }),
        _ => None,
    };
    read.map(Some).ok_or_else(|| invalid(&format!("{name} is no time of RFC 3339")))
}

fn invalid(message: &str) -> Reply {
    error(400, "invalid_request", message)
}
