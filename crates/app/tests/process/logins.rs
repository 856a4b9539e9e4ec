//! Log-ins of a real server by somebody who knows people by themselves: its settings, a directory, an OpenID provider.

mod directory;
mod documented;
mod open_id;
mod settings;

use std::fs;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Folder, Server, Shopper};

/// Where the log of a server goes that is looked at.
const LOG: &str = "server.log";

/// The file of settings, with these providers. JSON is YAML.
fn write(folder: &Folder, more: &Value, providers: &[Value]) {
    let mut settings = json!({"login_providers": providers});
    let members = settings.as_object_mut().expect("it is an object");
    members.extend(more.as_object().cloned().unwrap_or_default());
    fs::write(folder.file("mideng.yaml"), settings.to_string()).expect("the file is written");
}

/// A server whose log has everything.
async fn serve(folder: &Folder) -> Server {
    let mut command = folder.command_behind(&format!("exec 2>{LOG}"), &["serve", "--listen", "127.0.0.1:0"]);
    command.env("MIDENG_LOG", "trace");
    Server::started(command).await.0
}

/// Somebody of the staff wants in.
async fn log_in(server: &Server, provider: &str, login: &str, password: &str) -> Answer {
    let body = json!({
        "as": "staff", "login": login, "password": password, "provider": provider, "device": {"type": "app"},
    });
    let nobody = with(server, "none");
    let answer = nobody.send(Method::POST, "/api/v1/sessions", "ignored", &body.to_string()).await;
    answer.expect("the server is there")
}

/// Whoever has this token.
fn with(server: &Server, token: &str) -> Shopper {
    Shopper { address: server.admin.address, secret: token.to_owned() }
}

/// The server said much, and none of these.
#[track_caller]
fn logged_without(folder: &Folder, secrets: &[&str]) {
    let log = fs::read_to_string(folder.file(LOG)).expect("there is a log");
    assert!(log.contains("TRACE"), "it has everything: {log}");
    for secret in secrets {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(lines.is_empty(), "{secret} is in the log: {lines:?}");
    }
}
