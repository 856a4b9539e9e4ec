//! Owns the hooks of commands: the shop's own rules in front of the engine, and whoever hears of refusals.

use std::sync::{Arc, Mutex};

use api::{Before, Hooks, Objection, OnError, Refused};
use domain::{Action, CheckoutPolicy, Command};
use serde_json::json;

use crate::harness::{Setup, Shop, order_of};

/// So many units of a product in one order: counted over its lines, and of each product apart.
#[tokio::test]
async fn f8_an_order_takes_so_many_units_of_a_product() {
    let shop = Shop::open().await;
    for sku in ["A", "B"] {
        shop.product(sku, 1_999, 90).await;
    }
    let three = order_of(&[("A", 3)]);
    let before = shop.admin.place("before", &three).await.expect(201);
    let policy = CheckoutPolicy { order_units_max: 2, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    let again = shop.restart().await;
    let place = |key: &'static str, lines: &[(&str, i64)]| {
        let (client, body) = (again.admin.clone(), order_of(lines));
        async move { client.place(key, &body).await }
    };
    for lines in [&[("A", 3)][..], &[("A", 1), ("B", 2), ("A", 2)], &[("B", 90)]] {
        let refused = place("k1", lines).await.problem(409, "refused_by_rule");
        assert_eq!(refused.str("/rule"), "order_units");
    }
    // Nothing is stored under the key: it is good for what the rule lets pass.
    place("k1", &[("A", 2), ("B", 2)]).await.expect(201);
    // What was done before the rule stays done, and is answered as it was.
    again.admin.place("before", &three).await.replays(&before);
    assert_eq!(again.orders().await.len(), 2);
    again.close().await;
}

/// Refuses what somebody notes on an order, and keeps what it hears of.
#[derive(Default)]
struct Watchman(Mutex<Vec<String>>);

impl Before for Watchman {
    fn concerns(&self, action: &Action) -> bool {
        matches!(action, Action::PlaceOrder(_))
    }

    fn check(&self, command: &Command, _: &CheckoutPolicy) -> Result<(), Objection> {
        match &command.action {
            Action::PlaceOrder(place) if place.note.is_some() => {
                Err(Objection { rule: "no_notes", detail: "this shop reads no notes".to_owned() })
            }
            _ => Ok(()),
        }
    }
}

impl OnError for Watchman {
    fn refused(&self, refused: &Refused<'_>) {
        self.0.lock().expect("nobody panics").push(format!("{} {}", refused.key, refused.code));
    }
}

/// A rule of somebody else's is asked beside our own; each refusal is heard of once, and no repetition of it.
#[tokio::test]
async fn f8_others_have_rules_and_hear_of_refusals() {
    let watchman = Arc::new(Watchman::default());
    let mut hooks = Hooks::default();
    hooks.before.push(watchman.clone());
    hooks.on_error.push(watchman.clone());
    let shop = Shop::with(Setup { hooks, ..Setup::default() }).await;
    shop.product("A", 1_999, 2).await;
    let mut noted = order_of(&[("A", 1)]);
    noted["note"] = json!("ring twice");
    let refused = shop.admin.place("k1", &noted).await.problem(409, "refused_by_rule");
    assert_eq!(
        (refused.str("/rule"), refused.str("/detail")),
        ("no_notes".to_owned(), "this shop reads no notes".to_owned())
    );
    let too_many = order_of(&[("A", 3)]);
    let first = shop.admin.place("k2", &too_many).await.problem(409, "stock_insufficient");
    shop.admin.place("k2", &too_many).await.replays(&first);
    shop.admin.place("k2", &order_of(&[("A", 1)])).await.problem(422, "idempotency_key_reused");
    shop.admin.place("k3", &order_of(&[("A", 1)])).await.expect(201);
    let heard = watchman.0.lock().expect("nobody panics").clone();
    assert_eq!(heard, ["k1 refused_by_rule", "k2 stock_insufficient", "k2 idempotency_key_reused"]);
    shop.close().await;
}
