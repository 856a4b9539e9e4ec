//! Owns starting a server whose Redis is not there yet, and one that will never let it in.

use crate::harness::{Database, Folder, Kind, PASSWORD, Redis, ended, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_14_a_server_starts_without_redis_and_uses_it_when_it_comes() {
    let mut redis = Redis::away();
    let database = Database::new(Kind::Sqlite);
    database.settings("limits: [{by: credential, count: 1000, per: 1h}]\n");
    let node = database.node_with(&["--redis-url", &redis.url()]).await;
    node.admin.stock_up(100).await;
    node.admin.place("away").await.expect("the server is there").expect(201);
    redis.start_again().await;
    until("it counts in Redis", || async {
        node.admin.stock().await;
        redis.ask("KEYS mideng:*:limit:*").await.contains("credential")
    })
    .await;
    node.admin.place("there").await.expect("the server is there").expect(201);
    database.close(vec![node]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_redis_stops_the_start_with_one_line() {
    let redis = Redis::start().await;
    let place = redis.address;
    for (url, part) in [
        (format!("redis://:not-{PASSWORD}@{place}"), "refuses us"),
        (format!("redis://somebody:not-{PASSWORD}@{place}"), "refuses us"),
        (format!("redis://{place}"), "refuses us"),
        (format!("http://:{PASSWORD}@{place}"), "redis://"),
        (format!("redis://:{PASSWORD}@{place},{place}"), "several hosts"),
        (format!("redis://:{PASSWORD}@127.0.0.1:65536"), "port"),
        (format!("redis://:{PASSWORD}@{place}/first"), "database"),
    ] {
        let folder = Folder::new();
        let said = folder.run(&["serve", "--listen", "127.0.0.1:0", "--redis-url", &url]).await;
        said.failed_saying(&["redis_url", part]);
        assert!(!format!("{}{}", said.err, said.out).contains(PASSWORD), "{said:?}");
        assert!(!said.out.contains("API key"), "nothing is made yet: {said:?}");
    }
}

/// The administrator's key is shown by whichever start makes it, also where that comes to nothing.
#[tokio::test]
async fn a_start_that_fails_does_not_keep_the_new_key_to_itself() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let folder = Folder::new();
    let mut start = folder.command(&["serve", "--listen", &address]);
    start.env_remove("MIDENG_BOOTSTRAP_API_KEY");
    let said = ended(start).await;
    said.failed_saying(&["listening on"]);
    assert!(said.out.contains("API key    "), "{said:?}");
}
