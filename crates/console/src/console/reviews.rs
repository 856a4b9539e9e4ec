//! Owns the human queue: what no rule could settle, what to do about each kind, and closing it.

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
        @if let Some(id) = asked.given("done") {
            p.notice.good role="status" { (lang.say("Closed: ", "已关闭：")) code { (id) } }
        }
        (form::lost(trouble, |deed| found.data.iter().any(|review| is_open(review) && resolving(&review.review_id) == deed), lang))
        (tabs(state, lang))
        @if found.data.is_empty() { p.empty { (lang.say("Nothing waits for a person.", "没有待处理的事项。")) } }
        @for review in &found.data { (card(visit, review, (asked, trouble))) }
        (list::pages(&place, lang))
    };
    (status, layout::page(visit, title, &body)).into_response()
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
            h2 { span.status.bad { (word) } " " (subject(&review.subject)) }
            p { (review.detail) }
            p.fine { (show::time(&review.raised_at)) " · " code { (review.review_id) } }
            @match (&review.resolution, &review.resolved_at) {
                (Some(resolution), Some(at)) => p.notice.good { (resolution) " · " (show::time(at)) },
                _ => {
                    p { strong { (lang.say("What to do: ", "建议处理：")) } (advice) }
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

/// What it is about, with the page where something can be done about it.
fn subject(id: &str) -> Markup {
    let screen = match id.split('_').next() {
        Some("ord") => Some("orders"),
        Some("pay") => Some("payments"),
        Some("rfd") => Some("refunds"),
        _ => None,
    };
    html! {
        @match screen {
            Some(screen) => a href={ "/console/" (screen) "/" (part(id)) } { code { (id) } },
            None => code { (id) },
        }
    }
}

/// What a kind is called, and what one does about it.
fn kind(name: &str, lang: Lang) -> (&str, &'static str) {
    match name {
        "quarantined" => (
            lang.say("does not fit", "不符"),
            lang.say("What the provider said does not fit what was asked. Compare with the provider's own page before anything is sent.", "渠道返回与请求不符。请先与渠道后台核对，再决定是否发货。"),
        ),
        "stuck" => (
            lang.say("no end", "长期未决"),
            lang.say("The provider gave no end for long. Ask again on the payment's page; if it has none, call the provider.", "渠道长期没有结果。请在付款页面重新查询，仍无结果请联系渠道。"),
        ),
        "late_payment" => (
            lang.say("paid late", "逾期付款"),
            lang.say("Money came for a closed order. A refund is on its way; see that it arrives.", "已关闭订单收到款项，系统已发起退款，请确认到账。"),
        ),
        "double_payment" => (
            lang.say("paid twice", "重复付款"),
            lang.say("The order was paid twice. The second is given back; see that it arrives.", "订单被重复付款，多付部分已发起退款，请确认到账。"),
        ),
        "refund_failed" => (
            lang.say("refund failed", "退款失败"),
            lang.say("The provider refused. Send it once more on the refund's page, or give the money back another way and say so here.", "渠道拒绝退款。可在退款页面重试，或以其他方式退款并在此说明。"),
        ),
        "refund_revived" => (
            lang.say("refund came to life", "退款复活"),
            lang.say("A refund that had failed went through after all. See that nobody gave the money back a second time.", "曾失败的退款后来成功了，请确认没有重复退款。"),
        ),
        "unmatched" => (
            lang.say("of nobody", "无法匹配"),
            lang.say("The provider tells of a number that nobody here gave out. Find out whose money it is.", "渠道通知的单号在系统中不存在，请查明款项归属。"),
        ),
        "disputed" => (
            lang.say("disputed", "争议"),
            lang.say("The payer asks the bank for their money. Answer the provider in time.", "付款人向银行提出争议，请按时向渠道提交材料。"),
        ),
        "difference" => (
            lang.say("difference", "对账差异"),
            lang.say("The provider's statement and our ledger differ. Look at both, line by line.", "渠道账单与系统账务不一致，请逐笔核对。"),
        ),
        "parked" => (
            lang.say("parked", "已搁置"),
            lang.say("A message was tried often and given up. Mend the reason, and have it tried again.", "消息多次投递失败已搁置，请排除原因后重试。"),
        ),
        other => (other, lang.say("Look at it, and say what was done.", "请查看并记录处理结果。")),
    }
}
