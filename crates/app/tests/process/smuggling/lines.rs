//! Owns what of a request comes back in an answer's head: never a line of the client's own.

use super::Shop;
use super::Wanted::Plain;

/// What would be a line if anybody took it for one.
const LINE: &str = "x-planted:";

fn lines(answer: &str) -> Vec<&str> {
    let (head, _) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    head.split("\r\n").skip(1).collect()
}

#[tokio::test]
async fn what_a_client_says_becomes_no_line_of_a_head() {
    let shop = Shop::open().await;
    let secret = &shop.server.admin.secret;
    let get = |path: &str, more: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\nconnection: close\r\n{more}\r\n")
    };
    let put = |path: &str, more: &str| {
        let body = r#"{"name":"Chair","price":{"amount":1,"currency":"CNY"}}"#;
        let length = body.len();
        format!(
            "PUT {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n{body}"
        )
    };
    let planted = format!("%0d%0a{LINE}%20yes");
    for (request, status) in [
        (get(&format!("/api/v1/products/A{planted}"), ""), 400),
        (get(&format!("/api/v1/orders/A{planted}"), ""), 404),
        (get(&format!("/api/v1/orders?cursor={planted}"), ""), 400),
        (get(&format!("/api/v1/orders?status={planted}"), ""), 400),
        (get(&format!("/{planted}"), ""), 404),
        (get(&format!("/problems/{planted}"), ""), 404),
        (get(&format!("/docs/{planted}"), ""), 404),
        (get("/docs", &format!("x-forwarded-prefix: /{planted}\r\n")), 303),
        (get("/livez", &format!("x-request-id: a{planted}\r\n")), 204),
        (put(&format!("/api/v1/products/B{planted}"), ""), 400),
        // The location of a new product is made of what stood in the path.
        (put(&format!("/api/v1/products/B%20{LINE}"), ""), 201),
        (put("/api/v1/products/C", &format!("x-reason: a{planted}\r\n")), 400),
        (put("/api/v1/products/D", &format!("idempotency-key: a{planted}\r\n")), 201),
    ] {
        let answer = shop.whole(&request, Plain(status)).await;
        let found = lines(&answer);
        assert!(!found.iter().any(|line| line.to_lowercase().starts_with(LINE)), "{request:?}: {answer:?}");
        assert!(found.iter().all(|line| line.contains(": ") && !line.contains(['\r', '\n'])), "{answer:?}");
    }
    shop.close().await;
}

/// A request's id is taken over where it is short and plain, and else made here.
#[tokio::test]
async fn only_a_plain_id_of_a_request_comes_back() {
    let shop = Shop::open().await;
    for (sent, comes_back) in [
        ("abc-123", true),
        ("a%0d%0aset-cookie:x", true),
        ("two words", false),
        ("a\tb", false),
        ("\u{e9}", false),
        (&"a".repeat(65), false),
    ] {
        let request = format!("GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-request-id: {sent}\r\n\r\n");
        let answer = shop.whole(&request, Plain(204)).await;
        let ids: Vec<_> = lines(&answer).into_iter().filter_map(|line| line.strip_prefix("x-request-id: ")).collect();
        let [id] = ids[..] else { panic!("one id: {answer:?}") };
        assert_eq!(id == sent, comes_back, "{sent:?}: {answer:?}");
        assert!(comes_back || id.starts_with("req_"), "{answer:?}");
    }
    shop.close().await;
}
