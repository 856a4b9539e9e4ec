//! Owns clients that break HTTP itself: halves, floods, silence. Each is answered or closed in time, and none of them
//! keeps others out.

use std::time::Duration;

use api::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Setup, Shop, all, head, order_of, raw, until};

/// A server that waits only shortly for what a client still owes it.
async fn strict() -> Shop {
    let limits = Limits { head_timeout: Duration::from_millis(200), ..Limits::default() };
    let settings = api::Settings { body_timeout: Duration::from_millis(200), ..Default::default() };
    let shop = Shop::with(Setup { settings, limits, ..Setup::default() }).await;
    shop.product("A", 1_999, 99).await;
    shop
}

fn bearer(shop: &Shop) -> String {
    shop.admin.bearer.clone().expect("the admin has a key")
}

/// Sends these bytes, keeps the connection open, and gives what came until the server closed it.
async fn half(shop: &Shop, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(shop.admin.address).await.expect("the server listens");
    stream.write_all(bytes).await.expect("the bytes are sent");
    let mut text = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await;
    let _cut = read.expect("the server closes the connection in time");
    String::from_utf8_lossy(&text).into_owned()
}

/// A whole problem with this code, whoever made it.
fn is_problem(answer: &str, status: u16, code: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let Ok(body) = serde_json::from_str::<serde_json::Value>(body) else { return false };
    let request_id = body["request_id"].as_str().unwrap_or("none");
    head.starts_with(&format!("HTTP/1.1 {status} "))
        && head.contains("content-type: application/problem+json")
        && head.contains(&format!("x-request-id: {request_id}"))
        && body["code"] == code
        && body["status"] == status
}

#[tokio::test]
async fn half_sent_heads_are_closed_in_time() {
    let shop = strict().await;
    for bytes in [
        &b""[..],
        b"P",
        b"PRI * HTTP/2.0\r\n",
        b"GET",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
        b"\r\n\r\n",
    ] {
        let answer = half(&shop, bytes).await;
        // Who has not begun to speak HTTP is not spoken to.
        let is_begun = bytes.starts_with(b"GET");
        assert!((answer.is_empty() && !is_begun) || is_problem(&answer, 408, "request_timeout"), "{bytes:?}: {answer}");
    }
    shop.close().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let shop = strict().await;
    let answer = half(&shop, b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 204") && !answer.contains("HTTP/1.1 408"), "{answer:?}");
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let shop = strict().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"HELLO\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: \0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
        b"GET http://[bad HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        let answer = half(&shop, bytes).await;
        let text = String::from_utf8_lossy(bytes);
        let refused = is_problem(&answer, 400, "request_malformed") || is_problem(&answer, 408, "request_timeout");
        assert!(refused, "{text:?}: {answer:?}");
    }
    shop.admin.get("/livez").await.expect(204);
    shop.close().await;
}

/// Pages are served beside the API, and what they refuse is theirs to say.
#[tokio::test]
async fn a_refusal_of_another_service_is_sent_whole() {
    let page = |status: u16, body: &'static str| {
        let status = http::StatusCode::from_u16(status).expect("a status");
        axum::routing::get(move || async move { (status, body) })
    };
    let long: &str = Box::leak("long ".repeat(100_000).into_boxed_str());
    let pages = axum::Router::new()
        .route("/short", page(400, "not like that"))
        .route("/long", page(400, long))
        .route("/empty", page(400, ""))
        .route("/large", page(431, "less, please"));
    let listener = api::Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let address = listener.address().expect("a bound socket has an address");
    let stop = tokio_util::sync::CancellationToken::new();
    let served = tokio::spawn(api::serve(listener, pages, Limits::default(), stop.clone()));
    for (path, status, body) in
        [("/short", 400, "not like that"), ("/long", 400, long), ("/empty", 400, ""), ("/large", 431, "less, please")]
    {
        let answer = raw(address, head(&format!("GET {path}"), "mk_none", "connection: close\r\n")).await;
        assert_eq!(answer.status(), Some(status), "{path}");
        let (_, sent) = answer.text.split_once("\r\n\r\n").expect("a whole answer");
        assert!(sent == body, "{path}: {} bytes of {}", sent.len(), body.len());
    }
    stop.cancel();
    served.await.expect("it ends");
}

#[tokio::test]
async fn floods_of_headers_and_endless_lines() {
    let shop = strict().await;
    let lines = |count: usize| "x: y\r\n".repeat(count);
    let long = format!("x-long: {}\r\n", "y".repeat(200_000));
    let url = format!("GET /{}", "a".repeat(100_000));
    for (request, status, code) in [
        (head("GET /livez", &bearer(&shop), &lines(200)), 431, "headers_too_large"),
        (head("GET /livez", &bearer(&shop), &long), 431, "headers_too_large"),
        (head(&url, &bearer(&shop), ""), 431, "headers_too_large"),
    ] {
        let answer = raw(shop.admin.address, request).await;
        assert!(is_problem(&answer.text, status, code), "{:?}", answer.text);
    }
    // Fifty headers are not a flood.
    assert_eq!(raw(shop.admin.address, head("GET /livez", &bearer(&shop), &lines(50))).await.status(), Some(204));
    shop.close().await;
}

