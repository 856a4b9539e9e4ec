//! Owns the settings as somebody who starts the server meets them: which source wins, and what a wrong one says.

use std::fs;

use crate::harness::{Folder, Server, ended};

/// How long an order of this server may wait for payment, in seconds.
async fn payment_timeout(server: &Server) -> i64 {
    server.admin.stock_up(5).await;
    let order = server.admin.place("k1").await.expect("the server is there").expect(201);
    let time = |name| order.text(name).parse::<jiff::Timestamp>().expect("a time").as_second();
    time("/expires_at") - time("/created_at")
}

#[tokio::test]
async fn flags_over_environment_over_file_over_defaults() {
    const MINUTE: i64 = 60;
    for (file, variable, flag, expected) in [
        (None, None, None, 30),
        (Some("10m"), None, None, 10),
        (Some("10m"), Some("20m"), None, 20),
        (Some("10m"), Some("20m"), Some("40m"), 40),
        (None, Some("20m"), None, 20),
        (Some("10m"), None, Some("40m"), 40),
    ] {
        let folder = Folder::new();
        if let Some(period) = file {
            fs::write(folder.file("mideng.yaml"), format!("payment_timeout: {period}\n")).expect("the file is written");
        }
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(flag.iter().flat_map(|&period| ["--payment-timeout", period]));
        let mut command = folder.command(&arguments);
        if let Some(period) = variable {
            command.env("MIDENG_PAYMENT_TIMEOUT", period);
        }
        let server = Server::started(command).await.0;
        assert_eq!(payment_timeout(&server).await, expected * MINUTE, "{file:?} {variable:?} {flag:?}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_member_of_the_file() {
    for (text, parts) in [
        ("listen: nowhere\n", &["listen"] as &[&str]),
        ("colour: blue\n", &["colour"]),
        ("key_retention: 24h\n", &["key_retention", "25h"]),
        ("payment_timeout: 5\n", &["payment_timeout"]),
        ("payment_timeout: soon\n", &["soon"]),
        ("answer_wait: 0s\n", &["answer_wait"]),
        ("queue_commands_max: 0\n", &["queue_commands_max"]),
        ("queue_commands_max: -1\n", &["queue_commands_max"]),
        ("body_bytes_max: many\n", &["body_bytes_max"]),
        ("database_url: oracle:x\n", &["oracle is no database", "sqlite:"]),
        ("bootstrap_api_key: short\n", &["mk_"]),
        // S30: what stands in examples is nobody's secret.
        ("bootstrap_api_key: mk_changeme-changeme-changeme\n", &["BOOTSTRAP_API_KEY", "openssl rand"]),
        ("bootstrap_api_key: mk_xxxxxxxxxxxxxxxxxxxxxxxx\n", &["BOOTSTRAP_API_KEY", "openssl rand"]),
        ("database_url: postgres://shop:changeme@db.example/shop\n", &["database_url", "another machine"]),
        ("redis_url: rediss://:only-on-this-machine@cache.example:6379\n", &["redis_url", "another machine"]),
        // S21: whom one may say that one asks for.
        ("trusted_proxies: [proxy.example]\n", &["trusted_proxies", "10.0.0.0/8"]),
        ("trusted_proxies: [10.0.0.7/8]\n", &["trusted_proxies", "write 10.0.0.0/8"]),
        ("trusted_proxies: [\"0.0.0.0/0\"]\n", &["trusted_proxies", "everybody"]),
        ("- a\n- b\n", &["setting"]),
        ("listen: [\n", &["setting"]),
    ] {
        let folder = Folder::new();
        fs::write(folder.file("mideng.yaml"), text).expect("the file is written");
        let mut command = folder.command(&["serve"]);
        command.env_remove("MIDENG_BOOTSTRAP_API_KEY");
        let said = ended(command).await;
        assert!(!said.status.success(), "{text:?} was taken");
        said.failed_saying(parts);
        assert!(!said.err.contains("changeme") && !said.err.contains("only-on"), "{said:?}");
        assert!(!folder.file("mideng-data").exists(), "{text:?}: a start that is refused leaves nothing behind");
    }
}

#[tokio::test]
async fn a_wrong_variable_or_flag() {
    let folder = Folder::new();
    for (name, value, part) in [
        ("MIDENG_LISTEN", "8080", "LISTEN"),
        ("MIDENG_KEY_RETENTION", "1h", "25h"),
        ("MIDENG_BOOTSTRAP_API_KEY", "secret", "mk_"),
        ("MIDENG_NO_SUCH_SETTING", "1", "no_such_setting"),
    ] {
        let mut command = folder.command(&["serve"]);
        command.env(name, value);
        ended(command).await.failed_saying(&[part]);
    }
    folder.run(&["serve", "--config", "none.yaml"]).await.failed_saying(&["none.yaml", "does not exist"]);
    folder.run(&["serve", "--key-retention", "24h"]).await.failed_saying(&["25h"]);
    let long = format!("https://{}.example", "a".repeat(200));
    folder.run(&["serve", "--public-url", &long]).await.failed_saying(&["public_url", "200"]);
    for (flag, value) in [("--listen", "nowhere"), ("--answer-wait", "soon"), ("--body-bytes-max", "many")] {
        let said = folder.run(&["serve", flag, value]).await;
        assert!(!said.status.success() && said.err.contains(flag), "{said:?}");
    }
    assert!(!folder.run(&["serve", "--no-such-flag"]).await.status.success());
}
