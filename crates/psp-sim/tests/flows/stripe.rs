//! Stripe's flows.

use serde_json::{Value, json};

use crate::merchant::{Came, Merchant, hmac_hex, nothing};

struct Answer {
    status: u16,
    body: Value,
    is_replay: bool,
}

async fn ask(merchant: &Merchant, path: &str, key: &str, form: Option<&str>) -> Result<Answer, reqwest::Error> {
    let method = if form.is_some() { "POST" } else { "GET" };
    let request = merchant.client.request(method.parse().unwrap(), format!("{}/stripe{path}", merchant.base));
    let request = request.bearer_auth(merchant.secret("stripe.secret_key")).header("idempotency-key", key);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(form.unwrap_or_default().to_owned()).send().await?;
    let (status, is_replay) = (answer.status().as_u16(), answer.headers().contains_key("idempotent-replayed"));
    Ok(Answer { status, body: serde_json::from_slice(&answer.bytes().await?).unwrap(), is_replay })
}

fn check(merchant: &Merchant, came: &Came) {
    let (time, signature) = came.header("stripe-signature").split_once(",v1=").unwrap();
    let text = format!("{}.{}", time.strip_prefix("t=").unwrap(), str::from_utf8(&came.body).unwrap());
    assert_eq!(signature, hmac_hex(&merchant.secret("stripe.webhook_secret"), &text));
}

