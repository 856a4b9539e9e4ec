//! Owns log-ins and sessions as their owners see them.

use domain::person::Kind;
use domain::session::{Renewal, Rules, WhenFull};
use http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, add, log_in, own_order, somebody, with_token};
use crate::harness::{Answer, Client, Shop, until};

fn refreshed(token: &str) -> Value {
    json!({"refresh_token": token})
}

async fn refresh(shop: &Shop, token: &str) -> Answer {
    shop.admin.nobody().call(Method::POST, "/api/v1/sessions/refresh").json(&refreshed(token)).send().await
}

/// A log-in with other members than it should have.
async fn knock(shop: &Shop, body: &Value) -> Answer {
    shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(body).send().await
}

#[tokio::test]
async fn s15_who_is_not_let_in_learns_nothing() {
    let shop = Shop::open().await;
    add(&shop.admin, "anna", "shopper").await;
    let body = |tenant: &str, login: &str, password: &str| json!({"tenant": tenant, "login": login, "password": password, "device": {"type": "web"}});
    let long = "x".repeat(400);
    let wrong = [
        body("default", "anna", "another password"),
        body("default", "nobody", PASSWORD),
        body("default", "", PASSWORD),
        body("default", "anna", ""),
        body("default", "anna", &long),
        body("nowhere", "anna", PASSWORD),
        json!({"tenant": "default", "as": "staff", "login": "anna", "password": PASSWORD, "device": {"type": "web"}}),
    ];
    let mut texts = Vec::new();
    for body in &wrong {
        let answer = knock(&shop, body).await.problem(401, "login_failed");
        texts.push(answer.text().split_once("\"request_id\"").map(|(before, _)| before.to_owned()));
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "all are answered in the same words: {texts:?}");
    // Typed another way, the login is the same.
    knock(&shop, &body("default", "ANNA", PASSWORD)).await.expect(201);
    for (place, bad) in [("/device/type", json!({"type": "fridge"})), ("/keep", json!({"type": "web"}))] {
        let mut body = body("default", "anna", PASSWORD);
        body["device"] = bad;
        if place == "/keep" {
            body["keep"] = json!("forever");
        }
        let answer = knock(&shop, &body).await.problem(422, "validation_failed");
        assert_eq!(answer.str("/errors/0/pointer"), place);
    }
    shop.close().await;
}

/// Two devices, of which the shop allows one: the first is out at once, and is told why.
#[tokio::test]
async fn the_first_device_is_put_out_and_told_why() {
    let shop = Shop::open().await;
    let rules = Rules { open_max: [1, 1, 1], when_full: WhenFull::ReplaceOldest, ..Rules::MEMBERS };
    shop.store.session_rules_set(shop.tenant, Kind::Member, &rules, api::now()).await.expect("stored");
    let first = somebody(&shop, "anna", "shopper").await;
    first.get("/api/v1/me").await.expect(200);
    let second = log_in(&shop, "default", "anna", "app").await.expect(201);
    first.get("/api/v1/me").await.problem(401, "session_replaced");
    let second = with_token(&shop, &second);
    let sessions = second.get("/api/v1/sessions").await.expect(200);
    let told: Vec<_> =
        (0..2).map(|at| (sessions.str(&format!("/{at}/status")), sessions.at(&format!("/{at}/current")))).collect();
    assert_eq!(told, [("active".to_owned(), json!(true)), ("replaced".to_owned(), json!(false))]);
    // A device of another kind is beside it.
    log_in(&shop, "default", "anna", "web").await.expect(201);
    second.get("/api/v1/me").await.expect(200);
    shop.close().await;
}

#[tokio::test]
async fn a_shop_may_refuse_one_more() {
    let shop = Shop::open().await;
    let rules = Rules { open_max: [1, 1, 1], when_full: WhenFull::Refuse, ..Rules::MEMBERS };
    shop.store.session_rules_set(shop.tenant, Kind::Member, &rules, api::now()).await.expect("stored");
    let first = somebody(&shop, "anna", "shopper").await;
    log_in(&shop, "default", "anna", "app").await.problem(409, "session_limit");
    let own = first.get("/api/v1/me").await.str("/session_id");
    first.call(Method::DELETE, &format!("/api/v1/sessions/{own}")).send().await.expect(204);
    first.get("/api/v1/me").await.problem(401, "session_ended");
    log_in(&shop, "default", "anna", "app").await.expect(201);
    shop.close().await;
}

