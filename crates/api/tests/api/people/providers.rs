//! Owns log-ins by somebody who knows people by themselves, as those see it. Real directories and providers are asked in the
//! tests of `identity`, and of the whole server.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::person::Kind;
use http::Method;
use people::provider::{Begun, Claims, Identity, Kept, PasswordProvider, RedirectProvider, Refused, Rules};
use people::{Callback, Means, Provider};
use serde_json::json;

use super::{PASSWORD, add, with_token};
use crate::harness::{Answer, Setup, Shop};

/// Who is known there: subject, and groups.
type Known = Arc<Mutex<Vec<(String, Vec<String>)>>>;

struct Directory(Known);

impl Directory {
    fn identity(&self, login: &str) -> Result<Identity, Refused> {
        let known = self.0.lock().expect("no panic");
        let found = known.iter().find(|(subject, _)| subject.eq_ignore_ascii_case(login)).ok_or(Refused::Wrong)?;
        Identity::try_from(Claims {
            subject: found.0.clone(),
            login: login.to_owned(),
            name: format!("Name of {login}"),
            email: None,
            groups: found.1.clone(),
        })
    }
}

#[async_trait]
impl PasswordProvider for Directory {
    async fn authenticate(&self, login: &str, password: &str) -> Result<Identity, Refused> {
        match (login, password) {
            ("away", _) => Err(Refused::Away("no answer".to_owned())),
            (login, PASSWORD) => self.identity(login),
            _ => Err(Refused::Wrong),
        }
    }
}

#[async_trait]
impl RedirectProvider for Directory {
    async fn begin(&self, return_to: &str) -> Result<Begun, Refused> {
        let kept = json!({"issuer": "i", "state": "s", "nonce": "n", "verifier": "v", "return_to": return_to});
        let kept: Kept = serde_json::from_value(kept).expect("its form");
        Ok(Begun { url: "https://there.example/authorize?state=s".to_owned(), kept })
    }

    async fn finish(&self, _: &Kept, callback: &Callback) -> Result<Identity, Refused> {
        match (&callback.state, &callback.code) {
            (Some(state), Some(code)) if state == "s" => self.identity(code),
            _ => Err(Refused::Invalid("another state".to_owned())),
        }
    }
}

async fn shop(known: &Known) -> Shop {
    let rules =
        || Rules::new(vec![("chiefs".to_owned(), "admin".to_owned()), ("desk".to_owned(), "support".to_owned())], None);
    let provider = |name: &str, means| Provider {
        name: name.to_owned(),
        tenant: "default".to_owned(),
        kind: Kind::Staff,
        rules: rules(),
        means,
    };
    let providers = vec![
        provider("corp", Means::Password(Box::new(Directory(known.clone())))),
        provider("web", Means::Redirect(Box::new(Directory(known.clone())))),
    ];
    Shop::with(Setup { providers, ..Setup::default() }).await
}

fn known(people: &[(&str, &str)]) -> Known {
    let person = |(subject, group): &(&str, &str)| ((*subject).to_owned(), vec![(*group).to_owned()]);
    Arc::new(Mutex::new(people.iter().map(person).collect()))
}

async fn log_in(shop: &Shop, provider: &str, login: &str, password: &str) -> Answer {
    let body = json!({
        "as": "staff", "login": login, "password": password, "provider": provider, "device": {"type": "web"},
    });
    shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body).send().await
}

