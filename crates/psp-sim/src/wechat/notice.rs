//! Owns WeChat Pay's notices: the sealed resource and the envelope around it. It does not know when one is sent.

use serde_json::{Value, json};

use super::{refunds, sign, transactions};
use crate::book::{Letter, Refund, Twist};
use crate::clock;
use crate::keys;
use crate::merchant::WECHAT_MCH_ID;
use crate::post::Parcel;
use crate::world::World;

pub(super) fn parcel(world: &World, letter: &Letter) -> Parcel {
    let (original, mut plain) = match &letter.refund {
        Some(refund) => ("refund", of_refund(letter, refund)),
        None => ("transaction", transactions::transaction(&letter.charge)),
    };
    if letter.is(Twist::App) {
        plain["appid"] = "wx0000000000000099".into();
    }
    if letter.is(Twist::Seller) {
        plain["mchid"] = "1900000099".into();
    }
    let (nonce, sealed) = seal(world, letter, original, &plain);
    let summary = if letter.refund.is_some() { "退款" } else { "支付成功" };
    let body = json!({
        "id": uuid(letter.event),
        "create_time": clock::shanghai_rfc3339(letter.at),
        "resource_type": "encrypt-resource",
        "event_type": name(letter),
        "summary": summary,
        "resource": {
            "original_type": original,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": sealed,
            "associated_data": original,
            "nonce": nonce,
        },
    })
    .to_string();
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(sign(world, body.as_bytes(), letter.signed_at(), letter.is(Twist::Signature)));
    Parcel { headers, body }
}

fn name(letter: &Letter) -> String {
    let closed = letter.refund.as_ref().is_some_and(|refund| refunds::status(refund) == "CLOSED");
    if closed { "REFUND.CLOSED".to_owned() } else { letter.name.clone() }
}

fn of_refund(letter: &Letter, refund: &Refund) -> Value {
    let charge = &letter.charge;
    let mut plain = json!({
        "mchid": WECHAT_MCH_ID,
        "transaction_id": charge.charge_no,
        "out_trade_no": charge.out_trade_no,
        "refund_id": refund.refund_no,
        "out_refund_no": refund.out_refund_no,
        "refund_status": refunds::status(refund),
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": charge.amount,
            "refund": refund.amount,
            "payer_total": charge.amount,
            "payer_refund": refund.amount,
        },
    });
    if let Some(at) = refund.done_at.filter(|_| refund.code.is_none()) {
        plain["success_time"] = clock::shanghai_rfc3339(at).into();
    }
    if refund.currency != "CNY" {
        // A notice in China names no currency; one from abroad would.
        plain["amount"]["currency"] = refund.currency.as_str().into();
    }
    plain
}

/// The nonce is of the letter and of what it says, so that one never seals two texts.
fn seal(world: &World, letter: &Letter, original: &str, plain: &Value) -> (String, String) {
    let plain = plain.to_string();
    let seed = keys::sha256_hex(format!("{} {plain}", letter.number).as_bytes());
    let nonce: [u8; 12] = std::array::from_fn(|at| seed.as_bytes()[at]);
    let sealed = keys::seal(&world.merchant.wechat_api_v3_key, nonce, original, plain.as_bytes());
    (seed[..12].to_owned(), sealed.unwrap_or_default())
}

/// The same for each repetition of an event.
fn uuid(event: u64) -> String {
    let hex = keys::sha256_hex(format!("notice {event}").as_bytes());
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}
