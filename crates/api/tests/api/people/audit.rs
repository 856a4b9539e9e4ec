//! Owns the audit log as its readers see it: pages, filters, and a verifier that knows nothing but what it is served.

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{PASSWORD, add, log_in, somebody, with_token};
use crate::harness::{Client, Shop};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect()
}

/// The hash of an entry by the words of the README, from the entry's JSON alone.
fn computed(entry: &Value) -> Vec<u8> {
    let text = |name: &str| entry[name].as_str();
    let at: jiff::Timestamp = text("at").expect("a time").parse().expect("RFC 3339");
    let mut all = vec![2];
    all.extend(bytes(text("before_hash").expect("a hash")));
    all.extend(entry["place"].as_i64().expect("a place").to_be_bytes());
    all.extend(at.as_millisecond().to_be_bytes());
    for name in ["actor", "action", "subject", "outcome", "request_id", "reason"] {
        let length = text(name).map_or(u64::MAX, |text| u64::try_from(text.len()).expect("short"));
        all.extend(length.to_be_bytes());
        all.extend(text(name).unwrap_or_default().as_bytes());
    }
    Sha256::digest(&all).to_vec()
}

/// The first place at which a chain breaks that should lead from one hash to the other.
fn broken(from: &str, entries: &[Value], to: &str) -> Option<i64> {
    let mut before = from.to_owned();
    for entry in entries {
        let hash = entry["hash"].as_str().expect("a hash").to_owned();
        if entry["before_hash"] != json!(before) || bytes(&hash) != computed(entry) {
            return entry["place"].as_i64();
        }
        before = hash;
    }
    (before != to).then_some(-1)
}

/// Every page of a list.
async fn all(client: &Client, query: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/api/v1/audit?{query}{cursor}")).await.expect(200);
        rows.extend(page.at("/data").as_array().expect("a list").clone());
        match page.at("/next_cursor").as_str() {
            None => return rows,
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

fn told(rows: &[Value]) -> Vec<String> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    rows.iter().map(|row| format!("{} {}", word(row, "action"), word(row, "outcome"))).collect()
}

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Whoever has the served JSON can follow the chain from its first entry to its end, and sees what was touched.
#[tokio::test]
async fn a_stranger_to_the_server_can_verify_the_chain() {
    let shop = Shop::open().await;
    assert_eq!(shop.admin.get("/api/v1/audit/head").await.expect(200).json(), json!({"place": 0, "hash": ZEROS}));
    let anna = somebody(&shop, "anna", "shopper").await;
    let person = anna.get("/api/v1/me").await.str("/person_id");
    let auditor = somebody(&shop, "auditor-mo", "auditor").await;
    for (key, step, reason) in
        [("k1", "disable", "%E5%AE%A2%E6%88%B7"), ("k2", "enable", "she%20paid"), ("k3", "x", "y")]
    {
        shop.admin.post(&format!("/api/v1/members/{person}/{step}"), key).header("x-reason", reason).send().await;
    }
    // A refusal is written down, too.
    let body = json!({"login": "anna", "name": "Another", "password": "three red birds"});
    shop.admin.post("/api/v1/members", "m2").json(&body).send().await.problem(409, "login_taken");
    let entries = all(&auditor, "after=0&limit=2").await;
    assert_eq!(
        told(&entries),
        [
            "people.add done",
            "people.add done",
            "sessions.open done",
            "people.change done",
            "people.change done",
            "people.add login_taken"
        ]
    );
    let head = auditor.get("/api/v1/audit/head").await.expect(200);
    assert_eq!(head.at("/place"), json!(6));
    assert_eq!(broken(ZEROS, &entries, &head.str("/hash")), None);
    // From any place on that somebody kept.
    let kept = entries[1]["hash"].as_str().expect("a hash");
    assert_eq!(broken(kept, &all(&auditor, "after=2").await, &head.str("/hash")), None);
    for (name, value) in [
        ("actor", json!("acc_0")),
        ("action", json!("people.adds")),
        ("subject", json!("")),
        ("outcome", json!("not_found")),
        ("reason", Value::Null),
        ("request_id", json!("another")),
        ("at", json!("2026-01-01T00:00:00.000Z")),
        ("place", json!(30)),
    ] {
        let mut touched = entries.clone();
        touched[3][name] = value.clone();
        assert!(broken(ZEROS, &touched, &head.str("/hash")).is_some_and(|place| place >= 4), "{name}: {value}");
    }
    let without: Vec<_> = entries.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, row)| row.clone()).collect();
    assert_eq!(broken(ZEROS, &without, &head.str("/hash")), Some(4));
    assert_eq!(broken(ZEROS, &entries[..5], &head.str("/hash")), Some(-1), "the last is missing");
    shop.close().await;
}

