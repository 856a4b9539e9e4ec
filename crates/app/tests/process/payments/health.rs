//! Owns what servers know of a provider that another server asks: all of them begin payments elsewhere when it is away.

use http::Method;

use crate::harness::{Database, Provider, Server, Shopper, on_every_database, until};

on_every_database!(a_provider_that_one_server_finds_away_is_passed_over_by_all);

/// An account of this kind, at this place in the order.
async fn account(database: &Database, provider: &Provider, kind: &str, priority: &str) -> String {
    let settings = provider.settings(kind);
    let settings = settings.to_str().expect("UTF-8");
    let add = ["channel", "add", kind, "--priority", priority, "--settings", settings];
    let url = ["--database-url", &database.url];
    database.run(&[&add[..], &url[..]].concat()).await.succeeded().out.trim().to_owned()
}

/// Begins a payment through whatever is best there; gives the payment.
async fn begin(shopper: &Shopper, key: &str) -> String {
    let order = shopper.place(&format!("order-{key}")).await.expect("the server is there").expect(201);
    let path = format!("/api/v1/orders/{}/payments", order.text("/order_no"));
    let begun = shopper
        .send(Method::POST, &path, &format!("pay-{key}"), r#"{"channel":"any"}"#)
        .await
        .expect("the server is there");
    begun.expect(201).text("/payment_id")
}

/// Whether a payment that begins there now goes this way.
async fn goes_to(node: &Server, kind: &str, key: &str) -> bool {
    let id = begin(&node.admin, key).await;
    let payment = node.admin.get(&format!("/api/v1/payments/{id}")).await.expect(200);
    payment.text("/attempts/0/channel") == kind
}

async fn a_provider_that_one_server_finds_away_is_passed_over_by_all(database: Database) {
    let (mut best, other) = (Provider::start().await, Provider::start().await);
    // The first takes every lane, and is the one that asks.
    let mut nodes = database.nodes(1).await;
    nodes[0].admin.stock_up(1_000).await;
    let accounts =
        [account(&database, &best, "sandbox", "1").await, account(&database, &other, "wechat_pay", "2").await];
    for id in &accounts {
        nodes[0].sees_channel(id).await;
    }
    let id = begin(&nodes[0].admin, "first").await;
    until("the first server asks", || async {
        let payment = nodes[0].admin.get(&format!("/api/v1/payments/{id}")).await.expect(200);
        payment.text("/attempts/0/status") == "requires_action"
    })
    .await;
    if database.kind() != crate::harness::Kind::Sqlite {
        nodes.push(database.node_with(&[]).await);
        nodes[1].sees_channel(&accounts[0]).await;
    }
    let beside = nodes.last().expect("there is one");
    assert!(goes_to(beside, "sandbox", "well").await, "while both are well");
    best.kill().await;
    let asked = begin(&nodes[0].admin, "away").await;
    let gone = tokio::time::Instant::now();
    // Each server reads each second what the others told.
    let most = std::time::Duration::from_secs(if nodes.len() > 1 { 2 } else { 10 });
    let mut at = 0;
    while !goes_to(beside, "wechat_pay", &format!("beside-{at}")).await {
        at += 1;
        assert!(gone.elapsed() < most, "it is not passed over");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    println!("passed over beside within {:?}", gone.elapsed());
    best.restart().await;
    until("what waited is asked", || async {
        let payment = nodes[0].admin.get(&format!("/api/v1/payments/{asked}")).await.expect(200);
        payment.text("/attempts/0/status") == "requires_action"
    })
    .await;
    let back = std::sync::atomic::AtomicU32::new(0);
    until("it is tried first again", || async {
        let at = back.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        goes_to(beside, "sandbox", &format!("back-{at}")).await
    })
    .await;
    database.close(nodes).await;
}
