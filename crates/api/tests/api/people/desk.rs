//! Owns what the staff do about sessions: they put somebody out on one device, and say what the shop asks of log-ins.

use http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, add, log_in, somebody, with_token};
use crate::harness::{Answer, Client, Shop};

/// The path of a session of somebody's.
fn session(among: &str, person: &str, session: &str) -> String {
    format!("/api/v1/{among}/{person}/sessions/{session}")
}

/// One of two devices is put out, is told so with its next request, and the other goes on; sent again it is answered the same.
#[tokio::test]
async fn one_device_is_put_out_by_the_staff() {
    let shop = Shop::open().await;
    for (login, role, among) in [("anna", "shopper", "members"), ("support-li", "support", "staff")] {
        let person = add(&shop.admin, login, role).await;
        let phone = with_token(&shop, &log_in(&shop, "default", login, "app").await.expect(201));
        let laptop = with_token(&shop, &log_in(&shop, "default", login, "web").await.expect(201));
        let ids = [&phone, &laptop].map(|client| async { client.get("/api/v1/me").await.str("/session_id") });
        let [on_phone, on_laptop] = ids;
        let (on_phone, on_laptop) = (on_phone.await, on_laptop.await);
        let put_out = |id: &str| shop.admin.call(Method::DELETE, &session(among, &person, id));
        let first = put_out(&on_phone).header("x-reason", "the%20phone%20was%20stolen").send().await.expect(204);
        assert_eq!(first.text(), "");
        phone.get("/api/v1/me").await.problem(401, "session_kicked");
        laptop.get("/api/v1/me").await.expect(200);
        put_out(&on_phone).send().await.replays(&first);
        let keyed =
            |id: &str| put_out(id).header("idempotency-key", format!("\"out {login}\"").replace(' ', "-")).send();
        let second = keyed(&on_laptop).await.expect(204);
        keyed(&on_laptop).await.replays(&second);
        keyed(&on_phone).await.problem(422, "idempotency_key_reused");
        laptop.get("/api/v1/me").await.problem(401, "session_kicked");
        let told = shop.admin.get(&format!("/api/v1/{among}/{person}/sessions")).await.expect(200);
        assert_eq!([told.str("/0/status"), told.str("/1/status")], ["kicked", "kicked"]);
        put_out("ses_x").send().await.problem(404, "not_found");
        let body = json!({"why": "no body is taken"});
        put_out(&on_phone).json(&body).send().await.problem(422, "validation_failed");
    }
    shop.close().await;
}

/// A session that is over keeps the reason of its end, whoever ends it again.
#[tokio::test]
async fn what_is_over_keeps_its_reason() {
    let shop = Shop::open().await;
    let anna = somebody(&shop, "anna", "shopper").await;
    let me = anna.get("/api/v1/me").await.expect(200);
    let (person, own) = (me.str("/person_id"), me.str("/session_id"));
    anna.call(Method::DELETE, &format!("/api/v1/sessions/{own}")).send().await.expect(204);
    shop.admin.call(Method::DELETE, &session("members", &person, &own)).send().await.expect(204);
    anna.get("/api/v1/me").await.problem(401, "session_ended");
    shop.close().await;
}

async fn put(client: &Client, whose: &str, rules: &Value) -> Answer {
    client.put(&format!("/api/v1/policies/sessions/{whose}")).json(rules).send().await
}

fn rules(most: u32, when_full: &str) -> Value {
    json!({
        "open_max": {"web": most, "app": most, "mini_program": most}, "when_full": when_full,
        "idle_s": 3_600, "absolute_s": 86_400, "renewal": "below", "renewal_percent": 50,
    })
}

/// What is usual at first, then what was put; a PUT that comes again is a retry until somebody has put something else.
#[tokio::test]
async fn rules_of_sessions_are_put_once() {
    let shop = Shop::open().await;
    let path = "/api/v1/policies/sessions/members";
    let usual = shop.admin.get(path).await.expect(200);
    assert_eq!(
        usual.json(),
        json!({
            "whose": "members", "open_max": {"web": 5, "app": 5, "mini_program": 5}, "when_full": "replace_oldest",
            "idle_s": 1_209_600, "absolute_s": 7_776_000, "renewal": "below", "renewal_percent": 50, "version": 1,
        })
    );
    assert_eq!(usual.header("etag"), Some("\"1\""));
    let strict = rules(1, "refuse");
    let first = put(&shop.admin, "members", &strict).await.expect(200);
    assert_eq!((first.at("/version"), first.header("etag")), (json!(2), Some("\"2\"")));
    assert_eq!(shop.admin.get(path).await.expect(200).json(), first.json());
    put(&shop.admin, "members", &strict).await.replays(&first);
    let other = put(&shop.admin, "members", &rules(2, "refuse")).await.expect(200);
    assert_eq!(other.at("/version"), json!(3));
    // The first wish anew, and no retry of it: somebody has put something else since.
    let anew = put(&shop.admin, "members", &strict).await.expect(200);
    assert_eq!((anew.at("/version"), anew.is_replay()), (json!(4), false));
    // Those of the staff are theirs.
    assert_eq!(shop.admin.get("/api/v1/policies/sessions/staff").await.expect(200).at("/version"), json!(1));
    let stale = shop.admin.put(path).if_match("\"2\"").json(&rules(9, "refuse")).send().await;
    assert_eq!(stale.problem(412, "version_mismatch").at("/current_version"), json!(4));
    shop.admin.put(path).if_match("\"4\"").json(&rules(9, "refuse")).send().await.expect(200);
    for whose in ["guests", "member", "x"] {
        shop.admin.get(&format!("/api/v1/policies/sessions/{whose}")).await.problem(404, "not_found");
    }
    shop.close().await;
}

