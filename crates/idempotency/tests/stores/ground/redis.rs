//! Owns a Redis to test with: the one that the environment names, or a private one that ends with the test.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use idempotency::store::Redis;
use ports::Port;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use tempfile::TempDir;

/// How long a test waits for a reply.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A server, and a prefix of the test's own.
pub struct Server {
    pub url: String,
    pub prefix: String,
    private: Option<Private>,
}

struct Private {
    process: Child,
    _folder: TempDir,
    _port: Port,
}

impl Server {
    pub async fn open() -> Self {
        match std::env::var("TEST_REDIS_URL") {
            Ok(url) => Self { url, prefix: prefix(), private: None },
            Err(_) => Self::private().await,
        }
    }

    /// One that a test may stop.
    pub async fn private() -> Self {
        Self::started(&[]).await
    }

    /// A cluster of one node, which is as strict about where keys are as a greater one.
    pub async fn cluster() -> Self {
        let bus = Port::reserve().expect("a free port");
        let server = Self::started(&["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()]).await;
        let mut connection = server.connect().await.expect("it answers");
        let slots = redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16_383).to_owned();
        let _: () = slots.query_async(&mut connection).await.expect("it has no slots yet");
        let ready = async {
            loop {
                let info: String =
                    redis::cmd("CLUSTER").arg("INFO").query_async(&mut connection).await.expect("it answers");
                if info.contains("cluster_state:ok") {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ready).await.expect("a cluster of one is soon ready");
        server
    }

    async fn started(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = Port::reserve().expect("a free port");
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(more)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed, or TEST_REDIS_URL names one");
        let url = format!("redis://127.0.0.1:{port}");
        let private = Some(Private { process, _folder: folder, _port: port });
        let server = Self { url, prefix: prefix(), private };
        let ready = async {
            while server.connect().await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ready).await.expect("redis-server answers");
        server
    }

    pub async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        redis::Client::open(self.url.as_str())?.get_multiplexed_async_connection().await
    }

    pub async fn store(&self) -> Redis<ConnectionManager> {
        Self::store_at(&self.url, &self.prefix).await
    }

    /// The same for another process.
    pub async fn store_at(url: &str, prefix: &str) -> Redis<ConnectionManager> {
        let client = redis::Client::open(url).expect("a good address");
        // As long as the store waits: on a busy machine redis-rs's own half a second is not much.
        let patient = ConnectionManagerConfig::new().set_response_timeout(Some(PATIENCE));
        let connection = client.get_connection_manager_with_config(patient).await.expect("the server is there");
        Redis::new(connection).with_prefix(prefix).expect("a good prefix")
    }

    /// Stops it, as its machine does.
    pub fn stop(&mut self) {
        let private = self.private.as_mut().expect("only a private server is stopped");
        private.process.kill().expect("it is ours");
        private.process.wait().expect("it is ours");
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _stopped_before = self.process.kill();
        let _reaped_before = self.process.wait();
    }
}

fn prefix() -> String {
    format!("mideng-test-{:016x}", RandomState::new().hash_one(std::process::id()))
}
