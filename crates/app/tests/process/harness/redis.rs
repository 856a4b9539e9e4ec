//! Owns a Redis that a test may hurt: flushed, paused, stopped, killed, cut off from its master; and the way to it, which
//! may lead to another one from some moment on.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use ports::Port;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::until;

/// Of every Redis that a test starts.
pub(crate) const PASSWORD: &str = "of-one-test";

/// One server, empty when it starts. It ends with the test.
pub(crate) struct Redis {
    folder: TempDir,
    process: Option<Child>,
    pub(crate) address: SocketAddr,
    _port: Port,
}

/// A way to a Redis. A change of where it leads ends the connections that it has, as a fail-over does.
pub(crate) struct Way {
    to: Arc<watch::Sender<SocketAddr>>,
    /// The address at its beginning.
    pub(crate) url: String,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let mut redis = Self::away();
        redis.start_again().await;
        redis
    }

    /// One that is not there yet, and where it will be.
    pub(crate) fn away() -> Self {
        let port = Port::reserve().expect("a free port");
        let address = port.address();
        Self { folder: tempfile::tempdir().expect("a folder"), process: None, address, _port: port }
    }

    /// Empty again, at the same place.
    pub(crate) async fn start_again(&mut self) {
        let mut command = Command::new(program());
        command
            .args(["--bind", "127.0.0.1", "--port", &self.address.port().to_string(), "--save", ""])
            .args(["--appendonly", "no", "--requirepass", PASSWORD, "--masterauth", PASSWORD])
            .args(["--repl-diskless-sync-delay", "0", "--dir"])
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        self.process = Some(command.spawn().expect("Redis runs"));
        until("Redis answers", || async { self.try_ask("PING").await.is_some() }).await;
    }

    /// Follows another one, and has what that one has.
    pub(crate) async fn follow(&self, master: &Self) {
        self.ask(&format!("REPLICAOF 127.0.0.1 {}", master.address.port())).await;
        until("the replica follows", || async { self.ask("INFO replication").await.contains("master_link_status:up") })
            .await;
    }

    /// It goes on as a replica of nobody who is there, and hears of nothing new.
    pub(crate) async fn cut_off(&self) {
        let nobody = Self::away();
        self.ask(&format!("REPLICAOF 127.0.0.1 {}", nobody.address.port())).await;
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.process.take().expect("it runs").kill().await.expect("the process is killed");
    }

    /// SIGSTOP: its connections stay open, and nobody answers.
    pub(crate) async fn stop(&self) {
        self.signal("-STOP").await;
    }

    /// SIGCONT.
    pub(crate) async fn resume(&self) {
        self.signal("-CONT").await;
    }

    pub(crate) fn url(&self) -> String {
        url(self.address)
    }

    /// What it answers to these words.
    pub(crate) async fn ask(&self, words: &str) -> String {
        self.try_ask(words).await.unwrap_or_else(|| panic!("no answer to {words}"))
    }

    async fn try_ask(&self, words: &str) -> Option<String> {
        let port = self.address.port().to_string();
        let mut client = Command::new(program().with_file_name("redis-cli"));
        client.args(["-e", "--no-auth-warning", "-a", PASSWORD, "-p", &port]).args(words.split(' '));
        let output = client.output().await.expect("redis-cli comes with the server");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn signal(&self, signal: &str) {
        let id = self.process.as_ref().and_then(Child::id).expect("it runs").to_string();
        let sent = Command::new("kill").args([signal, &id]).status().await.expect("kill runs");
        assert!(sent.success());
    }
}

impl Way {
    pub(crate) async fn to(redis: &Redis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let here = listener.local_addr().expect("it is bound");
        let to = Arc::new(watch::Sender::new(redis.address));
        let shared = Arc::clone(&to);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, shared.subscribe()));
            }
        });
        Self { to, url: url(here) }
    }

    /// From now on it leads there.
    pub(crate) fn turn_to(&self, redis: &Redis) {
        self.to.send_replace(redis.address);
    }
}

async fn pass(mut client: TcpStream, mut to: watch::Receiver<SocketAddr>) {
    let place = *to.borrow_and_update();
    let Ok(mut server) = TcpStream::connect(place).await else { return };
    tokio::select! {
        _ended = copy_bidirectional(&mut client, &mut server) => {}
        _turned = to.changed() => {}
    }
}

fn url(address: SocketAddr) -> String {
    format!("redis://:{PASSWORD}@{address}")
}

fn program() -> PathBuf {
    std::env::var_os("TEST_REDIS_SERVER").map_or_else(|| PathBuf::from("redis-server"), PathBuf::from)
}
