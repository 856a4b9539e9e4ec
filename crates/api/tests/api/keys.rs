//! Owns the explorer of keys: what stands under one, who sent it how often, what came of late; and who may see it.

use serde_json::{Value, json};

use crate::harness::{Shop, order_of, until};
use crate::people::{own_order, somebody};

fn rows(answer: &Value) -> &Vec<Value> {
    answer["data"].as_array().expect("a list")
}

/// One key as a line: who, with which status, and what else came.
fn lines(answer: &Value) -> Vec<String> {
    let line = |row: &Value| {
        let mut words = vec![row["account"]["name"].as_str().unwrap_or("-").to_owned(), row["status"].to_string()];
        for seen in row["seen"].as_array().expect("a list") {
            words.push(format!("{} x{}", seen["kind"].as_str().expect("a kind"), seen["times"]));
        }
        words.join(" ")
    };
    rows(answer).iter().map(line).collect()
}

/// Sent three times, and once with another body: one order, two repetitions, one refusal, under one key.
#[tokio::test]
async fn a_key_tells_who_sent_it_and_how_often() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let placed = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    for _ in 0..2 {
        assert!(shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201).is_replay());
    }
    shop.admin.place("k1", &order_of(&[("A", 2)])).await.problem(422, "idempotency_key_reused");
    shop.write_down().await;
    let found = shop.admin.get("/api/v1/keys?key=k1").await.expect(200).json();
    assert_eq!(rows(&found).len(), 1, "{found}");
    let row = &rows(&found)[0];
    assert_eq!((row["key"].as_str(), row["status"].as_u64()), (Some("k1"), Some(201)));
    assert_eq!(row["order_no"], json!(placed.order_no()));
    assert_eq!(row["account"]["name"], "service:admin");
    assert_eq!((row["request"].as_str(), row["from"].as_str()), (Some("POST /api/v1/orders"), Some("127.0.0.1")));
    assert_eq!(row["answer"]["body"], json!(placed.text()), "the bytes that were answered");
    assert!(row["arrived_at"].is_string() && row["answered_at"].is_string(), "{row}");
    let mut seen: Vec<_> = row["seen"].as_array().expect("a list").iter().collect();
    seen.sort_by_key(|seen| seen["kind"].to_string());
    assert_eq!((seen[0]["kind"].as_str(), &seen[0]["times"]), (Some("idempotency_key_reused"), &json!(1)));
    assert_eq!((seen[1]["kind"].as_str(), &seen[1]["times"]), (Some("replayed"), &json!(2)));
    assert_eq!(seen[1]["last_from"], "127.0.0.1");
    shop.close().await;
}

/// The newest first, page by page, and each key once.
#[tokio::test]
async fn keys_are_listed_newest_first() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 99).await;
    for order in 0..5 {
        shop.admin.place(&format!("k{order}"), &order_of(&[("A", 1)])).await.expect(201);
    }
    let (mut keys, mut path) = (Vec::new(), "/api/v1/keys?limit=2".to_owned());
    loop {
        let page = shop.admin.get(&path).await.expect(200).json();
        keys.extend(rows(&page).iter().map(|row| row["key"].as_str().expect("a key").to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/keys?limit=2&cursor={next}");
    }
    assert_eq!(keys[..5], ["k4", "k3", "k2", "k1", "k0"]);
    assert!(keys.len() > 5, "and the product's, which the server derived: {keys:?}");
    shop.close().await;
}

/// A customer's key is found by their name, or once it came again; one that came once and of which nobody says whose it is, is not.
#[tokio::test]
async fn a_customers_key_is_found_by_their_name_or_when_it_came_again() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let anna = somebody(&shop, "anna", "shopper").await;
    anna.place("a1", &own_order("A")).await.expect(201);
    let by = async |query: &str| lines(&shop.admin.get(&format!("/api/v1/keys?{query}")).await.expect(200).json());
    assert_eq!(by("key=a1").await, Vec::<String>::new());
    assert_eq!(by("key=a1&account=member:anna").await, ["member:anna 201"]);
    let id = shop.admin.get("/api/v1/keys?key=a1&account=member:anna").await.json()["data"][0]["account"]["id"].clone();
    assert_eq!(by(&format!("key=a1&account={}", id.as_str().expect("an id"))).await, ["member:anna 201"]);
    anna.place("a1", &own_order("A")).await.expect(201);
    shop.write_down().await;
    assert_eq!(by("key=a1").await, ["member:anna 201 replayed x1"]);
    assert_eq!(by("account=member:anna").await, ["member:anna 201 replayed x1"]);
    assert_eq!(by("account=member:nobody").await, Vec::<String>::new());
    shop.close().await;
}

/// What holds a token is not shown, to nobody: it lets its holder in.
#[tokio::test]
async fn answers_that_hold_secrets_are_not_shown() {
    let shop = Shop::open().await;
    let token = json!({"purpose": "order", "subject": "c-1"});
    let answer = shop.admin.post("/api/v1/tokens", "t1").json(&token).send().await;
    let reset = {
        let id = crate::people::add(&shop.admin, "anna", "shopper").await;
        shop.admin.post(&format!("/api/v1/members/{id}/password-reset"), "r1").send().await.expect(200)
    };
    for (key, answer) in [("t1", answer), ("r1", reset)] {
        for path in [format!("/api/v1/keys?key={key}"), "/api/v1/keys".to_owned()] {
            let found = shop.admin.get(&path).await.expect(200).text().to_owned();
            let told = answer.json();
            for secret in told.as_object().expect("an object").values().filter_map(Value::as_str) {
                let is_secret = secret.len() > 20 && !secret.starts_with("per_") && !secret.ends_with('Z');
                assert!(!(is_secret && found.contains(secret)), "{key}: {secret} in {found}");
            }
        }
    }
    shop.close().await;
}

