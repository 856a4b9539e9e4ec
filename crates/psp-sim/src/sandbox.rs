//! Owns the sandbox's protocol: JSON, HMAC over the request line, the time and the body. It does not know what may be
//! done with a charge.

mod requests;
mod statement;
#[cfg(test)]
mod tests;

use http::Method;
use serde_json::{Value, json};

use crate::book::{Charge, Letter, Refund, Refusal, Status, Twist};
use crate::exchange::{Asked, Reply};
use crate::kind::Kind;
use crate::merchant::account;
use crate::mischief::On;
use crate::post::Parcel;
use crate::protocol::{Call, Protocol};
use crate::teller::Change;
use crate::world::World;
use crate::{clock, exchange, keys};

const CLOCKS_APART_MAX_MS: i64 = 300_000;

/// The sandbox.
pub(crate) struct Sandbox;

impl Protocol for Sandbox {
    fn call(&self, world: &World, asked: &Asked) -> Option<Call> {
        let parts = asked.parts();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let given = || asked.json().and_then(|body| exchange::text(&body, "out_trade_no")).unwrap_or_default();
        let (on, out_trade_no) = match (&asked.method, parts.as_slice()) {
            (&Method::POST, ["v1", "charges"]) => (On::Charge, given()),
            (&Method::GET, ["v1", "charges", number]) => (On::Query, (*number).to_owned()),
            (&Method::POST, ["v1", "charges", number, "close"]) => (On::Close, (*number).to_owned()),
            (&Method::POST, ["v1", "refunds"]) => (On::Refund, given()),
            (&Method::GET, ["v1", "refunds", number]) => {
                let of = |refund: &Refund| refund.out_trade_no.clone();
                let found = world.book.read(|pages| pages.refund_numbered(Kind::Sandbox, "", number).map(of));
                (On::QueryRefund, found.unwrap_or_default())
            }
            _ => return None,
        };
        Some(Call { on, out_trade_no })
    }

    fn answer(&self, world: &World, asked: &Asked, fails: Option<&str>) -> Reply {
        if let Err(why) = verify(world, asked) {
            return error(401, "bad_signature", why);
        }
        let parts = asked.parts();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let answered = match (&asked.method, parts.as_slice()) {
            (&Method::POST, ["v1", "charges"]) => requests::charge(world, asked),
            (&Method::GET, ["v1", "charges", number]) => requests::query(world, number),
            (&Method::POST, ["v1", "charges", number, "close"]) => requests::close(world, number),
            (&Method::POST, ["v1", "refunds"]) => requests::refund(world, asked, fails),
            (&Method::GET, ["v1", "refunds", number]) => requests::query_refund(world, number),
            (&Method::GET, ["v1", "statements", day]) => requests::statement(world, day),
            _ => Err(error(404, "no_such_path", "there is nothing under this path")),
        };
        answered.unwrap_or_else(|refused| refused)
    }

    fn refusal(&self, _: &World, _: &Asked, code: &str) -> Reply {
        let status = match code {
            "not_found" => 404,
            "bad_signature" => 401,
            "invalid_request" => 400,
            _ => 409,
        };
        error(status, code, "refused, because a tester wants it so")
    }

    fn outage(&self) -> Reply {
        error(500, "internal_error", "something broke")
    }

    fn sign(&self, world: &World, asked: &Asked, reply: Reply, spoil: bool) -> Reply {
        let timestamp = (clock::now() / 1_000).to_string();
        let line = format!("{} {} {}\n{timestamp}\n", reply.status, asked.method, asked.target);
        let text = [line.as_bytes(), &reply.body].concat();
        let signature = keys::hmac_hex(&world.merchant.sandbox_secret, &text, spoil);
        reply.with("x-sandbox-timestamp", timestamp).with("x-sandbox-signature", signature)
    }

