//! Owns what the staff may do with a payment: asking its providers anew, and giving money back.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use domain::access::Permission as P;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::shown;
use crate::answers::{Payment, Refund};
use crate::console::refund::BEGUN;
use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, Reply, part};
use crate::lang::Lang;
use crate::refused::Refused;
use crate::show::{digits, minor};
use crate::visit::{Staff, Visit};

/// Ask the providers about all of it whose end is not known.
const QUERY: &str = "query";
/// Give money back.
const REFUND: &str = "refund";

/// Does something with it.
pub(in crate::console) async fn act(
    Staff(visit): Staff,
    Path((id, deed)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let (below, body) = match deed.as_str() {
        QUERY => (QUERY, None),
        REFUND => ("refunds", Some(refund(&typed))),
        other => return Refused::missing(&format!("action {other}")).page(&visit),
    };
    let change = Change {
        method: Method::POST,
        path: format!("/payments/{}/{below}", part(&id)),
        key: typed.key(),
        reason: typed.given("why"),
        body,
        ..Change::default()
    };
    let to = |reply: &Reply| match deed.as_str() {
        REFUND => Ok(form::done(&format!("/console/refunds/{}", reply.read::<Refund>()?.refund_id), BEGUN)),
        _ => Ok(form::done(&format!("/console/payments/{}", part(&id)), QUERY)),
    };
    match form::send(&visit, change, to).await {
        Ok(response) => response,
        Err(refused) => shown(&visit, &id, &Typed::default(), Some(&Trouble { deed, typed, refused })).await,
    }
}

/// The wish that a form says. All that is left where it names no amount.
fn refund(typed: &Typed) -> Value {
    let reason = typed.said("reason").trim();
    let Some(amount) = typed.given("amount") else { return json!({"reason": reason}) };
    let currency = typed.said("currency");
    // What is no amount goes as it is: the API says so in its words.
    let amount = minor(amount, digits(currency)).map_or_else(|| json!(amount), |minor| json!(minor));
    json!({"amount": {"amount": amount, "currency": currency}, "reason": reason})
}

/// What to say of what was done.
pub(super) fn done(deed: &str, lang: Lang) -> Option<&'static str> {
    match deed {
        QUERY => Some(lang.say(
            "The providers are asked about all of it whose end is not known.",
            "已向支付渠道查询所有结果未知的付款与退款。",
        )),
        _ => None,
    }
}

/// A form for each thing that may be done.
pub(super) fn forms(visit: &Visit, payment: &Payment, asked: &Typed, trouble: Option<&Trouble>) -> Markup {
    let lang = visit.lang();
    let page = format!("/console/payments/{}", payment.payment_id);
    let tried = |name: &str| trouble.is_some_and(|trouble| trouble.deed == name);
    let may_refund = visit.may(P::RefundsStart) && payment.refundable.amount > 0;
    let deed = |name, word, says_why| Deed { page: &page, name, word, is_danger: false, version: None, says_why };
    html! {
        section.deeds {
            h2 { (lang.say("What can be done", "可执行操作")) }
            @if may_refund || tried(REFUND) {
                @let draft = Draft::of(REFUND, trouble, asked);
                (form::deed(&deed(REFUND, lang.say("Give money back", "退款"), false), draft, &wish(payment, draft, lang), lang))
            }
            @if visit.may(P::PaymentsQuery) || tried(QUERY) {
                @let word = lang.say("Ask the providers again", "重新查询支付渠道");
                (form::deed(&deed(QUERY, word, false), Draft::of(QUERY, trouble, asked), &html! {}, lang))
            }
            @if !may_refund && !visit.may(P::PaymentsQuery) {
                p.empty { (lang.say("Nothing, by you and as it stands.", "当前状态下没有可执行的操作。")) }
            }
        }
    }
}

fn wish(payment: &Payment, draft: Draft<'_>, lang: Lang) -> Markup {
    let currency = payment.refundable.currency.as_str();
    let left = payment.refundable.text();
    let label = format!("{} ({currency})", lang.say("Amount", "金额"));
    let hint = format!("{}{left}", lang.say("Empty for all that is left: ", "留空则退还全部可退金额："));
    let place = if draft.wrong("/amount").is_some() { "/amount" } else { "/amount/amount" };
    html! {
        input type="hidden" name="currency" value=(currency);
        (Field::number("amount", &label).hint(&hint).of(draft, place))
        (Field::text("reason", lang.say("Why", "原因")).required().of(draft, "/reason"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_as_it_is_typed() {
        for (typed, body) in [
            (
                r#"{"amount":"19.99","currency":"CNY","reason":" torn "}"#,
                json!({"amount": {"amount": 1999, "currency": "CNY"}, "reason": "torn"}),
            ),
            (
                r#"{"amount":"1999","currency":"JPY","reason":"torn"}"#,
                json!({"amount": {"amount": 1999, "currency": "JPY"}, "reason": "torn"}),
            ),
            (r#"{"amount":" ","currency":"CNY","reason":"torn"}"#, json!({"reason": "torn"})),
            (
                r#"{"amount":"a lot","currency":"CNY"}"#,
                json!({"amount": {"amount": "a lot", "currency": "CNY"}, "reason": ""}),
            ),
        ] {
            let typed: Typed = serde_json::from_str(typed).expect("it is JSON");
            assert_eq!(refund(&typed), body);
        }
    }
}
