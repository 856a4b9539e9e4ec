//! Owns the way of a merchant's request through the simulator: read, perhaps spoiled, answered, written to the disk,
//! signed. It does not know what any provider says.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;

use crate::book::Status;
use crate::exchange::{Asked, Reply, TEXT};
use crate::kind::Kind;
use crate::mischief::{Do, On};
use crate::protocol::Call;
use crate::protocols;
use crate::world::World;

const BODY_MAX: usize = 1 << 20;
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// How long the answer to a charge waits for its callback, where a rule wants the callback first.
const CALLBACK_FIRST_MAX: Duration = Duration::from_secs(6);

/// Mark of an answer that never leaves: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vanish;

/// A request to a provider.
pub(crate) async fn pass(world: Arc<World>, kind: Kind, prefix: &'static str, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_TIME_MAX, Limited::new(body, BODY_MAX).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return plain(413, "the body is too long, or broke off"),
        Err(_) => return plain(408, "the body did not come in time"),
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let asked = Asked {
        path: head.uri.path().strip_prefix(prefix).unwrap_or_default().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        method: head.method,
        target,
        headers: head.headers,
        body,
    };
    match answer(&world, kind, &asked).await {
        Ok(reply) => response(reply),
        Err(Vanish) => vanished(),
    }
}

async fn answer(world: &World, kind: Kind, asked: &Asked) -> Result<Reply, Vanish> {
    let protocol = protocols::of(kind);
    let sign = |reply, spoil| protocol.sign(world, asked, reply, spoil);
    if world.book.is_broken() {
        return Ok(sign(protocol.outage(), false));
    }
    let call = protocol.call(world, asked);
    let fault = call.as_ref().and_then(|call| world.mischief.of_call(call.on, kind, &call.out_trade_no));
    let mut fails = None;
    match &fault {
        Some(Do::DropBefore) => return Err(Vanish),
        Some(Do::HangBefore) => never().await,
        Some(Do::ErrorBefore) => return Ok(sign(protocol.outage(), false)),
        Some(Do::Refuse { code }) => {
            let refusal = protocol.refusal(world, asked, code);
            let is_kept = world.book.settled().await.is_ok();
            return Ok(sign(if is_kept { refusal } else { protocol.outage() }, false));
        }
        Some(Do::Slow { ms }) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Some(Do::FailLater { code }) => fails = Some(code.as_str()),
        _ => (),
    }
    // From here to the book there is nothing to wait for: a merchant that hangs up leaves nothing half done.
    let mut reply = protocol.answer(world, asked, fails);
    if let Some(call) = call.filter(|call| call.on == On::Charge && reply.status < 400) {
        pay_before_answer(world, kind, &call).await;
    }
    if world.book.settled().await.is_err() {
        return Ok(sign(protocol.outage(), false));
    }
    match fault {
        Some(Do::DropAfter) => Err(Vanish),
        Some(Do::HangAfter) => never().await,
        Some(Do::ErrorAfter) => Ok(sign(protocol.outage(), false)),
        Some(Do::Oversized { bytes }) => {
            blow_up(&mut reply, bytes);
            Ok(sign(reply, false))
        }
        Some(Do::BadSignature) => Ok(sign(reply, true)),
        _ => Ok(sign(reply, false)),
    }
}

/// Where a rule wants it: the payer pays at once, and the callback arrives before the answer to the charge leaves.
async fn pay_before_answer(world: &World, kind: Kind, call: &Call) {
    let found = world.book.read(|pages| pages.trade(kind, &call.out_trade_no).cloned());
    let Some(charge) = found.filter(|charge| charge.status == Status::Pending) else { return };
    if !world.mischief.is_before_answer(kind, &call.out_trade_no) {
        return;
    }
    if world.turn(|turn| turn.pay(&charge.charge_no)).is_ok() {
        let tried = async {
            while !world.post.has_tried(&charge.charge_no) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(CALLBACK_FIRST_MAX, tried).await;
    }
}

/// Makes an answer so much longer, and keeps it what it was where it is an object.
fn blow_up(reply: &mut Reply, bytes: usize) {
    let padding = "x".repeat(bytes);
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(Value::Object(mut object)) => {
            object.insert("padding".to_owned(), padding.into());
            reply.body = Value::Object(object).to_string().into_bytes();
        }
        _ => reply.body.extend_from_slice(padding.as_bytes()),
    }
}

async fn never<T>() -> T {
    match std::future::pending::<Infallible>().await {}
}

fn response(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn vanished() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Vanish);
    response
}

/// An answer of the simulator's own.
fn plain(status: u16, text: &str) -> Response {
    response(Reply::of(status, TEXT, format!("{text}\n").into_bytes()))
}

/// An answer of the simulator's own, as JSON or HTML.
pub(crate) fn own(status: u16, media_type: &str, body: String) -> Response {
    response(Reply::of(status, media_type, body.into_bytes()))
}
