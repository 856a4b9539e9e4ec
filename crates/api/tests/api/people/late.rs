//! Owns what a credential is worth that was copied before its owner proved more, or taken away while its request was on its way.

use std::net::SocketAddr;

use domain::access::Role;
use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::proofs::enrolled;
use super::{PASSWORD, add, somebody};
use crate::harness::{Client, PATIENCE, Shop};

const REFUNDS: &str = "/api/v1/payments/pay_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/refunds";

/// A request whose head the server has read, and whose body it waits for.
struct Begun {
    stream: TcpStream,
    body: String,
}

impl Begun {
    /// The server says by itself that it wants the body (RFC 9110, 10.1.1).
    async fn new(client: &Client, key: &str, body: &serde_json::Value) -> Self {
        let (address, body): (SocketAddr, String) = (client.address, body.to_string());
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        let bearer = client.bearer.as_deref().expect("a credential");
        let head = format!(
            "POST {REFUNDS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {bearer}\r\nidempotency-key: {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("it is taken");
        let mut word = [0; 25];
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut word)).await;
        read.expect("in time").expect("the server wants the body");
        assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body }
    }

    /// Sends the body; all that the server says to it.
    async fn end(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).await.expect("it is taken");
        let mut answer = String::new();
        let read = tokio::time::timeout(PATIENCE, self.stream.read_to_string(&mut answer)).await;
        read.expect("in time").expect("an answer");
        answer
    }
}

/// S10: where money moves it counts who one is when all of the request is there.
#[tokio::test]
async fn s10_who_holds_a_body_back_is_judged_when_it_comes() {
    let shop = Shop::open().await;
    let li = add(&shop.admin, "merchant-li", "merchant").await;
    let logged_in = super::log_in(&shop, "default", "merchant-li", "web").await.expect(201);
    let mut client = super::with_token(&shop, &logged_in);
    enrolled(&mut client).await;
    let good = Begun::new(&client, "good", &json!({})).await.end().await;
    assert!(good.contains("validation_failed"), "{good}");
    let begun = Begun::new(&client, "late", &json!({})).await;
    shop.admin.post(&format!("/api/v1/staff/{li}/sign-out"), "out").send().await.expect(200);
    let late = begun.end().await;
    assert!(late.starts_with("HTTP/1.1 401 ") && late.contains("session_kicked"), "{late}");

    // A key that was revoked gives nothing back, although others of its requests go on for two seconds.
    let key = shop.client(shop.tenant, "till", Role::Service).await;
    let good = Begun::new(&key, "good", &json!({})).await.end().await;
    assert!(good.contains("validation_failed"), "{good}");
    let begun = Begun::new(&key, "late", &json!({})).await;
    let keys = shop.store.api_keys(shop.tenant).await.expect("read");
    let id = keys.iter().find(|row| row.key.account.as_str() == "till").expect("it is there").number;
    assert!(shop.store.api_key_revoke(shop.tenant, id, api::now()).await.expect("written"));
    let late = begun.end().await;
    assert!(late.starts_with("HTTP/1.1 401 ") && late.contains("unauthorized"), "{late}");
    shop.close().await;
}

/// S11: whoever copied a token before its owner proved more has nothing of the proof.
#[tokio::test]
async fn s11_a_copy_from_before_has_nothing_of_a_proof() {
    let shop = Shop::open().await;
    add(&shop.admin, "merchant-li", "merchant").await;
    let body = json!({"as": "staff", "login": "merchant-li", "password": PASSWORD, "device": {"type": "web"}});
    let opened = shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body).send().await.expect(201);
    let copied = json!({"refresh_token": opened.str("/refresh_token")});
    let mut owner = super::with_token(&shop, &opened);
    let copy = owner.clone();
    enrolled(&mut owner).await;
    let refund = |by: &Client| by.post(REFUNDS, "k").json(&json!({})).send();
    refund(&owner).await.problem(422, "validation_failed");
    refund(&copy).await.problem(403, "step_up_needed");
    copy.get("/api/v1/me").await.expect(200);
    let exchange = shop.admin.nobody().call(Method::POST, "/api/v1/sessions/refresh").json(&copied);
    exchange.send().await.problem(401, "unauthorized");
    // Nobody is out for it: the owner goes on.
    refund(&owner).await.problem(422, "validation_failed");
    shop.close().await;
}

/// Members are let in anew, and limits of refunds set, by who proved a moment ago who they are, and how much.
#[tokio::test]
async fn what_opens_other_doors_asks_for_a_proof() {
    let shop = Shop::open().await;
    let anna = add(&shop.admin, "anna", "shopper").await;
    let mut chief = somebody(&shop, "admin-wu", "admin").await;
    let session = chief.get("/api/v1/me").await.str("/session_id").parse().expect("an id");
    let limits = json!({"alone_up_to": [{"amount": 500, "currency": "CNY"}]});
    let limit = |by: &Client| by.put("/api/v1/policies/refunds").json(&limits).send();
    limit(&chief).await.problem(403, "second_factor_missing");
    let long_ago = api::now().plus_ms(-16 * 60_000);
    assert!(shop.store.session_prove(session, (long_ago.into(), false), None).await.expect("stored"));
    for what in ["password-reset", "drop-second-factor"] {
        let path = format!("/api/v1/members/{anna}/{what}");
        chief.post(&path, what).send().await.problem(403, "step_up_needed");
    }
    chief.post(&format!("/api/v1/members/{anna}/sign-out"), "out").send().await.expect(200);
    super::proofs::stepped_up(&mut chief, &json!({"password": PASSWORD})).await;
    enrolled(&mut chief).await;
    limit(&chief).await.expect(200);
    chief.post(&format!("/api/v1/members/{anna}/password-reset"), "again").send().await.expect(200);
    let log = chief.get("/api/v1/audit?action=policies.refunds").await.expect(200);
    assert_eq!(log.str("/data/0/subject"), "CNY 500");
    shop.close().await;
}
