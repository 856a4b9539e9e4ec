//! A real browser and pages of other sites: what they make it do with the cookie of somebody who is logged in here.

mod attacked;
mod away;
mod buyer;
mod demo;
mod found;
mod newcomer;
mod operators;
mod streams;
mod tour;

use std::process::Stdio;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::harness::{Folder, PATIENCE, Server, variable};

const PASSWORD: &str = "four green hills";
/// A browser starts slowly where everything else does, too.
const WHOLE: u32 = 9;

/// What the browser's driver tells.
#[derive(Deserialize)]
struct Told {
    /// How the shop answered its own page: to the log-in, to an order, and at the end to who it is.
    entered: u16,
    ordered: u16,
    still_in: u16,
    cookies: Vec<Cookie>,
    /// The cookies that a script of the shop's own page sees.
    read_by_scripts: String,
    results: Vec<Try>,
    seen: Vec<Seen>,
}

/// A cookie that the browser keeps for the shop.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cookie {
    name: String,
    domain: String,
    path: String,
    http_only: bool,
    secure: bool,
    same_site: String,
}

/// What a page of another site tried, and what it learnt.
#[derive(Debug, Deserialize)]
struct Try {
    from: String,
    name: String,
    result: Value,
}

/// What the browser sent to the shop, and what it was answered.
#[derive(Debug, Deserialize)]
struct Seen {
    doing: String,
    method: String,
    path: String,
    site: Option<String>,
    cookie: bool,
    status: u16,
    /// Whether a cookie came with the answer.
    gives: bool,
    code: Option<String>,
}

/// S22, in Chromium.
#[tokio::test]
async fn s22_a_page_of_another_site_changes_and_reads_nothing() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.admin.stock_up(10).await;
    for login in ["anna", "mallory"] {
        member(&server, login).await;
    }
    let told = drive(&server).await;
    assert_eq!((told.entered, told.ordered, told.still_in), (201, 201, 200), "the shop's own page may");
    let [cookie] = &told.cookies[..] else { panic!("one cookie: {:?}", told.cookies) };
    assert_eq!((cookie.name.as_str(), cookie.path.as_str(), cookie.same_site.as_str()), ("__Host-mideng", "/", "Lax"));
    assert!(cookie.http_only && cookie.secure && cookie.domain == "shop.localhost", "{cookie:?}");
    assert_eq!(told.read_by_scripts, "");
    let strange: Vec<_> = told.seen.iter().filter(|seen| seen.doing != "own").collect();
    for seen in &strange {
        assert_ne!(seen.site.as_deref(), Some("same-origin"), "{seen:?}");
        let changes = !["GET", "OPTIONS"].contains(&seen.method.as_str());
        let refusals = ["cross_site", "unauthorized", "content_type_unsupported"];
        assert!(!changes || seen.code.as_deref().is_some_and(|code| refusals.contains(&code)), "{seen:?}");
        assert!(!seen.gives, "nobody is logged in or out by a stranger: {seen:?}");
        // Before a call that a form could not make, the browser asks, and is not told that it may.
        assert!(seen.method != "OPTIONS" || !seen.cookie, "{seen:?}");
        assert!(seen.method != "DELETE", "it was let through: {seen:?}");
    }
    // A page of the same site has the cookie sent, so that what refused was not that it was missing.
    let sent =
        |seen: &&&Seen| seen.cookie && seen.code.as_deref() == Some("cross_site") && seen.doing.starts_with("sister");
    assert!(strange.iter().filter(sent).count() >= 3, "{strange:?}");
    let read: Vec<_> = told.results.iter().filter(|tried| tried.result == "read").collect();
    assert!(read.is_empty(), "{read:?}");
    let places = |from: &str| told.results.iter().filter(|tried| tried.from == from && !tried.name.is_empty()).count();
    assert_eq!((places("sister"), places("stranger")), (11, 11));
    let framed: Vec<_> = strange.iter().filter(|seen| seen.doing.ends_with("a frame")).collect();
    assert!(framed.iter().any(|seen| seen.path == "/docs/" && seen.status == 200), "{framed:?}");
    assert_eq!(server.admin.orders().await.len(), 1);
    server.stop().await;
}

async fn member(server: &Server, login: &str) {
    let body = json!({"login": login, "name": login, "password": PASSWORD}).to_string();
    let made = server.admin.send(Method::POST, "/api/v1/members", login, &body).await;
    made.expect("the server is there").expect(201);
}

/// Has the browser do all of it.
async fn drive(server: &Server) -> Told {
    let log_in = |login: &str| {
        json!({"login": login, "password": PASSWORD, "device": {"type": "web"}, "keep": "cookie"}).to_string()
    };
    let question = json!({
        "server": format!("http://{}", server.admin.address),
        "chromium": variable("TEST_CHROMIUM"),
        "login": log_in("anna"),
        "other": log_in("mallory"),
        "order": json!({"lines": [{"sku": "A", "quantity": 1}]}).to_string(),
    });
    driven("other_sites.cjs", &question).await
}

/// What a driver of the browser tells, who is asked this.
async fn driven<T: DeserializeOwned>(driver: &str, question: &Value) -> T {
    let mut command = Command::new(variable("TEST_WITNESS_NODE"));
    command.arg(format!("{}/tests/process/pages/{driver}", env!("CARGO_MANIFEST_DIR")));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("Node.js is there");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(question.to_string().as_bytes()).await.expect("it reads");
    drop(input);
    let output = timeout(PATIENCE * WHOLE, child.wait_with_output()).await.expect("it ends in time").expect("it ends");
    assert!(output.status.success(), "the driver failed: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("it tells JSON")
}
