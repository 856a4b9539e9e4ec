//! Owns what the door tells browsers: the headers of every answer, and which other sites may ask.

mod addresses;
mod bugs;
mod pages;
mod time;

use http::{HeaderValue, Method};

use crate::harness::{FOR_BROWSERS, Setup, Shop, order_of};

const SHOP: &str = "https://shop.example";

/// S23: whatever is answered, it carries what protects who reads it in a browser.
#[tokio::test]
async fn s23_every_answer_tells_browsers_what_they_may() {
    let shop = Shop::open().await;
    let nobody = shop.admin.nobody();
    let paths = api::lines().into_iter().map(|line| line.path.replace(['{', '}'], ""));
    for path in paths.chain(["/docs/".to_owned(), "/nothing".to_owned(), "/docs/nothing.js".to_owned()]) {
        for method in [Method::GET, Method::POST, Method::PATCH] {
            let answer = nobody.call(method.clone(), &path).send().await;
            for name in FOR_BROWSERS {
                assert!(answer.header(name).is_some(), "{name} at {method} {path}");
            }
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
            let policy = answer.header("content-security-policy").expect("it is there");
            for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
                assert!(policy.contains(part), "{part} at {method} {path}");
            }
            let is_page = answer.header("content-type").is_some_and(|text| text.starts_with("text/html"));
            assert_eq!(policy.contains("script-src"), is_page, "scripts are for pages: {method} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "nobody else is let in: {method} {path}");
        }
    }
    shop.close().await;
}

/// S24: the sites of the list, letter by letter, and no other; never with the cookie.
#[tokio::test]
async fn s24_only_the_sites_of_the_list_may_ask() {
    let origins = vec![HeaderValue::from_static(SHOP)];
    let shop = Shop::with(Setup { origins, ..Setup::default() }).await;
    shop.product("A", 100, 9).await;
    let preflight = |origin: &str| {
        shop.admin
            .nobody()
            .call(Method::OPTIONS, "/api/v1/orders")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "idempotency-key,authorization")
    };
    let answer = preflight(SHOP).send().await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert!(answer.header("access-control-allow-headers").is_some_and(|names| names.contains("idempotency-key")));
    for strange in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil",
        "https://shop.example.",
        "https://shop.example:443",
        "https://shop.example:444",
        "https://shop.example/",
        "https://SHOP.example",
        "HTTPS://shop.example",
        "https://www.shop.example",
        "https://evilshop.example",
        "https://shop.example@evil.example",
        "https://shop.example%60.evil.example",
        "https://shop_example",
        "https://shop.example https://evil.example",
        "https://evil.example https://shop.example",
        "https://shop.example,https://evil.example",
        " https://evil.example",
        "ftp://shop.example",
        "shop.example",
        "file://",
        "null",
        "*",
        "",
    ] {
        assert_eq!(preflight(strange).send().await.header("access-control-allow-origin"), None, "{strange}");
        let asked = shop.admin.call(Method::GET, "/api/v1/products").header("origin", strange).send().await;
        assert_eq!(asked.header("access-control-allow-origin"), None, "{strange}");
    }
    let placed = shop.admin.post("/api/v1/orders", "k1").header("origin", SHOP).json(&order_of(&[("A", 1)]));
    let placed = placed.send().await.expect(201);
    assert_eq!(placed.header("access-control-allow-origin"), Some(SHOP));
    let exposed = placed.header("access-control-expose-headers").expect("what a page may read").to_owned();
    for name in ["idempotent-replayed", "location", "x-request-id"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
    // A problem is told to the page, too.
    let refused = shop.admin.call(Method::GET, "/api/v1/orders/none").header("origin", SHOP).send().await.expect(404);
    assert_eq!(refused.header("access-control-allow-origin"), Some(SHOP));
    shop.close().await;
}
