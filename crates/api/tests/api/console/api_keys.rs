//! Owns API keys over HTTP: issued once and told the same again, kept nowhere, and taken no more once they are revoked.

use domain::access::Role;
use serde_json::{Value, json};
use store::NewApiKey;

use crate::harness::{Answer, Client, Setup, Shop};
use crate::people::proofs::stepped_up;
use crate::people::{PASSWORD, add, somebody};

const PATH: &str = "/api/v1/api-keys";

async fn issue(client: &Client, key: &str, account: &str, role: &str) -> Answer {
    client.post(PATH, key).json(&json!({ "account": account, "role": role })).send().await
}

async fn revoke(client: &Client, key: &str, id: &str) -> Answer {
    client.post(&format!("{PATH}/{id}/revoke"), key).send().await
}

async fn list(client: &Client) -> Vec<Value> {
    client.get(PATH).await.expect(200).json().as_array().expect("rows").clone()
}

/// Whoever has the secret.
fn holder(shop: &Shop, issued: &Answer) -> Client {
    Client { address: shop.admin.address, bearer: Some(issued.str("/secret")) }
}

#[tokio::test]
async fn a_key_is_issued_once_and_its_secret_told_the_same_again() {
    let shop = Shop::open().await;
    let first = issue(&shop.admin, "i1", "checkout", "service").await.expect(201);
    let (id, secret) = (first.str("/api_key_id"), first.str("/secret"));
    assert!(id.starts_with("key_") && id.len() == 30 && secret.starts_with("mk_") && secret.len() == 46, "{id}");
    assert!(secret.starts_with(&first.str("/shown_prefix")) && first.str("/shown_prefix").len() == 10);
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!((first.str("/account"), first.str("/role")), ("checkout".to_owned(), "service".to_owned()));
    assert_eq!(first.at("/revoked_at"), Value::Null);
    issue(&shop.admin, "i1", "checkout", "service").await.replays(&first);
    issue(&shop.admin, "i1", "checkout", "auditor").await.problem(422, "idempotency_key_reused");
    holder(&shop, &first).get("/api/v1/products").await.expect(200);
    // Another wish of the same is another key of the account; both share one space of idempotency keys.
    let second = issue(&shop.admin, "i2", "checkout", "service").await.expect(201);
    assert_ne!(second.str("/secret"), secret);
    shop.product("A", 100, 9).await;
    let body = json!({"customer_id": "c", "lines": [{"sku": "A", "quantity": 1}]});
    let placed = holder(&shop, &first).place("o1", &body).await.expect(201);
    holder(&shop, &second).place("o1", &body).await.replays(&placed);
    let ids: Vec<_> =
        list(&shop.admin).await.iter().filter_map(|row| row["api_key_id"].as_str().map(str::to_owned)).collect();
    assert_eq!(ids[..2], [second.str("/api_key_id"), id.clone()], "the newest first");
    assert!(!shop.admin.get(PATH).await.text().contains("secret"));
    let log = shop.admin.get("/api/v1/audit?action=api_keys.issue").await.expect(200);
    assert_eq!(log.str("/data/1/subject"), format!("{id} service checkout"));
    // A new process makes the same secret of what is kept, and what is kept does not hold it.
    let shop = shop.restart().await;
    issue(&shop.admin, "i1", "checkout", "service").await.replays(&first);
    let (store, folder) = shop.stop().await;
    store.close().await;
    for file in std::fs::read_dir(folder.path()).expect("the folder is there") {
        let path = file.expect("a file").path();
        let bytes = std::fs::read(&path).expect("it is read");
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(&secret), "{}", path.display());
        assert!(!path.ends_with("mideng.db") || holds(&id), "the answer is stored");
    }
}

