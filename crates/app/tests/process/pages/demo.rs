//! Owns the demo as a process of its own: what it prints, until it serves.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::WHOLE;
use crate::harness::PATIENCE;

/// The demo, until it is dropped.
pub(super) struct Demo {
    _child: Child,
    pub(super) shop: String,
}

impl Demo {
    pub(super) async fn start(folder: &std::path::Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mideng"));
        command
            .args(["demo", "--shoppers", "30", "--listen", "127.0.0.1:0", "--no-trickle", "--data"])
            .arg(folder.join("demo"));
        command.env_remove("MIDENG_LOG").stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let shop = timeout(PATIENCE * WHOLE, async {
            loop {
                let line = lines.next_line().await.expect("it speaks").expect("it goes on until it serves");
                if let Some(url) = line.trim().strip_prefix("shop ") {
                    break url.trim().trim_end_matches("/shop").to_owned();
                }
            }
        });
        let shop = shop.await.expect("the demo prints its links in time");
        // Nobody reads on: what it says from now on goes nowhere, and must not make it wait.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _child: child, shop }
    }
}
