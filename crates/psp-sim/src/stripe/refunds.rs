//! Owns Stripe's refunds. It does not know of keys and signatures. <https://docs.stripe.com/api/refunds>

use serde_json::{Value, json};

use super::intents::charge_number;
use super::parameters::Parameters;
use super::{Answered, Refused, intent};
use crate::book::{Asking, Charge, Refund, Refusal, Status};
use crate::kind::Kind;
use crate::world::Turn;

pub(super) fn create(turn: &mut Turn<'_>, parameters: &Parameters, fails: Option<&str>) -> Answered {
    let number = match (parameters.get("payment_intent"), parameters.get("charge")) {
        (Some(number), _) => number,
        (None, Some(charge)) => charge.replacen("ch_", "pi_", 1),
        (None, None) => {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(Refused::invalid(message, "payment_intent"));
        }
    };
    let charge =
        intent(turn.pages, &number).map_err(|_| Refused::missing("payment_intent", &number, "payment_intent"))?;
    let given = parameters.amount("amount")?;
    let metadata = parameters.metadata();
    let standing = turn.pages.refunds_of(&charge.charge_no).filter(|it| it.status != Status::Failed);
    let left = charge.amount - standing.map(|it| it.amount).sum::<i64>();
    if left == 0 && charge.status == Status::Succeeded {
        let message = format!("Charge {} has already been refunded.", charge_number(&charge));
        return Err(Refused::coded(400, "charge_already_refunded", &message));
    }
    let asking = Asking {
        charge_no: charge.charge_no.clone(),
        out_refund_no: metadata.get("out_refund_no").cloned().unwrap_or_default(),
        amount: given.unwrap_or(left),
        currency: charge.currency.clone(),
        reason: parameters.get("reason").unwrap_or_default(),
        notify_url: None,
        metadata,
        apart_ms: 0,
        fails: fails.map(ToOwned::to_owned),
    };
    match turn.refund(asking) {
        Ok((refund, _)) => Ok(shown(&refund, &charge)),
        Err(Refusal::Exceeds) => {
            let message = format!(
                "Refund amount ({}) is greater than unrefunded amount on charge ({left})",
                given.unwrap_or(left)
            );
            Err(Refused::invalid(&message, "amount"))
        }
        Err(_) => {
            let message =
                format!("This PaymentIntent ({}) does not have a successful charge to refund.", charge.charge_no);
            Err(Refused::invalid(&message, "payment_intent"))
        }
    }
}

pub(super) fn retrieve(turn: &Turn<'_>, number: &str) -> Answered {
    let refund = turn.pages.refund(number).filter(|it| it.kind == Kind::Stripe);
    let found = refund.and_then(|refund| Some((refund, turn.pages.charge(&refund.charge_no)?)));
    let (refund, charge) = found.ok_or_else(|| Refused::missing("refund", number, "id"))?;
    Ok(shown(refund, charge))
}

/// A refund, as answers and events have it.
pub(super) fn shown(refund: &Refund, charge: &Charge) -> Value {
    let status = match refund.status {
        Status::Pending => "pending",
        Status::Succeeded => "succeeded",
        Status::Failed | Status::Closed => "failed",
    };
    let reasons = ["duplicate", "fraudulent", "requested_by_customer"];
    let mut shown = json!({
        "id": refund.refund_no,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": null,
        "charge": charge_number(charge),
        "created": refund.created_at / 1_000,
        "currency": refund.currency.to_ascii_lowercase(),
        "metadata": refund.metadata,
        "payment_intent": refund.charge_no,
        "reason": Some(&refund.reason).filter(|reason| reasons.contains(&reason.as_str())),
        "status": status,
    });
    if let Some(code) = &refund.code {
        shown["failure_reason"] = code.as_str().into();
    }
    shown
}
