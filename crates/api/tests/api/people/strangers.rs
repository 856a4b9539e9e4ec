//! Owns that what is somebody else's looks as if it never was, byte for byte but for the id and the request's own.

use http::Method;
use serde_json::json;

use super::{own_order, somebody};
use crate::harness::{Answer, Client, Shop};

/// What is left of an answer without what names the request and these ids: its status, its body and its headers.
pub(super) fn blank(answer: &Answer, ids: &[&str]) -> (u16, String, Vec<String>) {
    let request = answer.header("x-request-id").expect("every answer has one");
    let text = ids.iter().fold(answer.text().replace(request, "<request>"), |text, id| text.replace(id, "<id>"));
    let own = |name: &str| matches!(name, "date" | "x-request-id");
    let mut headers: Vec<String> = (answer.headers.iter().filter(|(name, _)| !own(name.as_str())))
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("headers are ASCII")))
        .collect();
    headers.sort_unstable();
    (answer.status, text, headers)
}

pub(crate) async fn is_as_if_it_never_was(
    stranger: &Client,
    method: Method,
    path: &str,
    id: &str,
    body: &serde_json::Value,
) {
    let never = format!("{}01JD8Q7V0EFXXR6D2J1Q5Z9K3M", &id[..4]);
    let mut answers = Vec::new();
    for id in [id, &never] {
        let path = path.replace("{}", id);
        let mut call = stranger.call(method.clone(), &path).header("idempotency-key", format!("\"{method}-{path}\""));
        if method != Method::GET {
            call = call.if_match("\"1\"").json(body);
        }
        answers.push(blank(&call.send().await, &[id]));
    }
    assert_eq!(answers[0], answers[1], "{method} {path}");
    assert_eq!(answers[0].0, 404, "{method} {path}");
}

#[tokio::test]
async fn s1_anothers_order_never_was() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let (anna, bo) = (somebody(&shop, "anna", "shopper").await, somebody(&shop, "bo", "shopper").await);
    let order_no = anna.place("o1", &own_order("A")).await.expect(201).order_no();
    let order = "/api/v1/orders/{}";
    for (method, path, body) in [
        (Method::GET, order.to_owned(), json!({})),
        (Method::GET, format!("{order}/history"), json!({})),
        (Method::POST, format!("{order}/cancel"), json!({"reason": "customer"})),
        (Method::POST, format!("{order}/receive"), json!({})),
        (Method::POST, format!("{order}/payments"), json!({"channel": "sandbox"})),
    ] {
        is_as_if_it_never_was(&bo, method, &path, &order_no, &body).await;
    }
    shop.pay(&order_no, 1_999).await;
    let payment = shop.store.payment_for(shop.tenant, order_no.parse().expect("a number")).await.expect("read");
    let payment = payment.expect("it was paid").id.to_string();
    is_as_if_it_never_was(&bo, Method::GET, "/api/v1/payments/{}", &payment, &json!({})).await;
    // She herself sees all of it.
    anna.get(&format!("/api/v1/orders/{order_no}")).await.expect(200);
    anna.get(&format!("/api/v1/payments/{payment}")).await.expect(200);
    assert_eq!(anna.get("/api/v1/orders").await.expect(200).at("/data").as_array().map(Vec::len), Some(1));
    assert_eq!(bo.get("/api/v1/orders").await.expect(200).at("/data"), json!([]));
    let her_id = anna.get("/api/v1/me").await.str("/person_id");
    bo.get(&format!("/api/v1/orders?customer_id={her_id}")).await.problem(403, "forbidden");
    shop.close().await;
}

/// A number that somebody else has used, has taken and not used, or that nobody has, is the same to who places with it.
#[tokio::test]
async fn s1_anothers_number_never_was() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let (anna, bo) = (somebody(&shop, "anna", "shopper").await, somebody(&shop, "bo", "shopper").await);
    let used = anna.place("o1", &own_order("A")).await.expect(201).order_no();
    let taken = anna.post("/api/v1/order-numbers", "n1").send().await.expect(201).order_no();
    let numbered = |order_no: &str| {
        let mut body = own_order("A");
        body["order_no"] = json!(order_no);
        body
    };
    let mut told = Vec::new();
    for (key, order_no) in [("k1", used.as_str()), ("k2", &taken), ("k3", "ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")] {
        told.push(blank(&bo.place(key, &numbered(order_no)).await.problem(409, "order_no_invalid"), &[order_no]));
    }
    assert_eq!((&told[0], &told[1]), (&told[2], &told[2]));
    // Whoever has placed with it is told so, and so are those who see all orders.
    anna.place("k4", &numbered(&used)).await.problem(409, "order_no_taken");
    let mut of_server = numbered(&used);
    of_server["customer_id"] = json!("c-1");
    shop.admin.place("k5", &of_server).await.problem(409, "order_no_taken");
    shop.close().await;
}

