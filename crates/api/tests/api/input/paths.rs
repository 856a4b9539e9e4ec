//! Owns paths, methods and request ids that are not as they must be.

use http::Method;

use crate::harness::{Shop, head, raw};

#[tokio::test]
async fn paths_that_name_nothing() {
    let shop = Shop::open().await;
    let long = format!("/api/v1/products/{}", "a".repeat(20_000));
    let deep = format!("/api/v1{}", "/x".repeat(5_000));
    for (path, status, code) in [
        ("/", 404, "not_found"),
        ("/api", 404, "not_found"),
        ("/api/v1", 404, "not_found"),
        ("/api/v1/", 404, "not_found"),
        ("/api/v2/orders", 404, "not_found"),
        ("/api/v1/orders/", 404, "not_found"),
        ("/api/v1//orders", 404, "not_found"),
        ("/API/V1/ORDERS", 404, "not_found"),
        ("/api/v1/orders/1", 404, "not_found"),
        ("/api/v1/orders/ord_", 404, "not_found"),
        ("/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", 404, "not_found"),
        ("/api/v1/orders/ord_01jd8q7v0efxxr6d2j1q5z9k3m", 404, "not_found"),
        ("/api/v1/orders/%00", 404, "not_found"),
        ("/api/v1/orders/%ff", 404, "not_found"),
        ("/api/v1/orders/%E6%A4%85/history", 404, "not_found"),
        ("/api/v1/products/NONE", 404, "not_found"),
        ("/api/v1/products/%zz", 404, "not_found"),
        ("/api/v1/products/%", 404, "not_found"),
        ("/api/v1/products/%ff", 400, "parameter_invalid"),
        ("/api/v1/products/%00", 400, "parameter_invalid"),
        ("/api/v1/products/a%0d%0aSet-Cookie:%20a=b", 400, "parameter_invalid"),
        ("/api/v1/products/%20", 400, "parameter_invalid"),
        (&long, 400, "parameter_invalid"),
        (&deep, 404, "not_found"),
        ("/problems/none", 404, "not_found"),
        ("/problems/%3Cscript%3E", 404, "not_found"),
        ("/docs/none.js", 404, "not_found"),
    ] {
        let answer = shop.admin.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.shown());
        answer.problem(status, code);
    }
    for path in ["/api/v1/products/%ff", "/api/v1/products/%00", "/api/v1/products/%0a"] {
        let call = shop.admin.put(path).text(r#"{"name":"n","price":{"amount":1,"currency":"CNY"}}"#);
        call.send().await.problem(400, "parameter_invalid");
        let call = shop.admin.post(&format!("{path}/stock-movements"), "k").text(r#"{"quantity":1,"reason":"r"}"#);
        call.send().await.problem(400, "parameter_invalid");
    }
    shop.admin.post("/api/v1/orders/%ff/cancel", "k").text("{}").send().await.problem(404, "not_found");
    shop.close().await;
}

#[tokio::test]
async fn methods_that_a_path_has_not() {
    let shop = Shop::open().await;
    shop.product("A", 1, 1).await;
    let order = "/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M";
    for (path, allowed) in [
        ("/api/v1/orders", "GET,HEAD,POST"),
        ("/api/v1/products", "GET,HEAD"),
        ("/api/v1/products/A", "GET,HEAD,PUT"),
        ("/api/v1/order-numbers", "POST"),
        (order, "GET,HEAD"),
        (&format!("{order}/cancel"), "POST"),
        (&format!("{order}/shipment"), "PUT"),
        ("/livez", "GET,HEAD"),
        ("/problems", "GET,HEAD"),
        ("/openapi.json", "GET,HEAD"),
    ] {
        for method in [
            Method::DELETE,
            Method::PATCH,
            Method::OPTIONS,
            Method::TRACE,
            Method::from_bytes(b"BREW").expect("a method"),
        ] {
            let answer = shop.admin.call(method.clone(), path).send().await;
            assert_eq!(answer.status, 405, "{method} {path}: {}", answer.shown());
            let answer = answer.problem(405, "method_not_allowed");
            let mut found: Vec<_> = answer.header("allow").unwrap_or_default().split(',').collect();
            found.sort_unstable();
            assert_eq!(found.join(","), allowed, "{method} {path}");
        }
    }
    for path in ["/api/v1/orders", "/api/v1/products/A", "/livez", "/readyz", "/metrics", "/openapi.json", "/problems"]
    {
        let (get, head) = (shop.admin.get(path).await, shop.admin.call(Method::HEAD, path).send().await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "HEAD {path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "HEAD {path}");
    }
    shop.close().await;
}

#[tokio::test]
async fn request_ids_are_taken_or_made() {
    let shop = Shop::open().await;
    let get = |id: &[u8]| shop.admin.call(Method::GET, "/api/v1/orders/x").header("x-request-id", id).send();
    let taken = get(b"trace-1/abc;def").await.problem(404, "not_found");
    assert_eq!(
        (taken.header("x-request-id"), taken.str("/request_id").as_str()),
        (Some("trace-1/abc;def"), "trace-1/abc;def")
    );
    for id in [&b""[..], b"a b", b"a\tb", "\u{fc}".as_bytes(), &[b'a'; 65], b"\xff"] {
        let made = get(id).await.problem(404, "not_found");
        let header = made.header("x-request-id").expect("an id is made").to_owned();
        assert!(header.starts_with("req_") && header.len() == 36, "{header}");
        assert_eq!(made.str("/request_id"), header);
    }
    let (one, two) = (shop.admin.get("/livez").await, shop.admin.get("/livez").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    shop.close().await;
}

#[tokio::test]
async fn line_breaks_do_not_reach_an_answers_head() {
    let shop = Shop::open().await;
    let bearer = shop.admin.bearer.clone().expect("the admin has a key");
    for lines in [
        "x-request-id: a\r\n set-cookie: a=b\r\n",
        "x-request-id: a\rset-cookie: a=b\r\n",
        "x-request-id: a\nset-cookie: a=b\r\n",
    ] {
        let answer = raw(shop.admin.address, head("GET /api/v1/orders", &bearer, lines)).await;
        let (found, _) = answer.text.split_once("\r\n\r\n").expect("an answer has a head");
        assert!(!found.to_lowercase().contains("\r\nset-cookie"), "{found}");
        assert!(matches!(answer.status(), Some(200 | 400)), "{found}");
    }
    let answer = raw(shop.admin.address, head("GET /%0d%0aset-cookie:a=b", &bearer, "")).await;
    answer.problem(404, "not_found");
    shop.close().await;
}
