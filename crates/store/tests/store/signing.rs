//! Owns the tests of the keys that sign tokens.

use domain::Timestamp;
use store::SigningKey;
use tokio::task::JoinSet;

use crate::ground::{Ground, Kind, on_every_database};

on_every_database!(of_nodes_that_start_together_one_makes_the_first_key, a_further_key_is_kept_beside_those_before,);

fn key(kid: &str, signs_from: i64) -> SigningKey {
    let secret = format!("secret of {kid}");
    let (created_at, signs_from) = (Timestamp(signs_from - 5), Timestamp(signs_from));
    SigningKey { kid: kid.to_owned(), secret, created_at, signs_from, verifies_until: None }
}

async fn of_nodes_that_start_together_one_makes_the_first_key(kind: Kind) {
    for _ in 0..4 {
        let ground = Ground::new(kind).await;
        let store = ground.store().await;
        store.migrate().await.expect("an empty database takes the schema");
        let nodes = ground.nodes(&store).await;
        let mut tasks = JoinSet::new();
        for number in 0..8_usize {
            let node = nodes[number % 2].clone();
            tasks.spawn(async move {
                node.signing_key_first(&key(&format!("k{number}"), 10)).await.expect("there is a key behind it");
                node.signing_keys().await.expect("they are read")
            });
        }
        let mut seen = tasks.join_all().await;
        seen.dedup();
        assert_eq!(seen.len(), 1, "all nodes have the same");
        assert_eq!(seen[0].len(), 1, "{seen:?}");
    }
}

async fn a_further_key_is_kept_beside_those_before(kind: Kind) {
    let ground = Ground::new(kind).await;
    let store = ground.store().await;
    store.migrate().await.expect("an empty database takes the schema");
    store.signing_key_first(&key("first", 10)).await.expect("none is there");
    for (kid, at) in [("second", 100), ("third", 200)] {
        store.signing_key_add(&key(kid, at)).await.expect("one more");
    }
    store.signing_key_first(&key("late", 300)).await.expect("there are some");
    assert!(store.signing_key_add(&key("second", 400)).await.is_err(), "its name is taken");
    assert!(store.signing_key_retire("second", Timestamp(250)).await.expect("it is written"), "one that leaked");
    assert!(!store.signing_key_retire("fourth", Timestamp(250)).await.expect("it is written"), "there is none");
    let until = |kid, signs_from, until: Option<i64>| SigningKey {
        verifies_until: until.map(Timestamp),
        ..key(kid, signs_from)
    };
    let wanted = [until("first", 10, None), until("second", 100, Some(250)), until("third", 200, None)];
    assert_eq!(store.signing_keys().await.expect("they are read"), wanted);
    assert!(!format!("{wanted:?}").contains("secret"), "keys are not shown");
}