/// Whoever is put out, loses a role, or is shut out is out with their next request.
#[tokio::test]
async fn s10_staff_changes_act_at_once() {
    let shop = Shop::open().await;
    shop.product("A", 100, 9).await;
    let anna = add(&shop.admin, "anna", "shopper").await;
    let steps = [("sign-out", "session_kicked", true), ("disable", "session_kicked", false)];
    for (place, (step, code, may_return)) in steps.into_iter().enumerate() {
        let client = with_token(&shop, &log_in(&shop, "default", "anna", "app").await.expect(201));
        client.place(&format!("o{place}"), &own_order("A")).await.expect(201);
        let path = format!("/api/v1/members/{anna}/{step}");
        shop.admin.post(&path, &format!("k{place}")).header("x-reason", "asked%20by%20phone").send().await.expect(200);
        client.place(&format!("p{place}"), &own_order("A")).await.problem(401, code);
        let again = log_in(&shop, "default", "anna", "app").await;
        if may_return {
            again.expect(201);
        } else {
            again.problem(403, "account_disabled");
        }
    }
    shop.admin.post(&format!("/api/v1/members/{anna}/enable"), "k9").send().await.expect(200);
    log_in(&shop, "default", "anna", "app").await.expect(201);
    shop.close().await;
}

#[tokio::test]
async fn s11_a_new_role_needs_a_new_session() {
    let shop = Shop::open().await;
    let id = add(&shop.admin, "support-li", "support").await;
    let before = with_token(&shop, &log_in(&shop, "default", "support-li", "web").await.expect(201));
    before.get("/api/v1/orders").await.expect(200);
    let body = json!({"role": "auditor"});
    let path = format!("/api/v1/staff/{id}/role");
    let changed = shop.admin.post(&path, "r1").json(&body).send().await.expect(200);
    assert_eq!((changed.str("/role"), changed.at("/version")), ("auditor".to_owned(), json!(2)));
    before.get("/api/v1/orders").await.problem(401, "session_kicked");
    let after = with_token(&shop, &log_in(&shop, "default", "support-li", "web").await.expect(201));
    assert_eq!(after.get("/api/v1/me").await.str("/role"), "auditor");
    // Nobody does that to themselves.
    let root = add(&shop.admin, "admin-root", "admin").await;
    let own = with_token(&shop, &log_in(&shop, "default", "admin-root", "web").await.expect(201));
    let path = format!("/api/v1/staff/{root}/role");
    own.post(&path, "r2").json(&body).send().await.problem(409, "not_oneself");
    shop.close().await;
}

/// S11 and F15: tokens rotate; the answer to a lost reply is given again; an old token that comes back ends the family.
#[tokio::test]
async fn refresh_tokens_rotate_and_reuse_ends_the_family() {
    let shop = Shop::open().await;
    add(&shop.admin, "anna", "shopper").await;
    let first = log_in(&shop, "default", "anna", "app").await.expect(201);
    let second = refresh(&shop, &first.str("/refresh_token")).await.expect(200);
    assert_ne!(second.str("/refresh_token"), first.str("/refresh_token"));
    let again = refresh(&shop, &first.str("/refresh_token")).await.expect(200);
    assert_eq!(again.str("/refresh_token"), second.str("/refresh_token"), "the reply was lost: the same is answered");
    let third = refresh(&shop, &second.str("/refresh_token")).await.expect(200);
    with_token(&shop, &third).get("/api/v1/me").await.expect(200);
    // A thief's copy of the first one, when the third is out.
    refresh(&shop, &first.str("/refresh_token")).await.problem(401, "session_reused");
    with_token(&shop, &third).get("/api/v1/me").await.problem(401, "session_reused");
    refresh(&shop, &third.str("/refresh_token")).await.problem(401, "session_reused");
    shop.close().await;
}