#[tokio::test]
async fn a_directory_s_people_have_the_role_of_their_groups_now() {
    let known = known(&[("ada", "desk"), ("Ada", "nothing")]);
    let shop = shop(&known).await;
    log_in(&shop, "corp", "ada", "another").await.problem(401, "login_failed");
    log_in(&shop, "corp", "nobody", PASSWORD).await.problem(401, "login_failed");
    log_in(&shop, "corp", "away", PASSWORD).await.problem(503, "login_provider_away");
    log_in(&shop, "none", "ada", PASSWORD).await.problem(404, "not_found");
    log_in(&shop, "web", "ada", PASSWORD).await.problem(404, "not_found");
    let first = log_in(&shop, "corp", "ada", PASSWORD).await.expect(201);
    assert_eq!(first.str("/role"), "support");
    let client = with_token(&shop, &first);
    client.get("/api/v1/orders").await.expect(200);
    // Once more they are the same person; another role there is another role here, and what they had open ends.
    let again = log_in(&shop, "corp", "ada", PASSWORD).await.expect(201);
    assert_eq!(again.str("/person_id"), first.str("/person_id"));
    known.lock().expect("no panic")[0].1 = vec!["chiefs".to_owned()];
    let chief = log_in(&shop, "corp", "ada", PASSWORD).await.expect(201);
    assert_eq!((chief.str("/role"), chief.str("/person_id")), ("admin".to_owned(), first.str("/person_id")));
    with_token(&shop, &again).get("/api/v1/me").await.problem(401, "session_kicked");
    // Who has no role there any more has none here.
    known.lock().expect("no panic")[0].1 = vec!["guests".to_owned()];
    log_in(&shop, "corp", "ada", PASSWORD).await.problem(403, "forbidden");
    let listed = shop.admin.get("/api/v1/staff").await.expect(200);
    assert_eq!(listed.str("/data/0/login"), "corp/ada");
    // Whom the shop has disabled is not let in, whatever the directory says.
    known.lock().expect("no panic")[0].1 = vec!["desk".to_owned()];
    let path = format!("/api/v1/staff/{}/disable", first.str("/person_id"));
    shop.admin.post(&path, "off").send().await.expect(200);
    log_in(&shop, "corp", "ada", PASSWORD).await.problem(403, "account_disabled");
    shop.close().await;
}

/// A login with a slash is nobody's to choose, so that nobody waits in the place of somebody who is still to come.
#[tokio::test]
async fn nobody_takes_the_place_of_a_directory_s_people() {
    let shop = shop(&known(&[("ada", "desk")])).await;
    let body = json!({"login": "corp/ada", "name": "Eve", "role": "auditor", "password": PASSWORD});
    shop.admin.post("/api/v1/staff", "eve").json(&body).send().await.problem(422, "validation_failed");
    // A login of one's own is another, though it is spelled as the one there.
    let own = add(&shop.admin, "ada", "support").await;
    assert_ne!(log_in(&shop, "corp", "ada", PASSWORD).await.expect(201).str("/person_id"), own);
    // Nobody logs in as them with a password here.
    let body = json!({"as": "staff", "login": "corp/ada", "password": PASSWORD, "device": {"type": "web"}});
    let call = shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body);
    call.send().await.problem(401, "login_failed");
    shop.close().await;
}

#[tokio::test]
async fn two_first_log_ins_at_once_are_one_person() {
    let shop = shop(&known(&[("ada", "desk")])).await;
    let body =
        json!({"as": "staff", "login": "ada", "password": PASSWORD, "provider": "corp", "device": {"type": "app"}});
    let both = crate::harness::all((0..2).map(|_| {
        let call = shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body);
        async move { call.send().await.expect(201).str("/person_id") }
    }))
    .await;
    assert_eq!(both[0], both[1]);
    shop.close().await;
}

#[tokio::test]
async fn a_browser_goes_to_a_provider_and_comes_back_with_a_session() {
    let shop = shop(&known(&[("ada", "desk")])).await;
    let nobody = shop.admin.nobody();
    let pair = |line: &str| line.split(';').next().expect("a pair").to_owned();
    let gone = nobody.get("/api/v1/login/web?return_to=%2Forders%3Ftab%3Dopen").await.expect(303);
    assert_eq!(gone.header("location"), Some("https://there.example/authorize?state=s"));
    let kept = gone.header("set-cookie").expect("what is kept").to_owned();
    assert!(kept.starts_with("__Host-mideng-login=") && kept.contains("HttpOnly") && kept.contains("SameSite=Lax"));
    assert!(!kept.contains("verifier"), "it is sealed");
    let back = |cookie: Option<String>, query: &'static str| {
        let call = nobody.call(Method::GET, &format!("/api/v1/login/web/callback?{query}"));
        let call = match &cookie {
            Some(cookie) => call.header("cookie", cookie),
            None => call,
        };
        async move { call.send().await }
    };
    back(None, "state=s&code=ada").await.problem(401, "login_failed");
    back(Some("__Host-mideng-login=AAAA".to_owned()), "state=s&code=ada").await.problem(401, "login_failed");
    back(Some(pair(&kept)), "state=t&code=ada").await.problem(401, "login_failed");
    back(Some(pair(&kept)), "state=s&code=nobody").await.problem(401, "login_failed");
    let back = back(Some(pair(&kept)), "state=s&code=ada&session_state=whatever").await.expect(303);
    assert_eq!(back.header("location"), Some("/orders?tab=open"));
    let cookies: Vec<_> =
        back.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("ASCII").to_owned()).collect();
    assert!(cookies.iter().any(|line| line.starts_with("__Host-mideng-login=;") && line.contains("Max-Age=0")));
    let session = cookies.iter().find(|line| line.starts_with("__Host-mideng=")).expect("a session");
    let me = nobody.call(Method::GET, "/api/v1/me").header("cookie", pair(session)).send().await.expect(200);
    assert_eq!(me.str("/role"), "support");
    nobody.get("/api/v1/login/corp").await.problem(404, "not_found");
    shop.close().await;
}

