//! Owns Stripe's protocol: forms with brackets, a bearer's key, answers that are replayed under their key, signed
//! events. It does not know what may be done with an intent.

mod event;
mod intents;
mod parameters;
mod refunds;
mod replay;
#[cfg(test)]
mod tests;
mod webhooks;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::book::{Charge, Letter, Pages, Refund};
use crate::exchange::{Asked, Reply};
use crate::keys;
use crate::kind::Kind;
use crate::mischief::On;
use crate::post::Parcel;
use crate::protocol::{Call, Protocol};
use crate::teller::Change;
use crate::world::{Turn, World};
use parameters::Parameters;

/// Stripe's payment intents.
pub(crate) struct Stripe;

/// Stripe sends for up to three days, each time after longer: <https://docs.stripe.com/webhooks#retries>. The steps
/// are ours.
const REDELIVERY: &[u64] = &[300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200];

/// The version of the API whose shapes these are.
const VERSION: &str = "2024-06-20";

/// A request's refusal before it is written down.
struct Refused {
    status: u16,
    error: Value,
    /// Whether the request was begun: what failed its validation was not, and is looked at anew under the same key.
    is_begun: bool,
}

type Answered = Result<Value, Refused>;

impl Refused {
    fn invalid(message: &str, param: &str) -> Self {
        let error = json!({"type": "invalid_request_error", "message": message, "param": param});
        Self { status: 400, error, is_begun: false }
    }

    fn coded(status: u16, code: &str, message: &str) -> Self {
        let kind = if status == 402 { "card_error" } else { "invalid_request_error" };
        let doc_url = format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"));
        let error = json!({"type": kind, "code": code, "doc_url": doc_url, "message": message});
        Self { status, error, is_begun: true }
    }

    fn missing(what: &str, number: &str, param: &str) -> Self {
        let mut refused = Self::coded(404, "resource_missing", &format!("No such {what}: '{number}'"));
        refused.error["param"] = param.into();
        refused
    }

    fn reply(&self) -> Reply {
        Reply::json(self.status, &json!({"error": self.error}))
    }
}

impl Protocol for Stripe {
    fn call(&self, world: &World, asked: &Asked) -> Option<Call> {
        let parts = asked.parts();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let given = |name: &str| Parameters::of(asked).get(name);
        let of = |number: &str| world.book.read(|pages| pages.charge(number).map(|it| it.out_trade_no.clone()));
        let (on, number) = match (&asked.method, parts.as_slice()) {
            (&Method::POST, ["v1", "payment_intents"]) => (On::Charge, given("metadata[out_trade_no]")),
            (&Method::GET, ["v1", "payment_intents", number]) => (On::Query, of(number)),
            (&Method::POST, ["v1", "payment_intents", number, "cancel"]) => (On::Close, of(number)),
            (&Method::POST, ["v1", "refunds"]) => (On::Refund, given("payment_intent").and_then(|it| of(&it))),
            (&Method::GET, ["v1", "refunds"]) => {
                (On::QueryRefund, asked.queried("payment_intent").and_then(|it| of(&it)))
            }
            (&Method::GET, ["v1", "refunds", number]) => {
                let of = |refund: &Refund| refund.out_trade_no.clone();
                (On::QueryRefund, world.book.read(|pages| pages.refund(number).map(of)))
            }
            _ => return None,
        };
        Some(Call { on, out_trade_no: number.unwrap_or_default() })
    }

    fn answer(&self, world: &World, asked: &Asked, fails: Option<&str>) -> Reply {
        if !is_ours(world, asked) {
            let message = "Invalid API Key provided: sk_test_****";
            let error = json!({"type": "invalid_request_error", "message": message});
            return Refused { status: 401, error, is_begun: false }.reply();
        }
        // One turn, so that an answer under a key stands in the journal's same line as what it tells of.
        world.turn(|turn| replay::under_key(turn, asked, |turn| dispatch(turn, asked, fails)))
    }

