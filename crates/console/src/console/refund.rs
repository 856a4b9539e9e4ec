//! Owns one refund: who asked for it and why, what came of it, and the steps by which it is let go, taken back or sent again.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use domain::access::Permission as P;
use http::Method;
use maud::{Markup, html};

use super::payment::attempts;
use super::refunds::{by, reason};
use super::words;
use crate::answers::{Payment, Refund};
use crate::form::{self, Draft, Trouble, Typed};
use crate::inside::{Change, Reply, part};
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

/// What the page of a payment did when it leads here.
pub(super) const BEGUN: &str = "begun";

/// Something that is done with a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Let it go.
    Approve,
    /// Let it not go, for good.
    Reject,
    /// Send it once more.
    Retry,
}

impl Deed {
    const ALL: [Self; 3] = [Self::Approve, Self::Reject, Self::Retry];

    const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Retry => "retry",
        }
    }

    const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Approve => lang.say("Let it go", "通过"),
            Self::Reject => lang.say("Reject it", "驳回"),
            Self::Retry => lang.say("Send it again", "重新发起"),
        }
    }

    const fn done(self, lang: Lang) -> &'static str {
        match self {
            Self::Approve => lang.say("It is let go: its provider is asked now.", "已通过，正在向支付渠道发起退款。"),
            Self::Reject => lang.say("It is rejected.", "已驳回。"),
            Self::Retry => lang.say("It is under way again.", "已重新发起。"),
        }
    }

    /// Whether the step makes sense as the refund stands, and whether this person may take it: nobody lets their own go, and
    /// whoever asked takes back what they asked for.
    fn is_offered(self, refund: &Refund, visit: &Visit) -> bool {
        let is_own = visit.me.as_ref().is_some_and(|me| refund.requested_by.as_ref() == Some(&me.person_id));
        let (is_waiting, may_decide) = (refund.status == "awaiting_approval", visit.may(P::RefundsApprove));
        match self {
            Self::Approve => is_waiting && may_decide && !is_own,
            Self::Reject => is_waiting && visit.may(P::RefundsStart) && (may_decide || is_own),
            Self::Retry => visit.may(P::RefundsStart) && may_be_sent_again(&refund.status, refund.code.as_deref()),
        }
    }
}

/// One that failed, one of which nobody knows what became, and one that succeeded and is doubted since.
fn may_be_sent_again(status: &str, code: Option<&str>) -> bool {
    match status {
        "failed" | "unknown" => true,
        "succeeded" => code.is_some_and(|code| code.starts_with(domain::payment::DOUBTED)),
        _ => false,
    }
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Path(id): Path<String>, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &id, &asked, None).await
}

/// Does something with it.
pub(super) async fn act(
    Staff(visit): Staff,
    Path((id, deed)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let change = Change {
        method: Method::POST,
        path: format!("/refunds/{}/{}", part(&id), part(&deed)),
        key: typed.key(),
        reason: typed.given("why"),
        ..Change::default()
    };
    // One that is sent again may be a new one.
    let to = |reply: &Reply| Ok(form::done(&format!("/console/refunds/{}", reply.read::<Refund>()?.refund_id), &deed));
    match form::send(&visit, change, to).await {
        Ok(response) => response,
        Err(refused) => shown(&visit, &id, &Typed::default(), Some(&Trouble { deed, typed, refused })).await,
    }
}

async fn shown(visit: &Visit, id: &str, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let found = async {
        let refund: Refund = visit.inside.get(&format!("/refunds/{}", part(id))).await?;
        let payment: Payment = visit.inside.get(&format!("/payments/{}", part(&refund.payment_id))).await?;
        let said = words::of(&visit.inside, &refund.payment_id).await?;
        Ok::<_, Refused>((refund, payment, said))
    };
    let (refund, payment, said) = match found.await {
        Ok(found) => found,
        Err(refused) => return refused.page(visit),
    };
    let lang = visit.lang();
    let title = format!("{} {}", lang.say("Refund", "退款"), refund.refund_id);
    let body = html! {
        nav.crumbs { a href="/console/refunds" { (lang.say("Refunds and payments", "退款与付款")) } }
        h1 { (lang.say("Refund", "退款")) " " code { (refund.refund_id) } }
        @if let Some(done) = done(asked.said("done"), lang) { (show::done(done)) }
        (facts(&refund, lang))
        (lines(&refund, lang))
        (deeds(visit, &refund, asked, trouble))
        (history(visit, &refund))
        section {
            h2 { (lang.say("The payment's attempts", "支付记录")) }
            (attempts(&payment.attempts, lang))
        }
        (words::section(said.iter().filter(|fact| fact.reference == refund.refund_id), lang))
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, &title, &body)).into_response()
}