#[tokio::test]
async fn a_key_is_revoked_at_once_and_stays_so() {
    let shop = Shop::open().await;
    let issued = issue(&shop.admin, "i1", "till", "auditor").await.expect(201);
    let (id, till) = (issued.str("/api_key_id"), holder(&shop, &issued));
    till.get("/api/v1/products").await.expect(200);
    let revoked = revoke(&shop.admin, "r1", &id).await.expect(200);
    till.get("/api/v1/products").await.problem(401, "unauthorized");
    assert!(revoked.at("/revoked_at").is_string() && !revoked.text().contains("secret"));
    revoke(&shop.admin, "r1", &id).await.replays(&revoked);
    assert_eq!(revoke(&shop.admin, "r2", &id).await.expect(200).json(), revoked.json(), "it is so already");
    let listed = list(&shop.admin).await;
    assert_eq!(listed.iter().find(|row| row["api_key_id"] == id), Some(&revoked.json()));
    // What was answered when it was issued is answered the same.
    issue(&shop.admin, "i1", "till", "auditor").await.replays(&issued);
    // One of before there were ids goes by its number.
    let old = shop.client(shop.tenant, "old", Role::Service).await;
    let row = list(&shop.admin).await.into_iter().find(|row| row["account"] == "old").expect("it is listed");
    let number = row["api_key_id"].as_str().expect("a text").to_owned();
    assert!(number.parse::<u64>().is_ok(), "{number}");
    old.get("/api/v1/products").await.expect(200);
    revoke(&shop.admin, "r3", &number).await.expect(200);
    old.get("/api/v1/products").await.problem(401, "unauthorized");
    for missing in ["key_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", "key_x", "x", "0", "99999", "-1"] {
        revoke(&shop.admin, &format!("m{missing}"), missing).await.problem(404, "not_found");
    }
    let log = shop.admin.get("/api/v1/audit?action=api_keys.revoke").await.expect(200).json();
    let told: Vec<_> = log["data"].as_array().expect("rows").iter().map(|row| row["subject"].clone()).collect();
    assert_eq!(told[2..], [json!(number), json!(id), json!(id)], "{told:?}");
    shop.close().await;
}

#[tokio::test]
async fn who_may_issue_and_revoke_keys() {
    let shop = Shop::open().await;
    let issued = issue(&shop.admin, "i1", "till", "service").await.expect(201);
    let id = issued.str("/api_key_id");
    let auditor = somebody(&shop, "auditor-au", "auditor").await;
    assert_eq!(list(&auditor).await, list(&shop.admin).await);
    let merchant = somebody(&shop, "merchant-mei", "merchant").await;
    let shopper = somebody(&shop, "shopper-1", "shopper").await;
    let server = holder(&shop, &issued);
    for client in [&merchant, &shopper, &server] {
        client.get(PATH).await.problem(403, "forbidden");
    }
    for (at, client) in [&auditor, &merchant, &shopper, &server].into_iter().enumerate() {
        issue(client, &format!("no-{at}"), "mine", "admin").await.problem(403, "forbidden");
        revoke(client, &format!("nor-{at}"), &id).await.problem(403, "forbidden");
    }
    shop.admin.nobody().get(PATH).await.problem(401, "unauthorized");
    // What is another tenant's is not there.
    let other = shop.tenant("another").await;
    let stranger = shop.client(other, "server", Role::Admin).await;
    assert_eq!(list(&stranger).await.len(), 1);
    revoke(&stranger, "o", &id).await.problem(404, "not_found");
    let theirs = issue(&stranger, "i1", "till", "service").await.expect(201);
    assert_ne!(theirs.str("/secret"), issued.str("/secret"));
    server.get("/api/v1/products").await.expect(200);
    shop.close().await;
}