#[tokio::test]
async fn s9_a_token_is_good_for_what_it_is_for() {
    let shop = Shop::open().await;
    add(&shop.admin, "anna", "shopper").await;
    let tokens = log_in(&shop, "default", "anna", "app").await.expect(201);
    let (access, renewal) = (tokens.str("/access_token"), tokens.str("/refresh_token"));
    let client = |bearer: &str| Client { address: shop.admin.address, bearer: Some(bearer.to_owned()) };
    client(&renewal).get("/api/v1/me").await.problem(401, "unauthorized");
    refresh(&shop, &access).await.problem(401, "unauthorized");
    let device_mark = tokens.str("/device_mark");
    client(&device_mark).get("/api/v1/me").await.problem(401, "unauthorized");
    for bad in [&access[..access.len() - 1], "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."] {
        client(bad).get("/api/v1/me").await.problem(401, "unauthorized");
    }
    for bad in ["", "mr_", "mr_ses_01JD8Q7V0EFXXR6D2J1Q5Z9K3M.0.AAAA", &renewal.replace(".0.", ".1.")] {
        refresh(&shop, bad).await.problem(401, "unauthorized");
    }
    // An API key is no session.
    shop.admin.get("/api/v1/me").await.problem(403, "forbidden");
    shop.close().await;
}

/// S22: a browser sends its cookie by itself; what changes something must come from the site's own pages.
#[tokio::test]
async fn s22_a_browsers_cookie_is_enough_only_for_its_own_pages() {
    let shop = Shop::open().await;
    shop.product("A", 100, 9).await;
    add(&shop.admin, "anna", "shopper").await;
    let body = json!({
        "login": "anna", "password": PASSWORD, "device": {"type": "web"}, "keep": "cookie",
    });
    let nobody = shop.admin.nobody();
    let log_in = || nobody.call(Method::POST, "/api/v1/sessions").json(&body);
    log_in().send().await.problem(403, "cross_site");
    log_in().header("sec-fetch-site", "cross-site").send().await.problem(403, "cross_site");
    let let_in = log_in().header("sec-fetch-site", "same-origin").send().await.expect(201);
    assert!(!let_in.text().contains("_token"), "no script sees a token");
    let given = let_in.header("set-cookie").expect("a cookie").to_owned();
    for part in ["__Host-mideng=ses_", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(given.contains(part), "{part} in {given}");
    }
    assert!(!given.contains("Domain"));
    let cookie = given.split(';').next().expect("a pair").to_owned();
    let call = |method: Method, path: &str| nobody.call(method, path).header("cookie", &cookie);
    call(Method::GET, "/api/v1/me").send().await.expect(200);
    let place = || call(Method::POST, "/api/v1/orders").header("idempotency-key", "\"k1\"").json(&own_order("A"));
    place().send().await.problem(403, "cross_site");
    place().header("sec-fetch-site", "same-site").send().await.problem(403, "cross_site");
    place().header("origin", "https://evil.example").send().await.problem(403, "cross_site");
    place().header("sec-fetch-site", "same-origin").send().await.expect(201);
    // Fixation: a cookie that somebody made up opens nothing, and another's secret neither.
    let (id, secret) = cookie.split_once('.').expect("a name and a secret");
    for made_up in [id.to_owned(), format!("{id}."), format!("{id}.x"), format!("__Host-mideng=ses_x.{secret}")] {
        let answer = nobody.call(Method::GET, "/api/v1/me").header("cookie", &made_up).send().await;
        answer.problem(401, "unauthorized");
    }
    let session = call(Method::GET, "/api/v1/me").send().await.str("/session_id");
    let gone = call(Method::DELETE, &format!("/api/v1/sessions/{session}")).header("sec-fetch-site", "same-origin");
    let gone = gone.send().await.expect(204);
    assert!(gone.header("set-cookie").is_some_and(|line| line.contains("Max-Age=0")));
    call(Method::GET, "/api/v1/me").send().await.problem(401, "session_ended");
    shop.close().await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let shop = Shop::open().await;
    let first = somebody(&shop, "anna", "shopper").await;
    let second = with_token(&shop, &log_in(&shop, "default", "anna", "web").await.expect(201));
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        second.call(Method::PUT, "/api/v1/me/password").json(&body)
    };
    change("wrong", "four green hills").send().await.problem(401, "login_failed");
    let weak = change(PASSWORD, "password").send().await.problem(422, "validation_failed");
    assert_eq!(
        (weak.str("/errors/0/pointer"), weak.str("/errors/0/code")),
        ("/new_password".to_owned(), "password_common".to_owned())
    );
    change(PASSWORD, "four green hills").send().await.expect(204);
    // The reply was lost: it is done.
    change(PASSWORD, "four green hills").send().await.expect(204);
    first.get("/api/v1/me").await.problem(401, "session_kicked");
    second.get("/api/v1/me").await.expect(200);
    log_in(&shop, "default", "anna", "app").await.problem(401, "login_failed");
    shop.close().await;
}

