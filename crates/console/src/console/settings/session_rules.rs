//! Owns the form of what the shop asks of sessions: on how many devices somebody is, for how long, and what a log-in beyond does.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::answers::SessionRules;
use crate::form::{self, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::show;
use crate::visit::{Staff, Visit};

const SAVE: &str = "save";
/// Spans of time, and how many seconds each has, the longest first.
const UNITS: [(&str, i64); 4] = [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)];

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
        "idle_s": seconds(typed, "idle"),
        "absolute_s": seconds(typed, "absolute"),
        "renewal": typed.said("renewal"),
    });
    if typed.said("renewal") == "below" {
        rules["renewal_percent"] = typed.number("renewal_percent");
    }
    rules
}

/// A span of time in seconds; what is no number goes to the API as it is.
fn seconds(typed: &Typed, name: &str) -> Value {
    let unit = typed.said(&format!("{name}_unit"));
    let unit = UNITS.iter().find(|(known, _)| *known == unit).map_or(1, |(_, seconds)| *seconds);
    let number = typed.number(name);
    number.as_i64().map_or(number, |number| json!(number.saturating_mul(unit)))
}

/// Seconds in the longest unit of which they are a whole number.
fn span(seconds: i64) -> (i64, &'static str) {
    let (unit, of_it) = UNITS.into_iter().find(|(_, of_it)| seconds % of_it == 0).unwrap_or(UNITS[3]);
    (seconds / of_it, unit)
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
            form method="post" action=(path(whose)) {
                (form::held(Some(rules.version), draft))
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

fn time((name, seconds): (&str, i64), label: &str, draft: Draft<'_>, lang: Lang) -> Markup {
    let (number, unit) = span(seconds);
    let (number, unit_name) = (number.to_string(), format!("{name}_unit"));
    let words =
        [lang.say("days", "天"), lang.say("hours", "小时"), lang.say("minutes", "分钟"), lang.say("seconds", "秒")];
    let units: Vec<_> = UNITS.iter().zip(words).map(|((unit, _), word)| (*unit, word)).collect();
    html! {
        div.pair {
            (Field::number(name, label).filled(&number).of(draft, &format!("/{name}_s")))
            (Field::choice(&unit_name, lang.say("Unit", "单位"), &units).filled(unit).of(draft, ""))
        }
    }
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

    #[test]
    fn spans_are_shown_in_their_longest_unit_and_read_back() {
        for (whole, number, unit) in
            [(1_209_600, 14, "days"), (1_800, 30, "minutes"), (43_200, 12, "hours"), (90, 90, "seconds")]
        {
            assert_eq!(span(whole), (number, unit));
            let typed = format!(r#"{{"idle":"{number}","idle_unit":"{unit}"}}"#);
            let typed: Typed = serde_json::from_str(&typed).expect("it is JSON");
            assert_eq!(seconds(&typed, "idle"), json!(whole));
        }
        assert_eq!(seconds(&Typed::default(), "idle"), json!(""));
    }

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
