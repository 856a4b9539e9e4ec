//! Owns Stripe's events: whether one is believed, and what it says. It does not know what is done with it.
//! Rules: <https://docs.stripe.com/webhooks#verify-manually>, <https://docs.stripe.com/api/events/types>. An event has its `id`
//! each time that it is sent: <https://docs.stripe.com/webhooks#handle-duplicate-events>.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::answer::{Dispute, Intent, Refund};
use crate::fact::{Unreadable, brief};
use crate::sign::MacKey;
use crate::{Callback, Notice, Rejected, clock, raw};

/// The most signatures that are looked at.
const SIGNATURES_MAX: usize = 16;

#[derive(Deserialize)]
struct Event<'a> {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

pub(super) fn read(keys: &[MacKey], callback: &Callback<'_>) -> Result<Notice, Rejected> {
    verify(keys, callback)?;
    let event: Event<'_> = serde_json::from_slice(callback.body).map_err(Unreadable::json)?;
    let not_ours = || Ok(Notice::Ignored(brief(&event.kind) + " of something else"));
    let fact = match &event.kind[..] {
        "payment_intent.succeeded" | "payment_intent.canceled" | "payment_intent.payment_failed" => {
            let intent: Intent = object(event.data.object)?;
            let Some(out_trade_no) = intent.out_trade_no() else {
                return not_ours();
            };
            // A card that was refused ends nothing: the payer may try another in the same form.
            intent.fact(out_trade_no)?
        }
        "refund.created" | "refund.updated" | "refund.failed" => {
            let refund: Refund = object(event.data.object)?;
            let Some(out_refund_no) = refund.out_refund_no() else {
                return not_ours();
            };
            refund.fact(out_refund_no)?
        }
        "charge.dispute.created"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated"
        | "charge.dispute.closed" => object::<Dispute>(event.data.object)?.fact()?,
        _ => return Ok(Notice::Ignored(brief(&event.kind))),
    };
    Ok(Notice::Fact { fact, raw: raw::of(callback.body), event: event.id })
}

fn object<T: DeserializeOwned>(text: &RawValue) -> Result<T, Unreadable> {
    serde_json::from_str(text.get()).map_err(Unreadable::json)
}

/// `t=1700000000,v1=…,v1=…`: while secrets are changed there are several signatures, and several secrets here.
fn verify(keys: &[MacKey], callback: &Callback<'_>) -> Result<(), Rejected> {
    let no = |what: &str| Rejected::Signature(what.to_owned());
    let header = callback.headers.iter().find(|(name, _)| name == "stripe-signature");
    let (_, header) = header.ok_or_else(|| no("the header Stripe-Signature is missing"))?;
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let (_, time) = parts().find(|(name, _)| *name == "t").ok_or_else(|| no("it has no time"))?;
    let mut text = format!("{time}.").into_bytes();
    text.extend_from_slice(callback.body);
    let signatures = || parts().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX);
    if !keys.iter().any(|key| signatures().any(|(_, signature)| key.holds(&text, signature))) {
        return Err(no("it is no secret's of this account"));
    }
    clock::near(time, callback.at).map_err(Rejected::Stale)
}
