//! Owns what is told of a provider's own words: each statement with the way by which it came, masked, and to whom.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use channels::{Charge, Listed};
use domain::access::Role;
use domain::channel::{Account, Conditions, Kind, Method as Paid, Source};
use domain::{Currency, Money};
use engine::Answered;
use serde_json::{Value, json};

use crate::harness::{CHANNEL, CHANNEL_SECRET, Shop};
use crate::payments::{begun, call_back, mac};
use crate::people::somebody;

/// What no answer of ours may hold.
const PLANTED: [&str; 4] = ["tok_planted", "anna@shop.example", "13812345678", "6222021234567890"];

/// The sandbox's gateway: says of a charge that it is pending, and that it failed where it is asked about, and plants what is nobody's business.
async fn gateway(State(attempt): State<String>, request: Request) -> Response {
    let (path, at) = (request.uri().path().to_owned(), (api::now().0 / 1_000).to_string());
    let buyer = json!({"email": PLANTED[1], "phone": PLANTED[2], "card_no": PLANTED[3]});
    let status = if request.method() == http::Method::POST { "pending" } else { "failed" };
    let body = json!({"charge_no": "ch_1", "out_trade_no": attempt, "status": status, "amount": 1_999, "currency": "CNY",
        "pay_url": format!("http://pay.example/1?token={}", PLANTED[0]), "code": null, "buyer": buyer});
    let asked = format!("200 {} {path}\n{at}\n{body}", request.method());
    let headers = [("x-sandbox-timestamp", at), ("x-sandbox-signature", mac(CHANNEL_SECRET, &asked))];
    (headers, body.to_string()).into_response()
}

/// Opens the gateway, and leads the shop's account there.
async fn lead_there(shop: &Shop, attempt: &str) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let router = Router::new().fallback(gateway).with_state(attempt.to_owned());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, CHANNEL_SECRET).expect("the secret is written");
    let settings = json!({"gateway": format!("http://{address}"), "account": "shop",
        "secrets": [format!("file:{}", secret.display())]});
    let account = Account {
        tenant: shop.tenant,
        id: CHANNEL,
        kind: Kind::Sandbox,
        name: "till".to_owned(),
        is_enabled: true,
        conditions: Conditions::default(),
    };
    let failed =
        shop.directory.replace(vec![Listed { account, settings: settings.to_string(), priority: 1, version: 2 }]);
    assert!(failed.is_empty(), "{failed:?}");
}

fn cny(minor: i64) -> Money {
    Money::new(minor, "CNY".parse::<Currency>().expect("CNY is a currency"))
}

fn charge(attempt: &str) -> Charge {
    Charge {
        out_trade_no: attempt.to_owned(),
        provider_key: "0".repeat(32),
        channel_no: None,
        amount: cny(1_999),
        subject: "Order".to_owned(),
        method: Paid::Page,
        notify_url: "https://shop.example/notify".to_owned(),
        return_url: None,
        expires_at: api::now().plus_ms(60_000),
    }
}

fn paid(attempt: &str) -> Value {
    json!({"event_id": "evt_1", "type": "charge.succeeded", "account": "shop", "access_token": PLANTED[0], "charge": {
        "charge_no": "ch_1", "out_trade_no": attempt, "status": "succeeded", "amount": 1_999, "currency": "CNY",
        "buyer": {"email": PLANTED[1]},
    }})
}

