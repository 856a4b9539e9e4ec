//! Owns what other sites' pages can make a browser do here, the headers of every answer letter by letter, and a cookie that was
//! there before.

use api::Access;
use domain::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Call, Client, Shop};
use crate::people::proofs::shown;
use crate::people::{PASSWORD, add, own_order};

/// What browsers and whoever pretends to be one say of where a request comes from, and never what our own pages send.
const ELSEWHERE: [&[(&str, &str)]; 16] = [
    &[],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "none")],
    &[("sec-fetch-site", "Same-Origin")],
    &[("sec-fetch-site", "same-origin, cross-site")],
    &[("sec-fetch-site", "")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "http://localhost.evil.example")],
    &[("origin", "http://localhost:8080")],
    &[("origin", "http://evil.example@localhost")],
    &[("origin", "localhost")],
    &[("origin", "")],
    &[("referer", "http://localhost/cart")],
];

fn with(call: Call, headers: &[(&str, &str)]) -> Call {
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

/// A log-in of a browser's.
fn knock(client: &Client, login: &str) -> Call {
    let body = json!({"login": login, "password": PASSWORD, "device": {"type": "web"}, "keep": "cookie"});
    client.nobody().call(Method::POST, "/api/v1/sessions").json(&body)
}

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie").to_owned()
}

async fn browser(shop: &Shop, login: &str) -> String {
    add(&shop.admin, login, "shopper").await;
    cookie_of(&knock(&shop.admin, login).header("sec-fetch-site", "same-origin").send().await.expect(201))
}

/// The cookie of an administrator who may do everything that people may.
async fn chief(shop: &Shop) -> String {
    add(&shop.admin, "admin-wu", "admin").await;
    let mut body = json!({"as": "staff", "login": "admin-wu", "password": PASSWORD, "device": {"type": "web"}});
    body["keep"] = json!("cookie");
    let own = |path: &str| shop.admin.nobody().call(Method::POST, path).header("sec-fetch-site", "same-origin");
    let cookie = cookie_of(&own("/api/v1/sessions").json(&body).send().await.expect(201));
    let factor = own("/api/v1/me/second-factor").header("cookie", &cookie).send().await.expect(201);
    let code = json!({"code": shown(&factor.str("/secret"), 0)});
    let confirm = own("/api/v1/me/second-factor/confirm").header("cookie", &cookie).json(&code);
    let code = json!({"code": confirm.send().await.expect(200).str("/recovery_codes/0")});
    cookie_of(&own("/api/v1/sessions/step-up").header("cookie", &cookie).json(&code).send().await.expect(200))
}

/// S22: no route that changes something takes a cookie that another site's page had sent.
#[tokio::test]
async fn s22_no_route_changes_anything_for_another_site() {
    let shop = Shop::open().await;
    shop.product("A", 100, 9).await;
    let cookie = browser(&shop, "anna").await;
    let chief = chief(&shop).await;
    let nobody = shop.admin.nobody();
    let loads = shop.faults.loads();
    let changing = api::lines().into_iter().filter(|line| line.method != "GET" && line.access != Access::Open);
    let mut routes = 0;
    for line in changing {
        routes += 1;
        let method = Method::from_bytes(line.method.as_bytes()).expect("a method");
        let path = crate::people::filled(line.path);
        for headers in ELSEWHERE {
            for (cookie, role) in [(&cookie, Role::Shopper), (&chief, Role::Admin)] {
                let call = with(nobody.call(method.clone(), &path).header("cookie", cookie), headers);
                let answer = call.header("idempotency-key", "k1").json(&own_order("A")).send().await;
                let is_theirs = match line.access {
                    Access::May(permission) | Access::Local(permission) => role.may(permission),
                    Access::Session | Access::Open => true,
                };
                let code = if is_theirs { "cross_site" } else { "forbidden" };
                assert_eq!(answer.status, 403, "{} {path} {headers:?}: {}", line.method, answer.text());
                assert_eq!(answer.str("/code"), code, "{} {path} {headers:?} {}", line.method, role.name());
            }
        }
    }
    assert!(routes > 30, "{routes} routes change something");
    // A form sends no JSON, and what calls itself text is none.
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let call = nobody.call(Method::POST, "/api/v1/orders").header("cookie", &cookie).header("content-type", media);
        let call = call.header("sec-fetch-site", "same-origin").header("idempotency-key", "k1");
        call.body(own_order("A").to_string()).send().await.problem(415, "content_type_unsupported");
    }
    // Nobody is logged in here as somebody else's account either.
    for headers in ELSEWHERE {
        with(knock(&shop.admin, "anna"), headers).send().await.problem(403, "cross_site");
    }
    assert_eq!(shop.faults.loads(), loads, "nothing reached the engine");
    assert_eq!(shop.orders().await, Vec::<String>::new());
    shop.close().await;
}