#[tokio::test]
async fn rules_by_which_nobody_could_be_let_in_are_refused() {
    let shop = Shop::open().await;
    let with = |pointer: &str, value: Value| {
        let mut rules = rules(2, "refuse");
        *rules.pointer_mut(pointer).expect("a member") = value;
        rules
    };
    let mut without_percent = rules(2, "refuse");
    without_percent.as_object_mut().expect("members").remove("renewal_percent");
    let mut every = rules(2, "refuse");
    every["renewal"] = json!("every_request");
    for (body, pointer) in [
        (rules(0, "refuse"), "/open_max"),
        (with("/open_max/app", json!(51)), "/open_max/app"),
        (with("/when_full", json!("shrug")), "/when_full"),
        (with("/idle_s", json!(59)), "/idle_s"),
        (with("/idle_s", json!(i64::MAX)), "/idle_s"),
        (with("/absolute_s", json!(3_599)), "/absolute_s"),
        (with("/absolute_s", json!(i64::MAX)), "/absolute_s"),
        (with("/renewal", json!("never")), "/renewal"),
        (with("/renewal_percent", json!(0)), "/renewal_percent"),
        (with("/renewal_percent", json!(101)), "/renewal_percent"),
        (without_percent, "/renewal_percent"),
        (every, "/renewal_percent"),
    ] {
        let answer = put(&shop.admin, "members", &body).await.problem(422, "validation_failed");
        assert_eq!(answer.str("/errors/0/pointer"), pointer, "{body}");
    }
    assert_eq!(shop.admin.get("/api/v1/policies/sessions/members").await.at("/version"), json!(1), "nothing was put");
    shop.close().await;
}

/// What is open stays, and keeps its end; with the next log-in the new number counts.
#[tokio::test]
async fn new_rules_count_from_the_next_log_in() {
    let shop = Shop::open().await;
    let first = somebody(&shop, "anna", "shopper").await;
    let second = with_token(&shop, &log_in(&shop, "default", "anna", "app").await.expect(201));
    let end = first.get("/api/v1/sessions").await.str("/0/ends_at");
    put(&shop.admin, "members", &rules(1, "refuse")).await.expect(200);
    for client in [&first, &second] {
        let sessions = client.get("/api/v1/sessions").await.expect(200);
        assert_eq!(sessions.str("/0/ends_at"), end, "it keeps its end");
    }
    log_in(&shop, "default", "anna", "app").await.problem(409, "session_limit");
    put(&shop.admin, "members", &rules(1, "replace_same_type")).await.expect(200);
    let third = with_token(&shop, &log_in(&shop, "default", "anna", "app").await.expect(201));
    for client in [&first, &second] {
        client.get("/api/v1/me").await.problem(401, "session_replaced");
    }
    let sessions = third.get("/api/v1/sessions").await.expect(200);
    assert_ne!(sessions.str("/0/ends_at"), end, "its end is by the new rules");
    shop.close().await;
}

/// Another shop's rules are its own.
#[tokio::test]
async fn rules_are_each_shops_own() {
    let shop = Shop::open().await;
    let body = json!({"name": "acme", "admin": {"login": "admin-root", "name": "Root", "password": PASSWORD}});
    shop.admin.post("/api/v1/tenants", "t1").json(&body).send().await.expect(201);
    let root = with_token(&shop, &log_in(&shop, "acme", "admin-root", "web").await.expect(201));
    put(&root, "members", &rules(1, "refuse")).await.expect(200);
    assert_eq!(shop.admin.get("/api/v1/policies/sessions/members").await.at("/version"), json!(1));
    shop.close().await;
}

/// Whoever calls says their login, or how it begins.
#[tokio::test]
async fn people_are_found_by_how_their_login_begins() {
    let shop = Shop::open().await;
    for login in ["anna", "anna2", "anne", "bob"] {
        add(&shop.admin, login, "shopper").await;
    }
    add(&shop.admin, "anna-li", "support").await;
    for (query, found, more) in [
        ("login=ann&limit=2", "anna anna2", true),
        ("login=anna", "anna anna2", false),
        ("login=ANNE", "anne", false),
        ("login=%20bob%20", "bob", false),
        ("login=", "anna anna2 anne bob", false),
        ("login=a%25", "", false),
    ] {
        let page = shop.admin.get(&format!("/api/v1/members?{query}")).await.expect(200).json();
        let logins: Vec<_> = page["data"].as_array().into_iter().flatten().map(|row| row["login"].as_str()).collect();
        assert_eq!(logins, found.split_whitespace().map(Some).collect::<Vec<_>>(), "{query}");
        assert_eq!(page["next_cursor"].is_string(), more, "{query}");
    }
    let staff = shop.admin.get("/api/v1/staff?login=anna").await.expect(200);
    assert_eq!(staff.str("/data/0/login"), "anna-li");
    for query in ["login=a%00", &format!("login={}", "a".repeat(65)), "logins=a"] {
        shop.admin.get(&format!("/api/v1/members?{query}")).await.problem(400, "parameter_invalid");
    }
}
