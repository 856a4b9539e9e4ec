//! Owns the human queue over HTTP: it is listed, and somebody says what they did about each, once.

use domain::access::Role;
use domain::review::{Kind, Review};
use domain::{ReviewId, TenantId, Timestamp};
use serde_json::{Value, json};

use super::{pages, refuses_bad_parameters};
use crate::harness::{Answer, Client, Shop};
use crate::payments::begun;
use crate::people::somebody;

const PATH: &str = "/api/v1/reviews";

async fn raise(shop: &Shop, id: u128) -> String {
    raise_about(shop, id, format!("att_{id}")).await
}

async fn raise_about(shop: &Shop, id: u128, subject: String) -> String {
    let review = Review { tenant: shop.tenant, ..about(id, subject) };
    assert!(shop.store.review_raise(&review).await.expect("it is new"));
    review.id.to_string()
}

fn about(id: u128, subject: String) -> Review {
    Review {
        id: ReviewId::new(id),
        tenant: TenantId(0),
        kind: Kind::Stuck,
        subject,
        detail: "no word from the provider".to_owned(),
        at: Timestamp(1_777_777_777_000 + i64::try_from(id).expect("a small number")),
        resolved: None,
    }
}

async fn resolve(client: &Client, id: &str, key: &str, words: &str) -> Answer {
    client.post(&format!("{PATH}/{id}/resolve"), key).json(&json!({ "resolution": words })).send().await
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["review_id"].as_str()).collect()
}

