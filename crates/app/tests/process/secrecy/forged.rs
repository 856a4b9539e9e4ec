//! Owns texts from outside that would be lines of the log: with ends of lines, colours and what terminals obey.

use std::fs;

use http::Method;
use serde_json::{Value, json};

use super::ask;
use crate::harness::{Folder, Server};

const LOG: &str = "server.log";
/// What a line that we did not write begins with.
const MARK: &str = "FORGED";

/// Texts that go on in a line of their own, or in another colour.
fn forgeries() -> Vec<String> {
    let line = format!("2026-01-01T00:00:00.000000Z ERROR {MARK}");
    [
        "\r\n",
        "\n",
        "\r",
        "\u{b}",
        "\u{c}",
        "\u{85}",
        "\u{2028}",
        "\u{1b}[2K\u{1b}[1G",
        "\u{1b}]0;",
        "\u{9b}31m",
        "\u{8}\u{8}\u{8}",
        "\0",
    ]
    .iter()
    .map(|end| format!("x{end}{line}"))
    .collect()
}

/// S28: every line of the log is one that the server wrote, in both forms, whatever it is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s28_no_text_from_outside_becomes_a_line_of_the_log() {
    for form in ["text", "json"] {
        let folder = Folder::new();
        let mut command =
            folder.command_behind(&format!("exec 2>{LOG}"), &["serve", "--listen", "127.0.0.1:0", "--log", form]);
        command.env("MIDENG_LOG", "trace");
        let server = Server::started(command).await.0;
        server.admin.stock_up(9).await;
        for (at, text) in forgeries().iter().enumerate() {
            everywhere(&server, at, text).await;
        }
        server.stop().await;
        let log = fs::read(folder.file(LOG)).expect("there is a log");
        let log = String::from_utf8_lossy(&log);
        assert!(log.lines().count() > 200, "{form}: the log has everything");
        for line in log.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}']).filter(|line| !line.is_empty()) {
            let is_ours = match form {
                "json" => serde_json::from_str::<Value>(line).is_ok_and(|line| line["timestamp"].is_string()),
                _ => {
                    line.get(..27).is_some_and(|time| time.ends_with('Z') && time.as_bytes()[10] == b'T')
                        && !line[27..].trim_start().starts_with(&format!("ERROR {MARK}"))
                }
            };
            assert!(is_ours, "{form}: {line:?}");
            let obeyed = line.chars().find(|sign| sign.is_control() && *sign != '\t');
            assert_eq!(obeyed, None, "{form}: {line:?}");
        }
    }
}

/// Sends the text wherever a client can write one.
async fn everywhere(server: &Server, at: usize, text: &str) {
    let (to, bearer) = (server.admin.address, format!("Bearer {}", server.admin.secret));
    let json = ("content-type", "application/json");
    let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let bodies = [
        ("sessions", json!({"login": text, "password": text, "tenant": text, "device": {"type": "web", "name": text}})),
        (
            "sessions",
            json!({"login": "anna", "password": "x", "provider": text, "device": {"type": "web", "name": text}}),
        ),
        ("members", json!({"login": text, "name": text, "password": "three red birds"})),
        ("members", json!({"login": format!("anna{at}"), "name": text, "password": "three red birds"})),
        ("orders", json!({"customer_id": text, "note": text, "lines": [{"sku": text, "quantity": 1}]})),
        ("orders", json!({"customer_id": "c", "note": text, "lines": [{"sku": "A", "quantity": 1}]})),
        ("tokens", json!({"purpose": text, "customer_id": text})),
        ("sessions/refresh", json!({"refresh_token": text})),
    ];
    for (path, body) in bodies {
        let key = format!("k{at}");
        let headers = [json, ("authorization", bearer.as_str()), ("idempotency-key", &key), ("x-reason", &encoded)];
        ask(to, &Method::POST, &format!("/api/v1/{path}"), &headers, body.to_string().as_bytes()).await;
    }
    for path in ["products/", "orders/", "orders?cursor=", "members/", "login/", "nothing/"] {
        ask(to, &Method::GET, &format!("/api/v1/{path}{encoded}"), &[("authorization", &bearer)], b"").await;
    }
    ask(to, &Method::POST, &format!("/notify/{encoded}"), &[], text.as_bytes()).await;
    // Of a head's lines, what may stand in one.
    let within: String = text.chars().filter(|sign| !matches!(sign, '\r' | '\n' | '\0')).collect();
    for name in
        ["user-agent", "x-request-id", "x-forwarded-for", "referer", "idempotency-key", "cookie", "host", "if-match"]
    {
        if name != "host" {
            ask(to, &Method::POST, "/api/v1/orders", &[json, (name, &within)], b"{}").await;
        }
    }
}
