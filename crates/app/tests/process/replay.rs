//! Owns the replay of invoices on a server that is killed in the middle: no invoice becomes two orders, and none is
//! lost.

use std::path::PathBuf;

use ports::Port;
use serde_json::{Value, json};

use crate::harness::{Database, Folder, Server, Till, ended, on_every_database, until};

on_every_database!(every_order_is_paid_once_while_its_server_is_killed);

/// So many of the orders, and of the payments, are there when the server is killed.
const FEW: usize = 5;

fn invoices() -> String {
    let invoices = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/invoices.csv");
    invoices.to_str().expect("the path is UTF-8").to_owned()
}

/// Starts `mideng replay` of the project's own invoices on a server.
fn command(folder: &Folder, server: &Server) -> tokio::process::Command {
    let invoices = invoices();
    let url = format!("http://{}", server.admin.address);
    let arguments = ["replay", "--url", &url, "--api-key", &server.admin.secret, "--storm", "5", "--json", &invoices];
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_paid_once_however_often_it_is_said() {
    let outside = ["replay", "--url", "http://127.0.0.1:1", "--api-key", "none", "--pay", &invoices()];
    Folder::new().run(&outside).await.failed_saying(&["--pay", "--psp-sim"]);
    let report = Folder::new().run(&["replay", "--storm", "3", "--pay", "--json", &invoices()]).await.succeeded().out;
    let report: Value = serde_json::from_str(&report).unwrap_or_else(|_| panic!("not a report: {report}"));
    let [orders, callbacks, repeated] = ["orders", "callbacks", "callbacks_repeated"]
        .map(|name| report[name].as_u64().unwrap_or_else(|| panic!("{name} is no count: {report}")));
    assert_eq!(report["captured_minor"], report["revenue_minor"], "{report}");
    assert_eq!(report["provider_charged_minor"], report["captured_minor"], "{report}");
    assert_eq!(report["provider_refunded_minor"], report["refunded_minor"], "{report}");
    assert!(repeated >= 6 * orders && callbacks >= orders + repeated, "{report}");
    assert_eq!((&report["violations"], &report["refused"]), (&0.into(), &0.into()), "{report}");
}

/// The server dies in the middle of orders, payments, callbacks and refunds; the replay and the provider go on asking.
async fn every_order_is_paid_once_while_its_server_is_killed(database: Database) {
    let mut till = Till::open(database, &["sandbox"]).await;
    let port = Port::reserve().expect("a free port");
    till.nodes.pop().expect("it runs").stop().await;
    till.nodes.push(till.database.node_at(&port, &[]).await);
    let server = till.nodes[0].admin.clone();
    let (url, simulator) = (format!("http://{}", port.address()), till.provider.url());
    let at = ["replay", "--url", &url, "--api-key", &server.secret, "--psp-sim", &simulator];
    till.provider.fails(json!([{"on": "callback", "out_trade_no": "nobody's", "do": "none"}])).await;
    let before = till.provider.manners().await;
    let replay = till.database.command(&[&at[..], &["--storm", "3", "--pay", "--json", &invoices()]].concat());
    let replay = tokio::spawn(ended(replay));
    // Once in the middle of the orders, and once in the middle of the payments.
    let ordered = async |till: &Till| till.nodes[0].admin.orders().await.len();
    let moved = async |till: &Till| till.provider.movements().await.len();
    until("some orders are placed", async || ordered(&till).await >= FEW).await;
    kill(&mut till, &port).await;
    until("some orders are paid", async || moved(&till).await >= FEW).await;
    kill(&mut till, &port).await;
    let ended = replay.await.expect("it comes to an end").succeeded();
    let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("not a report: {ended:?}"));
    assert_eq!(report["captured_minor"], report["revenue_minor"], "{report}");
    assert_eq!(report["provider_charged_minor"], report["captured_minor"], "{report}");
    assert_eq!(report["provider_refunded_minor"], report["refunded_minor"], "{report}");
    assert_eq!(till.provider.manners().await, before, "the simulator is left as it was");
    let Till { database, nodes, provider, .. } = till;
    database.close(nodes).await;
    drop(provider);
}

/// SIGKILL, and a new life at the same address.
async fn kill(till: &mut Till, port: &Port) {
    till.nodes.pop().expect("it runs").kill().await;
    till.nodes.push(till.database.node_at(port, &[]).await);
}
