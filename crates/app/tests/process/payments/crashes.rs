//! Owns dying at every point of a payment: before and behind each commit and each call to the provider. Whatever was under
//! way, there is one charge and one refund in the end, and the provider's own book says so.

use std::time::Duration;

use http::Method;
use ports::Port;
use serde_json::json;

use crate::harness::{Answer, Database, Provider, Server, Shopper, on_every_database, rule, until};

on_every_database!(a_server_may_die_at_every_point_of_a_payment, a_provider_may_die_in_mid_storm);

/// More points than a payment has: it comes to an end before.
const POINTS_MAX: u64 = 120;

/// A server that is started again when it died.
struct Phoenix<'a> {
    database: &'a Database,
    server: Option<Server>,
    /// Where it listens in each life: there the provider sends its callbacks.
    port: Port,
    deaths: u32,
}

impl Phoenix<'_> {
    /// Sends until there is an answer; the same request under the same key each time.
    async fn send(&mut self, method: Method, path: &str, key: &str, body: &str) -> Answer {
        loop {
            let shopper = self.shopper().await;
            match shopper.send(method.clone(), path, key, body).await {
                Ok(answer) if answer.status < 500 => return answer,
                Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                Err(_) => self.died().await,
            }
        }
    }

    async fn shopper(&mut self) -> Shopper {
        if self.server.is_none() {
            self.server = Some(self.database.node_at(&self.port, &[]).await);
        }
        self.server.as_ref().expect("it was started").admin.clone()
    }

    async fn died(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill().await;
            self.deaths += 1;
        }
    }

    /// Reads until it holds.
    async fn until(&mut self, what: &str, path: &str, holds: impl Fn(&serde_json::Value) -> bool) {
        let begun = tokio::time::Instant::now();
        loop {
            let answer = self.send(Method::GET, path, "ignored", "").await;
            if answer.status == 200 && holds(&answer.json()) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "{what}: {answer:?}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

async fn a_server_may_die_at_every_point_of_a_payment(database: Database) {
    let provider = Provider::start().await;
    prepare(&database, &provider).await;
    // Before a server's lanes go on, the lease of the one that died must run out: there every third point is enough.
    let step = if database.url.starts_with("sqlite") { 1 } else { 3 };
    for (life, point) in (1..=POINTS_MAX).step_by(step).enumerate() {
        // Some of them without a callback: only asking tells then.
        provider.fails(json!(if point % 7 == 0 { vec![rule("callback", "none")] } else { Vec::new() })).await;
        let deaths = one_life(&database, point).await;
        let movements = provider.movements().await;
        let (charges, refunds) = (count(&movements, "charge"), count(&movements, "refund"));
        assert_eq!((charges, refunds), (life + 1, life + 1), "one of each: died at point {point}");
        if deaths == 0 {
            println!("a payment with its refund had no point {point} to die at");
            assert!(point > 12, "only {point} points: the server did not die where it should");
            let nodes = vec![database.node_with(&[]).await];
            return database.close(nodes).await;
        }
    }
    panic!("a payment has more than {POINTS_MAX} points");
}

fn count(movements: &[(String, String, i64)], kind: &str) -> usize {
    movements.iter().filter(|row| row.0 == kind).count()
}

async fn prepare(database: &Database, provider: &Provider) {
    provider.set(json!({"auto_pay_ms": 0})).await;
    let node = database.node_with(&[]).await;
    node.admin.stock_up(1_000).await;
    let (settings, url) = (provider.settings("sandbox"), database.url.clone());
    let settings = settings.to_str().expect("UTF-8");
    database.run(&["channel", "add", "sandbox", "--settings", settings, "--database-url", &url]).await.succeeded();
    node.stop().await;
}

/// One order, its payment and a refund, on a server that dies at this point and is started again; gives how often it did.
async fn one_life(database: &Database, point: u64) -> u32 {
    let port = Port::reserve().expect("a free port");
    let server = database.node_at(&port, &["--crash-at", &point.to_string()]).await;
    let mut shop = Phoenix { database, server: Some(server), port, deaths: 0 };
    let order = json!({"customer_id": "c", "lines": [{"sku": "A", "quantity": 1}]}).to_string();
    let order = shop.send(Method::POST, "/api/v1/orders", &format!("order-{point}"), &order).await.expect(201);
    let order_no = order.text("/order_no");
    let path = format!("/api/v1/orders/{order_no}/payments");
    let pay = r#"{"channel":"sandbox"}"#;
    let payment = shop.send(Method::POST, &path, &format!("pay-{point}"), pay).await.expect(201);
    let payment = payment.text("/payment_id");
    let path = format!("/api/v1/payments/{payment}");
    shop.until("the order is paid", &path, |payment| payment["status"] == "paid").await;
    let refund = r#"{"reason":"unwanted","amount":{"amount":999,"currency":"CNY"}}"#;
    let key = format!("refund-{point}");
    shop.send(Method::POST, &format!("{path}/refunds"), &key, refund).await.expect(201);
    shop.until("the refund is made", &path, |payment| payment["refunds"][0]["status"] == "succeeded").await;
    // Every key is answered as it was.
    shop.send(Method::POST, &format!("{path}/refunds"), &key, refund).await.expect(201);
    if let Some(mut server) = shop.server.take() {
        if server.is_alive() {
            server.stop().await;
        } else {
            shop.deaths += 1;
        }
    }
    shop.deaths
}

/// The provider is killed while shoppers pay, and comes back: nobody is charged twice, and nobody's payment is lost.
async fn a_provider_may_die_in_mid_storm(database: Database) {
    const ORDERS: usize = 40;
    let mut provider = Provider::start().await;
    prepare(&database, &provider).await;
    let node = database.node_with(&[]).await;
    let mut payments = Vec::new();
    for at in 0..ORDERS {
        let order = node.admin.place(&format!("order-{at}")).await.expect("the server is there").expect(201);
        let path = format!("/api/v1/orders/{}/payments", order.text("/order_no"));
        let pay = r#"{"channel":"sandbox"}"#;
        let begun = node.admin.send(Method::POST, &path, &format!("pay-{at}"), pay).await.expect("the server is there");
        payments.push(begun.expect(201).text("/payment_id"));
        if at == ORDERS / 2 {
            provider.kill().await;
        }
        if at == ORDERS - 5 {
            provider.restart().await;
        }
    }
    for id in payments {
        until("the order is paid", || async {
            node.admin.get(&format!("/api/v1/payments/{id}")).await.expect(200).json()["status"] == "paid"
        })
        .await;
    }
    assert_eq!(count(&provider.movements().await, "charge"), ORDERS);
    database.close(vec![node]).await;
}
