//! Staff who log in by sending their browser to a real OpenID provider and back.

use std::fs;

use ports::Port;
use serde_json::{Value, json};

use super::{log_in, logged_without, serve, write};
use crate::harness::{Browser, Folder, Server, variable};

/// Where the provider sends browsers back to: it knows no port of ours, so the test's browser does.
const HOME: &str = "http://127.0.0.1";
const SECRET: &str = "only on this machine: and+with%letters";
const SECRET_VARIABLE: &str = "SECRET_AT_THE_PROVIDER";

/// A provider of staff; its night shift helps.
fn provider(issuer: &str, roles: &Value) -> Value {
    json!({
        "name": "web",
        "as": "staff",
        "roles": roles,
        "oidc": {
            "issuer": issuer,
            "client_id": "rs256",
            "client_secret_file": "client-secret",
            "scopes": ["profile", "email", "groups"],
            "userinfo": true,
        },
    })
}

async fn server(folder: &Folder, issuer: &str, roles: &Value) -> Server {
    fs::write(folder.file("client-secret"), format!("{SECRET}\n")).expect("the file is written");
    write(folder, &json!({"public_url": format!("{HOME}/")}), &[provider(issuer, roles)]);
    serve(folder).await
}

/// The address of a page of this server.
fn page(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.admin.address)
}

/// Goes to the provider, and gives the address of ours that it is sent back to.
async fn go(browser: &mut Browser, server: &Server, login: &str) -> String {
    let away = browser.open(&page(server, "/api/v1/login/web?return_to=/orders")).await.expect(303);
    let back = browser.log_in(away.location(), login, &format!("{HOME}/")).await;
    let path = back.strip_prefix(HOME).expect("it begins so");
    assert!(path.starts_with("/api/v1/login/web/callback?"), "{path}");
    page(server, path)
}

#[tokio::test]
async fn a_browser_goes_there_and_comes_back_with_a_session() {
    let folder = Folder::new();
    let roles = json!([{"group": "owners", "role": "admin"}, {"group": "night shift", "role": "support"}]);
    let server = server(&folder, &variable("TEST_OIDC_URL"), &roles).await;
    let mut browser = Browser::default();
    let back = go(&mut browser, &server, "ada").await;
    // What one browser brings is worth nothing in another, and does not spend it.
    let mut other = Browser::default();
    assert_eq!(other.open(&back).await.expect(401).text("/code"), "login_failed");
    go(&mut other, &server, "eve").await;
    assert_eq!(other.open(&back).await.expect(401).text("/code"), "login_failed");
    other.open(&page(&server, "/api/v1/me")).await.expect(401);
    let before = browser.clone();
    assert_eq!(browser.open(&back).await.expect(303).location(), "/orders");
    let me = browser.open(&page(&server, "/api/v1/me")).await.expect(200);
    assert_eq!((me.text("/kind"), me.text("/role")), ("staff".to_owned(), "support".to_owned()));
    browser.open(&page(&server, "/api/v1/orders")).await.expect(200);
    browser.open(&page(&server, "/api/v1/staff")).await.expect(403);
    // The same once more: nothing is left in the browser, and who kept a copy has a code that is spent.
    assert_eq!(browser.open(&back).await.expect(401).text("/code"), "login_failed");
    let mut copy = before;
    assert_eq!(copy.open(&back).await.expect(401).text("/code"), "login_failed");
    // The console, whose cookie is another, lets them in the same way.
    let mut console = Browser::default();
    let form = console.open(&page(&server, "/console/log-in?to=/console/orders")).await.expect(200);
    let way = "/api/v1/login/web?return_to=%2Fconsole%2Forders";
    assert!(form.body.contains(&format!("href=\"{way}\"")), "{}", form.body);
    let away = console.open(&page(&server, way)).await.expect(303);
    let back = console.log_in(away.location(), "ada", &format!("{HOME}/")).await;
    let back = page(&server, back.strip_prefix(HOME).expect("it begins so"));
    assert_eq!(console.open(&back).await.expect(303).location(), "/console/orders");
    console.open(&page(&server, "/console/orders")).await.expect(200);
    console.open(&page(&server, "/api/v1/me")).await.expect(401);
    // Another time they are the same person.
    let mut later = Browser::default();
    let back = go(&mut later, &server, "ada").await;
    later.open(&back).await.expect(303);
    let again = later.open(&page(&server, "/api/v1/me")).await.expect(200);
    assert_eq!(again.text("/person_id"), me.text("/person_id"));
    // It takes no passwords.
    assert_eq!(log_in(&server, "web", "ada", "any").await.expect(404).text("/code"), "not_found");
    server.stop().await;
    folder.check().await;
    logged_without(&folder, &[SECRET]);
}

#[tokio::test]
async fn whoever_has_no_role_is_not_let_in() {
    let folder = Folder::new();
    let roles = json!([{"group": "Night Shift", "role": "support"}]);
    let server = server(&folder, &variable("TEST_OIDC_URL"), &roles).await;
    let mut browser = Browser::default();
    let back = go(&mut browser, &server, "ada").await;
    assert_eq!(browser.open(&back).await.expect(403).text("/code"), "forbidden");
    browser.open(&page(&server, "/api/v1/me")).await.expect(401);
    server.stop().await;
}

/// The server starts without the provider: the others can log in.
#[tokio::test]
async fn a_provider_that_is_away_lets_nobody_in() {
    let (folder, nowhere) = (Folder::new(), Port::reserve().expect("a free port"));
    let mut setting = provider(&format!("http://{}", nowhere.address()), &json!([{"group": "staff", "role": "admin"}]));
    let oidc = setting["oidc"].as_object_mut().expect("it is there");
    oidc.remove("client_secret_file");
    oidc.insert("client_secret_variable".to_owned(), SECRET_VARIABLE.into());
    write(&folder, &json!({"public_url": HOME}), &[setting]);
    let mut command = folder.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env(SECRET_VARIABLE, SECRET);
    let server = Server::started(command).await.0;
    let mut browser = Browser::default();
    let answer = browser.open(&page(&server, "/api/v1/login/web")).await.expect(503);
    assert_eq!(answer.text("/code"), "login_provider_away");
    assert_eq!(answer.location, None);
    server.stop().await;
}
