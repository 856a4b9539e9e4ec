//! Owns whose address a client has behind a real proxy: their own, whatever they write; and that what is open to this machine
//! is open to nobody who comes through a proxy on it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Method;
use serde_json::{Value, json};

use super::front::{Front, Kind};
use super::server;
use super::street::{connected, exchange};
use crate::harness::{Folder, Server};

/// Two on this machine; the proxy is at 127.0.0.1.
const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

/// So many questions of one address, and no more while the test runs.
const COUNT: usize = 3;
const LIMITS: &str = "limits: [{by: address, route: GET /api/v1/me, count: 3, per: 10h, when_away: closed}]\n";
const PASSWORD: &str = "three red birds";

/// What somebody writes who wants to be somebody else.
const MADE_UP: [&str; 10] = [
    "x-forwarded-for: 203.0.113.9\r\n",
    "x-forwarded-for: 127.0.0.1\r\n",
    "X-Forwarded-For: 203.0.113.9, 127.0.0.1\r\nx-forwarded-for: 203.0.113.8\r\n",
    "x-forwarded-for:\r\n",
    "x-forwarded-for: unknown, \"203.0.113.9\"\r\n",
    "connection: x-forwarded-for\r\nx-forwarded-for: 203.0.113.9\r\n",
    "connection: keep-alive, X-Forwarded-For\r\n",
    "x_forwarded_for: 203.0.113.9\r\n",
    "forwarded: for=203.0.113.9\r\nx-real-ip: 203.0.113.9\r\n",
    "true-client-ip: 203.0.113.9\r\nvia: 1.1 proxy\r\n",
];

/// Ways to say `/metrics`.
const METRICS: [&str; 10] = [
    "/metrics",
    "/metrics?a=b",
    "/metrics/",
    "//metrics",
    "/./metrics",
    "/docs/../metrics",
    "/%6detrics",
    "/metrics%20",
    "/metrics;a",
    "http://127.0.0.1/metrics",
];

/// Asks from this address with these lines, over a connection of its own.
async fn ask(to: SocketAddr, from: IpAddr, first: &str, lines: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!(
        "{first} HTTP/1.1\r\nhost: a\r\n{lines}content-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
    let said = exchange(connected(to, Some(from)).await, request).await;
    let status = said.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let body = said.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (status.unwrap_or_else(|| panic!("no answer: {said:?}")), body.unwrap_or_default())
}

/// The address that somebody's session shows who logs in from this one.
async fn shown(to: SocketAddr, from: IpAddr, lines: &str) -> String {
    let body = json!({"login": "anna", "password": PASSWORD, "device": {"type": "app"}}).to_string();
    let (status, text) = ask(to, from, "POST /api/v1/sessions", lines, &body).await;
    let text: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{lines:?}: {status} {text}"));
    let token = text["access_token"].as_str().unwrap_or_else(|| panic!("{lines:?}: {status} {text}"));
    let (_, text) = ask(to, from, "GET /api/v1/sessions", &format!("authorization: Bearer {token}\r\n"), "").await;
    let sessions: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{lines:?}: {text}"));
    let mut sessions = sessions.as_array().unwrap_or_else(|| panic!("{lines:?}: {sessions}")).iter();
    let own = sessions.find(|session| session["current"] == true);
    own.and_then(|session| session["address"].as_str()).unwrap_or_else(|| panic!("{lines:?}: {text}")).to_owned()
}

async fn open(kind: Kind) -> (Folder, Server, Front) {
    let folder = Folder::new();
    let server = server(&folder, LIMITS).await;
    let anna = json!({"login": "anna", "name": "anna", "password": PASSWORD}).to_string();
    let added = server.admin.send(Method::POST, "/api/v1/members", "anna", &anna).await;
    added.expect("the server is there").expect(201);
    let front = Front::before(server.admin.address, kind).await;
    (folder, server, front)
}

async fn a_client_has_its_own_address_behind(kind: Kind) {
    let (_folder, server, front) = open(kind).await;
    let to = front.address();
    for lines in ["", MADE_UP[0], MADE_UP[2]] {
        for from in [ONE, OTHER] {
            assert_eq!(shown(to, from, lines).await, from.to_string(), "{kind:?}: {lines:?}");
        }
    }
    // Counted apart, and under no other name.
    for lines in MADE_UP.iter().take(COUNT) {
        assert_eq!(ask(to, ONE, "GET /api/v1/me", lines, "").await.0, 401, "{kind:?}: {lines:?}");
    }
    for lines in MADE_UP {
        assert_eq!(ask(to, ONE, "GET /api/v1/me", lines, "").await.0, 429, "{kind:?}: {lines:?}");
    }
    let made_up = format!("x-forwarded-for: {ONE}\r\n");
    for _ in 0..COUNT {
        assert_eq!(ask(to, OTHER, "GET /api/v1/me", &made_up, "").await.0, 401, "{kind:?}: nobody takes another's");
    }
    assert_eq!(ask(to, OTHER, "GET /api/v1/me", &made_up, "").await.0, 429, "{kind:?}");
    server.stop().await;
}

/// By the line of the example, and without it.
async fn metrics_are_not_open_behind(kind: Kind) {
    let (_folder, server, front) = open(kind).await;
    let open = Front::changed(server.admin.address, kind, &[("/metrics", "/unasked")]).await;
    let (_, page) = ask(server.admin.address, ONE, "GET /metrics", "", "").await;
    assert!(page.contains("mideng_"), "who is on this machine sees them: {page}");
    for (front, wanted) in [(&front, 404), (&open, 401)] {
        assert_eq!(ask(front.address(), ONE, "GET /metrics", "", "").await.0, wanted, "{kind:?}");
        for path in METRICS {
            for lines in MADE_UP {
                let (status, page) = ask(front.address(), ONE, &format!("GET {path}"), lines, "").await;
                assert!(status >= 400 && !page.contains("mideng_"), "{kind:?}: {path} {lines:?}: {status} {page}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_a_client_behind_haproxy_has_its_own_address() {
    a_client_has_its_own_address_behind(Kind::Haproxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_a_client_behind_nginx_has_its_own_address() {
    a_client_has_its_own_address_behind(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_metrics_are_not_open_behind_haproxy() {
    metrics_are_not_open_behind(Kind::Haproxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_metrics_are_not_open_behind_nginx() {
    metrics_are_not_open_behind(Kind::Nginx).await;
}