/// Whoever finds a session open that is not theirs gets no key by it.
#[tokio::test]
async fn a_key_asks_for_a_proof() {
    let shop = Shop::open().await;
    let mut chief = somebody(&shop, "admin-wu", "admin").await;
    let session = chief.get("/api/v1/me").await.str("/session_id").parse().expect("an id");
    let issued = issue(&chief, "i1", "till", "service").await.expect(201);
    let long_ago = api::now().plus_ms(-16 * 60_000);
    assert!(shop.store.session_prove(session, (long_ago.into(), false), None).await.expect("stored"));
    list(&chief).await;
    issue(&chief, "i2", "till", "service").await.problem(403, "step_up_needed");
    issue(&chief, "i1", "till", "service").await.problem(403, "step_up_needed");
    revoke(&chief, "r1", &issued.str("/api_key_id")).await.problem(403, "step_up_needed");
    stepped_up(&mut chief, &json!({"password": PASSWORD})).await;
    issue(&chief, "i1", "till", "service").await.replays(&issued);
    revoke(&chief, "r1", &issued.str("/api_key_id")).await.expect(200);
    shop.close().await;
}

#[tokio::test]
async fn what_a_wish_for_a_key_must_say() {
    let shop = Shop::open().await;
    for (body, pointer) in [
        (json!({"account": "", "role": "service"}), "/account"),
        (json!({"account": "x".repeat(65), "role": "service"}), "/account"),
        (json!({"account": "a\u{0}b", "role": "service"}), "/account"),
        (json!({"account": 7, "role": "service"}), "/account"),
        (json!({"account": "till", "role": "merchant"}), "/role"),
        (json!({"account": "till", "role": "Admin"}), "/role"),
        (json!({"account": "till", "role": "service", "secret": "mk_mine"}), "/secret"),
        (json!({"account": "till"}), ""),
    ] {
        let answer = shop.admin.post(PATH, "k").json(&body).send().await.problem(422, "validation_failed");
        assert_eq!(answer.str("/errors/0/pointer"), pointer, "{body}");
    }
    let body = json!({"account": "till", "role": "service"});
    let unkeyed = shop.admin.call(http::Method::POST, PATH).json(&body).send().await;
    unkeyed.problem(400, "idempotency_key_missing");
    let long = issue(&shop.admin, "long", &"\u{5b57}".repeat(64), "admin").await.expect(201);
    let unkeyed = shop.admin.call(http::Method::POST, &format!("{PATH}/{}/revoke", long.str("/api_key_id")));
    unkeyed.send().await.problem(400, "idempotency_key_missing");
    // An account is of servers: a person who is called the same is somebody else.
    add(&shop.admin, "till", "support").await;
    issue(&shop.admin, "i1", "till", "service").await.expect(201);
    // A key that is stored under a new id beside the engine is one like the others.
    let account = store::Account { tenant: shop.tenant, kind: "service", name: "till", public_id: "acc_x" };
    let principal = shop.store.account(&account, api::now()).await.expect("it is there");
    let id = domain::ApiKeyId::new(api::id());
    let key = NewApiKey { id: Some(id), secret: "mk_by_hand_0123456789", role: Role::Service };
    shop.store.api_key_create(shop.tenant, principal, &key, api::now()).await.expect("it is stored");
    assert_eq!(revoke(&shop.admin, "r", &id.to_string()).await.expect(200).str("/account"), "till");
    shop.close().await;
}

/// Another secret would have been told, one that never opened anything. The key itself stays good until it is revoked.
#[tokio::test]
async fn no_other_secret_is_told_once_the_installations_was_replaced() {
    let shop = Shop::open().await;
    let first = issue(&shop.admin, "i1", "checkout", "service").await.expect(201);
    let shop = shop.restart_as(Setup { secret: [8; 32], ..Setup::default() }).await;
    issue(&shop.admin, "i1", "checkout", "service").await.problem(409, "secret_replaced");
    holder(&shop, &first).get("/api/v1/products").await.expect(200);
    revoke(&shop.admin, "r1", &first.str("/api_key_id")).await.expect(200);
    holder(&shop, &first).get("/api/v1/products").await.problem(401, "unauthorized");
    shop.close().await;
}
