//! Owns turning the keys that sign tokens round while people come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{add, log_in, with_token};
use crate::harness::{Client, Shop, until};

const PEOPLE: usize = 4;

/// Which key signed a token.
fn signed_by(token: &str) -> String {
    let head = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().expect("a header")).expect("it is base64");
    let head: Value = serde_json::from_slice(&head).expect("it is JSON");
    head["kid"].as_str().expect("a key has a name").to_owned()
}

/// Comes in, asks, renews, and asks again with both tokens, until it is told to stop. Nobody refuses it anything.
async fn busy(nobody: Client, login: String, over: Arc<AtomicBool>, rounds: Arc<AtomicUsize>) {
    let body = json!({"login": login, "password": super::PASSWORD, "device": {"type": "app"}});
    let in_first = nobody.call(Method::POST, "/api/v1/sessions").json(&body).send().await.expect(201);
    let (mut access, mut refresh) = (in_first.str("/access_token"), in_first.str("/refresh_token"));
    while !over.load(Ordering::Relaxed) {
        let with = |token: &str| Client { address: nobody.address, bearer: Some(token.to_owned()) };
        with(&access).get("/api/v1/me").await.expect(200);
        let renewed = json!({ "refresh_token": refresh });
        let renewed = nobody.call(Method::POST, "/api/v1/sessions/refresh").json(&renewed).send().await.expect(200);
        with(&access).get("/api/v1/me").await.expect(200);
        (access, refresh) = (renewed.str("/access_token"), renewed.str("/refresh_token"));
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// S30: a new key signs from its moment on, what the one before signed is good until its end, nobody is refused on the way; and a
/// key that is retired opens nothing, while sessions live on.
#[tokio::test]
async fn s30_keys_turn_round_under_load_and_refuse_nobody() {
    let shop = Shop::open().await;
    let (over, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut all = JoinSet::new();
    for at in 0..PEOPLE {
        add(&shop.admin, &format!("anna-{at}"), "shopper").await;
        all.spawn(busy(shop.admin.nobody(), format!("anna-{at}"), over.clone(), rounds.clone()));
    }
    add(&shop.admin, "bert", "shopper").await;
    let before = log_in(&shop, "default", "bert", "app").await.expect(201);
    let first = signed_by(&before.str("/access_token"));
    // Three times in a row, each while the others are at work.
    let mut kid = first.clone();
    for _ in 0..3 {
        let now = api::now();
        let key = store::SigningKey { signs_from: now.plus_ms(200), ..people::new_key(now) };
        shop.store.signing_key_add(&key).await.expect("it is kept");
        shop.people.read_keys().await.expect("they are read");
        let (asked, nobody) = (rounds.load(Ordering::Relaxed), shop.admin.nobody());
        let mut refresh = log_in(&shop, "default", "bert", "web").await.expect(201).str("/refresh_token");
        let newest = key.kid.clone();
        loop {
            let renewed = json!({ "refresh_token": refresh });
            let renewed = nobody.call(Method::POST, "/api/v1/sessions/refresh").json(&renewed).send().await.expect(200);
            let by = signed_by(&renewed.str("/access_token"));
            if by == newest {
                break;
            }
            assert_eq!(by, kid, "until then the one before signs");
            refresh = renewed.str("/refresh_token");
        }
        assert!(api::now() >= key.signs_from, "and not before its moment");
        until("all were at work meanwhile", async || rounds.load(Ordering::Relaxed) >= asked + PEOPLE).await;
        kid = newest;
        with_token(&shop, &before).get("/api/v1/me").await.expect(200);
    }
    over.store(true, Ordering::Relaxed);
    while let Some(done) = all.join_next().await {
        done.expect("nobody was refused");
    }
    // It leaked: what it signed is worth nothing from now on, and its owner goes on with the next token.
    assert!(shop.store.signing_key_retire(&first, api::now()).await.expect("it is retired"));
    shop.people.read_keys().await.expect("they are read");
    with_token(&shop, &before).get("/api/v1/me").await.problem(401, "unauthorized");
    let renewed = json!({"refresh_token": before.str("/refresh_token")});
    let renewed = shop.admin.nobody().call(Method::POST, "/api/v1/sessions/refresh").json(&renewed);
    let renewed = renewed.send().await.expect(200);
    assert_eq!(signed_by(&renewed.str("/access_token")), kid);
    with_token(&shop, &renewed).get("/api/v1/me").await.expect(200);
    shop.close().await;
}