/// S22: what is only read changes nothing, whatever is read and by whomever.
#[tokio::test]
async fn s22_reading_changes_nothing() {
    let shop = Shop::open().await;
    let cookie = browser(&shop, "anna").await;
    let loads = shop.faults.loads();
    let head = shop.admin.get("/api/v1/audit/head").await.expect(200).json();
    for line in api::lines().into_iter().filter(|line| line.method == "GET") {
        let path = crate::people::filled(line.path);
        for method in [Method::GET, Method::HEAD] {
            for call in [
                shop.admin.call(method.clone(), &path),
                shop.admin.nobody().call(method.clone(), &path).header("cookie", &cookie),
            ] {
                let call = call.header("idempotency-key", "k1").header("x-http-method-override", "DELETE");
                call.header("x-method-override", "POST").json(&json!({"_method": "DELETE"})).send().await;
            }
        }
    }
    assert_eq!(shop.faults.loads(), loads, "nothing reached the engine");
    assert_eq!(shop.admin.get("/api/v1/audit/head").await.expect(200).json(), head);
    shop.close().await;
}

/// S11: who put a cookie into a browser before does not get to be who logs in there.
#[tokio::test]
async fn s11_a_cookie_that_was_there_before_is_worth_nothing_afterwards() {
    let shop = Shop::open().await;
    let strangers = browser(&shop, "eve").await;
    let anna = add(&shop.admin, "anna", "shopper").await;
    let me = async |cookie: &str| {
        let call = shop.admin.nobody().call(Method::GET, "/api/v1/me").header("cookie", cookie);
        call.send().await
    };
    let made_up = format!("__Host-mideng=ses_01JD8Q7V0EFXXR6D2J1Q5Z9K3M.mc_{}", "A".repeat(43));
    for planted in [&strangers, &made_up, &"__Host-mideng=anything".to_owned()] {
        let call = knock(&shop.admin, "anna").header("sec-fetch-site", "same-origin").header("cookie", planted);
        let given = cookie_of(&call.send().await.expect(201));
        let (id, secret) = given.split_once('.').expect("a name and a secret");
        let (before_id, before_secret) = planted.split_once('.').unwrap_or((planted.as_str(), ""));
        assert!(id != before_id && secret != before_secret, "both are new: {given} behind {planted}");
        assert!(secret.len() >= 43, "256 bits: {secret}");
        assert_eq!(me(&given).await.expect(200).str("/person_id"), anna);
        // Half of one and half of the other are nobody.
        for mixed in [format!("{before_id}.{secret}"), format!("{id}.{before_secret}")] {
            me(&mixed).await.problem(401, "unauthorized");
        }
        let planted_now = me(planted).await;
        assert!(planted_now.status == 401 || planted_now.str("/person_id") != anna, "{}", planted_now.text());
        // A cookie beside ours of the same name is a reason to refuse both.
        me(&format!("{planted}; {given}")).await.problem(401, "unauthorized");
    }
    // Logged in twice, it is two sessions; logged out, the cookie is worth nothing.
    let call = || knock(&shop.admin, "anna").header("sec-fetch-site", "same-origin");
    let (one, other) = (cookie_of(&call().send().await.expect(201)), cookie_of(&call().send().await.expect(201)));
    assert_ne!(one, other);
    let out = shop.admin.nobody().call(Method::DELETE, "/api/v1/sessions").header("cookie", &one);
    out.header("sec-fetch-site", "same-origin").send().await.expect(204);
    for dead in [&one, &other] {
        assert_eq!(me(dead).await.status, 401);
    }
    shop.close().await;
}

/// What stands in every answer, letter by letter.
const SAME: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];
const DATA: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What no answer tells: what runs here, and of which version.
const NEVER: [&str; 4] = ["server", "x-powered-by", "access-control-allow-origin", "access-control-allow-credentials"];

/// S23: each route, by somebody who may and by nobody, as it should be and with another method.
#[tokio::test]
async fn s23_the_headers_of_every_route_letter_by_letter() {
    let shop = Shop::open().await;
    let mut answers = 0;
    for line in api::lines() {
        let path = crate::people::filled(line.path);
        let method = Method::from_bytes(line.method.as_bytes()).expect("a method");
        for (client, method) in
            [(&shop.admin, method.clone()), (&shop.admin.nobody(), method), (&shop.admin, Method::PATCH)]
        {
            let answer = client.call(method.clone(), &path).json(&Value::Null).send().await;
            let place = format!("{method} {path}: {}", answer.shown());
            for (name, value) in SAME {
                assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name} of {place}");
                assert_eq!(answer.header(name), Some(value), "{name} of {place}");
            }
            if !answer.header("content-type").is_some_and(|media| media.starts_with("text/html")) {
                assert_eq!(answer.header("content-security-policy"), Some(DATA), "{place}");
            }
            for name in NEVER {
                assert_eq!(answer.header(name), None, "{name} of {place}");
            }
            answers += 1;
        }
    }
    assert!(answers > 180, "{answers} answers");
    shop.close().await;
}
