//! Owns whose address is counted: with proxies and without, and with lines that the client made up.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use api::{By, Proxies, RateLimits, Rule, Unattended};
use coord::limit::{LocalLimit, Rate, WhenAway};
use http::Method;
use serde_json::json;
use tower::ServiceExt as _;

use crate::harness::{Answer, Setup, Shop};
use crate::people::{PASSWORD, add};

/// So many requests of one address in a minute.
const COUNT: u32 = 3;
/// Who is asked for.
const CLIENT: &str = "203.0.113.9";

fn rates() -> RateLimits {
    let rate = Rate::new(NonZeroU32::new(COUNT).expect("more than none"), Duration::from_mins(1));
    let rule = Rule {
        name: "address".to_owned(),
        by: By::Address,
        route: Some("GET /api/v1/me".to_owned()),
        rate,
        window_s: 60,
        when_away: WhenAway::Closed,
    };
    RateLimits { rules: Arc::new([rule]), limit: Arc::new(LocalLimit::new(1_000)) }
}

/// A server behind those, which are on this machine.
async fn shop(proxies: &[&str]) -> Shop {
    let networks = proxies.iter().map(|text| text.parse().expect("a network")).collect();
    Shop::with(Setup { rates: rates(), proxies: Proxies::new(networks), ..Setup::default() }).await
}

async fn asked(shop: &Shop, lines: &[&str]) -> u16 {
    let call = shop.admin.nobody().call(Method::GET, "/api/v1/me");
    lines.iter().fold(call, |call, line| call.header("x-forwarded-for", line)).send().await.status
}

#[tokio::test]
async fn s21_a_made_up_line_gives_nobody_another_address() {
    let shop = shop(&[]).await;
    let mut lines = (0..COUNT).map(|at| format!("198.51.100.{at}"));
    for _ in 0..COUNT {
        let line = lines.next().expect("one for each");
        assert_eq!(asked(&shop, &[&line]).await, 401, "they are let ask");
    }
    for line in ["198.51.100.77", "127.0.0.1", "", "unknown", "198.51.100.1, 198.51.100.2"] {
        assert_eq!(asked(&shop, &[line]).await, 429, "{line:?} makes nobody somebody else");
    }
    for name in ["forwarded", "x-real-ip", "true-client-ip"] {
        let call = shop.admin.nobody().call(Method::GET, "/api/v1/me").header(name, "198.51.100.78");
        call.send().await.problem(429, "rate_limited");
    }
    shop.close().await;
}

/// Nobody can send the mark: it is no header. Opening the page counts.
#[tokio::test]
async fn what_an_open_page_asks_by_itself_counts_for_no_rule() {
    let mut rates = rates();
    rates.rules = rates.rules.iter().map(|rule| Rule { by: By::Everyone, ..rule.clone() }).collect();
    let shop = Shop::with(Setup { rates, ..Setup::default() }).await;
    let ask = async |page: Option<Unattended>| {
        let call = shop.admin.nobody().call(Method::GET, "/api/v1/me");
        let mut request = call.request.map(axum::body::Body::new);
        page.map(|page| request.extensions_mut().insert(page));
        shop.router().oneshot(request).await.expect("a router always answers").status().as_u16()
    };
    for _ in 0..4 * COUNT {
        assert_eq!(ask(Some(Unattended::Open)).await, 401);
    }
    for page in [None, Some(Unattended::Opening), None] {
        assert_eq!(ask(page).await, 401);
    }
    assert_eq!((ask(Some(Unattended::Opening)).await, ask(None).await), (429, 429));
    shop.close().await;
}

#[tokio::test]
async fn s21_behind_a_proxy_each_client_is_counted_apart() {
    let shop = shop(&["127.0.0.0/8", "10.0.0.0/8"]).await;
    for at in 0..COUNT {
        // What stands before the last is the client's own invention, in one line or in two.
        let made_up = format!("198.51.100.{at}, {CLIENT}");
        let lines: &[&str] = if at % 2 == 0 { &[&made_up] } else { &["198.51.100.9", CLIENT] };
        assert_eq!(asked(&shop, lines).await, 401);
    }
    assert_eq!(asked(&shop, &[&format!("198.51.100.88, {CLIENT}")]).await, 429);
    assert_eq!(asked(&shop, &[CLIENT, "10.1.1.1"]).await, 429, "through two of ours it is the same client");
    assert_eq!(asked(&shop, &["203.0.113.10"]).await, 401, "and nobody else has to wait");
    shop.close().await;
}

/// Log-ins are counted by the same address, and sessions keep it.
#[tokio::test]
async fn s21_log_ins_are_of_the_client_s_own_address() {
    let shop = shop(&["127.0.0.1"]).await;
    for login in ["anna", "bert"] {
        add(&shop.admin, login, "shopper").await;
    }
    let knock = async |line: &str, login: &str, password: &str| -> Answer {
        let body = json!({"login": login, "password": password, "device": {"type": "app"}});
        let call = shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body);
        call.header("x-forwarded-for", line).send().await
    };
    let mut tries = 0;
    while knock(&format!("198.51.100.{tries}, {CLIENT}"), "anna", "a guess").await.status == 401 {
        tries += 1;
        assert!(tries < 30, "a made-up line gives as many tries as one likes");
    }
    // From elsewhere her password is looked at, although the account was guessed at from one address.
    let anna = knock("203.0.113.10", "anna", PASSWORD).await.expect(201);
    let client = crate::people::with_token(&shop, &anna);
    let sessions = client.get("/api/v1/sessions").await.expect(200);
    assert_eq!(sessions.str("/0/address"), "203.0.113.10");
    knock(&format!("10.0.0.1, {CLIENT}"), "bert", PASSWORD).await.expect(201);
    shop.close().await;
}

/// What is open to this machine is open to none that a proxy on it asks for.
#[tokio::test]
async fn s21_a_proxy_on_this_machine_opens_nothing() {
    for proxies in [&[][..], &["127.0.0.1"], &["10.0.0.0/8"]] {
        let shop = shop(proxies).await;
        let nobody = shop.admin.nobody();
        for (name, line) in [
            ("x-forwarded-for", CLIENT),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-for", ""),
            ("forwarded", "for=127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 proxy"),
        ] {
            let call = nobody.call(Method::GET, "/metrics").header(name, line);
            call.send().await.problem(401, "unauthorized");
        }
        let alone = nobody.get("/metrics").await;
        assert_eq!(alone.status, if proxies.contains(&"127.0.0.1") { 401 } else { 200 }, "{proxies:?}");
        shop.close().await;
    }
}
