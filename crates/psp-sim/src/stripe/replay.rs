//! Owns answers under a key: the same request gets the same answer, a refusal too, and another one under the same key is
//! refused. It does not know what is answered. <https://docs.stripe.com/api/idempotent_requests>

use http::Method;
use serde_json::json;

use super::{Answered, Refused};
use crate::book::{Record, Saved};
use crate::exchange::{Asked, Reply};
use crate::keys;
use crate::world::Turn;

const KEY_MAX: usize = 255;

/// Answers from what is kept under the request's key, or works and keeps the answer: "the resulting status code and body of
/// the first request made for any given idempotency key, regardless of whether it succeeds or fails", once it was begun.
pub(super) fn under_key<'a>(turn: &mut Turn<'a>, asked: &Asked, work: impl FnOnce(&mut Turn<'a>) -> Answered) -> Reply {
    let key = asked.header("idempotency-key");
    if key.is_empty() || asked.method != Method::POST {
        return written(&work(turn));
    }
    if key.len() > KEY_MAX {
        return idempotency_error("Idempotency keys may have at most 255 characters.");
    }
    let fingerprint = keys::sha256_hex(&[asked.path.as_bytes(), b"\n", &asked.body].concat());
    let since = turn.now - i64::try_from(turn.world.settings.now().stripe_key_ms).unwrap_or(i64::MAX);
    if let Some(saved) = turn.pages.saved(key, since).cloned() {
        if saved.fingerprint != fingerprint {
            return idempotency_error(
                "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            );
        }
        let reply = Reply::of(saved.status, "application/json; charset=utf-8", saved.body.into_bytes());
        return reply.with("idempotent-replayed", "true").with("idempotency-key", key);
    }
    let answered = work(turn);
    let reply = written(&answered);
    if answered.map_or_else(|refused| refused.is_begun, |_| true) {
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        let (key, status, at) = (key.to_owned(), reply.status, turn.now);
        turn.pages.write(Record::Saved(Saved { key, fingerprint, status, body, at }));
    }
    reply.with("idempotency-key", key)
}

fn written(answered: &Answered) -> Reply {
    match answered {
        Ok(body) => Reply::json(200, body),
        Err(refused) => refused.reply(),
    }
}

fn idempotency_error(message: &str) -> Reply {
    let error = json!({"type": "idempotency_error", "message": message});
    Refused { status: 400, error, is_begun: false }.reply()
}