/// Each sees their own; nobody another tenant's.
#[tokio::test]
async fn a_shopper_sees_their_own_and_another_tenant_nothing() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let (anna, bo) = (somebody(&shop, "anna", "shopper").await, somebody(&shop, "bo", "shopper").await);
    anna.place("same", &own_order("A")).await.expect(201);
    bo.place("same", &own_order("A")).await.expect(201);
    bo.place("same", &own_order("A")).await.expect(201);
    shop.write_down().await;
    for query in ["", "account=member:anna"] {
        anna.get(&format!("/api/v1/keys?{query}")).await.problem(403, "forbidden");
    }
    for query in ["key=same", "key=same&account=member:anna"] {
        let found = anna.get(&format!("/api/v1/keys?{query}")).await.expect(200).json();
        assert_eq!(lines(&found), ["member:anna 201"], "{query}");
    }
    assert_eq!(
        lines(&anna.get("/api/v1/keys?key=same&account=member:bo").await.expect(200).json()),
        Vec::<String>::new()
    );
    let came = anna.get("/api/v1/arrivals").await.expect(200).json();
    assert_eq!(
        rows(&came).iter().map(|row| row["account"]["name"].as_str()).collect::<Vec<_>>(),
        [Some("member:anna")]
    );
    let all = lines(&shop.admin.get("/api/v1/keys?key=same&account=member:bo").await.expect(200).json());
    assert_eq!(all, ["member:bo 201 replayed x1"]);
    let other = shop.client(shop.tenant("other").await, "admin", domain::access::Role::Admin).await;
    assert_eq!(rows(&other.get("/api/v1/keys?key=same").await.expect(200).json()).len(), 0);
    assert_eq!(rows(&other.get("/api/v1/keys").await.expect(200).json()).len(), 0);
    assert_eq!(rows(&other.get("/api/v1/arrivals").await.expect(200).json()).len(), 0);
    shop.close().await;
}

/// What came, in its order, with what became of it; then only what is new.
#[tokio::test]
async fn what_came_of_late_is_told_once() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1).await;
    let start = shop.admin.get("/api/v1/arrivals").await.expect(200).json()["last"].as_u64().expect("a number");
    for (key, quantity) in [("k1", 1), ("k1", 1), ("k2", 9), ("k2", 9), ("k1", 2)] {
        shop.admin.place(key, &order_of(&[("A", quantity)])).await;
    }
    let came = shop.admin.get(&format!("/api/v1/arrivals?after={start}")).await.expect(200).json();
    let told = |row: &Value| {
        format!(
            "{} {} {} {}",
            row["key"].as_str().unwrap_or("?"),
            row["outcome"].as_str().unwrap_or("?"),
            row["status"],
            row["code"]
        )
    };
    assert_eq!(
        rows(&came).iter().map(told).collect::<Vec<_>>(),
        [
            "k1 executed 201 null",
            "k1 replayed 201 null",
            "k2 refused 409 \"stock_insufficient\"",
            "k2 replayed 409 null",
            "k1 refused 422 \"idempotency_key_reused\"",
        ]
    );
    assert_eq!(rows(&came)[0]["route"], "POST /api/v1/orders");
    assert_eq!(rows(&came)[0]["from"], "127.0.0.1");
    let last = came["last"].as_u64().expect("a number");
    assert_eq!(rows(&shop.admin.get(&format!("/api/v1/arrivals?after={last}")).await.expect(200).json()).len(), 0);
    assert_eq!(rows(&shop.admin.get("/api/v1/arrivals?limit=1").await.expect(200).json()).len(), 1);
    shop.close().await;
}

/// The one whose client did not wait is the one that was executed: the log has it.
#[tokio::test]
async fn what_nobody_waited_for_is_told_too() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.faults.hold();
    let wire = shop.admin.connect().await;
    let call = shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)]));
    wire.send_and_leave(call, shop.faults.holding()).await;
    shop.faults.release();
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    until("both are told", async || {
        let came = shop.admin.get("/api/v1/arrivals?limit=2").await.expect(200).json();
        let told: Vec<_> = rows(&came).iter().map(|row| format!("{} {}", row["key"], row["outcome"])).collect();
        told.contains(&r#""k1" "executed""#.to_owned()) && told.contains(&r#""k1" "replayed""#.to_owned())
    })
    .await;
    shop.close().await;
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused() {
    let shop = Shop::open().await;
    let long = "k".repeat(301);
    // A field that a form left empty is no filter: the list is whole, not the list of the empty key.
    shop.admin.get("/api/v1/keys?key=&account=").await.expect(200);
    for query in ["key=a%00b", "account=%0A", "limit=0", "limit=201", "cursor=x", "kye=1", &format!("key={long}")] {
        shop.admin.get(&format!("/api/v1/keys?{query}")).await.problem(400, "parameter_invalid");
    }
    for query in ["after=-1", "after=9223372036854775808", "after=x", "limit=0", "before=1"] {
        shop.admin.get(&format!("/api/v1/arrivals?{query}")).await.problem(400, "parameter_invalid");
    }
    shop.close().await;
}