#[tokio::test]
async fn who_did_what_is_found() {
    let shop = Shop::open().await;
    let merchant = somebody(&shop, "merchant-mei", "merchant").await;
    let mei = merchant.get("/api/v1/me").await.str("/person_id");
    let bo = add(&merchant, "bo", "shopper").await;
    let phone = with_token(&shop, &log_in(&shop, "default", "bo", "app").await.expect(201));
    let session = phone.get("/api/v1/me").await.str("/session_id");
    let path = format!("/api/v1/members/{bo}/sessions/{session}");
    merchant.call(Method::DELETE, &path).header("x-reason", "lost").send().await.expect(204);
    let rules = json!({
        "open_max": {"web": 1, "app": 2, "mini_program": 0}, "when_full": "refuse", "idle_s": 60, "absolute_s": 120,
        "renewal": "writes",
    });
    shop.admin.put("/api/v1/policies/sessions/staff").json(&rules).send().await.expect(200);
    let latest = all(&shop.admin, "limit=1").await;
    let deeds = ["policies.sessions", "sessions.end", "people.add", "sessions.open", "people.add"];
    assert_eq!(told(&latest), deeds.map(|deed| format!("{deed} done")));
    assert_eq!(
        latest[0]["subject"],
        "staff web 1 app 2 mini_program 0 refuse idle 60s absolute 120s renewed by writes"
    );
    assert!(latest[0]["actor"].as_str().is_some_and(|actor| actor.starts_with("acc_")), "{}", latest[0]);
    assert_eq!(latest[1]["subject"], format!("{bo} {session}"));
    assert_eq!((&latest[1]["actor"], &latest[1]["reason"]), (&json!(mei), &json!("lost")));
    let by = async |query: &str| told(&all(&shop.admin, query).await);
    assert_eq!(
        by(&format!("actor={mei}&limit=1")).await,
        ["sessions.end done", "people.add done", "sessions.open done"]
    );
    assert_eq!(by("action=people.add&limit=1").await, ["people.add done", "people.add done"]);
    assert_eq!(by(&format!("actor={mei}&action=people.add")).await, ["people.add done"]);
    assert_eq!(by(&format!("actor={bo}")).await, Vec::<String>::new());
    assert_eq!(by("action=people").await, Vec::<String>::new());
    let at = latest[1]["at"].as_str().expect("a time");
    assert!(by(&format!("from={at}")).await.starts_with(&["policies.sessions done".to_owned()]));
    assert!(!by(&format!("to={at}")).await.contains(&"sessions.end done".to_owned()), "before that moment");
    assert_eq!(by("from=2999-01-01T00:00:00Z").await, Vec::<String>::new());
    for bad in [
        "after=-1",
        "after=0&actor=x",
        "after=0&from=2026-01-01T00:00:00Z",
        "from=soon",
        "limit=0",
        "cursor=x",
        "why=1",
        "actor=%00",
        "after=x",
    ] {
        shop.admin.get(&format!("/api/v1/audit?{bad}")).await.problem(400, "parameter_invalid");
    }
    merchant.get("/api/v1/audit").await.problem(403, "forbidden");
    shop.close().await;
}

/// What nobody else did to them is found, too: when they came in, and with what they prove who they are.
#[tokio::test]
async fn what_the_staff_do_with_their_own_is_written_down() {
    let shop = Shop::open().await;
    let mei = somebody(&shop, "merchant-mei", "merchant").await;
    let me = mei.get("/api/v1/me").await;
    let new = json!({"current_password": PASSWORD, "new_password": "nine slow rivers"});
    let change = mei.call(Method::PUT, "/api/v1/me/password").header("x-request-id", "mine-1");
    change.json(&new).send().await.expect(204);
    let bo = add(&mei, "bo", "shopper").await;
    let phone = with_token(&shop, &log_in(&shop, "default", "bo", "app").await.expect(201));
    let new = json!({"current_password": PASSWORD, "new_password": "nine slow rivers"});
    phone.call(Method::PUT, "/api/v1/me/password").json(&new).send().await.expect(204);
    let rows = all(&shop.admin, "after=0").await;
    assert_eq!(told(&rows), ["people.add done", "sessions.open done", "password.change done", "people.add done"]);
    assert_eq!(rows[1]["subject"], format!("{} app", me.str("/session_id")));
    assert_eq!((&rows[2]["request_id"], &rows[2]["actor"]), (&json!("mine-1"), &json!(me.str("/person_id"))));
    assert!(rows[3]["subject"].as_str().is_some_and(|subject| subject.starts_with(&bo)));
    shop.close().await;
}

/// A tenant's log is its own, and another's people have done nothing in it.
#[tokio::test]
async fn anothers_log_is_not_there() {
    let shop = Shop::open().await;
    let theirs = shop.tenant("neighbour").await;
    let stranger = shop.client(theirs, "admin", domain::access::Role::Admin).await;
    let mei = somebody(&shop, "merchant-mei", "merchant").await.get("/api/v1/me").await.str("/person_id");
    add(&with_token(&shop, &log_in(&shop, "default", "merchant-mei", "web").await.expect(201)), "bo", "shopper").await;
    assert_eq!(stranger.get("/api/v1/audit/head").await.expect(200).at("/place"), json!(0));
    for query in ["limit=9".to_owned(), "after=0".to_owned(), format!("actor={mei}"), "actor=per_x".to_owned()] {
        let answer = stranger.get(&format!("/api/v1/audit?{query}")).await.expect(200);
        assert_eq!(answer.text(), "{\"data\":[],\"next_cursor\":null}", "{query}");
    }
    shop.close().await;
}
