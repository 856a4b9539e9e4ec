//! Wrong settings of login providers, as somebody who starts the server meets them.

use std::fs;

use serde_json::{Value, json};

use super::write;
use crate::harness::{Folder, ended, stranger};

const SECRET: &str = "hush-hush";

/// A directory that need not be there.
fn corp() -> Value {
    json!({
        "name": "corp",
        "as": "staff",
        "roles": [{"group": "owners", "role": "admin"}],
        "ldap": {
            "url": "ldaps://ldap.example.test",
            "authority_file": stranger(),
            "search": {
                "account": "cn=mideng,dc=example,dc=test",
                "password_file": "secret",
                "base": "dc=example,dc=test",
                "filter": "(uid={login})",
            },
            "groups": {"attribute": "memberOf"},
        },
    })
}

/// An OpenID provider that need not be there.
fn web() -> Value {
    json!({
        "name": "web",
        "as": "members",
        "default_role": "shopper",
        "oidc": {"issuer": "https://id.example.test", "client_id": "shop", "client_secret_file": "secret"},
    })
}

/// One of them with another value at a place; `null` takes it away.
fn with(mut provider: Value, place: &str, value: Value) -> Value {
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    let parent = provider.pointer_mut(parent).and_then(Value::as_object_mut).expect("it is there");
    match value {
        Value::Null => parent.remove(name),
        value => parent.insert(name.to_owned(), value),
    };
    provider
}

/// A start with these is refused with one line that says this, and not what is secret.
async fn refused(providers: &[Value], public_url: &str, parts: &[&str]) {
    let folder = Folder::new();
    fs::write(folder.file("secret"), format!("{SECRET}\n")).expect("the file is written");
    fs::write(folder.file("lines"), format!("{SECRET}\n{SECRET}\n")).expect("the file is written");
    fs::write(folder.file("empty"), "\n").expect("the file is written");
    fs::write(folder.file("bytes"), [b"hush-hush" as &[u8], &[0xff]].concat()).expect("the file is written");
    fs::write(folder.file("known"), "Change-Me\n").expect("the file is written");
    fs::write(folder.file("long"), SECRET.repeat(8_000)).expect("the file is written");
    let more = if public_url.is_empty() { json!({}) } else { json!({"public_url": public_url}) };
    write(&folder, &more, providers);
    let said = ended(folder.command(&["serve", "--listen", "127.0.0.1:0"])).await;
    said.failed_saying(parts);
    assert!(!said.err.contains(SECRET), "{}", said.err);
    assert!(!folder.file("mideng-data").exists(), "a start that is refused leaves nothing behind");
}

#[tokio::test]
async fn what_no_provider_can_be_is_refused() {
    for (provider, parts) in [
        (with(corp(), "/name", json!("Corp")), &["\"Corp\"", "name:", "a-z"] as &[&str]),
        (with(corp(), "/name", json!("")), &["name:", "1 to 16"]),
        (with(corp(), "/name", json!("a-name-that-is-too")), &["name:", "1 to 16"]),
        (with(corp(), "/tenant", json!(" ")), &["corp", "tenant:"]),
        (with(corp(), "/as", json!("guests")), &["login_providers", "guests"]),
        (with(corp(), "/colour", json!("blue")), &["login_providers", "colour"]),
        (with(corp(), "/roles/0/role", json!("root")), &["corp", "owners", "\"root\"", "admin, merchant"]),
        (with(corp(), "/roles/0/role", json!("shopper")), &["owners", "shopper is no role of staff"]),
        (with(corp(), "/roles/0/group", json!("")), &["roles:", "empty group"]),
        (
            with(web(), "/default_role", json!("admin")),
            &["web", "default_role", "admin is no role of members; give one of: shopper"],
        ),
        (with(web(), "/default_role", json!(null)), &["web", "nobody would be let in"]),
        (with(corp(), "/ldap", json!(null)), &["corp", "either `ldap` or `oidc`"]),
        (with(corp(), "/oidc", web()["oidc"].clone()), &["corp", "either `ldap` or `oidc`"]),
    ] {
        refused(&[provider], "https://shop.example", parts).await;
    }
    refused(&[corp(), with(web(), "/name", json!("corp"))], "https://shop.example", &["corp", "another"]).await;
}