    fn refusal(&self, world: &World, asked: &Asked, code: &str) -> Reply {
        let status = match code {
            "card_declined" | "expired_card" | "incorrect_cvc" | "insufficient_funds" | "processing_error" => 402,
            "resource_missing" => 404,
            "idempotency_key_in_use" => 409,
            "rate_limit" | "lock_timeout" => 429,
            _ => 400,
        };
        let mut refused = Refused::coded(status, code, "Refused, because a tester wants it so.");
        // What conflicts with another request, or is one too many, or has a wrong parameter, was not begun.
        refused.is_begun = !matches!(status, 409 | 429) && !code.starts_with("parameter_");
        world.turn(|turn| replay::under_key(turn, asked, |_| Err(refused)))
    }

    fn outage(&self) -> Reply {
        let error = json!({"type": "api_error", "message": "An unknown error occurred"});
        Refused { status: 500, error, is_begun: false }.reply()
    }

    /// Stripe does not sign its answers. One that is to be spoiled cannot be read.
    fn sign(&self, _: &World, asked: &Asked, mut reply: Reply, spoil: bool) -> Reply {
        if spoil {
            reply.body.truncate(reply.body.len() / 2);
        }
        let request = keys::sha256_hex(format!("{} {}", asked.target, crate::clock::now()).as_bytes());
        reply.with("request-id", format!("req_{}", &request[..14])).with("stripe-version", VERSION)
    }

    fn events(&self, _: &Charge, news: Change) -> &'static [&'static str] {
        match news {
            Change::Paid => &["payment_intent.succeeded"],
            Change::PaymentRefused => &["payment_intent.payment_failed"],
            Change::Closed => &["payment_intent.canceled"],
            Change::RefundTaken => &["refund.created"],
            Change::Refunded { at_once: true } => &["charge.refunded"],
            Change::Refunded { at_once: false } => &["refund.updated", "charge.refunded"],
            Change::RefundFailed => &["refund.updated", "refund.failed"],
        }
    }

    fn contradiction(&self) -> &'static str {
        "payment_intent.payment_failed"
    }

    fn parcel(&self, world: &World, letter: &Letter) -> Parcel {
        event::parcel(world, letter)
    }

    fn is_taken(&self, status: u16, _: &[u8]) -> bool {
        (200..300).contains(&status)
    }

    fn redelivery(&self) -> &'static [u64] {
        REDELIVERY
    }
}

fn dispatch(turn: &mut Turn<'_>, asked: &Asked, fails: Option<&str>) -> Answered {
    let parts = asked.parts();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    let parameters = Parameters::of(asked);
    match (&asked.method, parts.as_slice()) {
        (&Method::POST, ["v1", "payment_intents"]) => intents::create(turn, &parameters),
        (&Method::GET, ["v1", "payment_intents", number]) => intents::retrieve(turn, number),
        (&Method::POST, ["v1", "payment_intents", number, "cancel"]) => intents::cancel(turn, number),
        (&Method::POST, ["v1", "refunds"]) => refunds::create(turn, &parameters, fails),
        (&Method::GET, ["v1", "refunds"]) => refunds::list(turn, asked),
        (&Method::GET, ["v1", "refunds", number]) => refunds::retrieve(turn, number),
        (&Method::POST, ["v1", "webhook_endpoints"]) => webhooks::create(turn.world, &parameters),
        _ => {
            let message = format!("Unrecognized request URL ({}: {}).", asked.method, asked.path);
            let error = json!({"type": "invalid_request_error", "message": message});
            Err(Refused { status: 404, error, is_begun: false })
        }
    }
}

/// Whether the request bears the account's key, as a token or as the name of basic authentication.
fn is_ours(world: &World, asked: &Asked) -> bool {
    let given = asked.header("authorization");
    let basic = || {
        let decoded = STANDARD.decode(given.strip_prefix("Basic ")?).ok()?;
        Some(String::from_utf8(decoded).ok()?.split_once(':')?.0.to_owned())
    };
    let key = given.strip_prefix("Bearer ").map(ToOwned::to_owned).or_else(basic).unwrap_or_default();
    // By their digests, so that the time it takes tells nothing of the key.
    keys::sha256_hex(key.trim().as_bytes()) == keys::sha256_hex(world.merchant.stripe_key.as_bytes())
}

fn intent(pages: &Pages, number: &str) -> Result<Charge, Refused> {
    let found = pages.charge(number).filter(|it| it.kind == Kind::Stripe).cloned();
    found.ok_or_else(|| Refused::missing("payment_intent", number, "intent"))
}
