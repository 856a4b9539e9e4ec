//! Owns the form of how much one person gives back of a payment without a second: a limit for each currency.

use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use domain::access::Permission as P;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::answers::RefundLimits;
use crate::form::{self, Draft, Field, Trouble, Typed};
use crate::inside::Change;
use crate::lang::Lang;
use crate::layout;
use crate::show::{self, Money, decimal, digits, minor};
use crate::visit::{Staff, Visit};

const PAGE: &str = "/console/settings/refunds";
const SAVE: &str = "save";
/// Rows that are empty, for currencies that have no limit yet.
const MORE: usize = 2;
/// How many rows are read.
const ROWS_MAX: usize = 34;

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &asked, None).await
}

/// Sets them.
pub(super) async fn put(Staff(visit): Staff, Form(typed): Form<Typed>) -> Response {
    let limits: Vec<Value> = filled(&typed).into_iter().map(|row| limit(&typed, row)).collect();
    let change = Change {
        method: Method::PUT,
        path: "/policies/refunds".to_owned(),
        key: typed.key(),
        version: typed.given("version"),
        reason: typed.given("why"),
        body: Some(json!({"alone_up_to": limits})),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(PAGE, SAVE))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: SAVE.to_owned(), typed, refused };
            shown(&visit, &Typed::default(), Some(&trouble)).await
        }
    }
}

/// The rows in which anything stands; their places are those of the limits that are sent.
fn filled(typed: &Typed) -> Vec<usize> {
    let stands =
        |row: &usize| ["currency", "amount"].iter().any(|name| typed.given(&format!("{name}_{row}")).is_some());
    (0..ROWS_MAX).filter(stands).collect()
}

fn limit(typed: &Typed, row: usize) -> Value {
    let (currency, amount) = (format!("currency_{row}"), format!("amount_{row}"));
    let currency = typed.said(&currency).trim().to_uppercase();
    let amount = typed.said(&amount).trim();
    let amount = minor(amount, digits(&currency)).map_or_else(|| json!(amount), |minor| json!(minor));
    json!({"currency": currency, "amount": amount})
}

async fn shown(visit: &Visit, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let limits: RefundLimits = match visit.inside.get("/policies/refunds").await {
        Ok(limits) => limits,
        Err(refused) => return form::unseen(visit, &refused, trouble, PAGE),
    };
    let lang = visit.lang();
    let title = lang.say("Refund limits", "退款额度");
    let draft = Draft::of(SAVE, trouble, asked);
    let body = html! {
        nav.crumbs { a href="/console/settings" { (lang.say("Settings", "设置")) } }
        h1 { (title) }
        @if asked.said("done") == SAVE {
            (show::done(lang.say("They are set. Every server follows within two seconds.", "已保存，所有服务器将在两秒内生效。")))
        }
        p { (lang.say(
            "Up to so much of one payment is given back by one person alone; what is over waits for a second. A currency that is not here has no limit.",
            "单笔付款的退款累计不超过此金额时无需复核，超出部分需由另一人复核。未列出的币种不限额。")) }
        @if let Some(at) = &limits.changed_at { p.fine { (lang.say("Last changed ", "最近变更 ")) (show::time(at)) } }
        @if visit.may(P::RefundLimitsSet) {
            (form::as_it_is(trouble, &list(&limits, lang), lang))
            (form(&limits, trouble.map_or(asked, |trouble| &trouble.typed), draft, lang))
        } @else { (list(&limits, lang)) }
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

fn list(limits: &RefundLimits, lang: Lang) -> Markup {
    html! {
        ul { @for limit in &limits.alone_up_to { li { (limit.text()) } } }
        @if limits.alone_up_to.is_empty() { p.empty { (lang.say("No refund waits.", "所有退款均无需复核。")) } }
    }
}

fn form(limits: &RefundLimits, typed: &Typed, draft: Draft<'_>, lang: Lang) -> Markup {
    let sent = filled(typed);
    let last = sent.last().map_or(0, |row| row + 1);
    let rows = limits.alone_up_to.len().max(last) + MORE;
    html! {
        section.card {
            (draft.notice(PAGE, SAVE, lang))
            form method="post" action=(PAGE) {
                (form::held((PAGE, SAVE), Some(limits.version), draft))
                @for row in 0..rows.min(ROWS_MAX) {
                    @let place = sent.iter().position(|other| *other == row);
                    (pair(row, place, limits.alone_up_to.get(row), draft, lang))
                }
                p.fine { (lang.say("Empty a row to take its limit away; 0 has every refund wait.", "清空一行即取消该币种的限额；填 0 则所有退款都需复核。")) }
                @if let Some(wrong) = draft.wrong("/alone_up_to") { p.wrong { (wrong) } }
                (form::why(draft, lang))
                button type="submit" { (lang.say("Save", "保存")) }
            }
        }
    }
}

fn pair(row: usize, place: Option<usize>, limit: Option<&Money>, draft: Draft<'_>, lang: Lang) -> Markup {
    let (currency_name, amount_name) = (format!("currency_{row}"), format!("amount_{row}"));
    let currency = limit.map_or("", |limit| limit.currency.as_str());
    let amount = limit.map_or_else(String::new, |limit| decimal(limit.amount, digits(currency)).replace(',', ""));
    // A row that was not sent has no place, and nothing is wrong with it.
    let at = |name: &str| place.map_or_else(String::new, |place| format!("/alone_up_to/{place}/{name}"));
    html! {
        div.pair {
            (Field::text(&currency_name, lang.say("Currency", "币种")).at_most(3).filled(currency).of(draft, &at("currency")))
            (Field::number(&amount_name, lang.say("Alone up to", "单人上限")).filled(&amount).of(draft, &at("amount")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_rows_are_not_sent_and_the_others_keep_their_places() {
        let typed =
            r#"{"currency_0":"cny","amount_0":"100","currency_1":" ","amount_1":"","currency_2":"JPY","amount_2":"x"}"#;
        let typed: Typed = serde_json::from_str(typed).expect("it is JSON");
        assert_eq!(filled(&typed), [0, 2]);
        assert_eq!(limit(&typed, 0), json!({"currency": "CNY", "amount": 10_000}));
        assert_eq!(limit(&typed, 2), json!({"currency": "JPY", "amount": "x"}));
    }
}
