//! Owns what becomes of a charge that the provider declines, answers too late, or has made when the shop dies.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::ground::{ALICE, Ground, Seen, key};

impl Ground {
    async fn ordered(&self, item: &str) -> String {
        let order = json!({"item": item, "quantity": 1});
        let placed = self.settle("/orders", ALICE, &key(), Some(&order)).await;
        assert_eq!(placed.status, 201, "{placed:?}");
        format!("/orders/{}/pay", placed.body["id"])
    }

    async fn pay(&self, path: &str, key: &str) -> Seen {
        self.send(path, ALICE, key, None).await.expect("the shop is there")
    }
}

fn is(seen: &Seen, status: u16, how: &str, code: &str) {
    let told = (seen.status, seen.how.as_str(), seen.body["code"].as_str().unwrap_or_default());
    assert_eq!(told, (status, how, code), "{seen:?}");
}

#[tokio::test]
async fn a_declined_charge_stays_declined_and_the_order_may_be_paid_otherwise() {
    let ground = Ground::new(1).await;
    let shop = ground.serve().await;
    let (path, first) = (ground.ordered("samovar").await, key());
    is(&ground.pay(&path, &first).await, 402, "executed", "declined");
    is(&ground.pay(&path, &first).await, 402, "replayed", "declined");
    is(&ground.pay(&path, &key()).await, 402, "executed", "declined");
    assert_eq!(ground.charges().await, (0, 0));
    drop(shop);
    ground.close().await;
}

#[tokio::test]
async fn an_order_is_paid_under_one_key() {
    let ground = Ground::new(1).await;
    let shop = ground.serve().await;
    let (path, first, second) = (ground.ordered("tea").await, key(), key());
    is(&ground.pay(&path, &first).await, 200, "executed", "");
    is(&ground.pay(&path, &second).await, 409, "not-kept", "paid_elsewhere");
    is(&ground.pay(&path, &first).await, 200, "replayed", "");
    is(
        &ground.send(&path, "Bearer bobs-secret", &key(), None).await.expect("it is there"),
        409,
        "not-kept",
        "paid_elsewhere",
    );
    assert_eq!(ground.charges().await, (1, 450));
    drop(shop);
    ground.close().await;
}

#[tokio::test]
async fn a_charge_whose_answer_is_late_is_looked_up_and_not_made_again() {
    let ground = Ground::new(1).await;
    let shop = ground.serve().await;
    let (path, first) = (ground.ordered("kettle").await, key());
    is(&ground.pay(&path, &first).await, 502, "unknown", "provider_silent");
    let paid = "SELECT count(*) FROM orders WHERE state = 'paid'";
    assert_eq!(ground.number(paid).await, 0);
    let found = ground.pay(&path, &first).await;
    is(&found, 200, "replayed", "");
    assert_eq!(found.body["state"], "paid");
    assert_eq!((ground.charges().await, ground.number(paid).await), ((1, 2_999), 1));
    drop(shop);
    ground.close().await;
}

#[tokio::test]
async fn a_charge_that_was_made_when_the_shop_died_is_not_made_again() {
    let ground = Ground::new(1).await;
    let shop = ground.serve().await;
    let (path, first) = (ground.ordered("kettle").await, key());
    let pressed = ground.send(&path, ALICE, &first, None);
    let dying = async {
        let made = async {
            while ground.charges().await.0 == 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), made).await.expect("the provider is asked");
        shop.kill();
    };
    let (told, ()) = tokio::join!(pressed, dying);
    assert_eq!(told, None, "it died before it could answer");
    let shop = ground.serve().await;
    let found = ground.settle(&path, ALICE, &first, None).await;
    assert_eq!((found.status, &found.body["state"]), (200, &Value::from("paid")), "{found:?}");
    assert_eq!(ground.charges().await, (1, 2_999));
    drop(shop);
    ground.close().await;
}

/// That the provider does not know a charge proves nothing once it may have forgotten it.
#[tokio::test]
async fn a_doubt_that_is_older_than_the_provider_s_memory_stays_one() {
    let mut ground = Ground::new(1).await;
    let shop = ground.serve().await;
    let (path, first) = (ground.ordered("kettle").await, key());
    is(&ground.pay(&path, &first).await, 502, "unknown", "provider_silent");
    ground.grow_old().await;
    for _ in 0..2 {
        assert_eq!(ground.pay(&path, &first).await.body["code"], "outcome_unknown");
    }
    assert_eq!(ground.charges().await, (0, 0), "it was charged a second time");
    drop(shop);
    ground.close().await;
}

#[tokio::test]
async fn what_is_paid_is_not_charged_again_when_all_have_forgotten_its_key() {
    let mut ground = Ground::new(1).await;
    let shop = ground.serve().await;
    let (path, first) = (ground.ordered("tea").await, key());
    let paid = ground.pay(&path, &first).await;
    is(&paid, 200, "executed", "");
    ground.grow_old().await;
    let again = ground.pay(&path, &first).await;
    is(&again, 200, "not-kept", "");
    assert_eq!((again.body, ground.charges().await), (paid.body, (0, 0)));
    drop(shop);
    ground.close().await;
}