#[tokio::test]
async fn a_review_is_resolved_once_and_answered_the_same_again() {
    let shop = Shop::open().await;
    let mut all = Vec::new();
    for id in 1..=5 {
        all.push(raise(&shop, id).await);
    }
    let support = somebody(&shop, "support-su", "support").await;
    let first = resolve(&support, &all[1], "r1", "asked the provider: it was paid").await.expect(200);
    insta::assert_snapshot!(first.shown(), @r#"
    200 OK
    cache-control: no-store
    content-type: application/json
    idempotency-status: executed
    x-content-type-options: nosniff
    x-request-id: req_…

    {"review_id":"rev_00000000000000000000000002","kind":"stuck","subject":"att_2","detail":"no word from the provider","raised_at":"<time>","resolution":"asked the provider: it was paid","resolved_at":"<time>"}
    "#);
    resolve(&support, &all[1], "r1", "asked the provider: it was paid").await.replays(&first);
    resolve(&support, &all[1], "r1", "something else").await.problem(422, "idempotency_key_reused");
    let merchant = somebody(&shop, "merchant-mei", "merchant").await;
    let late = resolve(&merchant, &all[1], "r1", "asked the provider: it was paid").await;
    let late = late.problem(409, "review_resolved");
    resolve(&merchant, &all[1], "r1", "asked the provider: it was paid").await.replays(&late);
    let open = pages(&shop.admin, PATH, 2).await;
    assert_eq!(ids(&open), [all[4].as_str(), &all[3], &all[2], &all[0]]);
    assert_eq!(pages(&shop.admin, &format!("{PATH}?state=open"), 200).await, open);
    for limit in [1, 2, 5, 200] {
        let rows = pages(&shop.admin, &format!("{PATH}?state=all"), limit).await;
        assert_eq!(ids(&rows), all.iter().rev().map(String::as_str).collect::<Vec<_>>());
        let mut told = first.json();
        told["payment_id"] = Value::Null;
        assert_eq!(rows[3], told);
    }
    // Whose word it is stands in the audit log, and so does a try that came too late.
    let log = shop.admin.get("/api/v1/audit?action=reviews.resolve").await.expect(200).json();
    let told = |row: &Value| ["subject", "outcome", "reason"].map(|name| row[name].as_str().map(str::to_owned));
    let line =
        |outcome: &str| [all[1].as_str(), outcome, "asked the provider: it was paid"].map(|text| Some(text.to_owned()));
    let rows: Vec<_> = log["data"].as_array().expect("rows").iter().map(told).collect();
    assert_eq!(rows, [line("review_resolved"), line("done")]);
    shop.close().await;
}

/// An attempt has no page of its own: who looks after it goes to its payment.
#[tokio::test]
async fn each_tells_the_payment_that_it_is_about() {
    let (shop, payment, attempt) = begun().await;
    let cases = [
        (attempt.clone(), json!(payment)),
        ("att_01JD8Q7V0EFXXR6D2J1Q5Z9K3M".to_owned(), Value::Null),
        ("rfd_01JD8Q7V0EFXXR6D2J1Q5Z9K3M".to_owned(), Value::Null),
        ("till".to_owned(), Value::Null),
    ];
    for (id, (subject, _)) in (1..).zip(&cases) {
        raise_about(&shop, id, subject.clone()).await;
    }
    let rows = pages(&shop.admin, PATH, 200).await;
    let told: Vec<_> = rows.iter().rev().map(|row| (row["subject"].clone(), row["payment_id"].clone())).collect();
    assert_eq!(told, cases.map(|(subject, payment)| (json!(subject), payment)));
    // Nobody learns of another tenant's payment by an id that they know.
    let other = shop.tenant("another").await;
    let stranger = shop.client(other, "server", Role::Admin).await;
    let foreign = Review { tenant: other, ..about(9, attempt) };
    assert!(shop.store.review_raise(&foreign).await.expect("it is new"));
    assert_eq!(pages(&stranger, PATH, 9).await[0]["payment_id"], Value::Null);
    shop.close().await;
}

#[tokio::test]
async fn who_may_look_at_the_queue_and_who_may_speak() {
    let shop = Shop::open().await;
    let id = raise(&shop, 1).await;
    let auditor = somebody(&shop, "auditor-au", "auditor").await;
    assert_eq!(ids(&pages(&auditor, PATH, 9).await), [id.as_str()]);
    resolve(&auditor, &id, "a", "x").await.problem(403, "forbidden");
    let shopper = somebody(&shop, "shopper-1", "shopper").await;
    shopper.get(PATH).await.problem(403, "forbidden");
    resolve(&shopper, &id, "s", "x").await.problem(403, "forbidden");
    let other = shop.tenant("another").await;
    let stranger = shop.client(other, "server", Role::Admin).await;
    assert_eq!(pages(&stranger, &format!("{PATH}?state=all"), 9).await, Vec::<Value>::new());
    resolve(&stranger, &id, "o", "x").await.problem(404, "not_found");
    refuses_bad_parameters(&shop.admin, PATH, &["state=", "state=closed", "state=open&state=all"]).await;
    assert!(shop.admin.get(&format!("{PATH}?state=shut")).await.str("/detail").starts_with("state "));
    shop.close().await;
}

#[tokio::test]
async fn what_is_said_must_be_words() {
    let shop = Shop::open().await;
    let id = raise(&shop, 1).await;
    let path = format!("{PATH}/{id}/resolve");
    for (body, pointer) in [
        (json!({"resolution": ""}), "/resolution"),
        (json!({"resolution": "x".repeat(501)}), "/resolution"),
        (json!({"resolution": "a\u{0}b"}), "/resolution"),
        (json!({"resolution": 7}), "/resolution"),
        (json!({"resolution": "x", "note": "y"}), "/note"),
        (json!({}), ""),
    ] {
        let answer = shop.admin.post(&path, "k").json(&body).send().await.problem(422, "validation_failed");
        assert_eq!(answer.str("/errors/0/pointer"), pointer, "{body}");
    }
    shop.admin
        .call(http::Method::POST, &path)
        .json(&json!({"resolution": "x"}))
        .send()
        .await
        .problem(400, "idempotency_key_missing");
    for missing in ["rev_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", "rev_x", "x"] {
        resolve(&shop.admin, missing, &format!("m-{missing}"), "x").await.problem(404, "not_found");
    }
    resolve(&shop.admin, &id, "long", &"\u{5b57}".repeat(500)).await.expect(200);
    shop.close().await;
}