fn done(deed: &str, lang: Lang) -> Option<&'static str> {
    if deed == BEGUN {
        return Some(lang.say("It is asked for: its status says how it goes on.", "退款已提交，进展见状态。"));
    }
    Deed::ALL.into_iter().find(|known| known.name() == deed).map(|deed| deed.done(lang))
}

fn facts(refund: &Refund, lang: Lang) -> Markup {
    let cause = match refund.cause.as_str() {
        "requested" => lang.say("somebody asked for it", "人工申请"),
        "late" => lang.say("it was paid late", "逾期付款退回"),
        "double" => lang.say("it was paid twice", "重复付款退回"),
        other => other,
    };
    show::facts(&[
        (lang.say("Status", "状态"), show::status(&refund.status, lang)),
        (lang.say("Amount", "金额"), html! { (refund.amount.text()) }),
        (lang.say("Why", "原因"), html! { (reason(refund, lang)) }),
        (lang.say("What led to it", "来源"), html! { (cause) }),
        (
            lang.say("Payment", "付款"),
            html! { a href={ "/console/payments/" (refund.payment_id) } { code { (refund.payment_id) } } },
        ),
        (
            lang.say("Order", "订单"),
            html! { a href={ "/console/orders/" (refund.order_no) } { code { (refund.order_no) } } },
        ),
        (lang.say("The provider's number", "渠道单号"), html! { (refund.channel_no.as_deref().unwrap_or("—")) }),
        (lang.say("The provider's word", "渠道返回码"), html! { (refund.code.as_deref().unwrap_or("—")) }),
    ])
}

fn lines(refund: &Refund, lang: Lang) -> Markup {
    html! {
        @if !refund.lines.is_empty() {
            h2 { (lang.say("For", "退货明细")) }
            ul { @for part in &refund.lines {
                li {
                    (lang.say("line ", "明细 ")) (part.line) " × " (show::count(part.quantity))
                    @if part.restock { " · " (lang.say("back into stock", "退回库存")) }
                }
            } }
        }
    }
}

fn deeds(visit: &Visit, refund: &Refund, asked: &Typed, trouble: Option<&Trouble>) -> Markup {
    let lang = visit.lang();
    let page = format!("/console/refunds/{}", refund.refund_id);
    let tried = |deed: Deed| trouble.is_some_and(|trouble| trouble.deed == deed.name());
    let offered: Vec<_> = Deed::ALL.into_iter().filter(|deed| tried(*deed) || deed.is_offered(refund, visit)).collect();
    html! {
        section.deeds {
            h2 { (lang.say("What can be done", "可执行操作")) }
            @if offered.is_empty() { p.empty { (lang.say("Nothing, by you and as it stands.", "当前状态下没有可执行的操作。")) } }
            @for deed in offered {
                @let form = form::Deed {
                    page: &page, name: deed.name(), word: deed.word(lang), is_danger: deed == Deed::Reject,
                    version: None, says_why: true,
                };
                (form::deed(&form, Draft::of(deed.name(), trouble, asked), &html! {}, lang))
            }
        }
    }
}

fn history(visit: &Visit, refund: &Refund) -> Markup {
    let lang = visit.lang();
    let verdict = match refund.status.as_str() {
        "rejected" => lang.say("rejected", "驳回"),
        _ => lang.say("let go by a second person", "复核通过"),
    };
    html! {
        section {
            h2 { (lang.say("What happened", "操作历史")) }
            ol.timeline {
                // What waits or was rejected stands in the steps below already.
                @if !matches!(refund.status.as_str(), "awaiting_approval" | "rejected") {
                    li {
                        span.when { (show::time(&refund.updated_at)) }
                        strong { (show::status_word(&refund.status, lang)) }
                    }
                }
                @if let (Some(who), Some(at)) = (&refund.decided_by, &refund.decided_at) {
                    li {
                        span.when { (show::time(at)) }
                        strong { (verdict) }
                        span { (by(who, visit)) }
                        @if let Some(why) = &refund.decision_reason { span.fine { (why) } }
                    }
                }
                li {
                    span.when { (show::time(&refund.created_at)) }
                    strong { (lang.say("asked for", "申请")) }
                    @if let Some(who) = &refund.requested_by { span { (by(who, visit)) } }
                    span.fine { (reason(refund, lang)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_be_sent_again;

    #[test]
    fn what_may_be_sent_again() {
        for (status, code, may) in [
            ("failed", None, true),
            ("unknown", None, true),
            ("succeeded", None, false),
            ("succeeded", Some("doubted: no_such_charge"), true),
            ("succeeded", Some("sent_back: closed"), false),
            ("submitted", None, false),
            ("awaiting_approval", None, false),
        ] {
            assert_eq!(may_be_sent_again(status, code), may, "{status} {code:?}");
        }
    }
}
