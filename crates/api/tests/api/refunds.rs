//! Owns refunds over a limit: they wait for a second person, nobody makes small ones of a large one, and who decides is told.

use std::collections::BTreeSet;

use domain::access::Role;
use domain::{Needs, Timestamp};
use engine::Storage as _;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Call, Client, Shop, order_of};
use crate::people::proofs::enrolled;
use crate::people::strangers::is_as_if_it_never_was;
use crate::people::{PASSWORD, log_in, somebody, with_token};

/// An order of 1999 that is paid, in a shop where one gives 500 back alone.
struct Till {
    shop: Shop,
    payment: String,
    /// Of the staff, who may give money back and not let it go.
    support: Client,
    /// Of the staff, who may both.
    merchant: Client,
}

impl Till {
    async fn open() -> Self {
        let shop = Shop::open().await;
        limit(&shop.admin, &[(500, "CNY")]).send().await.expect(200);
        let payment = paid(&shop, "place").await;
        let support = trusted(&shop, "support-su", "support").await;
        let merchant = trusted(&shop, "merchant-mei", "merchant").await;
        Self { shop, payment, support, merchant }
    }

    fn ask(&self, by: &Client, key: &str, amount: i64) -> Call {
        ask(by, &self.payment, key, amount)
    }

    /// A refund of all of it that waits.
    async fn waiting(&self) -> String {
        let refund = self.ask(&self.support, "ask", 1_999).send().await.expect(201);
        assert_eq!(refund.str("/status"), "awaiting_approval");
        refund.str("/refund_id")
    }

    /// What the provider is to be asked of refunds.
    async fn asked(&self) -> usize {
        let lanes: Vec<i64> = (0..16).collect();
        let ever = Timestamp(i64::MAX / 2);
        let (due, _) = self.shop.store.messages_due(&lanes, &[], ever, 1_000).await.expect("the outbox is read");
        due.iter().filter(|due| due.message.task.name() == "refund").count()
    }

    async fn left(&self) -> i64 {
        let payment = self.shop.admin.get(&format!("/api/v1/payments/{}", self.payment)).await.expect(200);
        payment.at("/refundable/amount").as_i64().expect("an amount")
    }

    /// How long the tenant's audit log is.
    async fn log(&self) -> i64 {
        let tenant = self.shop.tenant;
        let needs = Needs { audits: BTreeSet::from([tenant]), ..Needs::default() };
        let (_, snapshot) = self.shop.store.load(&needs, &BTreeSet::new()).await.expect("the log is read");
        snapshot.state.audit(tenant).map_or(0, |head| head.length)
    }
}

async fn paid(shop: &Shop, key: &str) -> String {
    shop.admin
        .put("/api/v1/products/A")
        .json(&json!({"name": "A", "price": money(1_999), "initial_stock": 9}))
        .send()
        .await;
    let order_no = shop.admin.place(key, &order_of(&[("A", 1)])).await.expect(201).order_no();
    shop.pay(&order_no, 1_999).await;
    let payment = shop.store.payment_for(shop.tenant, order_no.parse().expect("a number")).await.expect("it is read");
    payment.expect("it was paid").id.to_string()
}

fn money(amount: i64) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

fn ask(by: &Client, payment: &str, key: &str, amount: i64) -> Call {
    let body = json!({"reason": "unwanted", "amount": money(amount)});
    by.post(&format!("/api/v1/payments/{payment}/refunds"), key).json(&body)
}

fn limit(by: &Client, limits: &[(i64, &str)]) -> Call {
    let limits: Vec<_> = limits.iter().map(|(amount, code)| json!({"amount": amount, "currency": code})).collect();
    by.put("/api/v1/policies/refunds").json(&json!({ "alone_up_to": limits }))
}

fn decide(by: &Client, refund: &str, step: &str, key: &str) -> Call {
    by.post(&format!("/api/v1/refunds/{refund}/{step}"), key)
}

/// One of the staff who has proved it with two factors.
async fn trusted(shop: &Shop, login: &str, role: &str) -> Client {
    let mut client = somebody(shop, login, role).await;
    enrolled(&mut client).await;
    client
}

