//! Money and a role that was taken away on another server a moment ago.

use http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, send};
use crate::harness::{Answer, Database, Kind, Redis, Server, Shopper, Till, on_every_server, shown};

on_every_server!(a_role_that_was_taken_away_moves_no_money_on_any_server);

const ROUNDS: usize = 5;

/// No news arrive, for Redis is dead: the other server still takes them for who they were, and gives nothing back.
async fn a_role_that_was_taken_away_moves_no_money_on_any_server(kind: Kind) {
    let mut redis = Redis::start().await;
    let url = redis.url();
    let mut till = Till::with(Database::new(kind), &["sandbox"], &["--redis-url", &url]).await;
    let other = till.database.node_with(&["--redis-url", &url]).await;
    till.nodes.push(other);
    let [first, other] = &till.nodes[..] else { panic!("two servers") };
    let (_, payment, _) = till.paid("paid", "sandbox").await;
    let mei = json!({"login": "mei", "name": "Mei", "password": PASSWORD, "role": "merchant"});
    let person = send(&first.admin, Method::POST, "staff", "mei", &mei).await.expect(201).text("/person_id");
    let codes = second_factor(&at(first, &log_in(first, None).await)).await;
    redis.kill().await;
    let refund = async |by: &Shopper, key: &str| {
        let body = json!({"reason": "unwanted", "amount": {"amount": 100, "currency": "CNY"}});
        send(by, Method::POST, &format!("payments/{payment}/refunds"), key, &body).await
    };
    let role = async |role: &str, key: &str| {
        send(&first.admin, Method::POST, &format!("staff/{person}/role"), key, &json!({"role": role})).await.expect(200)
    };
    let mut remembered = 0;
    for (round, code) in codes.iter().take(ROUNDS).enumerate() {
        let mei = at(other, &log_in(first, Some(code)).await);
        refund(&mei, &format!("good-{round}")).await.expect(201);
        // From here on the other server remembers them for half a second.
        mei.get("/api/v1/me").await.expect(200);
        role("auditor", &format!("down-{round}")).await;
        remembered += usize::from(mei.get("/api/v1/me").await.status == 200);
        let refused = refund(&mei, &format!("bad-{round}")).await;
        assert_eq!((refused.status, refused.text("/code")), (401, "session_kicked".to_owned()), "round {round}");
        role("merchant", &format!("up-{round}")).await;
    }
    assert!(remembered > 0, "it was never remembered, so nothing was shown");
    till.refunds_are(&payment, &["succeeded"; ROUNDS]).await;
    till.close().await;
}

fn at(node: &Server, tokens: &Answer) -> Shopper {
    Shopper { address: node.admin.address, secret: tokens.text("/access_token") }
}

async fn log_in(node: &Server, code: Option<&Value>) -> Answer {
    let body = json!({"as": "staff", "login": "mei", "password": PASSWORD, "code": code, "device": {"type": "web"}});
    let nobody = Shopper { address: node.admin.address, secret: "none".to_owned() };
    send(&nobody, Method::POST, "sessions", "ignored", &body).await.expect(201)
}

/// Sets one up; codes of which each is good once.
async fn second_factor(person: &Shopper) -> Vec<Value> {
    let begun = send(person, Method::POST, "me/second-factor", "begin", &json!({})).await.expect(201);
    let code = json!({"code": shown(&begun.text("/secret"))});
    let confirmed = send(person, Method::POST, "me/second-factor/confirm", "confirm", &code).await.expect(200);
    confirmed.json()["recovery_codes"].as_array().expect("codes").clone()
}
