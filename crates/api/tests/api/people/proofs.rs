//! Owns what proves who somebody is, as they see it: second factors, proofs anew, passwords that were forgotten.

use http::Method;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Builder};

use super::{PASSWORD, add, log_in, somebody, with_token};
use crate::harness::{Answer, Client, Shop};

const FACTOR: &str = "/api/v1/me/second-factor";

/// What an app shows that has this secret, so many steps from now.
pub(crate) fn shown(secret: &str, steps: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("base32");
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_secret(secret).build();
    let now_s = api::now().0.cast_unsigned() / 1_000;
    totp.expect("a whole secret").generate(now_s + 30 * steps).to_string()
}

async fn confirm(client: &Client, code: &str) -> Answer {
    client.call(Method::POST, &format!("{FACTOR}/confirm")).json(&json!({"code": code})).send().await
}

/// Sets a second factor up and proves it; its secret and the recovery codes that are left.
pub(crate) async fn enrolled(client: &mut Client) -> (String, Vec<String>) {
    let secret = client.call(Method::POST, FACTOR).send().await.expect(201).str("/secret");
    let codes = confirm(client, &shown(&secret, 0)).await.expect(200).at("/recovery_codes");
    let mut codes: Vec<String> = serde_json::from_value(codes).expect("texts");
    stepped_up(client, &json!({"code": codes.pop()})).await;
    (secret, codes)
}

/// Proves who they are, and goes on with what is given for it.
pub(crate) async fn stepped_up(client: &mut Client, proof: &Value) {
    let proved = step_up(client, proof).await.expect(200);
    client.bearer = Some(proved.str("/access_token"));
}

async fn with_code(shop: &Shop, login: &str, code: &str) -> Answer {
    let body = json!({
        "as": "staff", "login": login, "password": PASSWORD, "code": code, "device": {"type": "web"},
    });
    shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body).send().await
}

async fn step_up(client: &Client, body: &Value) -> Answer {
    client.call(Method::POST, "/api/v1/sessions/step-up").json(body).send().await
}

/// What only two factors open; there is no such payment.
async fn refund(client: &Client, key: &str) -> Answer {
    client.post("/api/v1/payments/pay_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/refunds", key).json(&json!({})).send().await
}

#[tokio::test]
async fn money_goes_out_under_two_factors() {
    let shop = Shop::open().await;
    let mut one = somebody(&shop, "merchant", "merchant").await;
    let other = with_token(&shop, &log_in(&shop, "default", "merchant", "web").await.expect(201));
    refund(&one, "a").await.problem(403, "second_factor_missing");
    confirm(&one, "123456").await.problem(404, "not_found");
    let begun = one.call(Method::POST, FACTOR).send().await.expect(201);
    assert!(begun.str("/uri").starts_with("otpauth://totp/Mideng:merchant?"), "{}", begun.str("/uri"));
    // Begun again because the reply was lost: the later one counts.
    let secret = one.call(Method::POST, FACTOR).send().await.expect(201).str("/secret");
    confirm(&one, &shown(&begun.str("/secret"), 0)).await.problem(401, "code_wrong");
    refund(&one, "b").await.problem(403, "second_factor_missing");
    other.get("/api/v1/me").await.expect(200);
    let first = shown(&secret, 0);
    let codes: Vec<String> =
        serde_json::from_value(confirm(&one, &first).await.expect(200).at("/recovery_codes")).expect("texts");
    assert_eq!(codes.len(), 10);
    // The session that set it up is the one that is left, and proves it under another credential.
    refund(&one, "c").await.problem(403, "step_up_needed");
    stepped_up(&mut one, &json!({"code": codes[9]})).await;
    refund(&one, "c").await.problem(422, "validation_failed");
    assert_eq!(one.get("/api/v1/me").await.at("/two_factors"), json!(true));
    other.get("/api/v1/me").await.problem(401, "session_kicked");
    one.call(Method::POST, FACTOR).send().await.problem(409, "second_factor_there");

    log_in(&shop, "default", "merchant", "web").await.problem(401, "second_factor_needed");
    with_code(&shop, "merchant", "000000").await.problem(401, "code_wrong");
    with_code(&shop, "merchant", &first).await.problem(401, "code_wrong");
    let next = shown(&secret, 1);
    let both = crate::harness::all((0..2).map(|_| {
        let (nobody, next) = (shop.admin.nobody(), next.clone());
        async move {
            let body = json!({"as": "staff", "login": "merchant", "password": PASSWORD, "code": next, "device": {"type": "web"}});
            nobody.call(Method::POST, "/api/v1/sessions").json(&body).send().await
        }
    }))
    .await;
    let mut statuses: Vec<_> = both.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401], "a code is good once");
    let there = both.iter().find(|answer| answer.status == 201).expect("one");
    assert_eq!(there.at("/two_factors"), json!(true));
    with_code(&shop, "merchant", &codes[3].to_lowercase()).await.expect(201);
    with_code(&shop, "merchant", &codes[3]).await.problem(401, "code_wrong");
    shop.close().await;
}