    fn events(&self, _: &Charge, news: Change) -> &'static [&'static str] {
        match news {
            Change::Paid => &["charge.succeeded"],
            Change::PaymentRefused => &["charge.failed"],
            Change::Closed => &["charge.closed"],
            Change::RefundTaken => &[],
            Change::Refunded { .. } => &["refund.succeeded"],
            Change::RefundFailed => &["refund.failed"],
        }
    }

    fn contradiction(&self) -> &'static str {
        "charge.failed"
    }

    fn parcel(&self, world: &World, letter: &Letter) -> Parcel {
        let stranger = letter.is(Twist::App) || letter.is(Twist::Seller);
        let mut event = json!({
            "event_id": format!("ev{:018}", letter.event),
            "type": letter.name,
            "account": if stranger { "sandbox-of-somebody-else" } else { account(Kind::Sandbox) },
        });
        match &letter.refund {
            Some(refund) => event["refund"] = refund_json(refund),
            None => event["charge"] = charge_json(world, &letter.charge),
        }
        let body = event.to_string();
        let timestamp = (letter.signed_at() / 1_000).to_string();
        let text = format!("CALLBACK\n{timestamp}\n{body}");
        let spoil = letter.is(Twist::Signature);
        let signature = keys::hmac_hex(&world.merchant.sandbox_secret, text.as_bytes(), spoil);
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-sandbox-timestamp", timestamp),
            ("x-sandbox-signature", signature),
        ];
        Parcel { headers, body }
    }

    fn is_taken(&self, status: u16, body: &[u8]) -> bool {
        status == 200 && body == b"ok"
    }

    fn redelivery(&self) -> &'static [u64] {
        crate::wechat::REDELIVERY
    }
}

fn verify(world: &World, asked: &Asked) -> Result<(), &'static str> {
    if asked.header("x-sandbox-account") != account(Kind::Sandbox) {
        return Err("no such account");
    }
    let timestamp = asked.header("x-sandbox-timestamp");
    let seconds: i64 = timestamp.parse().map_err(|_| "the timestamp is no number of seconds")?;
    if (clock::now() - seconds.saturating_mul(1_000)).abs() > CLOCKS_APART_MAX_MS {
        return Err("the timestamp is more than 300 seconds off");
    }
    let line = format!("{} {}\n{timestamp}\n", asked.method, asked.target);
    let text = [line.as_bytes(), &asked.body].concat();
    let holds = keys::hmac_holds(&world.merchant.sandbox_secret, &text, asked.header("x-sandbox-signature"));
    holds.then_some(()).ok_or("the signature does not hold")
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"error": {"code": code, "message": message}}))
}

fn refused(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Unknown => error(404, "not_found", "no such charge"),
        Refusal::NumberUsed => error(409, "out_refund_no_used", "the number was used for another refund"),
        Refusal::Exceeds => error(409, "refund_exceeds_charge", "more than is left of the charge"),
        Refusal::OtherCurrency => error(409, "currency_differs", "the charge is in another currency"),
        Refusal::TooMany => error(409, "too_many_refunds", "a charge is given back in 50 parts at most"),
        Refusal::TooSoon => error(429, "too_soon", "the last refund of this charge is too young"),
        Refusal::AlreadyPaid => error(409, "charge_succeeded", "it is paid"),
        Refusal::NotPaid | Refusal::Failed | Refusal::Closed => {
            error(409, "charge_not_succeeded", "only a charge that succeeded is given back")
        }
    }
}

fn charge_json(world: &World, charge: &Charge) -> Value {
    let status = match charge.status {
        Status::Pending => "pending",
        Status::Succeeded if charge.is_reversed() => "reversed",
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Closed => "closed",
    };
    json!({
        "charge_no": charge.charge_no,
        "out_trade_no": charge.out_trade_no,
        "status": status,
        "amount": charge.amount,
        "currency": charge.currency,
        "refunded": charge.refunded,
        "pay_url": world.pay_url(charge),
        "code": charge.code,
        "paid_at": charge.paid_at.map(clock::utc),
    })
}

fn refund_json(refund: &Refund) -> Value {
    let status = match refund.status {
        Status::Pending => "pending",
        Status::Succeeded => "succeeded",
        Status::Failed | Status::Closed => "failed",
    };
    json!({
        "refund_no": refund.refund_no,
        "out_refund_no": refund.out_refund_no,
        "out_trade_no": refund.out_trade_no,
        "status": status,
        "amount": refund.amount,
        "currency": refund.currency,
        "code": refund.code,
    })
}