/// S15: guessing is slowed, and the owner on a known device is not shut out by it.
#[tokio::test]
async fn s15_guessing_is_slowed_and_locks_nobody_out() {
    let shop = Shop::open().await;
    add(&shop.admin, "anna", "shopper").await;
    let known = log_in(&shop, "default", "anna", "app").await.expect(201).str("/device_mark");
    let guess = json!({"login": "anna", "password": "a guess", "device": {"type": "web"}});
    let mut tries = 0;
    loop {
        let answer = knock(&shop, &guess).await;
        tries += 1;
        if answer.status == 429 {
            let answer = answer.problem(429, "rate_limited");
            assert!(answer.header("retry-after").is_some());
            break;
        }
        answer.problem(401, "login_failed");
        assert!(tries < 30, "guessing is never slowed");
    }
    assert!(tries >= 8, "somebody who mistypes is let try: {tries}");
    // The right password from a stranger is not even looked at; on her device she comes in.
    let mut right = json!({"login": "anna", "password": PASSWORD, "device": {"type": "web"}});
    knock(&shop, &right).await.problem(429, "rate_limited");
    right["device"]["mark"] = json!(known);
    knock(&shop, &right).await.expect(201);
    shop.close().await;
}

#[tokio::test]
async fn logging_out_everywhere_ends_all_of_them() {
    let shop = Shop::open().await;
    let first = somebody(&shop, "anna", "shopper").await;
    let second = with_token(&shop, &log_in(&shop, "default", "anna", "web").await.expect(201));
    second.call(Method::DELETE, "/api/v1/sessions").send().await.expect(204);
    first.get("/api/v1/me").await.problem(401, "session_kicked");
    second.get("/api/v1/me").await.problem(401, "session_ended");
    log_in(&shop, "default", "anna", "web").await.expect(201);
    shop.close().await;
}

/// A browser's session lives on while it is used: the rules of its shop say with which request its time begins anew.
#[tokio::test]
async fn a_browsers_session_is_renewed_while_it_is_used() {
    let shop = Shop::open().await;
    let rules = Rules { idle_ms: 600_000, renewal: Renewal::EveryRequest, ..Rules::MEMBERS };
    shop.store.session_rules_set(shop.tenant, Kind::Member, &rules, api::now()).await.expect("stored");
    add(&shop.admin, "anna", "shopper").await;
    let body = json!({"login": "anna", "password": PASSWORD, "device": {"type": "web"}, "keep": "cookie"});
    let nobody = shop.admin.nobody();
    let let_in = nobody.call(Method::POST, "/api/v1/sessions").json(&body).header("sec-fetch-site", "same-origin");
    let let_in = let_in.send().await.expect(201);
    let cookie = let_in.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie").to_owned();
    let call = || nobody.call(Method::GET, "/api/v1/sessions").header("cookie", &cookie).send();
    let before = call().await.expect(200).str("/0/idle_until");
    until("it is renewed", async || call().await.expect(200).str("/0/idle_until") > before).await;
    shop.close().await;
}