#[tokio::test]
async fn an_intent_is_replayed_paid_told_and_refunded() {
    let merchant = Merchant::new().await;
    merchant.desk("PUT", "/sim/settings", json!({"stripe_webhook_url": merchant.notify_url})).await;
    let form = "amount=1999&currency=usd&metadata[out_trade_no]=T1&automatic_payment_methods[enabled]=true";
    merchant
        .mischief(json!([{"on": "charge", "kind": "stripe", "out_trade_no": "T1", "times": 1, "do": "drop_after"}]))
        .await;
    assert!(ask(&merchant, "/v1/payment_intents", "k1", Some(form)).await.is_err());
    let intent = ask(&merchant, "/v1/payment_intents", "k1", Some(form)).await.unwrap();
    assert!(intent.is_replay && intent.status == 200, "{}", intent.body);
    assert_eq!(intent.body["status"], "requires_payment_method");
    let other = ask(&merchant, "/v1/payment_intents", "k1", Some("amount=5&currency=usd")).await.unwrap();
    assert_eq!((other.status, other.body["error"]["type"].as_str()), (400, Some("idempotency_error")));
    let number = intent.body["id"].as_str().unwrap().to_owned();

    merchant.desk("POST", "/sim/charges/stripe/T1/refuse", nothing()).await;
    merchant.desk("POST", "/sim/charges/stripe/T1/pay", nothing()).await;
    let mut names: Vec<_> = merchant.inbox.wait_for(2).await.iter().map(|it| it.json()["type"].to_string()).collect();
    names.sort();
    assert_eq!(names, ["\"payment_intent.payment_failed\"", "\"payment_intent.succeeded\""]);
    let paid = ask(&merchant, &format!("/v1/payment_intents/{number}"), "", None).await.unwrap();
    assert_eq!((paid.body["status"].as_str(), paid.body["amount_received"].as_i64()), (Some("succeeded"), Some(1999)));
    let late = ask(&merchant, &format!("/v1/payment_intents/{number}/cancel"), "k2", Some("")).await.unwrap();
    assert_eq!(late.body["error"]["code"], "payment_intent_unexpected_state");
    assert_eq!(late.body["error"]["payment_intent"]["status"], "succeeded");

    let form = format!("payment_intent={number}&amount=1999&metadata[out_refund_no]=R1");
    let refund = ask(&merchant, "/v1/refunds", "r1", Some(&form)).await.unwrap();
    let again = ask(&merchant, "/v1/refunds", "r1", Some(&form)).await.unwrap();
    assert!(again.is_replay && again.body == refund.body && refund.body["status"] == "succeeded");
    let more = ask(&merchant, "/v1/refunds", "r2", Some(&form)).await.unwrap();
    assert_eq!(more.body["error"]["code"], "charge_already_refunded");
    let found =
        ask(&merchant, &format!("/v1/refunds/{}", refund.body["id"].as_str().unwrap()), "", None).await.unwrap();
    assert_eq!(found.body, refund.body);
    let none = ask(&merchant, "/v1/payment_intents/pi_none", "", None).await.unwrap();
    assert_eq!((none.status, none.body["error"]["code"].as_str()), (404, Some("resource_missing")));

    let came = merchant.inbox.wait_for(4).await;
    for came in &came {
        check(&merchant, came);
    }
    let ledger = merchant.ledger();
    assert_eq!(ledger, [("charge".into(), None, 1999), ("refund".into(), Some("R1".into()), 1999)]);
    let shown = merchant.desk("GET", "/sim/callbacks", nothing()).await;
    assert!(shown["deliveries"].as_array().unwrap().iter().all(|it| it["acknowledged"] == true), "{shown}");
    merchant.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_intent_and_one_refund_however_many_ask_at_once() {
    let merchant = Merchant::new().await;
    let form = "amount=100&currency=usd&metadata[out_trade_no]=T1";
    let open = || ask(&merchant, "/v1/payment_intents", "k", Some(form));
    let (first, second, third, fourth) = tokio::join!(open(), open(), open(), open());
    let numbers = [first, second, third, fourth].map(|answer| answer.unwrap().body["id"].to_string());
    assert!(numbers.iter().all(|number| *number == numbers[0]), "{numbers:?}");
    merchant.desk("POST", "/sim/charges/stripe/T1/pay", nothing()).await;
    let form = format!("payment_intent={}&amount=10&metadata[out_refund_no]=R", numbers[0].trim_matches('"'));
    let refund = || ask(&merchant, "/v1/refunds", "r", Some(&form));
    let (first, second, third, fourth) = tokio::join!(refund(), refund(), refund(), refund());
    assert!([first, second, third, fourth].into_iter().all(|answer| answer.unwrap().status == 200));
    assert_eq!(merchant.ledger().len(), 2);
    merchant.running.stop().await;
}

#[tokio::test]
async fn refunds_are_listed_in_pages_and_a_key_is_forgotten() {
    let merchant = Merchant::new().await;
    let mut intents = Vec::new();
    for number in ["T1", "T2"] {
        let form = format!("amount=1000&currency=usd&metadata[out_trade_no]={number}");
        let intent = ask(&merchant, "/v1/payment_intents", number, Some(&form)).await.unwrap();
        intents.push(intent.body["id"].as_str().unwrap().to_owned());
        merchant.desk("POST", &format!("/sim/charges/stripe/{number}/pay"), nothing()).await;
    }
    let form = |intent: usize, number: &str| {
        format!("payment_intent={}&amount=10&metadata[out_refund_no]={number}", intents[intent])
    };
    for (intent, number) in [(0, "R1"), (0, "R2"), (1, "R3"), (0, "R4")] {
        assert_eq!(ask(&merchant, "/v1/refunds", number, Some(&form(intent, number))).await.unwrap().status, 200);
    }
    let listed = async |query: &str| {
        let path = format!("/v1/refunds?payment_intent={}{query}", intents[0]);
        let page = ask(&merchant, &path, "", None).await.unwrap().body;
        let refunds = page["data"].as_array().unwrap_or_else(|| panic!("{page}")).iter();
        let numbers: Vec<_> = refunds.map(|it| it["metadata"]["out_refund_no"].as_str().unwrap().to_owned()).collect();
        let last = page["data"].as_array().and_then(|all| all.last()?["id"].as_str().map(ToOwned::to_owned));
        assert_eq!((page["object"].as_str(), page["url"].as_str()), (Some("list"), Some("/v1/refunds")));
        (numbers.join(" "), page["has_more"].as_bool().unwrap(), last.unwrap_or_default())
    };
    assert_eq!(listed("").await.0, "R4 R2 R1");
    let (page, more, last) = listed("&limit=2").await;
    assert_eq!((&page[..], more), ("R4 R2", true));
    let (page, more, _) = listed(&format!("&limit=2&starting_after={last}")).await;
    assert_eq!((&page[..], more), ("R1", false));
    for (path, status) in
        [("?limit=0", 400), ("?limit=101", 400), ("?payment_intent=pi_none", 404), ("?starting_after=re_none", 404)]
    {
        assert_eq!(ask(&merchant, &format!("/v1/refunds{path}"), "", None).await.unwrap().status, status, "{path}");
    }
    // Behind its day a key is new: the same request moves money again.
    assert!(ask(&merchant, "/v1/refunds", "R1", Some(&form(0, "R1"))).await.unwrap().is_replay);
    merchant.desk("PUT", "/sim/settings", json!({"stripe_key_ms": 0})).await;
    assert!(!ask(&merchant, "/v1/refunds", "R1", Some(&form(0, "R1"))).await.unwrap().is_replay);
    assert_eq!(listed("").await.0, "R1 R4 R2 R1");
    merchant.running.stop().await;
}

/// "Subsequent requests with the same key return the same result": <https://docs.stripe.com/api/idempotent_requests>.
#[tokio::test]
async fn a_refusal_is_kept_under_its_key_for_a_day() {
    let merchant = Merchant::new().await;
    let form = "amount=1000&currency=usd&metadata[out_trade_no]=T1";
    let intent = ask(&merchant, "/v1/payment_intents", "k", Some(form)).await.unwrap();
    let number = intent.body["id"].as_str().unwrap().to_owned();
    let refund = async |key: &str, amount: &str| {
        let form = format!("payment_intent={number}&amount={amount}&metadata[out_refund_no]={key}");
        let answer = ask(&merchant, "/v1/refunds", key, Some(&form)).await.unwrap();
        let code = answer.body["error"]["code"].as_str().unwrap_or_default().to_owned();
        (answer.status, code, answer.is_replay)
    };
    let none = String::new;
    assert_eq!(refund("early", "10").await, (400, none(), false), "there is nothing to give back yet");
    merchant.desk("POST", "/sim/charges/stripe/T1/pay", nothing()).await;
    assert_eq!(refund("early", "10").await, (400, none(), true));
    assert_eq!(refund("other", "10").await, (200, none(), false), "a new key is looked at anew");

    // What a tester wants to be refused is kept as well; what was one too many was not begun.
    let refuse = |code: &str| json!([{"on": "refund", "times": 1, "do": {"refuse": {"code": code}}}]);
    merchant.mischief(refuse("insufficient_funds")).await;
    for is_replay in [false, true] {
        assert_eq!(refund("poor", "10").await, (402, "insufficient_funds".to_owned(), is_replay));
    }
    merchant.mischief(refuse("rate_limit")).await;
    assert_eq!(refund("often", "10").await, (429, "rate_limit".to_owned(), false));
    assert_eq!(refund("often", "10").await, (200, none(), false));
    // A rule does not reach what was answered before.
    merchant.mischief(refuse("insufficient_funds")).await;
    assert_eq!(refund("often", "10").await, (200, none(), true));
    merchant.mischief(json!([])).await;

    assert_eq!(refund("wrong", "none").await, (400, none(), false));
    assert_eq!(refund("wrong", "10").await, (200, none(), false), "what failed its validation was not begun");
    assert_eq!(refund("rest", "970").await.0, 200);
    for is_replay in [false, true] {
        assert_eq!(refund("late", "1").await, (400, "charge_already_refunded".to_owned(), is_replay));
    }
    merchant.desk("PUT", "/sim/settings", json!({"stripe_key_ms": 0})).await;
    assert_eq!(refund("early", "10").await, (400, "charge_already_refunded".to_owned(), false));
    assert_eq!(merchant.ledger().len(), 5);
    merchant.running.stop().await;
}
