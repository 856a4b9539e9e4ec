//! Owns starts and commands that fail, each with a secret in what it was given.

use std::fs;

use futures_util::future::join_all;
use ports::Port;
use serde_json::json;

use super::vault::Vault;
use crate::harness::{Ended, Folder, Redis, ended, variable};

async fn serve(folder: &Folder, variables: &[(&str, &str)], flags: &[&str]) -> Ended {
    let mut command = folder.command(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat());
    command.env("MIDENG_LOG", "trace");
    for (name, value) in variables {
        command.env(name, value);
    }
    ended(command).await
}

#[track_caller]
fn told(vault: &Vault, what: &str, said: &Ended) {
    assert!(!said.status.success(), "{what} should fail: {said:?}");
    assert!(!said.err.is_empty(), "{what} says why");
    vault.is_not_in(what, &format!("{}\n{}", said.out, said.err));
}

/// Whoever is given this address says why it cannot be used, and not what it is.
async fn a_database(vault: &Vault, what: &str, url: &str) {
    let (folder, wait) = (Folder::new(), ["--database-wait", "100ms"]);
    told(vault, what, &serve(&folder, &[], &[&["--database-url", url][..], &wait].concat()).await);
    told(vault, what, &serve(&folder, &[("MIDENG_DATABASE_URL", url)], &wait).await);
    let settings = json!({"database_url": url, "database_wait": "100ms"});
    fs::write(folder.file("mideng.yaml"), settings.to_string()).expect("the file is written");
    told(vault, what, &serve(&folder, &[], &[]).await);
    told(vault, what, &folder.run(&["check", "--database-url", url]).await);
    told(vault, what, &folder.run(&["copy", "--from", url, "--to", "sqlite:copy.db"]).await);
    told(vault, what, &folder.run(&["copy", "--from", "sqlite:none.db", "--to", url]).await);
    // Whoever asks for help has it in their environment.
    for command in ["serve", "check", "api-key list", "channel list"] {
        let mut command = folder.command(&[&command.split(' ').collect::<Vec<_>>()[..], &["--help"]].concat());
        let said = ended({
            command.env("MIDENG_DATABASE_URL", url).env("MIDENG_API_KEY", url);
            command
        })
        .await;
        vault.is_not_in("help", &said.succeeded().out);
    }
}

