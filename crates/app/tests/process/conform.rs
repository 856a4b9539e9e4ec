//! Owns that the platform keeps every promise of a key that can be asked from outside, killed and stopped on the way.

use std::collections::BTreeMap;
use std::process::Output;
use std::time::Duration;

use http::Method;
use serde_json::json;

use tokio::process::Command;

use crate::harness::{Database, Ended, Folder, Kind, Shopper, on_every_server};

/// What stands there of the platform.
const PROFILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../conform/profiles/mideng.json");
/// The whole of it has several starts of a server in it.
const PATIENCE: Duration = Duration::from_mins(2);

/// Rows of which the platform has no means: its requests cannot be slow, and nothing of them is left out of a comparison.
const NO_MEANS: &[&str] = &[
    "H-04", "H-11", "B-06", "B-07", "B-08", "B-10", "R-02", "R-04", "R-08", "C-01", "C-03", "C-06", "C-07", "F-04",
    "F-06", "F-07", "F-08", "F-14",
];
/// Rows that nobody outside can ask.
const INSIDE: &[&str] = &["B-11", "R-07", "C-05", "F-09", "F-10", "F-11", "F-12", "F-15", "F-16"];

/// Runs the program to its end.
async fn ended(mut command: Command) -> (Output, String) {
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("it ends in time").expect("the binary runs");
    let text = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
    (output, text)
}

/// Puts the product that the profile orders.
async fn stock_up(admin: &Shopper) {
    let price = json!({"amount": 1_999, "currency": "CNY"});
    let product = json!({"name": "Conform", "price": price, "initial_stock": 1_000_000}).to_string();
    let put = admin.send(Method::PUT, "/api/v1/products/conform", "stock-up", &product).await;
    put.expect("the server is there").expect(201);
}

/// The header of the caller with the key that a command printed.
fn bearer(made: &Ended) -> String {
    format!("Authorization: Bearer {}", made.out.lines().next().expect("a key").trim())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_passes() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let address = server.admin.address;
    stock_up(&server.admin).await;
    let header = format!("Authorization: Bearer {}", server.admin.secret);
    let other = bearer(&folder.run(&["api-key", "create", "--account", "somebody-else"]).await.succeeded());
    server.stop().await;

    let start = format!("exec '{}' serve --listen {address}", env!("CARGO_BIN_EXE_mideng"));
    let (url, junit) = (format!("http://{address}"), folder.file("conform.xml"));
    let flags = [
        "--profile",
        PROFILE,
        "--url",
        &url,
        "--header",
        &header,
        "--other-header",
        &other,
        "--start",
        &start,
        "--timeout",
        "20",
    ];
    let junit_flags = ["--junit", junit.to_str().expect("UTF-8")];
    let (output, text) = ended(folder.command(&[&["conform"], &flags[..], &junit_flags].concat())).await;
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let rows: BTreeMap<_, _> = text.lines().filter_map(|line| line.split_once("  ")).collect();
    let left: Vec<_> = rows.iter().filter(|(_, said)| said.contains("not applicable: ")).map(|(id, _)| *id).collect();
    let mut expected: Vec<_> = [NO_MEANS, INSIDE].concat();
    expected.sort_unstable();
    assert_eq!(left, expected, "{text}");
    let passed = rows.len() - left.len();
    assert!(text.ends_with(&format!("{passed} passed, 0 failed, {} not applicable\n", left.len())), "{text}");
    let xml = std::fs::read_to_string(&junit).expect("it was written");
    assert!(xml.contains("failures=\"0\"") && xml.contains("name=\"B-02 the same answer again\""), "{xml}");
    folder.check().await;
}

/// A key that one node was given means the same to the others, also where they get it at once.
async fn three_nodes_pass(kind: Kind) {
    let database = Database::new(kind);
    let nodes = database.nodes(3).await;
    stock_up(&nodes[0].admin).await;
    let header = format!("Authorization: Bearer {}", nodes[0].admin.secret);
    let create = ["api-key", "create", "--account", "somebody-else", "--database-url", &database.url];
    let other = bearer(&database.run(&create).await.succeeded());
    let urls: Vec<_> = nodes.iter().map(|node| format!("http://{}", node.admin.address)).collect();
    let flags =
        ["--url", &urls[0], "--node", &urls[1], "--node", &urls[2], "--header", &header, "--other-header", &other];
    let command = database.command(&[&["conform", "--profile", PROFILE, "--timeout", "20"], &flags[..]].concat());
    let (output, text) = ended(command).await;
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let seen = |id: &str| text.lines().find(|line| line.starts_with(id)).unwrap_or_default().to_owned();
    assert!(seen("B-12").ends_with("passed  HTTP/2, 3 nodes"), "{text}");
    assert!(seen("C-04").contains("passed  1 executed, 99 the same answer"), "{text}");
    database.close(nodes).await;
}

on_every_server!(three_nodes_pass);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_fails_is_told_and_is_the_exit_code() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let url = format!("http://{}", server.admin.address);
    let header = format!("Authorization: Bearer {}", server.admin.secret);
    // A key is not required there.
    let wrong = ["--route", "/api/v1/order-numbers", "--only", "h-01"];
    let flags = [&["conform", "--url", &url, "--header", &header], &wrong[..]].concat();
    let (output, text) = ended(folder.command(&flags)).await;
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("H-01  no key where one is required"), "{text}");
    let told = ["FAILED", "expected  400 for a missing key", "seen      201"];
    assert!(told.iter().all(|part| text.contains(part)), "{text}");
    assert!(text.ends_with("0 passed, 1 failed, 0 not applicable\n"), "{text}");
    let nowhere = folder.run(&["conform", "--url", "http://127.0.0.1:1", "--route", "/orders", "--only", "H-01"]).await;
    nowhere.failed_saying(&["nobody answers at http://127.0.0.1:1", "no connection"]);
    let unknown = folder.run(&["conform", "--url", &url, "--route", "/orders", "--only", "Z-01"]).await;
    unknown.failed_saying(&["there is no row Z-01"]);
    server.stop().await;
}
