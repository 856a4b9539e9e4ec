//! Owns the list of payments: filters, and pages.

use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::payment::channel;
use crate::answers::{List, Payment};
use crate::form::Typed;
use crate::inside::Inside;
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column, number};
use crate::refused::Refused;
use crate::show;
use crate::visit::Staff;

const PAGE: &str = "/console/payments";
/// The statuses that are stored, in the order of a payment's life.
const STATUSES: [&str; 4] = ["open", "paid", "cancelled", "expired"];

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    let lang = visit.lang();
    let (from, to) = (visit.days.begins(asked.said("from")), visit.days.is_over(asked.said("to")));
    let (limit, cursor) = (SHOWN.to_string(), asked.said("cursor"));
    let query = list::query(&[
        ("limit", &limit),
        ("status", asked.said("status")),
        ("channel", asked.said("channel")),
        ("order_no", asked.said("order_no")),
        ("created_from", &from),
        ("created_to", &to),
        ("cursor", cursor),
    ]);
    let (found, refused) = match visit.inside.get::<List<Payment>>(&format!("/payments?{query}")).await {
        Ok(found) => (found, None),
        Err(refused) if refused.status == 400 => (List { data: Vec::new(), next_cursor: None }, Some(refused)),
        Err(refused) => return refused.page(&visit),
    };
    let kept = ["status", "channel", "order_no", "from", "to"].map(|name| (name, asked.said(name)));
    let place = Place {
        path: PAGE,
        query: &list::query(&kept),
        is_behind: !cursor.is_empty(),
        next: found.next_cursor.as_deref(),
        words: [lang.say("The newest", "最新"), lang.say("Older payments", "更早的付款")],
    };
    let title = lang.say("Payments", "付款");
    let status = refused.as_ref().map(Refused::status_code).unwrap_or_default();
    let body = html! {
        h1 { (title) }
        (filters(&asked, visit.days.mark(), lang))
        @if let Some(refused) = &refused { (refused.notice(lang)) }
        @else if found.data.is_empty() { p.empty { (lang.say("There is none.", "没有符合条件的付款。")) } }
        @else { (rows(&found.data, lang)) }
        (list::pages(&place, lang))
    };
    (status, layout::page(&visit, title, &body)).into_response()
}

/// The payment of an order, where one was begun.
pub(super) async fn of_order(inside: &Inside, order_no: &str) -> Result<Option<Payment>, Refused> {
    let query = list::query(&[("limit", "1"), ("order_no", order_no)]);
    let found: List<Payment> = inside.get(&format!("/payments?{query}")).await?;
    Ok(found.data.into_iter().next())
}

fn filters(asked: &Typed, mark: &str, lang: Lang) -> Markup {
    html! {
        form.filters method="get" action=(PAGE) role="search" {
            label {
                (lang.say("Status", "状态"))
                select name="status" {
                    option value="" { (lang.say("all", "全部")) }
                    @for status in STATUSES {
                        option value=(status) selected[asked.said("status") == status] { (show::status_word(status, lang)) }
                    }
                }
            }
            label { (lang.say("Account with a provider", "支付渠道")) input name="channel" maxlength="64" value=(asked.said("channel")); }
            label { (lang.say("Order", "订单号")) input name="order_no" maxlength="64" placeholder="ord_…" value=(asked.said("order_no")); }
            label { (lang.say("From", "从")) (mark) input type="date" name="from" value=(asked.said("from")); }
            label { (lang.say("To", "至")) (mark) input type="date" name="to" value=(asked.said("to")); }
            button type="submit" { (lang.say("Search", "查询")) }
        }
    }
}

fn rows(payments: &[Payment], lang: Lang) -> Markup {
    let columns = [
        column(lang.say("Payment", "付款编号")),
        column(lang.say("Order", "订单号")),
        column(lang.say("Through", "渠道")),
        column(lang.say("Status", "状态")),
        number(lang.say("Owed", "应付")),
        number(lang.say("Taken", "实收")),
        number(lang.say("Given back", "已退")),
    ];
    let row = |payment: &Payment| {
        vec![
            html! {
                a href={ (PAGE) "/" (payment.payment_id) } { code { (payment.payment_id) } }
                div.fine { (show::time(&payment.created_at)) }
            },
            html! { a href={ "/console/orders/" (payment.order_no) } { code.id { (payment.order_no) } } },
            html! {
                @if let Some(attempt) = payment.attempts.last() {
                    (channel(&attempt.channel, lang)) " " (show::status(&attempt.status, lang))
                    @if payment.attempts.len() > 1 { " × " (payment.attempts.len()) }
                }
            },
            show::status(&payment.status, lang),
            html! { (payment.amount.text()) },
            html! { (payment.captured.text()) },
            html! { (payment.refunded.text()) },
        ]
    };
    list::table(&columns, &payments.iter().map(row).collect::<Vec<_>>())
}
