//! Owns the form of what the shop asks of sessions: on how many devices somebody is, for how long, and what a log-in beyond does.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::answers::SessionRules;
use crate::form::{self, Draft, Field, Span, Trouble, Typed, span};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::show;
use crate::visit::{Staff, Visit};

const SAVE: &str = "save";

/// The page.
pub(super) async fn page(Staff(visit): Staff, Path(whose): Path<String>, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &whose, &asked, None).await
}

/// Sets them.
pub(super) async fn put(Staff(visit): Staff, Path(whose): Path<String>, Form(typed): Form<Typed>) -> Response {
    let change = Change {
        method: Method::PUT,
        path: format!("/policies/sessions/{}", part(&whose)),
        key: typed.key(),
        version: typed.given("version"),
        reason: typed.given("why"),
        body: Some(rules(&typed)),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(&path(&whose), SAVE))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: SAVE.to_owned(), typed, refused };
            shown(&visit, &whose, &Typed::default(), Some(&trouble)).await
        }
    }
}

fn path(whose: &str) -> String {
    format!("/console/settings/sessions/{}", part(whose))
}

/// The rules that a form says.
fn rules(typed: &Typed) -> Value {
    let mut rules = json!({
        "open_max": {"web": typed.number("web"), "app": typed.number("app"), "mini_program": typed.number("mini_program")},
        "when_full": typed.said("when_full"),
        "idle_s": span::typed(typed, "idle", span::SECONDS),
        "absolute_s": span::typed(typed, "absolute", span::SECONDS),
        "renewal": typed.said("renewal"),
    });
    if typed.said("renewal") == "below" {
        rules["renewal_percent"] = typed.number("renewal_percent");
    }
    rules
}

async fn shown(visit: &Visit, whose: &str, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let rules: SessionRules = match visit.inside.get(&format!("/policies/sessions/{}", part(whose))).await {
        Ok(rules) => rules,
        Err(refused) => return form::unseen(visit, &refused, trouble, &path(whose)),
    };
    let lang = visit.lang();
    let title = match whose {
        "staff" => lang.say("Sessions of the staff", "员工登录规则"),
        _ => lang.say("Sessions of members", "会员登录规则"),
    };
    let draft = Draft::of(SAVE, trouble, asked);
    let body = html! {
        nav.crumbs { a href="/console/settings" { (lang.say("Settings", "设置")) } }
        h1 { (title) }
        @if asked.said("done") == SAVE {
            (show::done(lang.say("They are set. Sessions that are open keep their end.", "已保存。已登录的会话保持原有期限。")))
        }
        @if let Some(at) = &rules.changed_at { p.fine { (lang.say("Last changed ", "最近变更 ")) (show::time(at)) } }
        section.card {
            (draft.notice(&path(whose), SAVE, lang))
            (form::as_it_is(trouble, &as_it_is(&rules, lang), lang))
            form method="post" action=(path(whose)) {
                (form::held((&path(whose), SAVE), Some(rules.version), draft))
                (devices(&rules, draft, lang))
                (times(&rules, draft, lang))
                (renewal(&rules, draft, lang))
                (form::why(draft, lang))
                button type="submit" { (lang.say("Save", "保存")) }
            }
        }
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

/// What is set now, whatever somebody typed: the same fields, and nobody can change them.
fn as_it_is(rules: &SessionRules, lang: Lang) -> Markup {
    let draft = Draft::default();
    html! {
        fieldset disabled { (devices(rules, draft, lang)) (times(rules, draft, lang)) (renewal(rules, draft, lang)) }
    }
}

fn devices(rules: &SessionRules, draft: Draft<'_>, lang: Lang) -> Markup {
    let open = &rules.open_max;
    let [web, app, mini] = [open.web, open.app, open.mini_program].map(|most| most.to_string());
    let when_full = [
        ("refuse", lang.say("it is refused", "拒绝登录")),
        ("replace_oldest", lang.say("the oldest session ends", "最早的会话下线")),
        ("replace_same_type", lang.say("all sessions on that kind of device end", "同类设备全部下线")),
    ];
    let full = lang.say("A log-in beyond that", "超出时的新登录");
    html! {
        fieldset {
            legend { (lang.say("How many devices at a time", "同时登录的设备数")) }
            div.pair {
                (Field::number("web", lang.say("Browsers", "浏览器")).filled(&web).of(draft, "/open_max/web"))
                (Field::number("app", lang.say("Applications", "应用")).filled(&app).of(draft, "/open_max/app"))
                (Field::number("mini_program", lang.say("Mini-programs", "小程序")).filled(&mini).of(draft, "/open_max/mini_program"))
            }
            @if let Some(wrong) = draft.wrong("/open_max") { p.wrong { (wrong) } }
            (Field::choice("when_full", full, &when_full).filled(&rules.when_full).of(draft, "/when_full"))
        }
    }
}

fn times(rules: &SessionRules, draft: Draft<'_>, lang: Lang) -> Markup {
    html! {
        fieldset {
            legend { (lang.say("How long", "有效期")) }
            (time(("idle", rules.idle_s), lang.say("Without a request", "无操作时"), draft, lang))
            (time(("absolute", rules.absolute_s), lang.say("In all", "最长")  , draft, lang))
        }
    }
}

/// A field of so many seconds.
fn time((name, seconds): (&str, i64), label: &str, draft: Draft<'_>, lang: Lang) -> Markup {
    let pointer = format!("/{name}_s");
    Span { name, label, pointer: &pointer, units: span::SECONDS, hint: None }.filled(seconds, draft, lang)
}

fn renewal(rules: &SessionRules, draft: Draft<'_>, lang: Lang) -> Markup {
    let percent = rules.renewal_percent.map(|percent| percent.to_string()).unwrap_or_default();
    let ways = [
        ("every_request", lang.say("every request", "每次请求")),
        ("writes", lang.say("every request that changes something", "每次修改操作")),
        ("below", lang.say("a request for which little of it is left", "剩余时间不足时的请求")),
    ];
    let label = lang.say("The time without a request begins anew with", "以下情况重新计时");
    let below = lang.say("Little is less than so many hundredths of it", "不足的百分比（仅用于上面第三项）");
    html! {
        fieldset {
            legend { (lang.say("Renewal", "续期")) }
            (Field::choice("renewal", label, &ways).filled(&rules.renewal).of(draft, "/renewal"))
            (Field::number("renewal_percent", below).filled(&percent).of(draft, "/renewal_percent"))
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::session::WhenFull;

    use super::*;

    /// A way that the rules know and the form does not offer would be changed by whoever saves it.
    #[test]
    fn the_form_offers_every_way() {
        let rules = SessionRules {
            open_max: serde_json::from_str(r#"{"web":1,"app":1,"mini_program":1}"#).expect("it is JSON"),
            when_full: String::new(),
            idle_s: 60,
            absolute_s: 60,
            renewal: String::new(),
            renewal_percent: None,
            version: 1,
            changed_at: None,
        };
        let form = devices(&rules, Draft::default(), Lang::En).into_string();
        for way in WhenFull::ALL {
            assert!(form.contains(&format!(r#"value="{}""#, way.name())), "{}", way.name());
        }
    }
}
