//! Owns the page and its token: one opening of it leads to one order, whatever is pressed, lost or loaded again.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::ground::{Ground, key};

impl Ground {
    /// Opens the page, and gives what its requests carry.
    async fn opened(&self) -> String {
        let response = self.client.get(format!("{}/", self.url)).send().await.expect("the shop is there");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let page = response.text().await.expect("text");
        let (_, rest) = page.split_once("name=\"page-token\" content=\"").expect("a token");
        format!("Page {}", rest.split('"').next().expect("its end"))
    }
}

fn tea(quantity: i64) -> Value {
    json!({"item": "tea", "quantity": quantity})
}

#[tokio::test]
async fn a_used_token_answers_with_its_order() {
    let ground = Ground::new(10).await;
    let shop = ground.serve().await;
    let (page, other, first) = (ground.opened().await, ground.opened().await, key());
    let sold_out = ground.settle("/orders", &page, &key(), Some(&tea(11))).await;
    assert_eq!((sold_out.status, &sold_out.body["code"]), (409, &json!("sold_out")), "{sold_out:?}");
    let placed = ground.settle("/orders", &page, &first, Some(&tea(1))).await;
    assert_eq!(placed.status, 201, "a refusal uses no token up: {placed:?}");
    assert_eq!(ground.settle("/orders", &page, &first, Some(&tea(1))).await.how, "replayed");
    let again = ground.settle("/orders", &page, &key(), Some(&tea(2))).await;
    assert_eq!((again.status, &again.body), (200, &placed.body), "under another key");
    let others = ground.settle("/orders", &other, &first, Some(&tea(1))).await;
    assert_eq!(others.status, 201, "another page's key is another key");
    assert_eq!(ground.settle("/orders", "Page nobody", &key(), Some(&tea(1))).await.status, 401);
    assert_eq!(ground.number("SELECT count(*) FROM orders").await, 2);
    drop(shop);
    ground.close().await;
}

#[tokio::test]
async fn many_at_once_with_one_token_make_one_order() {
    let ground = Arc::new(Ground::new(100).await);
    let shop = ground.serve().await;
    let page = ground.opened().await;
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let (ground, page) = (Arc::clone(&ground), page.clone());
            tokio::spawn(async move { ground.settle("/orders", &page, &key(), Some(&tea(1))).await })
        })
        .collect();
    let mut seen = Vec::new();
    for call in calls {
        seen.push(call.await.expect("no panic"));
    }
    assert_eq!(seen.iter().filter(|answer| answer.status == 201).count(), 1, "{seen:?}");
    assert!(seen.iter().all(|answer| answer.body["id"] == seen[0].body["id"]), "{seen:?}");
    assert_eq!(ground.number("SELECT count(*) FROM orders").await, 1);
    drop(shop);
    Arc::into_inner(ground).expect("all are done").close().await;
}

/// The page's own script, in a browser that is just enough of one, against the shop: each line of the story is played in
/// `page.cjs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_is_pressed_again_and_again() {
    let ground = Ground::new(100).await;
    let shop = ground.serve().await;
    let node = std::env::var("TEST_WITNESS_NODE").expect(
        "TEST_WITNESS_NODE is missing: run `cargo xtask test`, or `eval \"$(cargo xtask services env)\"` behind \
         `cargo xtask services up`",
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(node)
        .arg(folder.join("tests/shop/page.cjs"))
        .arg(folder.join("src/page.js"))
        .arg(&ground.url)
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "played to its end");
    assert_eq!(ground.number("SELECT count(*) FROM orders WHERE item = 'tea'").await, 1);
    assert_eq!(ground.charges().await, (1, 900));
    drop(shop);
    ground.close().await;
}
