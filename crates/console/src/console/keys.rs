//! Owns the explorer of keys: look one up, see who sent what, when, from where and how often, what was answered again, and which reuse
//! was refused.

mod arrivals;
mod link;
mod record;

use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::answers::{List, Order};
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::visit::{Staff, Visit};
use record::KeyRecord;

pub(super) use arrivals::{Arrivals, arrivals};
pub(super) use link::link;

/// How long an order's number is.
const ORDER_NO: usize = 30;

/// What the page is asked for.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    key: String,
    #[serde(default)]
    account: String,
    /// Whether what the server made for its own work is listed, too.
    own_work: Option<String>,
    cursor: Option<String>,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Asked>) -> Response {
    match found(&visit, &asked).await {
        Ok(list) => shown(&visit, &asked, Ok(&list)),
        Err(refused) if matches!(refused.status, 400 | 422) => shown(&visit, &asked, Err(&refused)),
        Err(refused) => refused.page(&visit),
    }
}

/// What stands under it. A checkout names its key by its order's number, so nobody has to know which customer sent it.
async fn found(visit: &Visit, asked: &Asked) -> Result<List<KeyRecord>, Refused> {
    let found: List<KeyRecord> = visit.inside.get(&asked.path()).await?;
    let Some(order_no) = order_in(&asked.key).filter(|_| found.data.is_empty() && asked.account.trim().is_empty())
    else {
        return Ok(found);
    };
    match visit.inside.get::<Order>(&format!("/orders/{}", part(order_no))).await {
        Ok(order) => visit.inside.get(&Asked { account: order.customer_id, ..asked.clone() }.path()).await,
        Err(_) => Ok(found),
    }
}

/// The number of an order that stands in a key.
fn order_in(key: &str) -> Option<&str> {
    let number = key.get(key.find("ord_")?..)?;
    number.get(..ORDER_NO).filter(|number| number.bytes().skip(4).all(|letter| letter.is_ascii_alphanumeric()))
}

impl Asked {
    /// Where the API tells it.
    fn path(&self) -> String {
        let mut path = "/keys?limit=50".to_owned();
        for (name, value) in [("key", self.key.trim()), ("account", self.account.trim())] {
            if !value.is_empty() {
                path = format!("{path}&{name}={}", part(value));
            }
        }
        if self.own_work.is_none() {
            path += "&own_work=false";
        }
        let cursor = self.cursor.as_deref().map(|cursor| format!("&cursor={}", part(cursor))).unwrap_or_default();
        path + &cursor
    }
}

fn shown(visit: &Visit, asked: &Asked, found: Result<&List<KeyRecord>, &Refused>) -> Response {
    let lang = visit.lang();
    let title = lang.say("Keys", "幂等键");
    let one = !asked.key.trim().is_empty();
    let body = html! {
        h1 { (title) }
        p.fine {
            (lang.say("A key names a wish. The first request under it is applied; each that comes again gets the same answer, and one that asks for something else is refused.",
                "幂等键标识一次意图。第一个请求被执行；相同请求再次到来得到同一答复，内容不同的请求会被拒绝。"))
        }
        (search(asked, lang))
        section #found aria-live="polite" {
            @match found {
                Err(refused) => (refused.notice(lang)),
                Ok(list) if list.data.is_empty() && (one || list.next_cursor.is_none()) => (nothing(one, lang)),
                Ok(list) if one => @for record in &list.data { (record::card(record, lang)) },
                Ok(list) => {
                    @if list.data.is_empty() {
                        p.empty { (lang.say("There is none among the latest keys. Look further back.", "最近的幂等键中没有，请继续向前查找。")) }
                    } @else { (record::rows(&list.data, lang)) }
                    @if let Some(cursor) = &list.next_cursor {
                        nav.pages { a rel="next" href={ "/console/keys?account=" (part(asked.account.trim())) (own_work(asked)) "&cursor=" (part(cursor)) } { (lang.say("Older", "更早")) } }
                    }
                }
            }
        }
    };
    layout::page(visit, title, &body).into_response()
}

fn search(asked: &Asked, lang: Lang) -> Markup {
    html! {
        form.filters method="get" action="/console/keys" role="search" {
            label { (lang.say("Key", "幂等键")) input name="key" maxlength="300" value=(asked.key) autocomplete="off" spellcheck="false"; }
            label {
                (lang.say("Who sent it", "发送者"))
                input name="account" maxlength="200" value=(asked.account) placeholder="member:anna" autocomplete="off" spellcheck="false";
            }
            label.check {
                input type="checkbox" name="own_work" value="yes" checked[asked.own_work.is_some()];
                (lang.say("Also those of the server's own work", "包括服务器内部任务"))
            }
            button type="submit" { (lang.say("Look up", "查询")) }
        }
    }
}

fn own_work(asked: &Asked) -> &'static str {
    if asked.own_work.is_some() { "&own_work=yes" } else { "" }
}

fn nothing(one: bool, lang: Lang) -> Markup {
    html! {
        p.empty {
            @if one {
                (lang.say("Nothing stands under this key among the accounts of servers and staff, and nobody sent it twice. If a customer sent it, name them, such as member:anna.",
                    "在服务账户和员工中没有这个幂等键，也没有人重复发送过。如果是顾客发送的，请注明发送者，例如 member:anna。"))
            } @else { (lang.say("There are no keys yet.", "暂无幂等键。")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_order_is_found_in_the_key_of_its_checkout() {
        let number = "ord_01M85ED7ACE6JA7P6WQEEJFD5R";
        for (key, wanted) in [
            (format!("checkout-{number}"), Some(number)),
            (format!(" {number} "), Some(number)),
            ("checkout-ord_01M85ED7".to_owned(), None),
            ("ord_01M85ED7ACE6JA7P6WQEE/../x".to_owned(), None),
            ("checkout-ord_幂等幂等幂等幂等幂等".to_owned(), None),
            ("my-order".to_owned(), None),
        ] {
            assert_eq!(order_in(&key), wanted, "{key}");
        }
    }

    #[test]
    fn what_is_typed_goes_along_encoded() {
        let asked = Asked { key: " a&b=c ".to_owned(), account: "member:anna".to_owned(), ..Asked::default() };
        assert_eq!(asked.path(), "/keys?limit=50&key=a%26b%3Dc&account=member%3Aanna&own_work=false");
        let asked = Asked { own_work: Some("yes".to_owned()), cursor: Some("b=".to_owned()), ..Asked::default() };
        assert_eq!(asked.path(), "/keys?limit=50&cursor=b%3D");
    }
}
