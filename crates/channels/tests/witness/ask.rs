//! Asks a witness: a small script beside this file, in its library's language, that reads JSON and answers JSON.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a script of this folder until it has answered; it gives up by itself after a minute.
pub fn ask(script: &str, question: &Value) -> Value {
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
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(question.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}
