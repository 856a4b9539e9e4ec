//! Owns the promise across releases: a database that an earlier one wrote is opened, and every key in it is answered
//! with the bytes of then.
//!
//! `tests/golden/` has one folder a schema, with a database and what was sent to it. They are never written anew.
//! Where a release brings a migration, or answers otherwise, it gets a folder of its own, under the name in
//! [`NEWEST`]: `MIDENG_KEEP_GOLDEN=1 cargo test -p app --test process golden` keeps what the test records.

mod people;

use std::fs;
use std::path::{Path, PathBuf};

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::harness::{Answer, Folder, Server, Shopper};

/// The folder of this release.
const NEWEST: &str = "0013";
/// Nothing expires and nothing is purged, whenever the database is opened.
const FLAGS: &[&str] = &["--payment-timeout", "36500d", "--key-retention", "36500d", "--receive-after", "36500d"];

/// A request with the answer that it got when it was executed.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Sent {
    method: String,
    path: String,
    /// None where the server derives one.
    key: Option<String>,
    if_match: Option<String>,
    body: String,
    status: u16,
    etag: Option<String>,
    location: Option<String>,
    answer: String,
}

/// All of a folder.
#[derive(Debug, Deserialize, Serialize)]
struct Golden {
    sent: Vec<Sent>,
    /// What was read at the end: paths and bodies.
    read: Vec<(String, Value)>,
}

fn folders() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

async fn send(admin: &Shopper, sent: &Sent) -> Answer {
    let headers = [("idempotency-key", &sent.key), ("if-match", &sent.if_match)];
    let headers: Vec<_> = headers.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    let method: Method = sent.method.parse().expect("a method");
    admin.send_with(method, &sent.path, &headers, &sent.body).await.expect("the server is there")
}

/// Everything that was there is there, with the same value; more may have come.
fn keeps(then: &Value, now: &Value) -> bool {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            then.iter().all(|(name, value)| now.get(name).is_some_and(|found| keeps(value, found)))
        }
        (Value::Array(then), Value::Array(now)) => {
            then.len() == now.len() && then.iter().zip(now).all(|(then, now)| keeps(then, now))
        }
        _ => then == now,
    }
}

#[tokio::test]
async fn every_earlier_database_is_opened_and_answers_its_keys_with_the_same_bytes() {
    let mut seen = Vec::new();
    for entry in fs::read_dir(folders()).expect("there are golden databases") {
        let golden = entry.expect("it can be read").path();
        seen.push(golden.file_name().expect("a name").to_string_lossy().into_owned());
        replays(&golden).await;
    }
    assert!(seen.iter().any(|name| name == NEWEST), "{seen:?} has no {NEWEST}");
}

/// Opens a copy of a golden database and sends everything again.
async fn replays(golden: &Path) {
    let at = golden.display();
    let text = fs::read_to_string(golden.join("requests.json")).expect("what was sent");
    let Golden { sent, read } = serde_json::from_str(&text).expect("it is as it was written");
    let folder = Folder::new();
    fs::create_dir(folder.file("mideng-data")).expect("a new folder");
    fs::copy(golden.join("mideng.db"), folder.file("mideng-data/mideng.db")).expect("a copy");

    let server = folder.serve(FLAGS).await;
    for first in &sent {
        let again = send(&server.admin, first).await;
        assert!(again.is_replay, "{at}: executed again: {first:?}");
        assert_eq!(again.body, first.answer, "{at}: {first:?}");
        let head = (again.status, again.etag, again.location);
        assert_eq!(head, (first.status, first.etag.clone(), first.location.clone()), "{at}: {first:?}");
        if first.key.is_some() {
            let other = Sent { path: format!("{}?other", first.path), ..first.clone() };
            assert_eq!(send(&server.admin, &other).await.status, 422, "{at}: {other:?}");
        }
    }
    for (path, then) in &read {
        let now = server.admin.get(path).await.json();
        assert!(keeps(then, &now), "{at}: {path} was {then:#} and is {now:#}");
    }
    // It is not only to be read: business goes on in it.
    server.admin.place("a-new-key").await.expect("the server is there").expect(201);
    server.stop().await;
    folder.check().await;
}

/// A request of the recording: method, path, key, version, body.
type Line<'a> = (&'a str, String, Option<&'a str>, Option<&'a str>, &'a str);

struct Recording {
    server: Server,
    sent: Vec<Sent>,
}

impl Recording {
    async fn send(&mut self, (method, path, key, if_match, body): Line<'_>) -> Answer {
        let mut sent = Sent {
            method: method.to_owned(),
            path: format!("/api/v1{path}"),
            key: key.map(str::to_owned),
            if_match: if_match.map(str::to_owned),
            body: body.to_owned(),
            status: 0,
            etag: None,
            location: None,
            answer: String::new(),
        };
        let answer = send(&self.server.admin, &sent).await;
        assert!(!answer.is_replay && answer.status < 500, "{answer:?}");
        (sent.status, sent.etag, sent.location) = (answer.status, answer.etag.clone(), answer.location.clone());
        sent.answer = String::from_utf8(answer.body.to_vec()).expect("an answer is text");
        self.sent.push(sent);
        answer
    }
}