/// What a provider knows is one factor. Where there is a second here, a password asks for it in whatever form the session is
/// kept; who came back with a browser proves it before anything that is asked of two.
#[tokio::test]
async fn a_provider_s_word_is_one_factor() {
    let known = known(&[("ada", "chiefs")]);
    let shop = shop(&known).await;
    let mut first = with_token(&shop, &log_in(&shop, "corp", "ada", PASSWORD).await.expect(201));
    let (_, codes) = super::proofs::enrolled(&mut first).await;
    log_in(&shop, "corp", "ada", PASSWORD).await.problem(401, "second_factor_needed");
    let nobody = shop.admin.nobody();
    let mut body = json!({
        "as": "staff", "login": "ada", "password": PASSWORD, "provider": "corp", "device": {"type": "web"},
        "keep": "cookie",
    });
    let ask = |body: &serde_json::Value| {
        let call = nobody.call(Method::POST, "/api/v1/sessions").header("sec-fetch-site", "same-origin").json(body);
        async move { call.send().await }
    };
    ask(&body).await.problem(401, "second_factor_needed");
    body["code"] = json!(codes[0]);
    assert_eq!(ask(&body).await.expect(201).at("/two_factors"), json!(true));

    // The same person at the provider for browsers has another account here; its factor is its own.
    let pair = |line: &str| line.split(';').next().expect("a pair").to_owned();
    let come_back = || async {
        let gone = nobody.get("/api/v1/login/web").await.expect(303);
        let kept = pair(gone.header("set-cookie").expect("what is kept"));
        let call = nobody.call(Method::GET, "/api/v1/login/web/callback?state=s&code=ada").header("cookie", kept);
        let back = call.send().await.expect(303);
        let cookies = back.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("ASCII"));
        pair(cookies.into_iter().find(|line| line.starts_with("__Host-mideng=")).expect("a session"))
    };
    let ask = |cookie: &str, path: &str, body: serde_json::Value| {
        let call = nobody.call(Method::POST, path).header("cookie", cookie).header("sec-fetch-site", "same-origin");
        let call = call.json(&body);
        async move { call.send().await }
    };
    let cookie = come_back().await;
    let secret = ask(&cookie, "/api/v1/me/second-factor", json!({})).await.expect(201).str("/secret");
    let code = super::proofs::shown(&secret, 0);
    let confirm = "/api/v1/me/second-factor/confirm";
    let codes = ask(&cookie, confirm, json!({"code": code})).await.expect(200);
    // Let in again, they have proved one factor: it makes no codes, and takes nothing away.
    let cookie = come_back().await;
    let more = "/api/v1/me/second-factor/recovery-codes";
    ask(&cookie, more, json!({})).await.problem(403, "step_up_needed");
    let staff = json!({"login": "eve", "name": "Eve", "role": "admin", "password": PASSWORD});
    let add = |cookie: &str| {
        let call = nobody.post("/api/v1/staff", "eve").header("cookie", cookie).header("sec-fetch-site", "same-origin");
        let call = call.json(&staff);
        async move { call.send().await }
    };
    add(&cookie).await.problem(403, "step_up_needed");
    let proof = json!({"code": codes.str("/recovery_codes/0")});
    let proved = ask(&cookie, "/api/v1/sessions/step-up", proof).await.expect(200);
    let cookie = pair(proved.header("set-cookie").expect("another cookie"));
    add(&cookie).await.expect(201);
    ask(&cookie, more, json!({})).await.expect(200);
    shop.close().await;
}
