//! Owns Redis servers that a test may hurt: killed, stopped, flushed, started again on the same port.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use redis::FromRedisValue;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{PATIENCE, until};

pub const PASSWORD: &str = "of-one-test";

/// One server, empty when it starts. It ends with the test.
pub struct Server {
    folder: TempDir,
    arguments: Vec<String>,
    process: Option<Child>,
    pub port: u16,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(more: &[&str]) -> Self {
        let port = free_port();
        let arguments = format!("--port {port} --bind 127.0.0.1 --appendonly no --repl-diskless-sync-delay 0");
        let mut arguments: Vec<_> = arguments.split(' ').map(str::to_owned).collect();
        arguments.extend(["--save", "", "--requirepass", PASSWORD, "--masterauth", PASSWORD].map(str::to_owned));
        arguments.extend(more.iter().map(|word| (*word).to_owned()));
        let mut server =
            Self { folder: TempDir::new().expect("a folder for a server"), arguments, process: None, port };
        server.start_again().await;
        server
    }

    /// A replica of another.
    pub async fn start_behind(master: &Self) -> Self {
        let replica = Self::start_with(&["--replicaof", &format!("127.0.0.1 {}", master.port)]).await;
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
        format!("redis://:{PASSWORD}@127.0.0.1:{}", self.port)
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

    /// By a connection of its own.
    pub async fn ask<T: FromRedisValue>(&self, command: &str) -> redis::RedisResult<T> {
        ask(&self.url(), command).await
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

/// A sentinel that watches one master, decides alone, and soon.
pub struct Sentinel {
    process: Child,
    _folder: TempDir,
    pub port: u16,
}

impl Sentinel {
    pub async fn start(master: &Server) -> Self {
        let (folder, port) = (TempDir::new().expect("a folder for a server"), free_port());
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor shop 127.0.0.1 {} 1\nsentinel auth-pass shop {PASSWORD}\n\
             sentinel down-after-milliseconds shop 500\nsentinel failover-timeout shop 3000\n",
            master.port
        );
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, text).expect("it can be written");
        let process = spawn(&[file.display().to_string(), "--sentinel".to_owned()], &folder);
        let sentinel = Self { process, _folder: folder, port };
        let url = format!("redis://127.0.0.1:{port}");
        until("the sentinel knows the replica", || async {
            ask::<redis::Value>(&url, "SENTINEL REPLICAS shop")
                .await
                .is_ok_and(|known| format!("{known:?}").contains("127"))
        })
        .await;
        sentinel
    }

    /// `SENTINEL` and these words.
    pub async fn ask(&self, words: &str) {
        let url = format!("redis://127.0.0.1:{}", self.port);
        let _done: redis::Value = ask(&url, &format!("SENTINEL {words}")).await.expect("it answers");
    }

    pub fn url(&self) -> String {
        format!("redis+sentinel://:{PASSWORD}@127.0.0.1:{}/shop", self.port)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ended = (self.process.kill(), self.process.wait());
    }
}

/// Words apart by spaces, by a connection that ends with the answer.
pub async fn ask<T: FromRedisValue>(url: &str, command: &str) -> redis::RedisResult<T> {
    let client = redis::Client::open(url)?;
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE / 10))
        .set_response_timeout(Some(PATIENCE / 10));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().expect("a command has words"));
    words.for_each(|word| {
        command.arg(word);
    });
    command.query_async(&mut connection).await
}

/// It ends with the thread that starts it, which is the test's own, even where the test is killed.
fn spawn(arguments: &[String], folder: &TempDir) -> Child {
    let program = std::env::var("TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL").arg(&program).args(arguments).arg("--dir").arg(folder.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start: {error}; {}", "see `cargo xtask services up`"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
