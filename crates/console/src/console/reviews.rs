//! Owns the human queue: what no rule could settle, what can be done about it there and then, and closing it.

mod kinds;
mod remedy;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use domain::access::Permission;
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::answers::List;
use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN};
use crate::show;
use crate::visit::{Staff, Visit};
use kinds::kind;
use remedy::Remedy;
pub(super) use remedy::act;

const PAGE: &str = "/console/reviews";

/// Something that a person has to look at, or has.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
struct Review {
    review_id: String,
    kind: String,
    subject: String,
    detail: String,
    raised_at: String,
    resolution: Option<String>,
    resolved_at: Option<String>,
    /// The payment of an attempt or a refund that it is about.
    payment_id: Option<String>,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &asked, None).await
}

/// Closes one, with what was done about it.
pub(super) async fn resolve(Staff(visit): Staff, Path(id): Path<String>, Form(typed): Form<Typed>) -> Response {
    let change = Change {
        method: Method::POST,
        path: format!("/reviews/{}/resolve", part(&id)),
        key: typed.key(),
        body: Some(json!({"resolution": typed.said("resolution").trim()})),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(PAGE, &id))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: resolving(&id), typed, refused };
            shown(&visit, &Typed::default(), Some(&trouble)).await
        }
    }
}

/// The form that closes one.
fn resolving(id: &str) -> String {
    format!("{}/resolve", part(id))
}

async fn shown(visit: &Visit, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let lang = visit.lang();
    let state = if asked.said("state") == "all" { "all" } else { "open" };
    let (limit, cursor) = (SHOWN.to_string(), asked.said("cursor"));
    let query = list::query(&[("limit", &limit), ("state", state), ("cursor", cursor)]);
    let found: List<Review> = match visit.inside.get(&format!("/reviews?{query}")).await {
        Ok(found) => found,
        Err(refused) => return form::unseen(visit, &refused, trouble, PAGE),
    };
    let place = Place {
        path: PAGE,
        query: &list::query(&[("state", state)]),
        is_behind: !cursor.is_empty(),
        next: found.next_cursor.as_deref(),
        words: [lang.say("The newest", "最新"), lang.say("Older", "更早")],
    };
    let title = lang.say("Human queue", "人工处理");
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    let body = html! {
        h1 { (title) }
        p.fine { (lang.say("What no rule could settle. Closing one is a note for people: it moves no money.", "规则无法判定的事项。关闭只是记录处理结果，不会变动资金。")) }
        @if let Some(done) = asked.given("done") { (said(done, lang)) }
        (form::lost(trouble, |deed| found.data.iter().any(|review| is_open(review) && deed.starts_with(&review.review_id)), lang))
        (tabs(state, lang))
        @if found.data.is_empty() { p.empty { (lang.say("Nothing waits for a person.", "没有待处理的事项。")) } }
        @for review in &found.data { (card(visit, review, (asked, trouble))) }
        (list::pages(&place, lang))
    };
    (status, layout::page(visit, title, &body)).into_response()
}

/// What was done a moment ago.
fn said(done: &str, lang: Lang) -> Markup {
    if let Some(remedy) = Remedy::from_name(done) {
        return show::done(remedy.done(lang));
    }
    html! { p.notice.good role="status" { (lang.say("Closed: ", "已关闭：")) code { (done) } } }
}

fn is_open(review: &Review) -> bool {
    review.resolution.is_none()
}

fn tabs(state: &str, lang: Lang) -> Markup {
    let tabs = [("open", lang.say("to be looked at", "待处理")), ("all", lang.say("all", "全部"))];
    html! {
        nav.tabs aria-label=(lang.say("State", "状态")) { ul {
            @for (name, word) in tabs {
                li { a href={ (PAGE) "?state=" (name) } aria-current=[(name == state).then_some("page")] { (word) } }
            }
        } }
    }
}

fn card(visit: &Visit, review: &Review, (asked, trouble): (&Typed, Option<&Trouble>)) -> Markup {
    let lang = visit.lang();
    let (word, advice) = kind(&review.kind, lang);
    let name = resolving(&review.review_id);
    html! {
        article.card.record {
            h2 { span.status.bad { (word) } " " (subject(review)) }
            p { (review.detail) }
            p.fine { (show::time(&review.raised_at)) " · " code { (review.review_id) } }
            @match (&review.resolution, &review.resolved_at) {
                (Some(resolution), Some(at)) => p.notice.good { (resolution) " · " (show::time(at)) },
                _ => {
                    p { strong { (lang.say("What to do: ", "建议处理：")) } (advice) }
                    @if let Some(remedy) = Remedy::of(review).filter(|remedy| visit.may(remedy.asks())) {
                        (remedy.form(review, (asked, trouble), lang))
                    }
                    @if visit.may(Permission::ReviewsResolve) { (closing(&name, Draft::of(&name, trouble, asked), lang)) }
                },
            }
        }
    }
}

fn closing(name: &str, draft: Draft<'_>, lang: Lang) -> Markup {
    let deed =
        Deed {
            page: PAGE, name, word: lang.say("Close it", "关闭"), is_danger: false, version: None, says_why: false
        };
    let label = lang.say("What was done about it", "处理结果");
    let fields = Field::text("resolution", label).required().at_most(500).of(draft, "/resolution");
    form::deed(&deed, draft, &html! { (fields) }, lang)
}

/// What it is about, with the page where something can be done about it: an attempt's is its payment's.
fn subject(review: &Review) -> Markup {
    let id = &review.subject;
    let page = match (id.split('_').next(), &review.payment_id) {
        (Some("ord"), _) => Some(format!("orders/{}", part(id))),
        (Some("rfd"), Some(_)) => Some(format!("refunds/{}", part(id))),
        (_, Some(payment)) => Some(format!("payments/{}", part(payment))),
        _ => None,
    };
    html! {
        @match page {
            Some(page) => a href={ "/console/" (page) } { code { (id) } },
            None => code { (id) },
        }
    }
}