/// A session that lies open somewhere moves no money, and makes nobody who could.
#[tokio::test]
async fn a_proof_is_fresh_for_a_quarter_of_an_hour() {
    let shop = Shop::open().await;
    let mut client = somebody(&shop, "admin-li", "admin").await;
    let session = client.get("/api/v1/me").await.str("/session_id").parse().expect("an id");
    let long_ago = api::now().plus_ms(-16 * 60_000);
    let staff = json!({"login": "new", "name": "New", "role": "auditor", "password": PASSWORD});
    let add = |client: &Client| client.post("/api/v1/staff", "one").json(&staff).send();
    assert!(shop.store.session_prove(session, (long_ago.into(), false), None).await.expect("stored"));
    add(&client).await.problem(403, "step_up_needed");
    client.call(Method::POST, FACTOR).send().await.problem(403, "step_up_needed");
    client.get("/api/v1/staff").await.expect(200);
    step_up(&client, &json!({})).await.problem(401, "login_failed");
    step_up(&client, &json!({"password": "another one"})).await.problem(401, "login_failed");
    step_up(&client, &json!({"code": "123456"})).await.problem(401, "login_failed");
    stepped_up(&mut client, &json!({"password": PASSWORD})).await;
    add(&client).await.expect(201);

    let (_, codes) = enrolled(&mut client).await;
    assert!(shop.store.session_prove(session, (long_ago.into(), true), None).await.expect("stored"));
    refund(&client, "a").await.problem(403, "step_up_needed");
    // Where there are two factors the password is not enough.
    step_up(&client, &json!({"password": PASSWORD})).await.problem(401, "second_factor_needed");
    step_up(&client, &json!({"password": PASSWORD, "code": "0"})).await.problem(401, "code_wrong");
    stepped_up(&mut client, &json!({"code": codes[0]})).await;
    refund(&client, "b").await.problem(422, "validation_failed");
    let anew = client.call(Method::POST, &format!("{FACTOR}/recovery-codes")).send().await.expect(200);
    step_up(&client, &json!({"code": codes[1]})).await.problem(401, "code_wrong");
    stepped_up(&mut client, &json!({"code": anew.str("/recovery_codes/0")})).await;
    client.call(Method::DELETE, FACTOR).send().await.expect(204);
    client.call(Method::DELETE, FACTOR).send().await.expect(204);
    log_in(&shop, "default", "admin-li", "web").await.expect(201);
    // What was given up proves nothing any more, also behind a password.
    stepped_up(&mut client, &json!({"password": PASSWORD})).await;
    refund(&client, "d").await.problem(403, "second_factor_missing");
    // Whoever buys is asked for no more than to log in; but for what they prove themselves with.
    let anna = somebody(&shop, "anna", "shopper").await;
    let session = anna.get("/api/v1/me").await.str("/session_id").parse().expect("an id");
    assert!(shop.store.session_prove(session, (long_ago.into(), false), None).await.expect("stored"));
    let pay = anna.post("/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/payments", "k").json(&json!({})).send().await;
    assert_ne!(pay.status, 403, "{pay:?}");
    anna.call(Method::POST, FACTOR).send().await.problem(403, "step_up_needed");
    anna.call(Method::DELETE, FACTOR).send().await.problem(403, "step_up_needed");
    shop.close().await;
}

