//! Owns marks of used tokens on Redis: that all nodes see them, and that they go.

use std::time::Duration;

use coord::Tokens;
use coord::tokens::RedisTokens;

use crate::harness::{Server, client, name, until, variable};

#[tokio::test]
async fn a_mark_is_seen_by_all_and_goes() {
    for server in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"] {
        let [one, other] = [(); 2].map(|()| RedisTokens::new(client(&variable(server)), "token:"));
        let name = name("token");
        assert!(!other.seen(&name).await.expect("it answers"));
        one.mark(&name, Duration::from_millis(500)).await.expect("it answers");
        assert!(other.seen(&name).await.expect("it answers"));
        until("it goes", || async { !other.seen(&name).await.expect("it answers") }).await;
        // As long as can be is no error, and no time at all is soon over.
        one.mark(&name, Duration::MAX).await.expect("it answers");
        one.mark(&name, Duration::ZERO).await.expect("it answers");
        until("it goes", || async { !other.seen(&name).await.expect("it answers") }).await;
    }
}

/// Why only the database consumes.
#[tokio::test]
async fn a_flush_forgets_what_was_used() {
    let server = Server::start().await;
    let tokens = RedisTokens::new(client(&server.url()), "");
    tokens.mark("used", Duration::from_mins(10)).await.expect("it answers");
    server.ask::<String>("FLUSHALL").await.expect("it answers");
    assert!(!tokens.seen("used").await.expect("it answers"));
}
