//! Owns the replay of invoices on a server that is killed in the middle: no invoice becomes two orders, and none is
//! lost.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Folder, Server, ended, until};

/// Starts `mideng replay` of the project's own invoices on a server.
fn command(folder: &Folder, server: &Server) -> tokio::process::Command {
    let invoices = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/invoices.csv");
    let url = format!("http://{}", server.admin.address);
    let invoices = invoices.to_str().expect("the path is UTF-8");
    let arguments = ["replay", "--url", &url, "--api-key", &server.admin.secret, "--storm", "5", "--json", invoices];
    folder.command(&arguments)
}

/// Replays to the end, which must be good, and gives the report.
async fn replay(folder: &Folder, server: &Server) -> Value {
    let report = ended(command(folder, server)).await.succeeded().out;
    serde_json::from_str(&report).unwrap_or_else(|_| panic!("not a report: {report}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invoices_become_orders_once_however_often_and_through_a_kill() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let mut cut = command(&folder, &server).spawn().expect("the binary runs");
    until("some orders were placed", async || !server.admin.orders().await.is_empty()).await;
    server.kill().await;
    cut.kill().await.expect("the storm is cut off, too");
    folder.check().await;

    let server = folder.serve(&[]).await;
    let before = server.admin.orders().await.len();
    let first = replay(&folder, &server).await;
    let again = replay(&folder, &server).await;
    for report in [&first, &again] {
        assert_eq!(report["orders"], report["invoices"], "{report}");
        assert_eq!(report["revenue_minor"], first["revenue_minor"], "{report}");
    }
    let invoices = usize::try_from(first["invoices"].as_u64().expect("a count")).expect("few");
    assert!(before > 0 && before <= invoices, "{before} of {invoices}");
    assert_eq!(again["executed"], 0, "{again}");
    assert_eq!(server.admin.orders().await.len(), invoices);
    server.stop().await;
    folder.check().await;
}
