//! Owns Stripe's refunds. It does not know of keys and signatures. <https://docs.stripe.com/api/refunds>

use serde_json::{Value, json};

use super::intents::charge_number;
use super::parameters::Parameters;
use super::{Answered, Refused, intent};
use crate::book::{Asking, Charge, Refund, Refusal, Status};
use crate::exchange::Asked;
use crate::kind::Kind;
use crate::world::Turn;

/// How many a list has where nobody says, and at most.
const LIMIT: usize = 10;
const LIMIT_MAX: usize = 100;

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
            Err(Refused { is_begun: true, ..Refused::invalid(&message, "amount") })
        }
        Err(_) => {
            let message =
                format!("This PaymentIntent ({}) does not have a successful charge to refund.", charge.charge_no);
            Err(Refused { is_begun: true, ..Refused::invalid(&message, "payment_intent") })
        }
    }
}

pub(super) fn retrieve(turn: &Turn<'_>, number: &str) -> Answered {
    let refund = turn.pages.refund(number).filter(|it| it.kind == Kind::Stripe);
    let found = refund.and_then(|refund| Some((refund, turn.pages.charge(&refund.charge_no)?)));
    let (refund, charge) = found.ok_or_else(|| Refused::missing("refund", number, "id"))?;
    Ok(shown(refund, charge))
}

/// The latest first, in pages: <https://docs.stripe.com/api/refunds/list>, <https://docs.stripe.com/api/pagination>.
pub(super) fn list(turn: &Turn<'_>, asked: &Asked) -> Answered {
    let limit = asked.queried("limit").map_or(Ok(LIMIT), |text| text.parse().map_err(|_| "Invalid integer"));
    let limit = limit.and_then(|limit| match limit {
        1..=LIMIT_MAX => Ok(limit),
        _ => Err("This value must be greater than or equal to 1, and at most 100."),
    });
    let limit = limit.map_err(|message| Refused::invalid(message, "limit"))?;
    let number = asked.queried("payment_intent");
    let charge = number.as_ref().map(|number| {
        intent(turn.pages, number).map_err(|_| Refused::missing("payment_intent", number, "payment_intent"))
    });
    let charge = charge.transpose()?;
    let is_wanted = |refund: &&Refund| {
        refund.kind == Kind::Stripe && charge.as_ref().is_none_or(|charge| refund.charge_no == charge.charge_no)
    };
    let mut wanted: Vec<_> = turn.pages.refunds().filter(is_wanted).collect();
    wanted.sort_by(|one, other| (other.created_at, &other.refund_no).cmp(&(one.created_at, &one.refund_no)));
    if let Some(after) = asked.queried("starting_after") {
        let place = wanted.iter().position(|refund| refund.refund_no == after);
        let place = place.ok_or_else(|| Refused::missing("refund", &after, "starting_after"))?;
        wanted.drain(..=place);
    }
    let has_more = wanted.len() > limit;
    let shown = wanted.into_iter().take(limit);
    let data: Vec<_> = shown.filter_map(|it| Some(self::shown(it, turn.pages.charge(&it.charge_no)?))).collect();
    Ok(json!({"object": "list", "url": "/v1/refunds", "has_more": has_more, "data": data}))
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
