//! Owns the list of refunds: all of them, or those of one status.

use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::payment::RefundStatus;
use maud::{Markup, html};

use crate::answers::{List, Refund};
use crate::form::Typed;
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column, number};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

const PAGE: &str = "/console/refunds";

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    if let Some(wanted) = asked.given("q") {
        return Redirect::to(&found(wanted)).into_response();
    }
    let (status, cursor) = (asked.said("status").trim(), asked.said("cursor"));
    let query = list::query(&[("limit", &SHOWN.to_string()), ("status", status), ("cursor", cursor)]);
    let (found, refused) = match visit.inside.get::<List<Refund>>(&format!("/refunds?{query}")).await {
        Ok(found) => (found, None),
        Err(refused) if refused.status == 400 => (List { data: Vec::new(), next_cursor: None }, Some(refused)),
        Err(refused) => return refused.page(&visit),
    };
    let lang = visit.lang();
    let title = lang.say("Refunds", "退款");
    let place = Place {
        path: PAGE,
        query: &list::query(&[("status", status)]),
        is_behind: !cursor.is_empty(),
        next: found.next_cursor.as_deref(),
        words: [lang.say("The newest", "最新"), lang.say("Older refunds", "更早的退款")],
    };
    let answered = refused.as_ref().map(Refused::status_code).unwrap_or_default();
    let body = html! {
        h1 { (title) }
        (look_up(lang))
        (filter(status, lang))
        @if let Some(refused) = &refused { (refused.notice(lang)) }
        @else if !found.data.is_empty() { (rows(&found.data, lang)) }
        // Between those of the other statuses, whose rows were looked through for this page.
        @else if found.next_cursor.is_some() { p.empty { (lang.say("There is none among the newer ones.", "较新的记录中没有符合条件的退款。")) } }
        @else { p.empty { (lang.say("There is none.", "没有符合条件的退款。")) } }
        (list::pages(&place, lang))
    };
    (answered, layout::page(&visit, title, &body)).into_response()
}

/// Where something is shown that somebody has the number of.
pub(super) fn found(wanted: &str) -> String {
    let screen = match wanted.split('_').next() {
        Some("pay") => "payments",
        Some("ord") => "orders",
        _ => "refunds",
    };
    format!("/console/{screen}/{}", part(wanted))
}

fn look_up(lang: Lang) -> Markup {
    html! {
        form.filters method="get" action=(PAGE) role="search" {
            label {
                (lang.say("Number of a refund, a payment or an order", "退款、付款或订单编号"))
                input type="search" name="q" maxlength="64" placeholder="rfd_… / pay_… / ord_…" required;
            }
            button.quiet type="submit" { (lang.say("Open", "打开")) }
        }
    }
}

/// Of all, and of each status in the order of a refund's life.
fn filter(status: &str, lang: Lang) -> Markup {
    html! {
        nav.tabs aria-label=(lang.say("Status", "状态")) { ul {
            li { a href=(PAGE) aria-current=[status.is_empty().then_some("page")] { (lang.say("all", "全部")) } }
            @for listed in RefundStatus::ALL.map(RefundStatus::name) {
                li {
                    a href={ (PAGE) "?status=" (listed) } aria-current=[(listed == status).then_some("page")] {
                        (show::status_word(listed, lang))
                    }
                }
            }
        } }
    }
}

/// Refunds, each with the way to its page.
pub(super) fn rows(refunds: &[Refund], lang: Lang) -> Markup {
    let columns = [
        column(lang.say("Refund", "退款编号")),
        column(lang.say("Begun", "发起时间")),
        column(lang.say("Order", "订单号")),
        column(lang.say("Why", "原因")),
        column(lang.say("Status", "状态")),
        number(lang.say("Amount", "金额")),
    ];
    let rows: Vec<_> = refunds
        .iter()
        .map(|refund| {
            vec![
                html! { a href={ "/console/refunds/" (refund.refund_id) } { code { (refund.refund_id) } } },
                show::time(&refund.created_at),
                html! { a href={ "/console/orders/" (refund.order_no) } { code.id { (refund.order_no) } } },
                html! { (reason(refund, lang)) },
                show::status(&refund.status, lang),
                html! { (refund.amount.text()) },
            ]
        })
        .collect();
    list::table(&columns, &rows)
}

/// Why money goes back. What people wrote stands as they wrote it; what the server wrote, in the page's language.
pub(super) fn reason(refund: &Refund, lang: Lang) -> &str {
    match refund.cause.as_str() {
        "late" => lang.say(&refund.reason, "订单关闭后才付款"),
        "double" => lang.say(&refund.reason, "重复付款"),
        _ => &refund.reason,
    }
}

/// The page of the person who did something, for those who may look at it.
pub(super) fn by(person: &str, visit: &Visit) -> Markup {
    let is_linked = person.starts_with("per_") && visit.may(domain::access::Permission::StaffRead);
    html! {
        @if is_linked { a href={ "/console/staff/" (person) } { code { (person) } } }
        @else { code { (person) } }
    }
}

#[cfg(test)]
mod tests;
