//! What only Redis can do wrong: keys that expire, doubts in two places, a server that goes away.

use std::time::Duration;

use idempotency::protocol::{Begun, Error, Guarantee, Released, Store, Written};
use idempotency::store::Redis;
use redis::AsyncCommands as _;

use crate::ground::redis::Server;
use crate::ground::{answer, execute, request};

/// The keys of a test with the milliseconds that they have to live; -1 is for ever.
async fn lives(server: &Server) -> Vec<(String, i64)> {
    let mut connection = server.connect().await.expect("the server is there");
    let mut keys: Vec<String> = connection.keys(format!("{{{}:*", server.prefix)).await.expect("keys");
    keys.sort();
    let mut lives = Vec::new();
    for key in keys {
        let left: i64 = connection.pttl(&key).await.expect("a key");
        lives.push((key, left));
    }
    lives
}

#[tokio::test]
async fn only_what_may_be_forgotten_expires() {
    let server = Server::open().await;
    let store = server.store().await;
    let outside = idempotency::protocol::Request { guarantee: Guarantee::AtMostOnce, ..request("a") };
    let lease = execute(&store, &outside).await;
    assert_eq!(store.doubt(&lease).await.expect("redis is there"), Written::Done);
    let running = execute(&store, &request("b")).await;
    let found = lives(&server).await;
    assert!(found.len() == 3 && found.iter().all(|(_, left)| *left == -1), "{found:?}");
    assert_eq!(store.complete(&lease, &answer("late")).await.expect("redis is there"), Written::Done);
    assert_eq!(store.release(&running).await.expect("redis is there"), Released::Free);
    // The list of doubts is empty, and so it is gone; the answer stays ten minutes, what was released a second.
    let found = lives(&server).await;
    let most = 600_000;
    assert!(found.iter().all(|(_, left)| (1..=most).contains(left)), "{found:?}");
    assert!(found.iter().any(|(_, left)| *left > most - 60_000), "{found:?}");
    // What expired before, and is given away again, expires no more.
    let again = execute(&store, &request("b")).await;
    assert!(again.fence > running.fence);
    assert_eq!(lives(&server).await.iter().filter(|(_, left)| *left == -1).count(), 1);
}

/// A server that is set up to forget leaves no list of what it has forgotten.
#[tokio::test]
async fn a_doubt_that_was_evicted_is_listed_no_more() {
    let server = Server::open().await;
    let store = server.store().await;
    let outside = idempotency::protocol::Request { guarantee: Guarantee::AtMostOnce, ..request("a") };
    let lease = execute(&store, &outside).await;
    assert_eq!(store.doubt(&lease).await.expect("redis is there"), Written::Done);
    assert_eq!(store.doubts(9).await.expect("redis is there").len(), 1);
    let mut connection = server.connect().await.expect("the server is there");
    for (key, _) in lives(&server).await.into_iter().filter(|(key, _)| key.contains(":record:")) {
        let _: () = connection.del(&key).await.expect("a key");
    }
    assert_eq!(store.doubts(9).await.expect("redis is there"), []);
    assert_eq!(lives(&server).await, [], "nothing is left of it");
}

#[tokio::test]
async fn no_transaction_completes_a_record() {
    assert!(!Server::open().await.store().await.has_transactions(), "a transactional route would be taken");
}

#[tokio::test]
async fn prefixes_keep_services_apart() {
    let server = Server::open().await;
    let store = server.store().await;
    let other = server.store().await.with_prefix(&format!("{}x", server.prefix)).expect("a good prefix");
    execute(&store, &request("a")).await;
    execute(&other, &request("a")).await;
    for bad in ["", "a{b", "a}b"] {
        assert!(matches!(store.clone().with_prefix(bad), Err(Error::Broken(_))), "{bad:?}");
    }
}

#[tokio::test]
async fn a_record_that_is_not_ours_is_told() {
    let server = Server::open().await;
    let store = server.store().await;
    execute(&store, &request("a")).await;
    let (key, _) = lives(&server).await.remove(0);
    let mut connection = server.connect().await.expect("the server is there");
    let _: () = connection.hset(&key, "s", "9").await.expect("a hash");
    assert!(matches!(store.begin(&request("a")).await, Err(Error::Broken(_))));
    let _: () = connection.del(&key).await.expect("a key");
    let _: () = connection.set(&key, "text").await.expect("a key");
    assert!(matches!(store.begin(&request("a")).await, Err(Error::Broken(_))));
}

#[tokio::test]
async fn scripts_that_were_flushed_are_loaded_again() {
    let server = Server::private().await;
    let store = server.store().await;
    let lease = execute(&store, &request("a")).await;
    let mut connection = server.connect().await.expect("the server is there");
    let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut connection).await.expect("scripts are gone");
    assert_eq!(store.complete(&lease, &answer("a")).await.expect("redis is there"), Written::Done);
    assert_eq!(store.begin(&request("a")).await.expect("redis is there"), Begun::Replay(answer("a")));
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_within_the_bound() {
    let mut server = Server::private().await;
    let connection = server.connect().await.expect("the server is there");
    let store = Redis::new(connection);
    let lease = execute(&store, &request("a")).await;
    let store = store.with_bound(Duration::from_millis(500));
    server.stop();
    let complete = tokio::time::timeout(Duration::from_secs(5), store.complete(&lease, &answer("a"))).await;
    assert!(matches!(complete.expect("it has a bound"), Err(Error::Unresolved(_) | Error::Unavailable(_))));
    let standing = tokio::time::timeout(Duration::from_secs(5), store.standing(&lease.name)).await;
    assert!(matches!(standing.expect("it has a bound"), Err(Error::Unavailable(_))));
}

/// A server that is there and says nothing: nobody knows whether it wrote.
#[tokio::test]
async fn a_server_that_is_silent_leaves_a_write_unresolved() {
    let server = Server::private().await;
    let store = server.store().await;
    // The script is loaded: else its first try is answered by a request to load it, and is not a write.
    let before = execute(&store, &request("before")).await;
    assert_eq!(store.complete(&before, &answer("a")).await.expect("redis is there"), Written::Done);
    let lease = execute(&store, &request("a")).await;
    let mut connection = server.connect().await.expect("the server is there");
    let pause = redis::cmd("CLIENT").arg("PAUSE").arg(60_000).arg("WRITE").to_owned();
    let _: () = pause.query_async(&mut connection).await.expect("writes wait");
    let hasty = store.clone().with_bound(Duration::from_millis(200));
    assert!(matches!(hasty.complete(&lease, &answer("a")).await, Err(Error::Unresolved(_))));
    let _: () = redis::cmd("CLIENT").arg("UNPAUSE").query_async(&mut connection).await.expect("writes go on");
    // It was written after all, and asking tells.
    let told = async {
        while store.begin(&request("a")).await.expect("redis is there") != Begun::Replay(answer("a")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told).await.expect("the write that waited stands");
}