/// S13: what was seen of a browser's cookie before somebody proved more is worth nothing.
#[tokio::test]
async fn s13_a_browser_gets_another_cookie_with_a_proof() {
    let shop = Shop::open().await;
    add(&shop.admin, "anna", "shopper").await;
    let body = json!({
        "login": "anna", "password": PASSWORD, "device": {"type": "web"}, "keep": "cookie",
    });
    let own = |call: crate::harness::Call| call.header("sec-fetch-site", "same-origin");
    let nobody = shop.admin.nobody();
    let cookie_of = |answer: &Answer| {
        let line = answer.header("set-cookie").expect("a cookie").to_owned();
        line.split(';').next().expect("a pair").to_owned()
    };
    let opened = own(nobody.call(Method::POST, "/api/v1/sessions")).json(&body).send().await.expect(201);
    let first = cookie_of(&opened);
    let proof = json!({"password": PASSWORD});
    let call = own(nobody.call(Method::POST, "/api/v1/sessions/step-up")).header("cookie", &first);
    let proved = call.json(&proof).send().await.expect(200);
    let second = cookie_of(&proved);
    assert_ne!(first, second);
    assert_eq!(proved.json().get("access_token"), None, "a browser gets no token");
    let me = |cookie: String| {
        let call = nobody.call(Method::GET, "/api/v1/me").header("cookie", &cookie);
        async move { call.send().await }
    };
    me(second).await.expect(200);
    me(first).await.problem(401, "unauthorized");
    shop.close().await;
}

#[tokio::test]
async fn a_password_is_set_anew_by_a_token_once() {
    let shop = Shop::open().await;
    let anna = add(&shop.admin, "anna", "shopper").await;
    let phone = with_token(&shop, &log_in(&shop, "default", "anna", "app").await.expect(201));
    let path = format!("/api/v1/members/{anna}/password-reset");
    let let_reset = |key: &'static str| shop.admin.post(&path, key).send();
    let reset = |token: String, password: &'static str| {
        let body = json!({"reset_token": token, "new_password": password});
        let call = shop.admin.nobody().call(Method::POST, "/api/v1/password-reset").json(&body);
        async move { call.send().await }
    };
    let first = let_reset("a").await.expect(200);
    let again = let_reset("a").await.expect(200);
    assert_eq!(first.text(), again.text(), "the same key is answered the same, with the same token");
    assert_eq!(first.str("/person/person_id"), anna);
    let token = first.str("/reset_token");
    // Somebody may let it happen while the phone is logged in.
    phone.get("/api/v1/me").await.expect(200);
    // A later permission ends the one before.
    let later = let_reset("b").await.expect(200).str("/reset_token");
    reset(token.clone(), "four green cats").await.problem(401, "reset_invalid");
    reset(later.clone(), "short").await.problem(422, "validation_failed");
    reset(later.replace(".3.", ".4."), "four green cats").await.problem(401, "reset_invalid");
    reset("rst_".to_owned(), "four green cats").await.problem(401, "reset_invalid");
    reset(later.clone(), "four green cats").await.expect(204);
    phone.get("/api/v1/me").await.problem(401, "session_kicked");
    // Sent again because the reply was lost; another password is another wish.
    reset(later.clone(), "four green cats").await.expect(204);
    reset(later, "five blue dogs").await.problem(401, "reset_invalid");
    log_in(&shop, "default", "anna", "app").await.problem(401, "login_failed");
    let body = json!({"login": "anna", "password": "four green cats", "device": {"type": "app"}});
    shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body).send().await.expect(201);
    // Who is disabled meanwhile sets none.
    let token = let_reset("c").await.expect(200).str("/reset_token");
    shop.admin.post(&format!("/api/v1/members/{anna}/disable"), "off").send().await.expect(200);
    reset(token, "six white mice").await.problem(401, "reset_invalid");
    shop.close().await;
}

/// An administrator drops what a colleague has lost; nobody drops their own so.
#[tokio::test]
async fn a_lost_factor_is_dropped_by_somebody_else() {
    let shop = Shop::open().await;
    let li = add(&shop.admin, "merchant-li", "merchant").await;
    let mut client = with_token(&shop, &log_in(&shop, "default", "merchant-li", "web").await.expect(201));
    enrolled(&mut client).await;
    let chief = somebody(&shop, "admin-wu", "admin").await;
    let me = chief.get("/api/v1/me").await.str("/person_id");
    chief.post(&format!("/api/v1/staff/{me}/drop-second-factor"), "own").send().await.problem(409, "not_oneself");
    let path = format!("/api/v1/staff/{li}/drop-second-factor");
    chief.post(&path, "k").header("x-reason", "lost%20phone").send().await.expect(200);
    client.get("/api/v1/me").await.problem(401, "session_kicked");
    let mut client = with_token(&shop, &log_in(&shop, "default", "merchant-li", "web").await.expect(201));
    refund(&client, "a").await.problem(403, "second_factor_missing");
    // The next one is another.
    enrolled(&mut client).await;
    refund(&client, "b").await.problem(422, "validation_failed");
    shop.close().await;
}
