//! Owns speaking as the provider: callbacks that it did not send itself, with its signature or without.

use domain::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::harness::{Answer, Till};

/// A charge that succeeded.
pub(super) fn paid_body(attempt: &str, minor: i64) -> String {
    json!({
        "event_id": format!("evt-{attempt}"), "type": "charge.succeeded", "account": "sandbox-1",
        "charge": {
            "charge_no": format!("sc-{attempt}"), "out_trade_no": attempt, "status": "succeeded", "amount": minor,
            "currency": "CNY", "refunded": 0, "pay_url": "http://127.0.0.1/", "code": null, "paid_at": null,
        },
    })
    .to_string()
}

/// A refund of 5.00 that failed after all, said in the message of this number.
pub(super) fn sent_back_body(refund: &str, attempt: &str, event: &str) -> String {
    json!({
        "event_id": event, "type": "refund.failed", "account": "sandbox-1",
        "refund": {
            "refund_no": format!("sr-{refund}"), "out_refund_no": refund, "out_trade_no": attempt, "status": "failed",
            "amount": 500, "currency": "CNY", "code": "account_closed",
        },
    })
    .to_string()
}

/// Brings a callback to the shop.
pub(super) async fn send(till: &Till, signature: &str, at: i64, body: &str) -> Answer {
    let at = at.to_string();
    till.callback("sandbox", &[("x-sandbox-timestamp", &at), ("x-sandbox-signature", signature)], body).await
}

/// The sandbox's signature of a callback.
pub(super) fn sign(secret: &str, at: i64, body: &str) -> String {
    hex(secret, &format!("CALLBACK\n{at}\n{body}"))
}

/// HMAC-SHA256 in letters.
pub(super) fn hex(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Now.
pub(super) fn seconds() -> i64 {
    let Timestamp(now) = api::now();
    now / 1_000
}