/// Everything that can be under a key: each command, refusals too, and a key that was derived.
async fn script(recording: &mut Recording) {
    let chair = r#"{"name":"Chair 椅子","price":{"amount":1999,"currency":"CNY"},"initial_stock":100}"#;
    let gift = r#"{"name":"Gift","price":{"amount":0,"currency":"CNY"},"initial_stock":10}"#;
    recording.send(("PUT", "/products/A".to_owned(), Some("put-a"), None, chair)).await;
    recording.send(("PUT", "/products/G".to_owned(), None, None, gift)).await;
    let movement = r#"{"quantity":-3,"reason":"broken"}"#;
    recording.send(("POST", "/products/A/stock-movements".to_owned(), Some("move-a"), None, movement)).await;
    let number = recording.send(("POST", "/order-numbers".to_owned(), Some("number"), None, "")).await;
    let number = number.text("/order_no");
    let numbered = format!(
        r#"{{"order_no":"{number}","customer_id":"shopper-1","note":"ring \"twice\"","lines":[{{"sku":"A","quantity":2}}]}}"#
    );
    recording.send(("POST", "/orders".to_owned(), Some("numbered"), None, &numbered)).await;
    let pending = r#"{"customer_id":"shopper-2","lines":[{"sku":"A","quantity":1},{"sku":"A","quantity":2}]}"#;
    let pending = recording.send(("POST", "/orders".to_owned(), Some("pending"), None, pending)).await;
    let pending = pending.text("/order_no");
    let (path, pay) = (format!("/orders/{number}/payments"), r#"{"channel":"sandbox","method":"page"}"#);
    recording.send(("POST", path.clone(), Some("pay"), None, pay)).await.expect(201);
    recording.send(("POST", path, Some("pay-again"), None, pay)).await.expect(409);
    let many = r#"{"customer_id":"shopper-2","lines":[{"sku":"A","quantity":1000}]}"#;
    recording.send(("POST", "/orders".to_owned(), Some("too-many"), None, many)).await.expect(409);
    let unknown = r#"{"customer_id":"shopper-2","lines":[{"sku":"none","quantity":1}]}"#;
    recording.send(("POST", "/orders".to_owned(), Some("unknown"), None, unknown)).await;
    let cancel = r#"{"reason":"customer"}"#;
    recording.send(("POST", format!("/orders/{pending}/cancel"), Some("cancel"), None, cancel)).await.expect(200);
    recording.send(("POST", format!("/orders/{pending}/cancel"), Some("cancel-2"), None, cancel)).await;
    let free = r#"{"customer_id":"shopper-3","lines":[{"sku":"G","quantity":2}]}"#;
    let free = recording.send(("POST", "/orders".to_owned(), Some("free"), None, free)).await;
    let (free, version) = (free.text("/order_no"), free.etag.expect("an order has a version"));
    let ship = r#"{"carrier":"SF","tracking_no":"SF1"}"#;
    let path = format!("/orders/{free}/ship");
    let shipped = recording.send(("POST", path, Some("ship"), Some(&version), ship)).await.expect(200);
    let (path, version) = (format!("/orders/{free}/shipment"), shipped.etag.expect("an order has a version"));
    let corrected = r#"{"carrier":"SF","tracking_no":"SF2"}"#;
    recording.send(("PUT", path, Some("correct"), Some(&version), corrected)).await.expect(200);
    recording.send(("POST", format!("/orders/{free}/receive"), Some("receive"), None, "")).await.expect(200);
}

/// The next golden database: whatever can be under a key today is in it, and replayed.
#[tokio::test]
async fn what_this_release_writes_it_replays() {
    let keeping = std::env::var_os("MIDENG_KEEP_GOLDEN").is_some();
    let scratch = Folder::new();
    let golden = if keeping { folders().join(NEWEST) } else { scratch.file("golden") };
    assert!(!golden.exists(), "{} is there already, and is never written anew", golden.display());
    record(&golden).await;
    replays(&golden).await;
}

async fn record(golden: &Path) {
    let folder = Folder::new();
    let mut recording = Recording { server: folder.serve(FLAGS).await, sent: Vec::new() };
    // A provider that nobody is at: what is asked of it waits.
    let settings = r#"{"gateway":"http://127.0.0.1:9/sandbox","account":"golden","secrets":["env:PATH"]}"#;
    fs::write(folder.file("till.json"), settings).expect("it can be written");
    let added = folder.run(&["channel", "add", "sandbox", "--settings", "till.json"]).await.succeeded();
    recording.server.sees_channel(added.out.trim()).await;
    script(&mut recording).await;
    people::script(&mut recording).await;
    let Recording { server, sent } = recording;
    // Some of the orders are closed; those that are not stay where they are.
    folder.run(&["archive", "--before", "2100-01-01"]).await.succeeded();
    let mut read = Vec::new();
    for path in ["/api/v1/products", "/api/v1/orders", "/api/v1/members", "/api/v1/staff", "/api/v1/audit?after=0"] {
        read.push((path.to_owned(), server.admin.get(path).await.expect(200).json()));
    }
    let orders = read[1].1["data"].as_array().expect("orders").clone();
    for order in orders {
        let path = format!("/api/v1/orders/{}/history", order["order_no"].as_str().expect("a number"));
        let history = server.admin.get(&path).await.expect(200).json();
        read.push((path, history));
    }
    fs::create_dir_all(golden).expect("a new folder");
    let copy = golden.join("mideng.db");
    folder.run(&["backup", copy.to_str().expect("UTF-8")]).await.succeeded();
    let text = serde_json::to_string_pretty(&Golden { sent, read }).expect("JSON");
    fs::write(golden.join("requests.json"), text + "\n").expect("it can be written");
    server.stop().await;
}
