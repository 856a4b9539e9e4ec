//! Owns the list of orders: filters, search, pages by cursor, and the same rows as a file.

use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use maud::{Markup, html};
use serde::Deserialize;

use super::customer;
use crate::answers::{List, Order};
use crate::days::Days;
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column, number};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

/// The statuses, in the order of an order's life.
const STATUSES: &[&str] = &["pending_payment", "paid", "shipped", "completed", "closed"];
/// How many rows a file has at most, and how many are read at once.
const EXPORTED_MAX: usize = 50_000;
const EXPORTED_AT_ONCE: usize = 200;

/// What the page is asked for.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    /// A number, whose orders by login or id, or a parcel.
    #[serde(default)]
    q: String,
    /// One customer's id, where a page led here.
    #[serde(default)]
    customer: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    cursor: Option<String>,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Asked>) -> Response {
    let wanted = asked.q.trim();
    if wanted.starts_with("ord_") && visit.inside.get::<Order>(&format!("/orders/{}", part(wanted))).await.is_ok() {
        return Redirect::to(&format!("/console/orders/{}", part(wanted))).into_response();
    }
    let found: Result<List<Order>, Refused> = visit.inside.get(&asked.path(SHOWN, &visit.days)).await;
    let lang = visit.lang();
    let (rows, refused) = match found {
        Ok(list) => {
            (html! { (as_file(&asked, lang)) (rows(&list.data, &asked, lang)) (next(&asked, &list, lang)) }, None)
        }
        Err(refused) if matches!(refused.status, 400 | 422) => (html! {}, Some(refused)),
        Err(refused) => return refused.page(&visit),
    };
    let title = lang.say("Orders", "订单");
    let body = html! {
        h1 { (title) }
        (filters(&visit, &asked))
        @if !asked.customer.is_empty() { (of_customer(&asked, lang)) }
        section #found aria-live="polite" {
            @if let Some(refused) = &refused { (refused.notice(lang)) }
            (rows)
        }
    };
    layout::page(&visit, title, &body).into_response()
}

fn filters(visit: &Visit, asked: &Asked) -> Markup {
    let lang = visit.lang();
    html! {
        form.filters method="get" action="/console/orders" role="search"
            hx-get="/console/orders" hx-trigger="change, submit" hx-target="#found" hx-select="#found" hx-swap="outerHTML"
            hx-push-url="true" {
            label {
                (lang.say("Number, login, id or parcel", "订单号、账号、客户编号或运单号"))
                input type="search" name="q" value=(asked.q) maxlength="71" placeholder="ord_… / anna / c-42";
            }
            label {
                (lang.say("Status", "状态"))
                select name="status" {
                    option value="" { (lang.say("all", "全部")) }
                    @for status in STATUSES {
                        option value=(status) selected[asked.status == *status] { (show::status_word(status, lang)) }
                    }
                }
            }
            label { (lang.say("From", "从")) (visit.days.mark()) input type="date" name="from" value=(asked.from); }
            label { (lang.say("To", "至")) (visit.days.mark()) input type="date" name="to" value=(asked.to); }
            @if !asked.customer.is_empty() { input type="hidden" name="customer" value=(asked.customer); }
            button type="submit" { (lang.say("Search", "查询")) }
        }
    }
}

/// Whose orders these are, and the way to everybody's.
fn of_customer(asked: &Asked, lang: Lang) -> Markup {
    let query = Asked { customer: String::new(), ..asked.clone() }.query();
    html! {
        p {
            (lang.say("Orders of ", "客户 ")) code { (asked.customer) } (lang.say(" alone. ", " 的订单。"))
            a href={ "/console/orders?" (query) } { (lang.say("Everybody's", "查看全部客户")) }
        }
    }
}

/// The way to the same rows as a file. It is a link, which htmx leaves to the browser, and stands where the rows do: a filter that
/// changes them changes it.
fn as_file(asked: &Asked, lang: Lang) -> Markup {
    let query = asked.query();
    let mark = if query.is_empty() { "" } else { "?" };
    html! {
        p { a.button.quiet href={ "/console/orders.csv" (mark) (query) } { (lang.say("As a file (CSV)", "导出 CSV")) } }
    }
}

fn rows(orders: &[Order], asked: &Asked, lang: Lang) -> Markup {
    if orders.is_empty() {
        return html! { p.empty { (nothing(asked, lang)) } };
    }
    let columns = [
        column(lang.say("Order", "订单号")),
        column(lang.say("Placed", "下单时间")),
        column(lang.say("Customer", "客户")),
        column(lang.say("Status", "状态")),
        column(lang.say("Payment", "付款")),
        number(lang.say("Total", "金额")),
    ];
    let rows: Vec<_> = orders
        .iter()
        .map(|order| {
            vec![
                html! { a href={ "/console/orders/" (order.order_no) } { code { (order.order_no) } } },
                show::time(&order.created_at),
                customer::link(order, lang),
                show::status(&order.status, lang),
                show::status(&order.payment_status, lang),
                html! { (order.total.text()) },
            ]
        })
        .collect();
    list::table(&columns, &rows)
}

