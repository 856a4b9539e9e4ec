//! Owns what a connection says when it cannot be: a wrong password, a wrong port, a certificate of somebody else.

use std::time::Duration;

use coord::lock::{Lock, NotAcquired, RedisLock};
use coord::{Error, Redis};
use tokio::time::Instant;

use crate::contract::PATIENT;
use crate::harness::{PASSWORD, Server, client, variable};

/// Puts another password into an address.
fn with_password(url: &str, password: &str) -> String {
    let (before, behind) = url.split_once('@').expect("it has an account");
    let (account, _) = before.rsplit_once(':').expect("it has a password");
    format!("{account}:{password}@{behind}")
}

#[tokio::test]
async fn each_kind_of_address_connects() {
    let authority = variable("TEST_TLS_FOLDER") + "/authority.pem";
    for url in [
        variable("TEST_REDIS_URL"),
        format!("{}/3", variable("TEST_REDIS_URL")),
        format!("{}?ca={authority}", variable("TEST_REDIS_TLS_URL")),
        variable("TEST_REDIS_SENTINEL_URL"),
        variable("TEST_REDIS_CLUSTER_URL"),
    ] {
        let redis = client(&url);
        redis.ping().await.unwrap_or_else(|error| panic!("{redis:?}: {error}"));
    }
    Redis::connect(&variable("TEST_REDIS_URL")).await.expect("it is there");
}

#[tokio::test]
async fn a_wrong_password_is_one_line_without_it() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_SENTINEL_URL", "TEST_REDIS_CLUSTER_URL"] {
        let redis = client(&with_password(&variable(name), "a-wrong-secret"));
        let error = redis.ping().await.expect_err("it is wrong");
        let text = format!("{error} {error:?} {redis:?}");
        assert!(matches!(error, Error::Denied { .. }), "{name}: {error:?}");
        assert!(!text.contains("a-wrong-secret"), "{text}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_password_ends_a_wait_at_once() {
    let lock = RedisLock::on(client(&with_password(&variable("TEST_REDIS_URL"), "wrong")), "");
    let began_at = Instant::now();
    let refused = lock.acquire("a", PATIENT).await;
    assert!(matches!(refused, Err(NotAcquired::Away(Error::Denied { .. }))), "{refused:?}");
    assert!(began_at.elapsed() < PATIENT.wait / 2);
}

#[tokio::test]
async fn no_password_where_one_is_wanted_is_told() {
    let server = Server::start().await;
    let error = Redis::connect(&format!("redis://127.0.0.1:{}", server.port())).await.expect_err("it wants one");
    assert!(matches!(error, Error::Denied { .. }), "{error:?}");
    Redis::connect(&format!("redis://:{PASSWORD}@127.0.0.1:{}", server.port())).await.expect("it is right");
}

#[tokio::test]
async fn a_certificate_that_nobody_here_trusts_is_refused() {
    let url = variable("TEST_REDIS_TLS_URL");
    let stranger = variable("TEST_TLS_FOLDER") + "/stranger.pem";
    for url in [url.clone(), format!("{url}?ca={stranger}"), url.replace("rediss:", "redis:")] {
        let error = client(&url).ping().await.expect_err("it must not connect");
        assert!(matches!(error, Error::Away { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_in_time() {
    let mut server = Server::start().await;
    server.kill();
    for url in [
        server.url(),
        format!("redis+sentinel://127.0.0.1:{}/shop", server.port()),
        format!("redis+cluster://127.0.0.1:{}", server.port()),
        // Packets to here are dropped, or there is no way: a documentation's address, RFC 5737.
        "redis://192.0.2.1:6379".to_owned(),
    ] {
        let began_at = Instant::now();
        let error = Redis::connect(&url).await.expect_err("nobody is there");
        assert!(matches!(error, Error::Away { .. }), "{url}: {error:?}");
        assert!(began_at.elapsed() < Duration::from_secs(8), "{url}: {:?}", began_at.elapsed());
    }
    let error = Redis::connect("redis://localhost:port").await.expect_err("it is wrong");
    assert!(matches!(error, Error::Address(_)), "{error:?}");
}
