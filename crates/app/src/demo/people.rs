//! Owns the demo's people: one of the staff for each role, two members, and a shop that takes guests. Everybody may know their
//! passwords, so they are made only where the demo listens on this machine.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use console::{Demo, DemoLogin};
use serde::Deserialize;
use serde_json::json;
use store::{Address, Store};

use crate::client::{Caller, Policy, Request, Target};

/// What all of them log in with.
const PASSWORD: &str = "mideng demo";
/// The roles of the staff; each log-in is called as its role.
const STAFF: [&str; 4] = ["admin", "merchant", "support", "auditor"];
const MEMBERS: [(&str, &str); 2] = [("anna", "Anna Schmidt"), ("bert", "Bert Jansen")];
/// Into which tenant the demo sells.
const TENANT: &str = "default";

#[derive(Deserialize)]
struct Person {
    #[serde(rename = "person_id")]
    id: String,
}

/// What the pages tell whoever comes; nothing where others could come than who is on this machine.
pub fn told(listen: SocketAddr) -> Option<Demo> {
    let login = |role: &str, login: &str| DemoLogin {
        login: login.to_owned(),
        password: PASSWORD.to_owned(),
        role: role.to_owned(),
    };
    listen.ip().is_loopback().then(|| Demo {
        staff: STAFF.iter().map(|role| login(role, role)).collect(),
        members: MEMBERS.iter().map(|(name, _)| login("shopper", name)).collect(),
    })
}

/// Adds them, and opens the shop's door to guests; gives by what orders know the members.
pub async fn put(target: &Arc<Target>, database: &Address) -> anyhow::Result<Vec<String>> {
    let mut caller = Caller::new(target.clone(), Policy::default());
    for role in STAFF {
        let body = json!({"login": role, "name": role, "role": role, "password": PASSWORD});
        add(&mut caller, "/api/v1/staff", role, &body).await?;
    }
    let mut members = Vec::new();
    for (login, name) in MEMBERS {
        let body = json!({"login": login, "name": name, "password": PASSWORD});
        members.push(add(&mut caller, "/api/v1/members", login, &body).await?);
    }
    let store = Store::open_existing(database).await.context("opening the demo's database")?;
    let Some(tenant) = store.tenant(TENANT).await? else { bail!("there is no tenant {TENANT:?}") };
    let mut policy = store.policy(tenant).await?;
    (policy.guests, policy.registration) = (true, true);
    store.policy_set(tenant, &policy, api::now()).await?;
    store.close().await;
    Ok(members)
}

async fn add(caller: &mut Caller, path: &str, login: &str, body: &serde_json::Value) -> anyhow::Result<String> {
    let request = Request::post(path, &format!("demo-{login}"), body);
    let person: Person = caller.ask(&request).await.with_context(|| format!("adding {login}"))?.read()?;
    Ok(person.id)
}
