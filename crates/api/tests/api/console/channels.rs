//! Owns accounts with providers over HTTP: how each does, and switching them, once and audited.

use domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, CHANNEL, Client, Shop, order_of};
use crate::people::somebody;

const PATH: &str = "/api/v1/channels";

async fn switch(client: &Client, key: &str, enabled: bool) -> Answer {
    client.post(&format!("{PATH}/{CHANNEL}/switch"), key).json(&json!({ "enabled": enabled })).send().await
}

async fn only(client: &Client) -> Value {
    let rows = client.get(PATH).await.expect(200).json();
    let [row] = &rows.as_array().expect("rows")[..] else { panic!("{rows}") };
    row.clone()
}

#[tokio::test]
async fn accounts_are_shown_with_how_they_do_and_without_settings() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    for (key, amount) in [("k1", 1_999), ("k2", 1_999), ("k3", 1)] {
        let order_no = shop.admin.place(key, &order_of(&[("A", 1)])).await.expect(201).order_no();
        shop.pay(&order_no, amount).await;
    }
    let told = store::ChannelHealth { account: CHANNEL, is_well: false, closed_for_ms: None, asked: 9, answered: 4 };
    shop.store.channel_health_tell(&told).await.expect("it is told");
    let mut row = only(&shop.admin).await;
    assert!(row["health"]["told_ms_ago"].is_i64());
    row["health"]["told_ms_ago"] = json!(0);
    let rates = json!({"attempts": 3, "succeeded": 2, "failed": 0, "unknown": 1});
    assert_eq!(
        row,
        json!({
            "channel_account_id": CHANNEL.to_string(), "name": "till", "kind": "sandbox", "is_enabled": true, "priority": 1,
            "conditions": {"currency": null, "method": null, "amount_min": null, "amount_max": null},
            "health": {"is_well": true, "asked": 9, "answered": 4, "closed_for_ms": null, "told_ms_ago": 0},
            "last_hour": rates, "last_day": rates,
        })
    );
    shop.close().await;
}

#[tokio::test]
async fn an_account_is_switched_once_and_answered_the_same_again() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let order_no = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201).order_no();
    let merchant = somebody(&shop, "merchant-mei", "merchant").await;
    let off = switch(&merchant, "s1", false).await.expect(200);
    let shown =
        json!({"channel_account_id": CHANNEL.to_string(), "name": "till", "kind": "sandbox", "is_enabled": false});
    assert_eq!(off.json(), shown);
    assert_eq!(only(&shop.admin).await["is_enabled"], false);
    let pay = |key: &str| {
        shop.admin.post(&format!("/api/v1/orders/{order_no}/payments"), key).json(&json!({"channel": "till"})).send()
    };
    pay("p1").await.problem(409, "no_channel");
    let on = switch(&merchant, "s2", true).await.expect(200);
    assert_eq!(on.at("/is_enabled"), true);
    // Late, and not applied anew: it is on.
    switch(&merchant, "s1", false).await.replays(&off);
    switch(&merchant, "s1", true).await.problem(422, "idempotency_key_reused");
    assert_eq!(switch(&merchant, "s3", true).await.expect(200).json(), on.json(), "it is so already");
    assert_eq!(only(&shop.admin).await["is_enabled"], true);
    pay("p2").await.expect(201);
    let log = shop.admin.get("/api/v1/audit?action=channels.switch").await.expect(200).json();
    let subjects: Vec<_> = log["data"].as_array().expect("rows").iter().map(|row| row["subject"].clone()).collect();
    assert_eq!(subjects, [format!("{CHANNEL} on"), format!("{CHANNEL} on"), format!("{CHANNEL} off")]);
    shop.close().await;
}

#[tokio::test]
async fn who_may_look_at_accounts_and_who_may_switch_them() {
    let shop = Shop::open().await;
    for role in ["support", "auditor"] {
        let somebody = somebody(&shop, &format!("{role}-1"), role).await;
        assert_eq!(only(&somebody).await["name"], "till");
        switch(&somebody, "s", false).await.problem(403, "forbidden");
    }
    let shopper = somebody(&shop, "shopper-1", "shopper").await;
    shopper.get(PATH).await.problem(403, "forbidden");
    switch(&shopper, "s", false).await.problem(403, "forbidden");
    let other = shop.tenant("another").await;
    let stranger = shop.client(other, "server", Role::Admin).await;
    assert_eq!(stranger.get(PATH).await.expect(200).json(), json!([]));
    switch(&stranger, "s", false).await.problem(404, "not_found");
    let path = format!("{PATH}/{CHANNEL}/switch");
    for (body, pointer) in
        [(json!({"enabled": "no"}), "/enabled"), (json!({"enabled": true, "x": 1}), "/x"), (json!({}), "")]
    {
        let answer = shop.admin.post(&path, "k").json(&body).send().await.problem(422, "validation_failed");
        assert_eq!(answer.str("/errors/0/pointer"), pointer, "{body}");
    }
    let unkeyed = shop.admin.call(http::Method::POST, &path).json(&json!({"enabled": false})).send().await;
    unkeyed.problem(400, "idempotency_key_missing");
    shop.admin
        .post(&format!("{PATH}/cha_x/switch"), "k")
        .json(&json!({"enabled": true}))
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(only(&shop.admin).await["is_enabled"], true);
    shop.close().await;
}
