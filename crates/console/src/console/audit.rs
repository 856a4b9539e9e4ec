//! Owns the audit log: who has done what, with which outcome, and the end of the chain that its readers can keep elsewhere.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use domain::access::Permission;
use maud::{Markup, html};

use super::refunds::found;
use crate::answers::{AuditEntry, AuditHead, List, Person};
use crate::days::Days;
use crate::form::Typed;
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

/// Longer words are cut for the eye.
const SUBJECT_WORD_MAX: usize = 20;
const PAGE: &str = "/console/audit";

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    let names = names(&visit).await;
    let found = async {
        let head: AuditHead = visit.inside.get("/audit/head").await?;
        let entries: Result<List<AuditEntry>, Refused> = visit.inside.get(&path(&asked, &visit.days)).await;
        Ok::<_, Refused>((head, entries))
    };
    let lang = visit.lang();
    let (head, entries, refused) = match found.await {
        Ok((head, Ok(entries))) => (head, Some(entries), None),
        // A filter that the API does not take: its words stand above the filters as they were typed.
        Ok((head, Err(refused))) if matches!(refused.status, 400 | 422) => (head, None, Some(refused)),
        Ok((_, Err(refused))) | Err(refused) => return refused.page(&visit),
    };
    let title = lang.say("Audit log", "审计日志");
    let is_chain = asked.given("after").is_some();
    let body = html! {
        h1 { (title) }
        (end(&head, is_chain, lang))
        (filters(&asked, visit.days.mark(), lang))
        @if let Some(refused) = &refused { (refused.notice(lang)) }
        @if let Some(entries) = &entries {
            @if entries.data.is_empty() { p.empty { (lang.say("No entry is like that.", "没有符合条件的记录。")) } }
            @else { (rows(&entries.data, &names, lang)) }
            (list::pages(&Place {
                path: PAGE,
                query: &filtered(&asked),
                is_behind: !asked.said("cursor").is_empty(),
                next: entries.next_cursor.as_deref(),
                words: if is_chain { [lang.say("From the first", "从头开始"), lang.say("Later entries", "后面的记录")] }
                    else { [lang.say("The newest", "最新"), lang.say("Earlier entries", "更早的记录")] },
            }, lang))
        }
    };
    let status = refused.map(|refused| refused.status_code()).unwrap_or_default();
    (status, layout::page(&visit, title, &body)).into_response()
}

/// What the API is asked.
fn path(asked: &Typed, days: &Days) -> String {
    let limit = SHOWN.to_string();
    let (from, to) = (days.begins(asked.said("from")), days.is_over(asked.said("to")));
    let query = list::query(&[
        ("limit", &limit),
        ("actor", asked.said("actor")),
        ("action", asked.said("action")),
        ("from", &from),
        ("to", &to),
        ("after", asked.said("after")),
        ("cursor", asked.said("cursor")),
    ]);
    format!("/audit?{query}")
}

/// The filters without the place in the list.
fn filtered(asked: &Typed) -> String {
    let names = ["actor", "action", "from", "to", "after"];
    list::query(&names.map(|name| (name, asked.said(name))))
}

fn end(head: &AuditHead, is_chain: bool, lang: Lang) -> Markup {
    show::facts(&[
        (lang.say("Entries", "记录数"), html! { (show::count(head.place)) }),
        (lang.say("Hash of the last", "末条哈希"), html! { code { (head.hash) } }),
        (
            lang.say("Order", "排序"),
            html! {
                @if is_chain { a href=(PAGE) { (lang.say("Show the latest first", "按时间倒序")) } }
                @else { a href={ (PAGE) "?after=0" } { (lang.say("Show the chain from its first entry", "从首条按链序查看")) } }
            },
        ),
    ])
}

fn filters(asked: &Typed, mark: &str, lang: Lang) -> Markup {
    html! {
        form.filters method="get" action=(PAGE) role="search" {
            label {
                (lang.say("Who", "操作者"))
                input name="actor" value=(asked.said("actor")) maxlength="100" placeholder="per_… / acc_…";
            }
            label {
                (lang.say("What", "操作"))
                input name="action" value=(asked.said("action")) maxlength="100" placeholder="people.change";
            }
            label { (lang.say("From", "从")) (mark) input type="date" name="from" value=(asked.said("from")); }
            label { (lang.say("To", "至")) (mark) input type="date" name="to" value=(asked.said("to")); }
            button type="submit" { (lang.say("Search", "查询")) }
        }
    }
}

/// The logins of the staff, by which people know each other; of how many there are on one page.
async fn names(visit: &Visit) -> BTreeMap<String, String> {
    if !visit.may(Permission::StaffRead) {
        return BTreeMap::new();
    }
    let staff: Result<List<Person>, Refused> = visit.inside.get("/staff?limit=200").await;
    // Without them the log has ids, which it has anyway.
    let people = staff.map(|list| list.data).unwrap_or_default();
    people.into_iter().map(|person| (person.person_id, person.login)).collect()
}

fn rows(entries: &[AuditEntry], names: &BTreeMap<String, String>, lang: Lang) -> Markup {
    let columns = [
        column("#"),
        column(lang.say("When", "时间")),
        column(lang.say("Who", "操作者")),
        column(lang.say("What", "操作")),
        column(lang.say("To what", "对象")),
        column(lang.say("Outcome", "结果")),
        column(lang.say("Why", "原因")),
        column(lang.say("Request", "请求")),
    ];
    let only = |name: &str, value: &str| format!("{PAGE}?{}", list::query(&[(name, value)]));
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            vec![
                html! { (show::count(entry.place)) },
                show::time(&entry.at),
                html! {
                    a href=(only("actor", &entry.actor)) title=(entry.actor) {
                        @match names.get(&entry.actor) { Some(login) => (login), None => code.short { (entry.actor) } }
                    }
                },
                html! { a href=(only("action", &entry.action)) { code { (entry.action) } } },
                subject(&entry.subject),
                outcome(&entry.outcome, lang),
                html! { (entry.reason.as_deref().unwrap_or_default()) },
                html! { code.short title=(entry.request_id) { (entry.request_id) } },
            ]
        })
        .collect();
    html! { div.log { (list::table(&columns, &rows)) } }
}

/// What was done to what. Where there is a page of it, its name leads there.
fn subject(words: &str) -> Markup {
    html! {
        @for word in words.split(' ') {
            @match word {
                name if ["ord_", "pay_", "rfd_"].iter().any(|kind| name.starts_with(kind)) => {
                    a.short href=(found(name)) title=(name) { code { (name) } }
                }
                name if name.len() > SUBJECT_WORD_MAX => code.short title=(name) { (name) },
                name => (name),
            }
            " "
        }
    }
}

fn outcome(name: &str, lang: Lang) -> Markup {
    html! {
        @if name == "done" { span.status.good { (lang.say("done", "成功")) } }
        @else { span.status.bad { (name) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_those_of_the_api() {
        for (asked, wanted) in [
            (r"{}", "/audit?limit=50"),
            (
                r#"{"actor":"per_1 ","from":"2026-01-31","to":"2026-01-31","cursor":"c"}"#,
                "/audit?limit=50&actor=per_1&from=2026-01-31T00%3A00%3A00.000Z&to=2026-02-01T00%3A00%3A00.000Z&cursor=c",
            ),
            (r#"{"after":"0"}"#, "/audit?limit=50&after=0"),
        ] {
            let asked: Typed = serde_json::from_str(asked).expect("it is JSON");
            assert_eq!(path(&asked, &Days::default()), wanted);
        }
    }
}