/// Why there is no order: a word may name nobody, or a filter leave out what it names.
fn nothing(asked: &Asked, lang: Lang) -> Markup {
    let word = asked.q.trim();
    let is_narrowed = [&asked.status, &asked.from, &asked.to].iter().any(|filter| !filter.is_empty());
    html! {
        @if word.is_empty() { (lang.say("No order is like that.", "没有符合条件的订单。")) }
        @else if lang == Lang::En { "There is no order with this number, customer or parcel: " (word) ". A name is looked for whole." }
        @else { "没有找到订单号、账号、客户编号或运单号为“" (word) "”的订单。请输入完整内容。" }
        @if !word.is_empty() && is_narrowed {
            " " a href={ "/console/orders?q=" (part(word)) } { (lang.say("Look without the other filters", "去掉其他筛选条件再查")) }
        }
    }
}

fn next(asked: &Asked, list: &List<Order>, lang: Lang) -> Markup {
    let place = Place {
        path: "/console/orders",
        query: &asked.query(),
        is_behind: asked.cursor.is_some(),
        next: list.next_cursor.as_deref(),
        words: [lang.say("The newest", "最新"), lang.say("Older orders", "更早的订单")],
    };
    list::pages(&place, lang)
}

impl Asked {
    /// The filters without the place in the list.
    fn query(&self) -> String {
        list::query(&[
            ("q", &self.q),
            ("customer", &self.customer),
            ("status", &self.status),
            ("from", &self.from),
            ("to", &self.to),
        ])
    }

    /// What the API is asked.
    fn path(&self, limit: usize, days: &Days) -> String {
        let query = list::query(&[
            ("limit", &limit.to_string()),
            ("q", &self.q),
            ("customer_id", &self.customer),
            ("status", &self.status),
            ("created_from", &days.begins(&self.from)),
            ("created_to", &days.is_over(&self.to)),
            ("cursor", self.cursor.as_deref().unwrap_or_default()),
        ]);
        format!("/orders?{query}")
    }
}

/// The rows as a file that spreadsheets read.
pub(super) async fn export(Staff(visit): Staff, Query(asked): Query<Asked>) -> Response {
    match exported(&visit, asked).await {
        Ok(text) => {
            let headers = [
                (CONTENT_TYPE, "text/csv; charset=utf-8"),
                (CONTENT_DISPOSITION, "attachment; filename=\"orders.csv\""),
            ];
            (headers, text).into_response()
        }
        Err(refused) => refused.page(&visit),
    }
}

async fn exported(visit: &Visit, mut asked: Asked) -> Result<String, Refused> {
    // The mark has spreadsheets read it as UTF-8.
    let mut text =
        "\u{feff}order_no,created_at,customer_id,status,payment_status,amount,currency,customer_name\r\n".to_owned();
    let mut rows = 0;
    asked.cursor = None;
    loop {
        let list: List<Order> = visit.inside.get(&asked.path(EXPORTED_AT_ONCE, &visit.days)).await?;
        for order in &list.data {
            let cells = [
                order.order_no.as_str(),
                &order.created_at,
                &cell(&order.customer_id),
                &order.status,
                &order.payment_status,
                &order.total.plain(),
                &order.total.currency,
                &cell(order.customer_name.as_deref().unwrap_or_default()),
            ];
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        rows += list.data.len();
        match list.next_cursor {
            Some(cursor) if rows < EXPORTED_MAX => asked.cursor = Some(cursor),
            // Whoever sums it up is to see that it is not all.
            Some(_) => return Ok(text + &format!("\"cut at {rows} rows: narrow the filters\"\r\n")),
            None => return Ok(text),
        }
    }
}

/// A text that somebody else chose, as a cell that is no formula to a spreadsheet (OWASP, CSV Injection).
fn cell(text: &str) -> String {
    let mark = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_finds_by_number_customer_and_parcel() {
        let asked = Asked { q: " SF 1&2 ".to_owned(), status: "shipped".to_owned(), ..Asked::default() };
        assert_eq!(asked.path(50, &Days::default()), "/orders?limit=50&q=SF%201%262&status=shipped");
        let asked = Asked { customer: "a&b".to_owned(), ..Asked::default() };
        assert_eq!(asked.path(50, &Days::default()), "/orders?limit=50&customer_id=a%26b");
        assert!(of_customer(&asked, Lang::En).into_string().contains("<code>a&amp;b</code>"));
    }

    #[test]
    fn a_word_that_names_nothing_is_told() {
        for (q, lang, told) in [
            ("", Lang::En, "No order is like that."),
            (" ", Lang::Zh, "没有符合条件的订单。"),
            (
                " <zoe>",
                Lang::En,
                "There is no order with this number, customer or parcel: &lt;zoe&gt;. A name is looked for whole.",
            ),
            ("zoe", Lang::Zh, "没有找到订单号、账号、客户编号或运单号为“zoe”的订单。请输入完整内容。"),
        ] {
            let asked = Asked { q: q.to_owned(), ..Asked::default() };
            assert_eq!(rows(&[], &asked, lang).into_string(), format!("<p class=\"empty\">{told}</p>"), "{q}");
        }
        // It may be there all the same, where another filter leaves it out.
        let asked = Asked { q: "zoe".to_owned(), status: "closed".to_owned(), ..Asked::default() };
        let told = rows(&[], &asked, Lang::En).into_string();
        assert!(told.contains("<a href=\"/console/orders?q=zoe\">Look without the other filters</a>"), "{told}");
    }

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(cell("c-42"), "\"c-42\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("@a,b"), "\"'@a,b\"");
    }
}
