//! Asks a witness: a small script in its library's language, that reads JSON and answers JSON.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::merchant::Merchant;

/// Runs a script of `tests/witness` beside the simulator until it has answered; it gives up by itself after a minute.
pub async fn ask(script: &'static str, question: Value) -> Value {
    tokio::task::spawn_blocking(move || run(script, &question)).await.unwrap()
}

/// The merchant's settings, each reference to a file replaced by its text.
pub fn settings(merchant: &Merchant, kind: &str) -> Value {
    let settings: Value = serde_json::from_str(&merchant.secret(&format!("{kind}.json"))).unwrap();
    read(settings)
}

fn read(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("file:") {
            Some(path) => Value::String(std::fs::read_to_string(path).unwrap().trim().to_owned()),
            None => Value::String(text),
        },
        Value::Array(list) => Value::Array(list.into_iter().map(read).collect()),
        Value::Object(table) => Value::Object(table.into_iter().map(|(name, value)| (name, read(value))).collect()),
        other => other,
    }
}

fn run(script: &str, question: &Value) -> Value {
    let is_python = matches!(script.rsplit_once('.'), Some((_, "py")));
    let variable = if is_python { "TEST_WITNESS_PYTHON" } else { "TEST_WITNESS_NODE" };
    let interpreter = std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is missing: run `cargo xtask test`, or `eval \"$(cargo xtask services env)\"` behind \
             `cargo xtask services up`"
        )
    });
    let mut command = Command::new(interpreter);
    command.arg(format!("{}/tests/witness/{script}", env!("CARGO_MANIFEST_DIR")));
    // The simulator is on this machine, whatever stands between it and others.
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(question.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}