/// S29: wrong passwords, addresses that nobody understands, servers that are away, secrets in the wrong place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s29_a_start_that_fails_tells_no_secret() {
    let mut vault = Vault::default();
    let word = vault.keep("a password in an address", format!("canary-{:x}", rand::random::<u64>()));
    let nowhere = Port::reserve().expect("a free port");
    let gone = nowhere.address();
    let redis = Redis::start().await;
    let place = |url: &str| url.rsplit_once('@').expect("an account").1.to_owned();
    let (postgres, mariadb) = (place(&variable("TEST_POSTGRES_URL")), place(&variable("TEST_MARIADB_URL")));
    let databases = [
        ("a wrong password of PostgreSQL", format!("postgres://mideng:{word}@{postgres}/postgres")),
        ("a wrong password of MariaDB", format!("mysql://mideng:{word}@{mariadb}/mysql")),
        ("PostgreSQL that is away", format!("postgres://mideng:{word}@{gone}/shop")),
        ("MariaDB that is away", format!("mysql://mideng:{word}@{gone}/shop")),
        ("a password as a parameter", format!("postgres://{gone}/shop?user=mideng&password={word}")),
        ("no database", format!("postgres://mideng:{word}@{gone}")),
        ("no port", format!("postgres://mideng:{word}@127.0.0.1:port/shop")),
        ("no host", format!("mysql://mideng:{word}@[::1/shop")),
        ("no scheme that is known", format!("oracle://mideng:{word}@db/shop")),
        ("the scheme in the wrong place", format!("mideng:{word}@postgres://db/shop")),
        ("an option that is unknown", format!("mysql://mideng:{word}@{gone}/shop?ssl-mode={word}")),
    ];
    join_all(databases.iter().map(|(what, url)| a_database(&vault, what, url))).await;
    for (what, url) in [
        ("a wrong password of Redis", format!("redis://:{word}@{}", redis.address)),
        ("a wrong account of Redis", format!("redis://somebody:{word}@{}", redis.address)),
        ("no port of Redis", format!("redis://:{word}@127.0.0.1:port")),
        ("no scheme of Redis", format!("http://:{word}@{gone}")),
        ("no address of Redis", format!("redis://:{word}")),
        ("no database of Redis", format!("redis://:{word}@{gone}/{word}")),
    ] {
        let folder = Folder::new();
        told(&vault, what, &serve(&folder, &[], &["--redis-url", &url]).await);
        told(&vault, what, &serve(&folder, &[("MIDENG_REDIS_URL", &url)], &[]).await);
    }
    for (what, setting) in [
        ("a list in the place of a key", json!({"bootstrap_api_key": [word]})),
        ("a key that is short", json!({"bootstrap_api_key": word})),
        ("a key with another beginning", json!({"bootstrap_api_key": format!("{word}-{word}")})),
        ("an object in the place of an address", json!({"redis_url": {"password": word}})),
        (
            "a provider's secret in the file",
            json!({"login_providers": [{"name": "web", "as": "staff", "roles": [],
            "oidc": {"issuer": "https://id.example", "client_id": "shop", "client_secret": word}}]}),
        ),
        (
            "a provider's secret in the place of its file",
            json!({"public_url": "https://shop.example",
            "login_providers": [{"name": "web", "as": "staff", "roles": [{"group": "a", "role": "admin"}],
            "oidc": {"issuer": "https://id.example", "client_id": "shop", "client_secret_file": {"secret": word}}}]}),
        ),
    ] {
        let folder = Folder::new();
        fs::write(folder.file("mideng.yaml"), setting.to_string()).expect("the file is written");
        let mut command = folder.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env_remove("MIDENG_BOOTSTRAP_API_KEY");
        told(&vault, what, &ended(command).await);
    }
    assert_eq!(vault.len(), 1);
}

/// S29: a secret that was written where the name of its place belongs.
#[tokio::test]
async fn s29_an_account_that_cannot_be_used_tells_no_secret() {
    let folder = Folder::new();
    folder.serve(&[]).await.stop().await;
    let mut vault = Vault::default();
    let word = vault.plant("a provider's secret");
    fs::write(folder.file("secret"), &word).expect("the file is written");
    for (kind, settings) in [
        ("sandbox", json!({"gateway": "http://127.0.0.1:9/s", "account": "a", "secrets": [word]})),
        ("sandbox", json!({"gateway": "http://127.0.0.1:9/s", "account": "a", "secrets": {"one": word}})),
        (
            "sandbox",
            json!({"gateway": "http://127.0.0.1:9/s", "account": "a", "secrets": ["file:secret"], "more": word}),
        ),
        ("stripe", json!({"gateway": "https://x.example", "secret_key": word, "webhook_secrets": ["file:secret"]})),
        ("stripe", json!({"gateway": "https://x.example", "secret_key": "file:secret", "webhook_secrets": word})),
        (
            "alipay",
            json!({"gateway": "https://x.example", "app_id": "1", "seller_id": "2", "private_key": "file:secret",
            "alipay_public_keys": ["file:secret"]}),
        ),
        (
            "wechat_pay",
            json!({"gateway": "https://x.example", "app_id": "1", "mch_id": "2", "merchant_serial": "3",
            "private_key": "file:secret", "api_v3_keys": ["file:secret"], "platform_keys": {}}),
        ),
    ] {
        fs::write(folder.file("till.json"), settings.to_string()).expect("the file is written");
        let mut command = folder.command(&["channel", "add", kind, "--settings", "till.json"]);
        command.env("MIDENG_LOG", "trace");
        told(&vault, kind, &ended(command).await);
        // The file is cut off in the middle of a secret.
        let whole = settings.to_string();
        fs::write(folder.file("till.json"), &whole[..whole.len() - 3]).expect("the file is written");
        told(&vault, kind, &folder.run(&["channel", "add", kind, "--settings", "till.json"]).await);
    }
}
