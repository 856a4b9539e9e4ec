//! Owns Stripe's events and their signature. It does not know when one is sent.
//! <https://docs.stripe.com/webhooks#verify-manually>

use serde_json::{Value, json};

use super::intents::charge_number;
use super::{VERSION, intents, refunds};
use crate::book::{Charge, Letter, Twist};
use crate::keys;
use crate::merchant::account;
use crate::post::Parcel;
use crate::world::World;

pub(super) fn parcel(world: &World, letter: &Letter) -> Parcel {
    let object = match &letter.refund {
        Some(_) if letter.name == "charge.refunded" => refunded_charge(&letter.charge),
        Some(refund) => refunds::shown(refund, &letter.charge),
        None => intents::shown(world, &letter.charge),
    };
    let mut event = json!({
        "id": format!("evt_3Sim{:020}", letter.event),
        "object": "event",
        "api_version": VERSION,
        "created": letter.at / 1_000,
        "data": {"object": object},
        "livemode": false,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "type": letter.name,
    });
    if letter.is(Twist::App) || letter.is(Twist::Seller) {
        // Events of an account of one's own name none; those of connected accounts do.
        event["account"] = format!("{}9", account(letter.kind)).into();
    }
    let body = event.to_string();
    let spoil = letter.is(Twist::Signature);
    let signature = signed(&world.merchant.stripe_webhook_secret, letter.signed_at() / 1_000, &body, spoil);
    let headers = vec![("content-type", "application/json; charset=utf-8".to_owned()), ("stripe-signature", signature)];
    Parcel { headers, body }
}

/// `t=…,v1=…`: the signature is of the time, a dot and the body.
pub(super) fn signed(secret: &str, seconds: i64, body: &str, spoil: bool) -> String {
    let signature = keys::hmac_hex(secret, format!("{seconds}.{body}").as_bytes(), spoil);
    format!("t={seconds},v1={signature}")
}

fn refunded_charge(charge: &Charge) -> Value {
    json!({
        "id": charge_number(charge),
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount,
        "amount_refunded": charge.refunded,
        "captured": true,
        "created": charge.paid_at.unwrap_or(charge.created_at) / 1_000,
        "currency": charge.currency.to_ascii_lowercase(),
        "livemode": false,
        "metadata": charge.metadata,
        "paid": true,
        "payment_intent": charge.charge_no,
        "refunded": charge.is_reversed(),
        "status": "succeeded",
    })
}
