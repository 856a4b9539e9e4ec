//! Owns Redis servers that a test may hurt: killed, stopped, flushed, started again on the same port.

use std::process::Child;

use ports::Port;
use redis::FromRedisValue;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::process::spawn;
use super::wire::Wire;
use super::{PASSWORD, until};

/// One server, empty when it starts. It ends with the test.
pub struct Server {
    folder: TempDir,
    arguments: Vec<String>,
    process: Option<Child>,
    wire: Wire,
    port: Port,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Wire::Plain, &[]).await
    }

    pub async fn start_with(wire: Wire, more: &[&str]) -> Self {
        let port = Port::reserve().expect("a port is free");
        let mut arguments: Vec<_> =
            ["--bind 127.0.0.1", "--appendonly no", "--repl-diskless-sync-delay 0", "--tls-replication", wire.yes()]
                .iter()
                .flat_map(|words| words.split(' '))
                .map(str::to_owned)
                .collect();
        arguments.extend(["--save", "", "--requirepass", PASSWORD, "--masterauth", PASSWORD].map(str::to_owned));
        for (name, value) in wire.settings(port.number()) {
            arguments.extend([format!("--{name}"), value]);
        }
        arguments.extend(more.iter().map(|word| (*word).to_owned()));
        let folder = TempDir::new().expect("a folder for a server");
        let mut server = Self { folder, arguments, process: None, wire, port };
        server.start_again().await;
        server
    }

    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// A replica of another.
    pub async fn start_behind(master: &Self) -> Self {
        let replica = Self::start_with(master.wire, &["--replicaof", &format!("127.0.0.1 {}", master.port())]).await;
        until("the replica follows", || async {
            replica.ask::<String>("INFO replication").await.is_ok_and(|text| text.contains("master_link_status:up"))
        })
        .await;
        replica
    }

    /// Empty again, on the same port.
    pub async fn start_again(&mut self) {
        self.process = Some(spawn(&self.arguments, &self.folder));
        until("the server answers", || async { self.ask::<String>("PING").await.is_ok() }).await;
    }

    pub fn url(&self) -> String {
        self.wire.url("", &format!(":{PASSWORD}@127.0.0.1:{}", self.port()))
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ended = (process.kill(), process.wait());
        }
    }

    /// SIGSTOP: its connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Words apart by spaces, by a connection of its own.
    pub async fn ask<T: FromRedisValue>(&self, command: &str) -> redis::RedisResult<T> {
        self.wire.ask(self.port(), Some(PASSWORD), command).await
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs").id();
        kill_process(Pid::from_raw(process.cast_signed()).expect("it is no zero"), signal).expect("it is ours");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