#[tokio::test]
async fn bodies_that_do_not_come_whole() {
    let shop = strict().await;
    let loads = shop.faults.loads();
    let lines = "idempotency-key: k1\r\ncontent-type: application/json\r\n";
    let post = |more: &str| head("POST /api/v1/orders", &bearer(&shop), &format!("{lines}{more}"));
    let body = order_of(&[("A", 1)]).to_string();
    // Cut off in the middle: nothing happens.
    let mut cut = post(&format!("content-length: {}\r\n", body.len() + 1));
    cut.extend(body.bytes());
    let mut stream = TcpStream::connect(shop.admin.address).await.expect("the server listens");
    stream.write_all(&cut).await.expect("the bytes are sent");
    drop(stream);
    // Never ended: answered in time.
    let answer = half(&shop, &cut).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer:?}");
    assert!(answer.contains("\"code\":\"body_timeout\""), "{answer:?}");
    // Not chunks at all.
    let mut chunks = post("transfer-encoding: chunked\r\n");
    chunks.extend(b"zz\r\nnonsense");
    let answer = half(&shop, &chunks).await;
    assert!(answer.contains("\"code\":\"body_malformed\""), "{answer:?}");
    assert_eq!(shop.faults.loads(), loads, "nothing of it reached the store");
    let placed = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    assert!(!placed.is_replay());
    shop.close().await;
}

/// A client that stops sending while its order is committed is not told that nothing was done.
#[tokio::test]
async fn a_client_that_closes_its_half_is_told_no_lie() {
    let shop = strict().await;
    let body = order_of(&[("A", 1)]).to_string();
    let lines = format!("idempotency-key: k1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    shop.faults.hold();
    let mut stream = TcpStream::connect(shop.admin.address).await.expect("the server listens");
    stream.write_all(&head("POST /api/v1/orders", &bearer(&shop), &lines)).await.expect("the head is sent");
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write_all(body.as_bytes()).await.expect("the body is sent");
    shop.faults.holding().await;
    stream.shutdown().await.expect("half of the connection is closed");
    tokio::time::sleep(Duration::from_millis(300)).await;
    shop.faults.release();
    let mut text = String::new();
    let _cut = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("it ends in time");
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 201"), "{text:?}");
    until("the order is committed", async || shop.orders().await.len() == 1).await;
    shop.close().await;
}

/// A client that still sends when it is refused must be able to read why.
#[tokio::test]
async fn a_body_far_too_large_is_answered_and_not_cut() {
    let shop = strict().await;
    let body = vec![b' '; 8 << 20];
    for _ in 0..5 {
        let lines =
            format!("idempotency-key: k1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
        let mut request = head("POST /api/v1/orders", &bearer(&shop), &lines);
        request.extend(&body);
        raw(shop.admin.address, request).await.problem(413, "body_too_large");
    }
    let lines = "idempotency-key: k1\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n";
    let answer = half(&shop, &head("POST /api/v1/orders", &bearer(&shop), lines)).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "the body is not asked for: {answer:?}");
    shop.close().await;
}

#[tokio::test]
async fn requests_in_one_write_are_answered_in_order() {
    let shop = strict().await;
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n", bearer(&shop));
    let bytes = [one("/livez"), one("/api/v1/products/A"), one("/api/v1/products/NONE")].concat();
    let answer = half(&shop, bytes.as_bytes()).await;
    let statuses: Vec<_> = answer
        .lines()
        .filter(|line| line.contains("HTTP/1.1 "))
        .map(|line| line.rsplit("HTTP/1.1 ").next().unwrap_or_default().get(..3).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(statuses, ["204", "200", "404"], "{answer}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_idle_connections_keep_nobody_out() {
    let limits = Limits { head_timeout: Duration::from_secs(30), ..Limits::default() };
    let shop = Shop::with(Setup { limits, ..Setup::default() }).await;
    shop.product("A", 1_999, 99).await;
    let address = shop.admin.address;
    let idle = all((0..400).map(|index| async move {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        // Every other one sends half a head first.
        let half = if index % 2 == 0 { &b"GET /livez HTTP/1.1\r\n"[..] } else { b"" };
        stream.write_all(half).await.expect("the bytes are sent");
        stream
    }))
    .await;
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    drop(idle);
    shop.close().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let limits = Limits { connections_max: 2, ..Limits::default() };
    let shop = Shop::with(Setup { limits, ..Setup::default() }).await;
    shop.product("A", 1_999, 99).await;
    let (one, two) = (shop.admin.connect().await, shop.admin.connect().await);
    let mut third = tokio::spawn(shop.admin.call(http::Method::GET, "/livez").send());
    let waits = tokio::time::timeout(Duration::from_millis(100), &mut third).await;
    assert!(waits.is_err(), "the third connection was served beside two");
    drop(one);
    assert_eq!(third.await.expect("the call ends").status, 204);
    drop(two);
    shop.close().await;
}
