//! Owns the commands beside a running server: migrate, check, API keys.

use crate::harness::{Folder, Shopper, until};

#[tokio::test]
async fn migrate_makes_a_database_and_then_has_nothing_to_do() {
    let folder = Folder::new();
    folder.run(&["check"]).await.failed_saying(&["there is no database", "mideng.db"]);
    let made = folder.run(&["migrate"]).await.succeeded();
    assert!(made.out.contains("up to date"), "{made:?}");
    let again = folder.run(&["migrate"]).await.succeeded();
    assert!(again.out.contains(" 0 migrations"), "{again:?}");
    folder.run(&["api-key", "create", "--account", "web"]).await.failed_saying(&["mideng serve"]);
    folder.check().await;
    folder.serve(&[]).await.stop().await;
}

#[tokio::test]
async fn conflicts_can_be_looked_up_beside_a_running_server() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.admin.stock_up(9).await;
    server.admin.place("k1").await.expect("the server is there").expect(201);
    let other = r#"{"customer_id": "else", "lines": [{"sku": "A", "quantity": 1}]}"#;
    for _ in 0..3 {
        let answer = server.admin.send(http::Method::POST, "/api/v1/orders", "k1", other).await;
        answer.expect("the server is there").expect(422);
    }
    until("the counts are written", async || {
        let list = folder.run(&["conflicts", "--key", "k1"]).await.succeeded().out;
        list.contains("service:admin") && list.contains("idempotency_key_reused") && list.contains('3')
    })
    .await;
    // A popular product that is sold out is no conflict: there would be a row for each shopper.
    let sold_out = r#"{"customer_id": "else", "lines": [{"sku": "A", "quantity": 100}]}"#;
    let answer = server.admin.send(http::Method::POST, "/api/v1/orders", "sold-out", sold_out).await;
    answer.expect("the server is there").expect(409);
    let stale = [("if-match", "\"9\""), ("idempotency-key", "stale")];
    let product = r#"{"name": "A", "price": {"amount": 1, "currency": "CNY"}}"#;
    let answer = server.admin.send_with(http::Method::PUT, "/api/v1/products/A", &stale, product).await;
    answer.expect("the server is there").expect(412);
    let rows = async || {
        let lines = folder.run(&["conflicts", "--json"]).await.succeeded().out;
        let row = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("one object");
        lines.lines().map(row).map(|row| format!("{} {} {}", row["key"], row["kind"], row["times"])).collect::<Vec<_>>()
    };
    until("the last is written", async || rows().await.len() > 1).await;
    assert_eq!(rows().await, [r#""stale" "version_mismatch" 1"#, r#""k1" "idempotency_key_reused" 3"#]);
    assert!(!folder.run(&["conflicts", "--key", "k2"]).await.succeeded().out.contains("reused"));
    server.stop().await;
}

#[tokio::test]
async fn api_keys_are_made_listed_and_revoked_beside_a_running_server() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.admin.stock_up(9).await;
    let create = async |role: &str| {
        let made = folder.run(&["api-key", "create", "--account", "web", "--role", role]).await.succeeded();
        let secret = made.out.trim().to_owned();
        assert!(secret.starts_with("mk_") && secret.lines().count() == 1, "{made:?}");
        assert!(!made.err.contains(&secret), "a log of standard error holds no secret");
        Shopper { secret, ..server.admin.clone() }
    };
    let web = create("service").await;
    let first = web.place("k1").await.expect("the server is there").expect(201);
    let rotated = create("service").await;
    rotated.place("k1").await.expect("the server is there").replays(&first);
    create("auditor").await.place("k2").await.expect("the server is there").expect(403);

    let list = folder.run(&["api-key", "list"]).await.succeeded().out;
    assert!(list.contains("admin") && list.contains("auditor") && list.contains("service"), "{list}");
    assert!(!list.contains(&web.secret) && !list.contains(&rotated.secret), "secrets are shown once");
    let line = list.lines().find(|line| line.contains(&web.secret[..10])).expect("the key is listed by its beginning");
    let id = line.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty()).expect("an id").to_owned();
    folder.run(&["api-key", "revoke", &id]).await.succeeded();
    until("the key is refused", async || web.get("/api/v1/orders").await.status == 401).await;
    rotated.place("k1").await.expect("the server is there").replays(&first);
    folder.run(&["api-key", "revoke", &id]).await.failed_saying(&["could be revoked", "api-key list"]);
    folder.run(&["api-key", "create", "--account", ""]).await.failed_saying(&["1 to 64"]);
    server.stop().await;
}

#[tokio::test]
async fn the_first_key_is_printed_once() {
    let folder = Folder::new();
    let start = || {
        let mut command = folder.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env_remove("MIDENG_BOOTSTRAP_API_KEY");
        crate::harness::Server::started(command)
    };
    let (mut server, _) = start().await;
    let said = server.printed("shown only now").await;
    let secret = said.split_whitespace().find(|word| word.starts_with("mk_")).expect("a key is printed").to_owned();
    let owner = Shopper { secret: secret.clone(), ..server.admin.clone() };
    owner.get("/api/v1/orders").await.expect(200);
    server.admin.get("/api/v1/orders").await.expect(401);
    server.stop().await;
    let (server, said) = start().await;
    assert!(!said.contains("mk_"), "{said}");
    Shopper { secret, ..server.admin.clone() }.get("/api/v1/orders").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn a_channel_takes_new_keys_and_no_other_merchant() {
    let folder = Folder::new();
    folder.serve(&[]).await.stop().await;
    let write = |account: &str, secrets: &str| {
        let settings =
            format!(r#"{{"gateway":"http://127.0.0.1:9/sandbox","account":"{account}","secrets":{secrets}}}"#);
        std::fs::write(folder.file("till.json"), settings).expect("it can be written");
    };
    let change = || folder.run(&["channel", "settings", "sandbox", "till.json"]);
    write("one", r#"["env:PATH"]"#);
    folder.run(&["channel", "add", "sandbox", "--settings", "till.json"]).await.succeeded();
    write("one", r#"["env:CARGO_MANIFEST_DIR","env:PATH"]"#);
    change().await.succeeded();
    write("two", r#"["env:CARGO_MANIFEST_DIR","env:PATH"]"#);
    change().await.failed_saying(&["account", "does not change", "channel add"]);
    let unknown = folder.run(&["channel", "settings", "other", "till.json"]).await;
    unknown.failed_saying(&["no channel \"other\""]);
}

/// S30: keys that sign access tokens are made, listed and retired beside a running server; one that alone signs stays.
#[tokio::test]
async fn keys_that_sign_tokens_are_rotated_beside_a_running_server() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let names = async || {
        let list = folder.run(&["signing-key", "list"]).await.succeeded().out;
        let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
        list.lines().filter_map(first).filter(|word| word.len() == 43).collect::<Vec<_>>()
    };
    let first = names().await;
    assert_eq!(first.len(), 1, "a server makes one at its first start");
    folder.run(&["signing-key", "retire", &first[0]]).await.failed_saying(&["no other key would sign", "rotate"]);
    let rotated = folder.run(&["signing-key", "rotate"]).await.succeeded();
    assert!(rotated.out.contains("in 2 minutes"), "{rotated:?}");
    assert_eq!(names().await.len(), 2);
    // The new one does not sign yet.
    folder.run(&["signing-key", "retire", &first[0]]).await.failed_saying(&["no other key would sign"]);
    folder.run(&["signing-key", "retire", "none"]).await.failed_saying(&["there is no key", "none"]);
    server.stop().await;
}
