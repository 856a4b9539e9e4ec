//! Owns the binary as a process: started in a folder of its own, read, signalled, waited for.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{PATIENCE, Shopper, until};

/// The administrator's key of every server of these tests.
const SECRET: &str = "mk_0123456789abcdef0123456789abcdef";

/// A folder to run in, gone at the end of the test.
pub(crate) struct Folder(TempDir);

/// What a command that ended said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) admin: Shopper,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The binary with these arguments, in this folder, without any setting of the machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mideng"));
        command.args(arguments);
        self.prepared(command)
    }

    /// The binary behind a line of the shell.
    pub(crate) fn command_behind(&self, line: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{line}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_mideng")]).args(arguments);
        self.prepared(command)
    }

    fn prepared(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MIDENG_")) {
            command.env_remove(name);
        }
        command
            .current_dir(self.path())
            .env("MIDENG_BOOTSTRAP_API_KEY", SECRET)
            .env("MIDENG_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments)).await
    }

    /// A server on this folder's data.
    pub(crate) async fn serve(&self, flags: &[&str]) -> Server {
        self.serve_at("127.0.0.1:0", flags).await
    }

    /// The same at this address.
    pub(crate) async fn serve_at(&self, listen: &str, flags: &[&str]) -> Server {
        let arguments = [&["serve", "--listen", listen], flags].concat();
        Server::started(self.command(&arguments)).await.0
    }

    /// Asks every invariant.
    pub(crate) async fn check(&self) {
        let checked = self.run(&["check", "--json"]).await;
        let report: Value = serde_json::from_str(&checked.out).unwrap_or_else(|_| panic!("{checked:?}"));
        assert_eq!(report["clean"], true, "{report:#}");
        assert!(checked.status.success(), "{checked:?}");
        assert!(report["invariants"].as_array().is_some_and(|all| all.len() >= 8), "{report:#}");
    }
}

/// Runs a command to its end, which must come.
pub(crate) async fn ended(mut command: Command) -> Ended {
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("the command ends in time").expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Ended { status: output.status, out: text(output.stdout), err: text(output.stderr) }
}

impl Ended {
    /// It failed with one line on standard error, which says this.
    #[track_caller]
    pub(crate) fn failed_saying(&self, parts: &[&str]) {
        assert!(!self.status.success(), "{self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "one clear line: {}", self.err);
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in {:?}", self.err);
        }
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert!(self.status.success(), "{self:?}");
        self
    }
}

impl Server {
    /// Starts it, waits until it listens, and gives what it printed by then.
    pub(crate) async fn started(mut command: Command) -> (Self, String) {
        let mut child = command.spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
        let mut said = String::new();
        let mut address = None;
        let reading = async {
            while address.is_none() || !said.contains("reference") {
                let Ok(Some(line)) = lines.next_line().await else { break };
                address = address.or_else(|| line.strip_prefix("Mideng listens on http://")?.parse().ok());
                said.push_str(&line);
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("the server starts in time");
        let Some(address) = address else {
            let mut err = child.stderr.take().expect("standard error is piped");
            let _read = err.read_to_string(&mut said).await;
            panic!("the server did not start: {said}");
        };
        (Self { child, lines, admin: Shopper { address, secret: SECRET.to_owned() } }, said)
    }

    /// What it printed since, up to the line that holds this.
    pub(crate) async fn printed(&mut self, last: &str) -> String {
        let mut said = String::new();
        while !said.contains(last) {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("it prints in time");
            said.push_str(&line.expect("its output is UTF-8").unwrap_or_else(|| panic!("no {last:?} after {said:?}")));
        }
        said
    }

    /// Waits until it knows an account with a payment provider.
    pub(crate) async fn sees_channel(&self, id: &str) {
        let (path, admin) = (format!("/notify/{id}"), &self.admin);
        until("the server knows the channel", || async {
            admin
                .send(http::Method::POST, &path, "ignored", "no callback")
                .await
                .is_ok_and(|answer| answer.status != 404)
        })
        .await;
    }

    /// Whether it has not ended by itself.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL: no chance to tidy up.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("the process is killed");
    }

    /// SIGTERM, as process managers send it, without waiting.
    pub(crate) async fn terminate(&self) {
        let id = self.child.id().expect("the process runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        assert!(sent.success());
    }

    /// Waits until it has ended, which it must do well.
    pub(crate) async fn ended(mut self) {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = status.expect("the server stops in time").expect("it can be waited for");
        assert!(status.success(), "{status:?}");
    }

    /// Stops it in order.
    pub(crate) async fn stop(self) {
        self.terminate().await;
        self.ended().await;
    }
}
