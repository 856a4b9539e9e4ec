//! Owns the list of refunds that wait for a second person, and of those that nobody let go.

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
use crate::show;
use crate::visit::{Staff, Visit};

/// Which lists there are.
const LISTED: [RefundStatus; 2] = [RefundStatus::AwaitingApproval, RefundStatus::Rejected];

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    if let Some(wanted) = asked.given("q") {
        return Redirect::to(&found(wanted)).into_response();
    }
    let status = asked.given("status").unwrap_or(LISTED[0].name());
    let (limit, cursor) = (SHOWN.to_string(), asked.said("cursor"));
    let query = list::query(&[("limit", &limit), ("status", status), ("cursor", cursor)]);
    let found: List<Refund> = match visit.inside.get(&format!("/refunds?{query}")).await {
        Ok(list) => list,
        Err(refused) => return refused.page(&visit),
    };
    let lang = visit.lang();
    let title = lang.say("Refunds", "退款");
    let place = Place {
        path: "/console/refunds",
        query: &list::query(&[("status", status)]),
        is_behind: !cursor.is_empty(),
        next: found.next_cursor.as_deref(),
        words: [lang.say("The newest", "最新"), lang.say("Older refunds", "更早的退款")],
    };
    let body = html! {
        h1 { (title) }
        (look_up(lang))
        (filter(status, lang))
        @if found.data.is_empty() {
            p.empty { (lang.say("There is none.", "没有符合条件的退款。")) }
        } @else { (rows(&found.data, lang)) }
        (list::pages(&place, lang))
    };
    layout::page(&visit, title, &body).into_response()
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
        form.filters method="get" action="/console/refunds" role="search" {
            label {
                (lang.say("Number of a refund, a payment or an order", "退款、付款或订单编号"))
                input type="search" name="q" maxlength="64" placeholder="rfd_… / pay_… / ord_…" required;
            }
            button.quiet type="submit" { (lang.say("Open", "打开")) }
        }
    }
}

fn filter(status: &str, lang: Lang) -> Markup {
    html! {
        nav.tabs aria-label=(lang.say("Status", "状态")) { ul {
            @for listed in LISTED.map(RefundStatus::name) {
                li {
                    a href={ "/console/refunds?status=" (listed) } aria-current=[(listed == status).then_some("page")] {
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
        column(lang.say("Asked for", "申请时间")),
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
                html! { (refund.reason) },
                show::status(&refund.status, lang),
                html! { (refund.amount.text()) },
            ]
        })
        .collect();
    list::table(&columns, &rows)
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
mod tests {
    use super::found;

    #[test]
    fn a_number_says_what_it_is_of() {
        for (number, page) in [
            ("rfd_1", "/console/refunds/rfd_1"),
            ("pay_1", "/console/payments/pay_1"),
            ("ord_1", "/console/orders/ord_1"),
            ("../x", "/console/refunds/..%2Fx"),
        ] {
            assert_eq!(found(number), page);
        }
    }
}