/// S3 and S4: a shopper sends members that are not theirs to say.
#[tokio::test]
async fn s3_what_is_not_theirs_to_say_is_refused() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let anna = somebody(&shop, "anna", "shopper").await;
    let refused = [
        json!({"lines": [{"sku": "A", "quantity": 1}], "customer_id": "somebody else"}),
        json!({"lines": [{"sku": "A", "quantity": 1, "unit_price": {"amount": 1, "currency": "CNY"}}]}),
        json!({"lines": [{"sku": "A", "quantity": 1}], "tenant_id": 2}),
        json!({"lines": [{"sku": "A", "quantity": 1}], "status": "paid"}),
        json!({"lines": [{"sku": "A", "quantity": 1}], "total": {"amount": 1, "currency": "CNY"}}),
        json!({"lines": [{"sku": "A", "quantity": 1}], "role": "admin"}),
        json!({"lines": [{"sku": "A", "quantity": 1, "total": {"amount": 1, "currency": "CNY"}}]}),
    ];
    for (place, body) in refused.iter().enumerate() {
        anna.place(&format!("r{place}"), body).await.problem(422, "validation_failed");
    }
    let order = anna.place("o1", &own_order("A")).await.expect(201);
    assert_eq!(order.at("/total/amount"), json!(1_999), "what the product costs");
    assert_eq!(order.str("/customer_id"), anna.get("/api/v1/me").await.str("/person_id"));
    // A shopper gives up, a merchant does not speak through them.
    let cancel = format!("/api/v1/orders/{}/cancel", order.order_no());
    anna.post(&cancel, "c1").json(&json!({"reason": "merchant"})).send().await.problem(422, "validation_failed");
    anna.post(&cancel, "c1").json(&json!({"reason": "customer"})).send().await.expect(200);
    shop.close().await;
}

/// Another tenant's people are not there, for its administrator neither.
#[tokio::test]
async fn s1_anothers_people_never_were() {
    let shop = Shop::open().await;
    let theirs = shop.tenant("neighbour").await;
    let stranger = shop.client(theirs, "admin", domain::access::Role::Admin).await;
    let anna = super::add(&shop.admin, "anna", "shopper").await;
    let mei = super::add(&shop.admin, "merchant-mei", "merchant").await;
    for (base, id) in [("members", &anna), ("staff", &mei)] {
        let base = format!("/api/v1/{base}/{{}}");
        is_as_if_it_never_was(&stranger, Method::GET, &base, id, &json!({})).await;
        is_as_if_it_never_was(&stranger, Method::GET, &format!("{base}/sessions"), id, &json!({})).await;
        for step in ["disable", "enable", "sign-out"] {
            is_as_if_it_never_was(&stranger, Method::POST, &format!("{base}/{step}"), id, &json!({})).await;
        }
    }
    // Nor are sessions: those of another tenant's people, of others of one's own tenant, and of those behind another door.
    let (own, others) =
        (super::add(&stranger, "anna", "shopper").await, super::add(&shop.admin, "bo", "shopper").await);
    let session = async |login: &str, device: &str| {
        let tokens = super::log_in(&shop, "default", login, device).await.expect(201);
        super::with_token(&shop, &tokens).get("/api/v1/me").await.str("/session_id")
    };
    let (hers, of_staff) = (session("anna", "app").await, session("merchant-mei", "web").await);
    for (client, person, id) in [
        (&stranger, &own, &hers),
        (&shop.admin, &others, &hers),
        (&shop.admin, &anna, &of_staff),
        (&stranger, &anna, &hers),
    ] {
        let path = format!("/api/v1/members/{person}/sessions/{{}}");
        is_as_if_it_never_was(client, Method::DELETE, &path, id, &json!({})).await;
    }
    for id in [&hers, &of_staff] {
        is_as_if_it_never_was(
            &shop.admin,
            Method::DELETE,
            &format!("/api/v1/staff/{anna}/sessions/{{}}"),
            id,
            &json!({}),
        )
        .await;
    }
    let path = format!("/api/v1/members/{{}}/sessions/{hers}");
    is_as_if_it_never_was(&stranger, Method::DELETE, &path, &anna, &json!({})).await;
    let open = shop.admin.get(&format!("/api/v1/members/{anna}/sessions")).await.expect(200);
    assert_eq!(open.str("/0/status"), "active", "nothing was done to it");
    is_as_if_it_never_was(&stranger, Method::POST, "/api/v1/staff/{}/role", &mei, &json!({"role": "support"})).await;
    // Nor is one of the staff a member, or the other way round.
    is_as_if_it_never_was(&shop.admin, Method::GET, "/api/v1/members/{}", &mei, &json!({})).await;
    is_as_if_it_never_was(&shop.admin, Method::GET, "/api/v1/staff/{}", &anna, &json!({})).await;
    shop.close().await;
}
