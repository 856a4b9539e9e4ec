//! Owns one payment: what is owed, taken and given back, each attempt, and asking its providers or giving money back.

mod actions;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::{refunds, words};
use crate::answers::{Attempt, Payment};
use crate::form::{Trouble, Typed};
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, column};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

pub(super) use actions::act;

/// The page.
pub(super) async fn page(Staff(visit): Staff, Path(id): Path<String>, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &id, &asked, None).await
}

async fn shown(visit: &Visit, id: &str, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let found = async {
        let payment: Payment = visit.inside.get(&format!("/payments/{}", part(id))).await?;
        Ok::<_, Refused>((words::of(&visit.inside, id).await?, payment))
    };
    let (said, payment) = match found.await {
        Ok(found) => found,
        Err(refused) => return refused.page(visit),
    };
    let lang = visit.lang();
    let title = format!("{} {}", lang.say("Payment", "付款"), payment.payment_id);
    let body = html! {
        nav.crumbs {
            a href={ "/console/orders/" (payment.order_no) } { (lang.say("Order", "订单")) " " code { (payment.order_no) } }
        }
        h1 { (lang.say("Payment", "付款")) " " code { (payment.payment_id) } }
        @if let Some(done) = actions::done(asked.said("done"), lang) { (show::done(done)) }
        (facts(&payment, lang))
        section {
            h2 { (lang.say("Attempts", "支付记录")) }
            (attempts(&payment.attempts, lang))
        }
        section {
            h2 { (lang.say("Refunds", "退款")) }
            @if payment.refunds.is_empty() {
                p.empty { (lang.say("Nothing was given back.", "没有退款。")) }
            } @else { (refunds::rows(&payment.refunds, lang)) }
        }
        (actions::forms(visit, &payment, asked, trouble))
        (words::section(&said, lang))
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, &title, &body)).into_response()
}

fn facts(payment: &Payment, lang: Lang) -> Markup {
    show::facts(&[
        (lang.say("Status", "状态"), show::status(&payment.status, lang)),
        (lang.say("Owed", "应付"), html! { (payment.amount.text()) }),
        (lang.say("Taken", "实收"), html! { (payment.captured.text()) }),
        (lang.say("Given back", "已退"), html! { (payment.refunded.text()) }),
        (lang.say("Can be given back", "可退"), html! { (payment.refundable.text()) }),
        (lang.say("What is next", "下一步"), html! { (next(payment, lang)) }),
        (lang.say("Begun", "创建时间"), show::time(&payment.created_at)),
        (lang.say("Last changed", "最近变更"), show::time(&payment.updated_at)),
    ])
}

/// What the payer does next. Where that is a page of the provider, it is theirs: it is told, and nobody of the staff goes there.
fn next(payment: &Payment, lang: Lang) -> &'static str {
    match payment.next_action.as_ref().map(|next| next.kind.as_str()) {
        None => lang.say("nothing", "无"),
        Some("wait") => lang.say("the provider answers", "等待支付渠道响应"),
        Some("redirect") => lang.say("the payer pays on the provider's page", "付款人在渠道页面付款"),
        Some("qr_code") => lang.say("the payer scans a code", "付款人扫码付款"),
        Some("client_secret") => lang.say("the payer fills the provider's form", "付款人填写渠道表单"),
        Some(_) => lang.say("the payer pays", "付款人付款"),
    }
}

/// Each submission to a provider.
pub(super) fn attempts(attempts: &[Attempt], lang: Lang) -> Markup {
    let columns = [
        column(lang.say("Attempt", "支付单号")),
        column(lang.say("Provider", "支付渠道")),
        column(lang.say("Begun", "创建时间")),
        column(lang.say("Last changed", "最近变更")),
        column(lang.say("Status", "状态")),
        column(lang.say("The provider's number and word", "渠道单号与返回码")),
    ];
    let rows: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            vec![
                html! { code { (attempt.attempt_id) } },
                html! { (channel(&attempt.channel, lang)) " · " (method(&attempt.method, lang)) },
                show::time(&attempt.created_at),
                show::time(&attempt.updated_at),
                show::status(&attempt.status, lang),
                html! {
                    @if let Some(number) = &attempt.channel_no { code { (number) } }
                    @if let Some(code) = &attempt.code { " " (code) }
                },
            ]
        })
        .collect();
    if rows.is_empty() {
        return html! { p.empty { (lang.say("None yet.", "暂无。")) } };
    }
    list::table(&columns, &rows)
}

pub(super) fn channel(name: &str, lang: Lang) -> &str {
    match name {
        "alipay" => lang.say("Alipay", "支付宝"),
        "wechat_pay" => lang.say("WeChat Pay", "微信支付"),
        "stripe" => "Stripe",
        "sandbox" => lang.say("sandbox", "沙箱"),
        other => other,
    }
}

pub(super) fn method(name: &str, lang: Lang) -> &str {
    match name {
        "page" => lang.say("page", "网页"),
        "qr" => lang.say("code to scan", "扫码"),
        "card" => lang.say("card", "银行卡"),
        other => other,
    }
}
