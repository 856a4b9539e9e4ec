//! Owns the pages where a payer pays: plain HTML and forms, no script, nothing from elsewhere. It does not know what a
//! payment changes.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue};

use super::lang::Lang;
use super::worse::{self, Worse};
use super::{decide, find, words};
use crate::alipay;
use crate::book::{Charge, Record, Refusal, Status};
use crate::exchange::escape;
use crate::gate::own;
use crate::kind::Kind;
use crate::world::World;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:40rem;padding:1rem;color:#1c1c1c;\
    background:#fff}h1{font-size:1.3rem}.amount{font-size:2rem;margin:.5rem 0}dl{overflow-wrap:anywhere}dt{color:#555}\
    dd{margin:0 0 .5rem}form{display:inline-block;margin:.25rem .5rem .25rem 0}button{font:inherit;padding:.7rem 1.4rem;\
    border:1px solid #1c1c1c;border-radius:.3rem;background:#fff;color:#1c1c1c}button.first{background:#0a5c36;\
    border-color:#0a5c36;color:#fff}li{margin:.5rem 0;overflow-wrap:anywhere}\
    details{margin:1rem 0}summary{padding:.5rem 0}table{border-collapse:collapse}td,th{text-align:start;padding:.2rem 1rem .2rem 0}\
    @media(prefers-color-scheme:dark){body{background:#161616;color:#eee}dt{color:#aaa}\
    button{background:#161616;color:#eee;border-color:#eee}a{color:#8ab4f8}}";
/// So many open charges are listed.
const LISTED: usize = 200;

/// The charges that can be paid.
pub(crate) async fn open_charges(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    let lang = Lang::wanted(&headers);
    let open = world.book.read(|pages| {
        let mut open: Vec<_> = pages.charges().filter(|it| it.status == Status::Pending).cloned().collect();
        open.sort_by_key(|charge| std::cmp::Reverse(charge.created_at));
        open
    });
    let rows: Vec<_> = open
        .iter()
        .take(LISTED)
        .map(|charge| {
            format!(
                "<li><a href=\"{}\">{}</a>: {} {} ({})</li>",
                html(&path(charge)),
                html(&charge.out_trade_no),
                html(&decimal(charge)),
                html(&charge.subject),
                charge.kind
            )
        })
        .collect();
    let list = if rows.is_empty() {
        format!("<p>{}</p>", lang.say("None.", "暂无。"))
    } else {
        format!("<ul>{}</ul>", rows.concat())
    };
    let behind = open.len().saturating_sub(LISTED);
    let more = match (behind, lang) {
        (0, _) => String::new(),
        (_, Lang::En) => format!("<p>And {behind} more.</p>"),
        (_, Lang::Zh) => format!("<p>还有 {behind} 笔。</p>"),
    };
    let title = lang.say("Open charges", "待付款");
    page(lang, 200, title, &format!("<h1>{title}</h1>{list}{more}"))
}

/// The page of a charge; that it was seen is written down.
pub(crate) async fn charge(
    State(world): State<Arc<World>>,
    Path((kind, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let lang = Lang::wanted(&headers);
    let Some(charge) = Kind::named(&kind).and_then(|kind| find(&world, kind, &number)) else {
        return notice(lang, 404, lang.say("No such charge", "没有这笔付款"), "");
    };
    if !charge.seen {
        world.turn(|turn| {
            let seen = turn.pages.charge(&charge.charge_no).map(|charge| Charge { seen: true, ..charge.clone() });
            if let Some(seen) = seen {
                turn.pages.write(Record::Charge(seen));
            }
        });
    }
    if world.book.settled().await.is_err() {
        return out_of_order(lang);
    }
    page(lang, 200, lang.say("Payment", "付款"), &body(&world, &charge, lang))
}

/// A button was pressed; the browser is sent back to the page, so that a reload presses nothing.
pub(crate) async fn pressed(
    State(world): State<Arc<World>>,
    Path((kind, number, what)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    answered(&world, decide(&world, &kind, &number, &what), Lang::wanted(&headers)).await
}

/// The payer pays on a bad day of the provider.
pub(crate) async fn pressed_worse(
    State(world): State<Arc<World>>,
    Path((kind, number, how)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let lang = Lang::wanted(&headers);
    let Some(worse) = Worse::named(&how) else {
        return notice(lang, 404, lang.say("No such charge", "没有这笔付款"), "");
    };
    let decided = super::decide_on(&world, &kind, &number, |turn, charge| {
        // In one turn with the payment: pressed twice, it goes wrong once.
        if charge.status == Status::Pending && world.mischief.add(worse.rule(charge)).is_err() {
            tracing::warn!(how, "a charge is paid on a good day: too many rules are in force");
        }
        turn.pay(&charge.charge_no)
    });
    answered(&world, decided, lang).await
}

async fn answered(world: &World, decided: Result<Charge, Refusal>, lang: Lang) -> Response {
    if world.book.settled().await.is_err() {
        return out_of_order(lang);
    }
    match decided {
        Ok(charge) => {
            let mut response = own(303, "text/plain", String::new());
            if let Ok(value) = HeaderValue::from_str(&path(&charge)) {
                response.headers_mut().insert("location", value);
            }
            response
        }
        Err(refusal) => {
            let (status, ..) = words(refusal);
            notice(lang, status, lang.say("Not possible", "无法操作"), why(refusal, lang))
        }
    }
}

const fn why(refusal: Refusal, lang: Lang) -> &'static str {
    match refusal {
        Refusal::AlreadyPaid => lang.say("It cannot be done: it is paid.", "这笔付款已完成。"),
        Refusal::Failed => lang.say("It cannot be done: it failed.", "这笔付款已失败。"),
        Refusal::Closed => lang.say("It cannot be done: it is closed.", "这笔付款已关闭。"),
        _ => lang.say("It cannot be done: no such charge.", "没有这笔付款。"),
    }
}

fn body(world: &World, charge: &Charge, lang: Lang) -> String {
    let at = html(&path(charge));
    let said = |en, zh| format!("<p>{}</p>", lang.say(en, zh));
    let state = match charge.status {
        Status::Pending => format!(
            "{}<form method=\"post\" action=\"{at}/pay\"><button class=\"first\">{}</button></form>\
             <form method=\"post\" action=\"{at}/refuse\"><button>{}</button></form>{}",
            charge
                .code
                .as_ref()
                .map(|_| said("The last attempt was refused.", "上一次付款被拒绝。"))
                .unwrap_or_default(),
            lang.say("Pay", "付款"),
            lang.say("Refuse", "拒绝付款"),
            worse::buttons(&at, lang)
        ),
        Status::Succeeded if charge.is_reversed() => said("Paid, and given back.", "已付款，并已退回。"),
        Status::Succeeded => said("Paid.", "付款成功。"),
        Status::Failed => said("Refused.", "付款被拒绝。"),
        Status::Closed => said("Closed; it cannot be paid any more.", "已关闭，无法再付款。"),
    };
    format!(
        "<h1>{}</h1><p class=\"amount\">{}</p><dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd>\
         <dt>{}</dt><dd>{}</dd></dl>{state}{}{}",
        lang.say("Payment", "付款"),
        html(&decimal(charge)),
        lang.say("For", "商品"),
        html(&charge.subject),
        lang.say("Number", "单号"),
        html(&charge.out_trade_no),
        lang.say("Through", "支付渠道"),
        charge.kind,
        way_back(world, charge, lang).unwrap_or_default(),
        if charge.status == Status::Pending {
            String::new()
        } else {
            worse::told(&world.post.told(&charge.charge_no), lang)
        }
    )
}

/// The way back to the merchant, whatever has become of the charge: who has not paid yet may want to think about it.
fn way_back(world: &World, charge: &Charge, lang: Lang) -> Option<String> {
    let signed = || (charge.kind == Kind::Alipay).then(|| alipay::return_url(world, charge)).flatten();
    let url = signed().or_else(|| charge.return_url.clone())?;
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    is_web.then(|| format!("<p><a href=\"{}\">{}</a></p>", html(&url), lang.say("Back to the shop", "返回商城")))
}

fn out_of_order(lang: Lang) -> Response {
    let words = lang.say("The book cannot be written.", "账簿暂时无法写入。");
    notice(lang, 503, lang.say("Out of order", "暂停服务"), words)
}

fn notice(lang: Lang, status: u16, title: &str, words: &str) -> Response {
    page(lang, status, title, &format!("<h1>{title}</h1><p>{words}</p>"))
}

fn page(lang: Lang, status: u16, title: &str, body: &str) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>\n",
        lang.tag()
    );
    let mut response = own(status, "text/html; charset=utf-8", text);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    response.headers_mut().insert("content-security-policy", HeaderValue::from_static(policy));
    response
}

fn path(charge: &Charge) -> String {
    format!("/pay/{}/{}", charge.kind, escape(&charge.out_trade_no))
}

/// `19.99 CNY`; currencies whose minor unit is not the hundredth are few and known.
fn decimal(charge: &Charge) -> String {
    let digits = match charge.currency.as_str() {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "UGX" | "XAF" | "XOF" | "XPF" | "PYG" | "RWF" | "KMF" | "GNF"
        | "DJF" | "BIF" | "VUV" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let unit = 10_i64.pow(digits);
    if digits == 0 {
        return format!("{} {}", charge.amount, charge.currency);
    }
    let width = digits as usize;
    format!("{}.{:0width$} {}", charge.amount / unit, charge.amount % unit, charge.currency)
}

pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_merchant_writes_is_text() {
        assert_eq!(html("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }
}
