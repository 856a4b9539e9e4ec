//! Owns starting the programs of Redis, so that none outlives its test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The server ends with the thread that starts it, which is the test's own, even where the test is killed.
pub fn spawn(arguments: &[String], folder: &TempDir) -> Child {
    let program = server();
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL").arg(&program).args(arguments).arg("--dir").arg(folder.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}; see `cargo xtask services up`", program.display()))
}

/// Runs the client that people use, to its end.
pub fn client(arguments: &[&str]) {
    let mut command = Command::new(server().with_file_name("redis-cli"));
    let output = command.args(arguments).output().expect("redis-cli comes with the server");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stdout));
}

fn server() -> PathBuf {
    std::env::var_os("TEST_REDIS_SERVER").map_or_else(|| PathBuf::from("redis-server"), PathBuf::from)
}
