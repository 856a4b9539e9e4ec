//! Owns the tests of the list of refunds: what is asked for it, what it shows, and where it leads.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::RawQuery;
use axum::routing::get;
use domain::access::Role;
use http::{Extensions, HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::*;
use crate::console::visitor;
use crate::inside::{Inside, Side};

/// Two pages of all refunds; of one status two, of which the first is empty; and a word that is no status.
async fn read(RawQuery(query): RawQuery) -> (StatusCode, String) {
    let refund = |id: &str, status: &str| {
        let amount = json!({"amount": 100, "currency": "CNY"});
        json!({"refund_id": id, "payment_id": "pay_1", "order_no": "ord_1", "status": status, "amount": amount, "lines": [],
            "cause": "requested", "reason": "it broke", "created_at": "", "updated_at": ""})
    };
    let page =
        |rows: &[Value], next: Option<&str>| (StatusCode::OK, json!({"data": rows, "next_cursor": next}).to_string());
    match query.unwrap_or_default().as_str() {
        "limit=50" => page(&[refund("rfd_3", "succeeded"), refund("rfd_2", "awaiting_approval")], Some("c+1")),
        "limit=50&status=failed" => page(&[], Some("c2")),
        "limit=50&cursor=c%2B1" | "limit=50&status=failed&cursor=c2" => page(&[refund("rfd_1", "failed")], None),
        "limit=50&status=rejected" => page(&[], None),
        other => {
            let status = StatusCode::BAD_REQUEST;
            let problem =
                json!({"status": 400, "code": "parameter_invalid", "title": "t", "detail": format!("no {other}")});
            (status, problem.to_string())
        }
    }
}

async fn shown(query: &str, lang: Lang) -> (StatusCode, String) {
    let api = Router::new().route("/api/v1/refunds", get(read));
    let inside = Inside::of(&api, Side::Console, (&HeaderMap::new(), &Extensions::new()));
    let visit = Visit { inside, ..visitor::of_role(Role::Merchant, lang) };
    let uri: Uri = format!("{PAGE}{query}").parse().expect("an address");
    let asked = Query::try_from_uri(&uri).expect("a query");
    let answer = page(Staff(visit), asked).await;
    let status = answer.status();
    let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a page");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn it_opens_on_all_and_leads_to_each_status_and_further() {
    for (query, has, lacks) in [
        (
            "",
            vec!["/console/refunds/rfd_3", "/console/refunds/rfd_2", "/console/orders/ord_1", "?cursor=c%2B1\""],
            vec!["rfd_1"],
        ),
        // What a form without a choice sends.
        ("?status=", vec!["/console/refunds/rfd_3", "?cursor=c%2B1\""], vec![]),
        (
            "?cursor=c%2B1",
            vec!["/console/refunds/rfd_1", "href=\"/console/refunds\">The newest"],
            vec!["rfd_3", "Older refunds"],
        ),
        (
            "?status=failed",
            vec!["none among the newer", "?status=failed&amp;cursor=c2\""],
            vec!["rfd_1", "There is none."],
        ),
        (
            "?status=failed&cursor=c2",
            vec!["/console/refunds/rfd_1", "?status=failed\">The newest"],
            vec!["Older refunds"],
        ),
        ("?status=rejected", vec!["There is none."], vec!["Older refunds"]),
    ] {
        let (status, page) = shown(query, Lang::En).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        for part in has {
            assert!(page.contains(part), "{query} has no {part}: {page}");
        }
        for part in lacks {
            assert!(!page.contains(part), "{query} has {part}: {page}");
        }
    }
}

#[tokio::test]
async fn each_status_has_its_link_in_both_languages_and_one_is_the_page() {
    for (lang, query, current) in [
        (Lang::En, "", "all"),
        (Lang::En, "?status=failed", "failed"),
        (Lang::Zh, "", "全部"),
        (Lang::Zh, "?status=rejected", "已驳回"),
    ] {
        let (_, page) = shown(query, lang).await;
        for status in RefundStatus::ALL.map(RefundStatus::name) {
            let (link, word) = (format!("href=\"/console/refunds?status={status}\""), show::status_word(status, lang));
            let is_linked =
                page.split("<li>").any(|item| item.contains(&link) && item.contains(&format!(">{word}</a>")));
            assert!(is_linked, "{query}: {status} is not linked as {word}: {page}");
        }
        let tabs = page.split("class=\"tabs\"").nth(1).and_then(|behind| behind.split("</nav>").next()).expect("tabs");
        assert_eq!(tabs.matches("aria-current=\"page\"").count(), 1, "{query}: {tabs}");
        assert!(tabs.contains(&format!("aria-current=\"page\">{current}</a>")), "{query}: {tabs}");
    }
}

#[tokio::test]
async fn a_word_that_is_no_status_is_told_on_the_page() {
    let (status, page) = shown("?status=done", Lang::En).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("no limit=50&amp;status=done") && page.contains("?status=succeeded"), "{page}");
    assert!(!page.contains("There is none"), "{page}");
}

#[test]
fn a_number_says_what_it_is_of() {
    for (number, page) in [
        ("rfd_1", "/console/refunds/rfd_1"),
        ("pay_1", "/console/payments/pay_1"),
        ("ord_1", "/console/orders/ord_1"),
        ("../x", "/console/refunds/..%2Fx"),
    ] {
        assert_eq!(found(number), page);
    }
}

#[test]
fn what_the_server_wrote_is_in_the_pages_language_and_what_people_wrote_is_not() {
    for (cause, zh) in [("requested", "it broke"), ("late", "订单关闭后才付款"), ("double", "重复付款")] {
        let refund: Refund =
            serde_json::from_value(json!({"refund_id": "rfd_1", "payment_id": "pay_1", "order_no": "ord_1",
            "status": "created", "amount": {"amount": 100, "currency": "CNY"}, "lines": [], "cause": cause,
            "reason": "it broke", "created_at": "", "updated_at": ""}))
            .expect("a refund");
        assert_eq!((reason(&refund, Lang::En), reason(&refund, Lang::Zh)), ("it broke", zh));
    }
}