#[tokio::test]
async fn an_answer_a_question_and_a_callback_are_told_in_masked_words() {
    let (shop, payment, attempt) = begun().await;
    lead_there(&shop, &attempt).await;
    let entry = shop.directory.find(CHANNEL).expect("the account is there");
    let channel = entry.channel.as_ref().expect("it is set up");
    let ours = (shop.tenant, CHANNEL);
    let opened = channel.charge(&charge(&attempt)).await.expect("an answer");
    let taken = |answered: Answered| assert!(matches!(answered, Answered::Executed(_)), "{answered:?}");
    taken(shop.hear(ours, Source::Answer, opened.heard).await);
    for number in [1, 2] {
        let heard = channel.query(&charge(&attempt)).await.expect("an answer");
        taken(shop.hear(ours, Source::Query(number), heard).await);
    }
    for _ in 0..2 {
        let told = call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &paid(&attempt)).await.expect(200);
        assert_eq!(told.text(), "ok", "no word of it comes back");
    }
    let path = format!("/api/v1/payments/{payment}/facts");
    let facts = shop.admin.get(&path).await.expect(200);
    for planted in PLANTED {
        assert!(!facts.text().contains(planted), "{planted} came out: {}", facts.text());
    }
    let rows = facts.json();
    let rows = rows.as_array().expect("rows");
    let seen: Vec<_> = rows.iter().map(|row| [&row["source"], &row["verdict"], &row["state"]]).collect();
    assert_eq!(
        json!(seen),
        json!([["answer", "pending", "applied"], ["query", "failed", "applied"], ["callback", "succeeded", "applied"]])
    );
    for row in rows {
        assert_eq!((&row["reference"], &row["subject"]), (&json!(attempt), &json!("charge")), "{row}");
        assert_eq!((&row["account_name"], &row["amount"]["amount"]), (&json!("till"), &json!(1_999)), "{row}");
        let raw: Value = serde_json::from_str(row["raw"].as_str().expect("words")).expect("JSON");
        let charge = raw.get("charge").unwrap_or(&raw);
        assert_eq!((&charge["out_trade_no"], &charge["buyer"]["email"]), (&json!(attempt), &json!("…")), "{raw}");
    }
    let first: Value = serde_json::from_str(rows[0]["raw"].as_str().expect("words")).expect("JSON");
    assert_eq!((&first["pay_url"], &first["buyer"]["card_no"]), (&json!("…"), &json!("…")));
    shop.close().await;
}

#[tokio::test]
async fn a_refund_is_told_of_with_its_payment() {
    let (shop, payment, attempt) = begun().await;
    let body = json!({"event_id": "evt_2", "type": "refund.failed", "account": "another", "refund": {
        "refund_no": "rf_1", "out_refund_no": "rfd_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", "out_trade_no": attempt,
        "status": "failed", "amount": 500, "currency": "CNY", "code": "account_closed",
    }});
    call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &paid(&attempt)).await.expect(200);
    call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &body).await.expect(200);
    let path = format!("/api/v1/payments/{payment}");
    let wish = json!({"reason": "unwanted", "amount": {"amount": 500, "currency": "CNY"}});
    let refund =
        shop.admin.post(&format!("{path}/refunds"), "r").json(&wish).send().await.expect(201).str("/refund_id");
    let of_nobody = shop.admin.get(&format!("{path}/facts")).await.expect(200).json();
    assert_eq!(of_nobody.as_array().map(Vec::len), Some(1), "a refund of nobody is not this payment's: {of_nobody}");
    let said = body.to_string().replace("rfd_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", &refund);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &said).await.expect(200);
    let facts = shop.admin.get(&format!("{path}/facts")).await.expect(200).json();
    let last = &facts[1];
    assert_eq!((&last["subject"], &last["reference"]), (&json!("refund"), &json!(refund)), "{facts}");
    assert_eq!((&last["state"], &last["code"]), (&json!("quarantined"), &json!("account_closed")), "{facts}");
    assert_eq!(last["stranger"], "account another");
    shop.close().await;
}

#[tokio::test]
async fn who_is_told() {
    let (shop, payment, attempt) = begun().await;
    call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &paid(&attempt)).await.expect(200);
    let path = format!("/api/v1/payments/{payment}/facts");
    for role in ["merchant", "support", "auditor"] {
        let rows = somebody(&shop, &format!("{role}-1"), role).await.get(&path).await.expect(200).json();
        assert_eq!(rows.as_array().map(Vec::len), Some(1), "{role}");
    }
    somebody(&shop, "shopper-1", "shopper").await.get(&path).await.problem(403, "forbidden");
    shop.admin.nobody().get(&path).await.expect(401);
    let theirs = shop.client(shop.tenant("neighbour").await, "admin", Role::Admin).await;
    theirs.get(&path).await.problem(404, "not_found");
    let never = "/api/v1/payments/pay_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/facts";
    shop.admin.get(never).await.problem(404, "not_found");
    shop.close().await;
}
