//! Staff who log in with what a directory knows of them: the role of their group, and nobody where it cannot be asked.

use std::fs;

use ports::Port;
use serde_json::{Value, json};

use super::{log_in, logged_without, serve, with, write};
use crate::harness::{Browser, Folder, Organisation, Proxy, account_password, password, plain_host};

/// The file with the password of the account that looks for people.
const PASSWORD_FILE: &str = "ldap-password";

/// A provider of staff: who owns runs all, the desk helps.
fn provider(name: &str, ldap: &Value) -> Value {
    json!({
        "name": name,
        "as": "staff",
        "roles": [{"group": "owners", "role": "admin"}, {"group": "desk", "role": "support"}],
        "ldap": ldap,
    })
}

/// A folder with the account's password, as an editor leaves it.
fn folder() -> Folder {
    let folder = Folder::new();
    fs::write(folder.file(PASSWORD_FILE), account_password() + "\n").expect("the file is written");
    folder
}

#[tokio::test]
async fn a_group_there_is_a_role_here() {
    let mut organisation = Organisation::found().await;
    for login in ["ada", "bob"] {
        organisation.hire(login).await;
    }
    organisation.group("desk", &["ada", "bob"]).await;
    organisation.group("owners", &["bob"]).await;
    let folder = folder();
    write(&folder, &json!({}), &[provider("corp", &organisation.setting(PASSWORD_FILE))]);
    let server = serve(&folder).await;
    let ada = log_in(&server, "corp", "ada", &password("ada")).await.expect(201);
    assert_eq!((ada.text("/kind"), ada.text("/role")), ("staff".to_owned(), "support".to_owned()));
    let of_ada = with(&server, &ada.text("/access_token"));
    assert_eq!(of_ada.get("/api/v1/me").await.expect(200).text("/person_id"), ada.text("/person_id"));
    of_ada.get("/api/v1/orders").await.expect(200);
    assert_eq!(of_ada.get("/api/v1/staff").await.expect(403).text("/code"), "forbidden");
    // The first line that fits decides.
    let bob = log_in(&server, "corp", "bob", &password("bob")).await.expect(201);
    assert_eq!(bob.text("/role"), "admin");
    for (login, word) in [("ada", password("bob")), ("ada", String::new()), ("eve", password("eve"))] {
        let answer = log_in(&server, "corp", login, &word).await;
        assert_eq!((answer.status, answer.text("/code")), (401, "login_failed".to_owned()), "{login:?} with {word:?}");
    }
    // At the console, too, where they say who knows them.
    let page = |path: &str| format!("http://{}{path}", server.admin.address);
    let mut console = Browser::default();
    let form = console.open(&page("/console/log-in")).await.expect(200);
    assert!(form.body.contains("<option value=\"corp\">corp</option>"), "{}", form.body);
    let login = format!("login=ada&password={}&code=&to=", password("ada").replace(' ', "+"));
    console.send(&page("/console/log-in"), &format!("{login}&provider=")).await.expect(401);
    let entered = console.send(&page("/console/log-in"), &format!("{login}&provider=corp")).await.expect(303);
    assert_eq!(entered.location(), "/console");
    console.open(&page("/console/orders")).await.expect(200);
    // Another role there is another role here, from the next log-in on.
    organisation.leave("desk", "ada").await;
    let answer = log_in(&server, "corp", "ada", &password("ada")).await.expect(403);
    assert_eq!(answer.text("/code"), "forbidden");
    organisation.join("owners", "ada").await;
    let chief = log_in(&server, "corp", "ada", &password("ada")).await.expect(201);
    assert_eq!((chief.text("/role"), chief.text("/person_id")), ("admin".to_owned(), ada.text("/person_id")));
    assert_eq!(of_ada.get("/api/v1/me").await.expect(401).text("/code"), "session_kicked");
    server.stop().await;
    folder.check().await;
    logged_without(&folder, &[&account_password(), &password("ada"), &password("bob")]);
}

#[tokio::test]
async fn nobody_is_let_in_while_the_directory_is_away() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    organisation.group("desk", &["ada"]).await;
    let proxy = Proxy::new(&format!("ldap://nobody@{}/", plain_host())).await;
    let here = proxy.url.trim_start_matches("ldap://nobody@").trim_end_matches('/').to_owned();
    let nowhere = Port::reserve().expect("a free port");
    let folder = folder();
    let providers = [
        provider("corp", &organisation.plain_setting(PASSWORD_FILE, &here)),
        provider("gone", &organisation.plain_setting(PASSWORD_FILE, &nowhere.address().to_string())),
    ];
    write(&folder, &json!({}), &providers);
    let server = serve(&folder).await;
    let ada = log_in(&server, "corp", "ada", &password("ada")).await.expect(201);
    proxy.shut(true);
    for (name, word) in [("corp", password("ada")), ("corp", "wrong".to_owned()), ("gone", password("ada"))] {
        let answer = log_in(&server, name, "ada", &word).await;
        let code = answer.text("/code");
        assert_eq!((answer.status, code.as_str()), (503, "login_provider_away"), "{name} with {word:?}");
        assert!(answer.json().get("access_token").is_none(), "{answer:?}");
    }
    assert!(proxy.refused() >= 2, "it was asked each time: nothing is remembered");
    // Who is in stays in, and the directory may come back.
    with(&server, &ada.text("/access_token")).get("/api/v1/me").await.expect(200);
    proxy.shut(false);
    log_in(&server, "corp", "ada", &password("ada")).await.expect(201);
    assert_eq!(log_in(&server, "none", "ada", &password("ada")).await.expect(404).text("/code"), "not_found");
    server.stop().await;
}
