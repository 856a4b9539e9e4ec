//! Owns the tests of the search: what it finds, how far it looks at once, and that it looks on from there.

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use http::{Extensions, HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::inside::Side;

/// A shop of so many products, of which every hundredth is tea. The cursor is how many were read.
const PRODUCTS: usize = 2_150;

fn product(at: usize) -> Value {
    let name = if at.is_multiple_of(100) { "Green TEA" } else { "Cup" };
    let stock = json!({"on_hand": 1, "reserved": 0, "available": 1});
    json!({"sku": format!("P-{at}"), "name": name, "price": {"amount": 1, "currency": "CNY"}, "stock": stock, "version": 1})
}

async fn read(RawQuery(query): RawQuery) -> String {
    let query = query.unwrap_or_default();
    let said = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    let (from, limit) = (said("cursor").unwrap_or(0), said("limit").unwrap_or(50));
    let to = PRODUCTS.min(from + limit);
    let next = (to < PRODUCTS).then(|| to.to_string());
    json!({"data": (from..to).map(product).collect::<Vec<_>>(), "next_cursor": next}).to_string()
}

async fn one(Path(sku): Path<String>) -> (StatusCode, String) {
    let at = sku.strip_prefix("P-").and_then(|at| at.parse().ok()).filter(|at| *at < PRODUCTS);
    let problem = |status: StatusCode, code| {
        (status, json!({"status": status.as_u16(), "code": code, "title": "t", "detail": "d"}).to_string())
    };
    match at {
        Some(at) => (StatusCode::OK, product(at).to_string()),
        None if sku == "down" => problem(StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
        None => problem(StatusCode::NOT_FOUND, "not_found"),
    }
}

fn shop() -> Inside {
    let api = Router::new().route("/api/v1/products", get(read)).route("/api/v1/products/{sku}", get(one));
    Inside::of(&api, Side::Console, (&HeaderMap::new(), &Extensions::new()))
}

#[tokio::test]
async fn it_finds_what_the_window_finds_and_looks_on() {
    let shop = shop();
    for (word, cursor, skus, next) in [
        (
            "tea",
            "",
            vec!["P-0", "P-100", "P-200", "P-300", "P-400", "P-500", "P-600", "P-700", "P-800", "P-900"],
            Some("1000"),
        ),
        ("GREEN tea", "2000", vec!["P-2000", "P-2100"], None),
        ("pot", "", vec![], Some("1000")),
        ("pot", "2000", vec![], None),
        // A code stands first, however old; whose code begins so follows once, and none stands twice.
        ("P-2149", "", vec!["P-2149"], Some("1000")),
        ("P-2149", "2000", vec![], None),
        (
            "p-19",
            "",
            vec!["P-19", "P-190", "P-191", "P-192", "P-193", "P-194", "P-195", "P-196", "P-197", "P-198", "P-199"],
            Some("1000"),
        ),
        (
            "P-19",
            "",
            vec!["P-19", "P-190", "P-191", "P-192", "P-193", "P-194", "P-195", "P-196", "P-197", "P-198", "P-199"],
            Some("1000"),
        ),
    ] {
        let found = found(&shop, word, cursor).await.expect("it is found");
        let found = (found.data.iter().map(|product| product.sku.as_str()).collect::<Vec<_>>(), found.next_cursor);
        assert_eq!(found, (skus, next.map(str::to_owned)), "{word} {cursor}");
    }
    // A page is full before all was looked through.
    let cups = found(&shop, "cup", "").await.expect("it is found");
    assert_eq!((cups.data.len(), cups.next_cursor.as_deref()), (198, Some("200")));
    let refused = found(&shop, "down", "").await.expect_err("the shop is down");
    assert_eq!(refused.code, "storage_unavailable");
}

#[test]
fn the_word_stays_in_its_field_as_text() {
    let page = field(r#"<b>"tea""#, Lang::En).into_string();
    assert!(page.contains(r#"value="&lt;b&gt;&quot;tea&quot;""#) && page.contains(r#"action="/console/products""#));
    for (word, is_over, words) in
        [("", true, "暂无商品。"), ("tea", true, "没有找到相关商品。"), ("tea", false, "可继续查找更早的商品")]
    {
        assert!(nothing(word, is_over, Lang::Zh).into_string().contains(words), "{word} {is_over}");
    }
}
