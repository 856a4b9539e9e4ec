//! Owns Stripe's payment intents: made, asked for, cancelled. It does not know of keys and signatures.
//! <https://docs.stripe.com/api/payment_intents>

use serde_json::{Value, json};

use super::parameters::Parameters;
use super::{Answered, Refused, intent};
use crate::book::{Charge, Refusal, Status};
use crate::keys;
use crate::kind::Kind;
use crate::world::{Opening, Turn, World};

pub(super) fn create(turn: &mut Turn<'_>, parameters: &Parameters) -> Answered {
    let amount = parameters.amount("amount")?;
    let amount = amount.ok_or_else(|| Refused::invalid("Missing required param: amount.", "amount"))?;
    let currency = parameters.get("currency");
    let currency = currency.ok_or_else(|| Refused::invalid("Missing required param: currency.", "currency"))?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(Refused::invalid(&format!("Invalid currency: {currency}."), "currency"));
    }
    let metadata = parameters.metadata();
    let opening = Opening {
        kind: Kind::Stripe,
        out_trade_no: metadata.get("out_trade_no").cloned().unwrap_or_default(),
        amount,
        currency: currency.to_ascii_uppercase(),
        subject: parameters.get("description").unwrap_or_default(),
        method: "card".to_owned(),
        notify_url: None,
        return_url: parameters.get("return_url"),
        expires_at: None,
        metadata,
    };
    // Another request is another intent: here only the key tells that two are the same.
    let charge = turn.open(opening);
    Ok(shown(turn.world, &charge))
}

pub(super) fn retrieve(turn: &Turn<'_>, number: &str) -> Answered {
    intent(turn.pages, number).map(|charge| shown(turn.world, &charge))
}

pub(super) fn cancel(turn: &mut Turn<'_>, number: &str) -> Answered {
    let before = intent(turn.pages, number)?;
    let closed = turn.close(&before.charge_no, None);
    let charge = closed.map_err(|refusal| {
        let status = if refusal == Refusal::AlreadyPaid { "succeeded" } else { "canceled" };
        let message = format!(
            "You cannot cancel this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one \
             of the following statuses may be canceled: requires_payment_method, requires_capture, \
             requires_confirmation, requires_action, processing."
        );
        let mut refused = Refused::coded(400, "payment_intent_unexpected_state", &message);
        refused.error["payment_intent"] = shown(turn.world, &before);
        refused
    })?;
    Ok(shown(turn.world, &charge))
}

/// An intent, as answers and events have it.
pub(super) fn shown(world: &World, charge: &Charge) -> Value {
    let paid = charge.status == Status::Succeeded;
    let status = match charge.status {
        Status::Succeeded => "succeeded",
        Status::Closed => "canceled",
        Status::Pending | Status::Failed => "requires_payment_method",
    };
    let secret = keys::hmac_hex(&world.merchant.stripe_key, charge.charge_no.as_bytes(), false);
    let failure = charge.code.as_ref().filter(|_| charge.status == Status::Pending).map(|code| {
        json!({"type": "card_error", "code": code, "decline_code": "generic_decline", "message": "Your card was declined."})
    });
    json!({
        "id": charge.charge_no,
        "object": "payment_intent",
        "amount": charge.amount,
        "amount_capturable": 0,
        "amount_received": if paid { charge.amount } else { 0 },
        "automatic_payment_methods": {"enabled": true},
        "canceled_at": charge.closed_at.map(|at| at / 1_000),
        "cancellation_reason": null,
        "capture_method": "automatic",
        "client_secret": format!("{}_secret_{}", charge.charge_no, &secret[..25]),
        "confirmation_method": "automatic",
        "created": charge.created_at / 1_000,
        "currency": charge.currency.to_ascii_lowercase(),
        "customer": null,
        "description": Some(&charge.subject).filter(|text| !text.is_empty()),
        "last_payment_error": failure,
        "latest_charge": paid.then(|| charge_number(charge)),
        "livemode": false,
        "metadata": charge.metadata,
        "next_action": null,
        "payment_method": paid.then_some("pm_card_visa"),
        "payment_method_types": ["card"],
        "receipt_email": null,
        "status": status,
    })
}

/// The number of the one charge that an intent has.
pub(super) fn charge_number(charge: &Charge) -> String {
    charge.charge_no.replacen("pi_", "ch_", 1)
}
