//! Owns the demo as a process of its own: what it prints, until it serves, and to whom it opens itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use http::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::WHOLE;
use crate::harness::{PATIENCE, Shopper};

/// The demo, until it is dropped.
pub(super) struct Demo {
    _child: Child,
    pub(super) shop: String,
    /// What it printed up to its link to the console.
    printed: String,
}

impl Demo {
    pub(super) async fn start(folder: &std::path::Path) -> Self {
        Self::start_on(folder, "127.0.0.1:0").await
    }

    async fn start_on(folder: &std::path::Path, listen: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mideng"));
        command
            .args(["demo", "--shoppers", "30", "--listen", listen, "--no-trickle", "--data"])
            .arg(folder.join("demo"));
        command.env_remove("MIDENG_LOG").stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut printed = String::new();
        let shop = timeout(PATIENCE * WHOLE, async {
            loop {
                let line = lines.next_line().await.expect("it speaks").expect("it goes on until it serves");
                printed.extend([line.as_str(), "\n"]);
                if let Some(url) = line.trim().strip_prefix("console ") {
                    break url.trim().trim_end_matches("/console").to_owned();
                }
            }
        });
        let shop = shop.await.expect("the demo prints its links in time");
        // Nobody reads on: what it says from now on goes nowhere, and must not make it wait.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _child: child, shop, printed }
    }
}

/// The demo's log-ins are known to everybody: where others than this machine can come, there are none of them, and no shop that
/// takes whoever comes.
#[tokio::test]
async fn a_demo_that_others_can_reach_has_no_log_ins_and_no_shop() {
    let folder = tempfile::tempdir().expect("a folder");
    for (listen, is_here) in [("127.0.0.1:0", true), ("0.0.0.0:0", false)] {
        // Of the demo before it in the same folder nothing is left.
        let demo = Demo::start_on(folder.path(), listen).await;
        let bound: SocketAddr = demo.shop.trim_start_matches("http://").parse().expect("an address");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, bound.port()));
        let anybody = Shopper { address, secret: String::new() };
        let log_in = |door: &str, login: &str| {
            let device = json!({"type": "app", "name": "x"});
            json!({"tenant": "default", "as": door, "login": login, "password": "mideng demo", "device": device})
                .to_string()
        };
        for (door, login) in [("staff", "admin"), ("staff", "merchant"), ("member", "anna")] {
            let answer = anybody.send_with(Method::POST, "/api/v1/sessions", &[], &log_in(door, login)).await;
            let status = answer.expect("the server is there").status;
            assert_eq!(status, if is_here { 201 } else { 401 }, "{login} on {listen}");
        }
        assert_eq!(demo.printed.contains("/shop"), is_here, "{}", demo.printed);
        assert_eq!(anybody.get("/shop").await.status, if is_here { 200 } else { 404 }, "{listen}");
        let page = anybody.get("/console/log-in").await.expect(200);
        let page = String::from_utf8_lossy(&page.body);
        assert_eq!(page.contains("mideng demo"), is_here, "{page}");
    }
}
