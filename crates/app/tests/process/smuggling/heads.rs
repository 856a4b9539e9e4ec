//! Owns the head of a request: its first line, the ends of its lines, for whom it is, and what stands there twice.

use super::Wanted::{Closed, Plain};
use super::{Shop, Wanted, Written, body};

/// Heads before this body.
pub(crate) fn heads(body: &str) -> Vec<Written> {
    let length = format!("content-length: {}\r\n", body.len());
    let rows = [
        // RFC 9112, 2.2: a line may end with a line feed alone.
        ("x-a: b\nx-c: d\r\n", Plain(201)),
        ("x-folded: a\r\n b: c\r\n", Closed(400)),
        (" x: b\r\n", Closed(400)),
        ("x-a: b\rx-c: d\r\n", Closed(400)),
        ("x-a: b\0c\r\n", Closed(400)),
        ("x-a\0: b\r\n", Closed(400)),
        ("x a: b\r\n", Closed(400)),
        ("x(a: b\r\n", Closed(400)),
        (": b\r\n", Closed(400)),
        ("no colon\r\n", Closed(400)),
        ("host: b\r\n", Closed(400)),
        // What names the wish or the sender stands there once.
        ("idempotency-key: other\r\n", Plain(400)),
        ("authorization: Bearer mk_other\r\n", Plain(401)),
        ("if-match: \"1\"\r\nif-match: \"2\"\r\n", Plain(400)),
        ("x-reason: a\r\nx-reason: b\r\n", Plain(400)),
        ("one-time-token: a\r\none-time-token: b\r\n", Plain(422)),
    ];
    rows.map(|(lines, wanted)| Written { lines: format!("{lines}{length}"), behind: body.to_owned(), wanted }).into()
}

/// Requests of which the first line or the host is unusual.
pub(crate) fn first_lines() -> Vec<(String, Wanted)> {
    let close = "connection: close\r\n\r\n";
    vec![
        // Whose request it is stands in the target where that is a whole address (RFC 9112, 3.2.2).
        (format!("GET http://other.example/livez HTTP/1.1\r\nhost: a\r\n{close}"), Plain(204)),
        (format!("GET //other.example/livez HTTP/1.1\r\nhost: a\r\n{close}"), Plain(404)),
        (format!("GET livez HTTP/1.1\r\nhost: a\r\n{close}"), Plain(404)),
        (format!("CONNECT a:80 HTTP/1.1\r\nhost: a\r\n{close}"), Plain(404)),
        (format!("OPTIONS * HTTP/1.1\r\nhost: a\r\n{close}"), Plain(404)),
        (format!("\r\nGET /livez HTTP/1.1\r\nhost: a\r\n{close}"), Plain(204)),
        ("GET /livez HTTP/1.1\nhost: a\nconnection: close\n\n".to_owned(), Plain(204)),
        (format!("GET /livez HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n{close}"), Plain(204)),
        (format!("GET /livez HTTP/1.1\r\nhost: a\r\nexpect: nonsense\r\n{close}"), Plain(204)),
        (
            "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close, host\r\ncontent-length: 5\r\n\r\nhello".to_owned(),
            Plain(204),
        ),
        ("GET /livez HTTP/1.1\r\n\r\n".to_owned(), Closed(400)),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".to_owned(), Closed(400)),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n".to_owned(), Closed(400)),
        ("GET /livez HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(), Closed(400)),
        ("GET /livez\r\n\r\n".to_owned(), Closed(400)),
        ("GET /livez http/1.1\r\nhost: a\r\n\r\n".to_owned(), Closed(400)),
        ("GET /livez HTTP/1.2\r\nhost: a\r\n\r\n".to_owned(), Closed(400)),
        ("GET\t/livez\tHTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), Closed(400)),
        ("G\0T /livez HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), Closed(400)),
        ("GET /li vez HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), Closed(400)),
        ("GET /livez\r HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), Closed(400)),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(200_000)), Closed(431)),
        (format!("GET /livez HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(200_000)), Closed(431)),
        (format!("GET /livez HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(200)), Closed(431)),
    ]
}

#[tokio::test]
async fn lines_of_a_head_that_two_readers_would_read_differently() {
    let mut shop = Shop::open().await;
    shop.orders(heads(&body("c-1"))).await;
    let cookies = "GET /api/v1/me HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncookie: __Host-mideng=a\r\ncookie: __Host-mideng=b\r\n\r\n";
    shop.whole(cookies, Plain(401)).await;
    shop.close().await;
}

#[tokio::test]
async fn first_lines_and_hosts() {
    let shop = Shop::open().await;
    for (head, wanted) in first_lines() {
        shop.whole(&head, wanted).await;
    }
    shop.close().await;
}