#[tokio::test]
async fn what_no_directory_can_be_is_refused() {
    for (place, value, parts) in [
        ("/ldap/url", json!("http://ldap.example.test"), &["corp", "ldap: its address", "ldaps://"] as &[&str]),
        ("/ldap/encryption", json!("none"), &["encryption", "required"]),
        ("/ldap/search/password_file", json!(null), &["password_file"]),
        ("/ldap/search/password_file", json!("nowhere"), &["password_file: cannot read nowhere"]),
        ("/ldap/search/password_file", json!("empty"), &["password_file", "empty"]),
        ("/ldap/search/password_file", json!("known"), &["password_file", "word of an example"]),
        ("/ldap/search/password_file", json!("lines"), &["password_file", "several lines"]),
        ("/ldap/search/password_file", json!("bytes"), &["password_file", "no text"]),
        ("/ldap/search/password_file", json!("long"), &["password_file", "65536 bytes"]),
        ("/ldap/search/password_variable", json!("HOME"), &["either `password_file` or `password_variable`"]),
        ("/ldap/search/password", json!(SECRET), &["password"]),
        ("/ldap/search/account", json!(null), &["account"]),
        ("/ldap/search/filter", json!("(uid=*)"), &["corp", "{login}"]),
        ("/ldap/direct", json!({"name": "uid={login}"}), &["either `search` or `direct`"]),
        ("/ldap/search", json!(null), &["either `search` or `direct`"]),
        ("/ldap/authority_file", json!("nowhere"), &["authority_file: cannot read nowhere"]),
        ("/ldap/authority_file", json!("secret"), &["authority", "certificate"]),
        ("/ldap/groups", json!(null), &["corp", "give `groups`"]),
        ("/ldap/groups/name", json!("cn"), &["groups: give either"]),
        ("/ldap/answer_max", json!("2m"), &["answer_max", "1m"]),
        ("/ldap/logins_max", json!(0), &["logins_max"]),
    ] {
        refused(&[with(corp(), place, value)], "", parts).await;
    }
    let plain = with(corp(), "/ldap/url", json!("ldap://ldap.example.test"));
    let plain = with(plain, "/ldap/encryption", json!("off_on_this_machine"));
    refused(&[plain], "", &["corp", "on another machine"]).await;
    let unset = with(corp(), "/ldap/search/password_file", json!(null));
    let unset = with(unset, "/ldap/search/password_variable", json!("NO_SUCH_VARIABLE"));
    refused(&[unset], "", &["password_variable", "NO_SUCH_VARIABLE"]).await;
}

#[tokio::test]
async fn what_no_openid_provider_can_be_is_refused() {
    for (place, value, parts) in [
        ("/oidc/issuer", json!("http://id.example.test"), &["web", "oidc: its issuer is not https"] as &[&str]),
        ("/oidc/issuer", json!("id"), &["web", "issuer"]),
        ("/oidc/client_id", json!(""), &["client id"]),
        ("/oidc/client_secret_file", json!(null), &["client_secret_file"]),
        ("/oidc/client_secret_file", json!("known"), &["client_secret_file", "word of an example"]),
        ("/oidc/client_secret_file", json!("nowhere"), &["client_secret_file: cannot read nowhere"]),
        ("/oidc/client_proof", json!("none"), &["client_proof is none"]),
        ("/oidc/client_proof", json!("magic"), &["client_proof", "header"]),
        ("/oidc/client_secret", json!(SECRET), &["client_secret"]),
        ("/oidc/groups", json!("groups"), &["JSON pointer"]),
        ("/oidc/issuer", json!("https://0.0.0.0"), &["web", "issuer", "0.0.0.0", "never called"]),
        ("/oidc/networks", json!(["10.0.0.1/8"]), &["web", "networks", "10.0.0.1/8", "write 10.0.0.0/8"]),
        ("/oidc/networks", json!(["0.0.0.0/0"]), &["networks", "so wide"]),
        ("/oidc/networks", json!(["intranet"]), &["networks", "intranet", "no network"]),
        ("/oidc/answer_max", json!("0s"), &["answer_max"]),
    ] {
        refused(&[with(web(), place, value)], "https://shop.example", parts).await;
    }
    refused(&[web()], "", &["web", "public_url is missing"]).await;
    refused(&[web()], "http://shop.example", &["public_url", "https"]).await;
}