fn ids(page: &Answer) -> Vec<String> {
    let rows = page.at("/data");
    let rows = rows.as_array().expect("a page has rows");
    rows.iter().filter_map(|row| Some(row["refund_id"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn over_the_limit_a_second_person_lets_it_go_and_the_provider_is_asked_once() {
    let till = Till::open().await;
    let refund = till.waiting().await;
    assert_eq!((till.asked().await, till.left().await), (0, 0), "reserved, and nobody is asked");
    till.ask(&till.support, "more", 1).send().await.problem(409, "refund_exceeds_captured");
    let waits = till.shop.admin.get(&format!("/api/v1/refunds/{refund}")).await.expect(200);
    let me = till.support.get("/api/v1/me").await.str("/person_id");
    assert_eq!((waits.str("/requested_by"), waits.at("/decided_by")), (me, Value::Null));
    let approve = || decide(&till.merchant, &refund, "approve", "a1").header("x-reason", "they%20asked");
    let approved = approve().send().await.expect(200);
    assert_eq!((approved.str("/status"), approved.str("/decision_reason")), ("created".into(), "they asked".into()));
    assert_eq!(approved.str("/decided_by"), till.merchant.get("/api/v1/me").await.str("/person_id"));
    assert!(approved.str("/decided_at").ends_with('Z'));
    approve().send().await.replays(&approved);
    // Under another key it is the same decision; another person's comes too late.
    let again = decide(&till.merchant, &refund, "approve", "a2").send().await.expect(200);
    assert_eq!(again.text(), approved.text());
    let boss = trusted(&till.shop, "admin-boss", "admin").await;
    let late = decide(&boss, &refund, "approve", "a3").send().await.problem(409, "refund_not_awaiting");
    assert_eq!(late.str("/refund_status"), "created");
    decide(&till.support, &refund, "reject", "r1").send().await.problem(409, "refund_not_awaiting");
    assert_eq!(till.asked().await, 1);
    till.shop.close().await;
}

#[tokio::test]
async fn the_same_key_is_answered_the_same_behind_the_approval() {
    let till = Till::open().await;
    let first = till.ask(&till.support, "ask", 1_999).send().await.expect(201);
    decide(&till.merchant, &first.str("/refund_id"), "approve", "a1").send().await.expect(200);
    till.ask(&till.support, "ask", 1_999).send().await.replays(&first);
    assert_eq!(first.str("/status"), "awaiting_approval");
    assert_eq!(till.asked().await, 1);
    let Till { shop, payment, support, .. } = till;
    let again = shop.restart().await;
    let support = Client { address: again.admin.address, ..support };
    ask(&support, &payment, "ask", 1_999).send().await.replays(&first);
    again.close().await;
}

#[tokio::test]
async fn only_people_who_may_let_it_go_and_nobody_their_own() {
    let till = Till::open().await;
    let refund = till.waiting().await;
    decide(&till.support, &refund, "approve", "a1").send().await.problem(403, "forbidden");
    decide(&till.shop.admin, &refund, "approve", "a1").send().await.problem(403, "forbidden");
    decide(&till.shop.admin, &refund, "reject", "r1").send().await.problem(403, "forbidden");
    let other = trusted(&till.shop, "support-other", "support").await;
    decide(&other, &refund, "reject", "r1").send().await.problem(403, "forbidden");
    decide(&till.support, &refund, "reject", "r1").send().await.expect(200);
    // What a merchant asks for themselves, another one lets go.
    let own = till.ask(&till.merchant, "own", 600).send().await.expect(201).str("/refund_id");
    decide(&till.merchant, &own, "approve", "a2").send().await.problem(409, "second_person_needed");
    decide(&till.merchant, &own, "approve", "a2").send().await.problem(409, "second_person_needed");
    decide(&till.merchant, "rfd_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", "approve", "a3").send().await.problem(404, "not_found");
    let one_factor = somebody(&till.shop, "merchant-one", "merchant").await;
    decide(&one_factor, &own, "approve", "a4").send().await.problem(403, "second_factor_missing");
    let keyless = till.merchant.call(Method::POST, &format!("/api/v1/refunds/{own}/approve"));
    keyless.send().await.problem(400, "idempotency_key_missing");
    assert_eq!(till.asked().await, 0);
    // A server asks as its account, and takes back what it asked for.
    let server = till.shop.client(till.shop.tenant, "checkout", Role::Service).await;
    let asked = till.ask(&server, "server", 600).send().await.expect(201);
    assert!(asked.str("/requested_by").starts_with("acc_"), "{}", asked.text());
    let before = till.log().await;
    let back = decide(&server, &asked.str("/refund_id"), "reject", "back").send().await.expect(200);
    assert_eq!((back.str("/status"), back.str("/decided_by")), ("rejected".into(), asked.str("/requested_by")));
    assert_eq!(till.log().await, before + 1, "every decision is written down, a server's too");
    till.shop.close().await;
}

#[tokio::test]
async fn rejected_it_frees_its_amount_and_small_ones_are_counted_together() {
    let till = Till::open().await;
    let refund = till.waiting().await;
    let rejected = decide(&till.merchant, &refund, "reject", "r1").send().await.expect(200);
    assert_eq!((rejected.str("/status"), till.left().await), ("rejected".to_owned(), 1_999));
    let status =
        async |key: &str, by: &Client, amount| till.ask(by, key, amount).send().await.expect(201).str("/status");
    assert_eq!(status("s1", &till.support, 300).await, "created");
    assert_eq!(status("s2", &till.merchant, 200).await, "created");
    assert_eq!(status("s3", &till.support, 1).await, "awaiting_approval", "whoever asks for it");
    assert_eq!(till.asked().await, 2);
    limit(&till.shop.admin, &[(600, "CNY")]).send().await.expect(200);
    assert_eq!(status("s4", &till.support, 1).await, "created", "this node knows of it at once");
    till.shop.close().await;
}

#[tokio::test]
async fn two_who_decide_at_once_are_told_apart() {
    let till = Till::open().await;
    let refund = till.waiting().await;
    let boss = trusted(&till.shop, "admin-boss", "admin").await;
    let (yes, no) = tokio::join!(
        decide(&till.merchant, &refund, "approve", "yes").send(),
        decide(&boss, &refund, "reject", "no").send()
    );
    let (won, lost, asked) = if yes.status == 200 { (&yes, &no, 1) } else { (&no, &yes, 0) };
    assert_eq!((won.status, lost.status, lost.str("/code")), (200, 409, "refund_not_awaiting".to_owned()));
    assert_eq!(lost.str("/refund_status"), won.str("/status"));
    assert_eq!(till.asked().await, asked);
    till.shop.close().await;
}

#[tokio::test]
async fn those_that_wait_are_listed_newest_first() {
    let till = Till::open().await;
    let mut waiting = Vec::new();
    for number in 0..3 {
        let payment = paid(&till.shop, &format!("place-{number}")).await;
        let refund = ask(&till.support, &payment, &format!("ask-{number}"), 600).send().await.expect(201);
        waiting.insert(0, refund.str("/refund_id"));
    }
    let list = async |query: &str| till.merchant.get(&format!("/api/v1/refunds?{query}")).await;
    let first = list("status=awaiting_approval&limit=2").await.expect(200);
    let second =
        list(&format!("status=awaiting_approval&limit=2&cursor={}", first.str("/next_cursor"))).await.expect(200);
    assert_eq!([ids(&first), ids(&second)].concat(), waiting);
    assert_eq!(second.at("/next_cursor"), Value::Null);
    decide(&till.merchant, &waiting[1], "reject", "no").send().await.expect(200);
    assert_eq!(ids(&list("status=rejected").await), waiting[1..2]);
    assert_eq!(ids(&list("status=awaiting_approval").await), [waiting[0].clone(), waiting[2].clone()]);
    for query in
        ["status=", "status=done", "status=awaiting_approval&limit=0", "status=rejected&cursor=x", "state=created"]
    {
        list(query).await.problem(400, "parameter_invalid");
    }
    let unknown = list("status=done").await.str("/detail");
    let known = "awaiting_approval, created, submitted, unknown, succeeded, failed, rejected";
    assert_eq!(unknown, format!("status is \"done\"; it is one of {known}"));
    let theirs = till.shop.tenant("neighbour").await;
    let stranger = till.shop.client(theirs, "admin", Role::Admin).await;
    assert_eq!(stranger.get("/api/v1/refunds?status=rejected").await.expect(200).at("/data"), json!([]));
    till.shop.close().await;
}

#[tokio::test]
async fn all_refunds_are_listed_newest_first_and_those_of_a_status() {
    let till = Till::open().await;
    let mut all = Vec::new();
    for (number, amount) in [100, 600, 200, 700, 300].into_iter().enumerate() {
        let payment = paid(&till.shop, &format!("place-{number}")).await;
        let refund = ask(&till.support, &payment, &format!("ask-{number}"), amount).send().await.expect(201);
        all.insert(0, refund.str("/refund_id"));
    }
    decide(&till.merchant, &all[3], "reject", "no").send().await.expect(200);
    let list = async |query: &str| till.merchant.get(&format!("/api/v1/refunds?{query}")).await.expect(200);
    let (mut pages, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = list(&query).await;
        pages.extend(ids(&page));
        let Value::String(next) = page.at("/next_cursor") else { break };
        query = format!("limit=2&cursor={next}");
    }
    assert_eq!(pages, all);
    for (status, expected) in [
        ("created", vec![&all[0], &all[2], &all[4]]),
        ("awaiting_approval", vec![&all[1]]),
        ("rejected", vec![&all[3]]),
        ("failed", vec![]),
        ("submitted", vec![]),
        ("unknown", vec![]),
        ("succeeded", vec![]),
    ] {
        let page = list(&format!("status={status}")).await;
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), expected, "{status}");
    }
    // A refund of a list is told as it is by itself, in whichever list it stands.
    let alone = till.merchant.get(&format!("/api/v1/refunds/{}", all[1])).await.expect(200).json();
    assert_eq!(
        (list("").await.at("/data/1"), list("status=awaiting_approval").await.at("/data/0")),
        (alone.clone(), alone)
    );
    let theirs = till.shop.tenant("neighbour").await;
    let stranger = till.shop.client(theirs, "admin", Role::Admin).await;
    assert_eq!(stranger.get("/api/v1/refunds").await.expect(200).at("/data"), json!([]));
    till.shop.close().await;
}

#[tokio::test]
async fn a_stranger_finds_nothing_to_decide_on() {
    let till = Till::open().await;
    let refund = till.waiting().await;
    let body = json!({"name": "acme", "admin": {"login": "admin-root", "name": "Root", "password": PASSWORD}});
    till.shop.admin.post("/api/v1/tenants", "t1").json(&body).send().await.expect(201);
    let mut root = with_token(&till.shop, &log_in(&till.shop, "acme", "admin-root", "web").await.expect(201));
    enrolled(&mut root).await;
    for step in ["approve", "reject"] {
        is_as_if_it_never_was(&root, Method::POST, &format!("/api/v1/refunds/{{}}/{step}"), &refund, &json!({})).await;
    }
    decide(&till.merchant, &refund, "approve", "a1").send().await.expect(200);
    till.shop.close().await;
}

/// Who works for the shop is nothing to a buyer.
#[tokio::test]
async fn a_buyer_is_told_that_it_waits_and_not_of_whom() {
    let till = Till::open().await;
    let anna = somebody(&till.shop, "anna", "shopper").await;
    let order_no = anna.place("o1", &json!({"lines": [{"sku": "A", "quantity": 1}]})).await.expect(201).order_no();
    till.shop.pay(&order_no, 1_999).await;
    let number = order_no.parse().expect("a number");
    let payment = till.shop.store.payment_for(till.shop.tenant, number).await.expect("it is read").expect("paid");
    let asked = ask(&till.support, &payment.id.to_string(), "ask", 600).send().await.expect(201);
    let id = asked.str("/refund_id");
    decide(&till.merchant, &id, "reject", "r1").header("x-reason", "a%20cheat").send().await.expect(200);
    let seen = anna.get(&format!("/api/v1/refunds/{id}")).await.expect(200);
    let inside = anna.get(&format!("/api/v1/payments/{}", payment.id)).await.expect(200).at("/refunds/0");
    for told in [seen.json(), inside] {
        assert_eq!(told["status"], "rejected");
        for name in ["requested_by", "decided_by", "decision_reason"] {
            assert_eq!(told[name], Value::Null, "{name}");
        }
    }
    for list in ["", "?status=rejected", "?status=succeeded"] {
        anna.get(&format!("/api/v1/refunds{list}")).await.problem(403, "forbidden");
    }
    till.shop.close().await;
}

#[tokio::test]
async fn the_limits_are_set_by_who_may_and_for_the_version_they_were_read_at() {
    let shop = Shop::open().await;
    let read = async || shop.admin.get("/api/v1/policies/refunds").await.expect(200);
    let first = read().await;
    assert_eq!((first.header("etag"), first.at("/alone_up_to")), (Some("\"1\""), json!([])));
    assert_eq!(first.at("/changed_at"), Value::Null);
    let set = limit(&shop.admin, &[(500, "CNY"), (0, "JPY")]).if_match("\"1\"").send().await.expect(200);
    assert_eq!(
        (set.header("etag"), set.at("/alone_up_to/1")),
        (Some("\"2\""), json!({"amount": 0, "currency": "JPY"}))
    );
    assert_eq!(read().await.text(), set.text());
    let stale = limit(&shop.admin, &[]).if_match("\"1\"").send().await.problem(412, "version_mismatch");
    assert_eq!(stale.at("/current_version"), json!(2));
    // Without a key the same wish is new again once another has come between.
    let one = limit(&shop.admin, &[(1, "CNY")]).send().await.expect(200);
    limit(&shop.admin, &[(1, "CNY")]).send().await.replays(&one);
    limit(&shop.admin, &[(2, "CNY")]).send().await.expect(200);
    let anew = limit(&shop.admin, &[(1, "CNY")]).send().await.expect(200);
    assert_eq!((anew.header("etag"), anew.is_replay()), (Some("\"5\""), false));
    for (limits, pointer) in [
        (vec![(-1, "CNY")], "/alone_up_to/0/amount"),
        (vec![(1, "XXX")], "/alone_up_to/0/currency"),
        (vec![(1, "CNY"), (2, "CNY")], "/alone_up_to"),
    ] {
        let bad = limit(&shop.admin, &limits).send().await.problem(422, "validation_failed");
        assert_eq!(bad.str("/errors/0/pointer"), pointer);
    }
    let merchant = somebody(&shop, "merchant-mei", "merchant").await;
    limit(&merchant, &[]).send().await.problem(403, "forbidden");
    shop.close().await;
}
