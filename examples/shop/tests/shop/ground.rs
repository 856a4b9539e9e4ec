//! Owns what the tests stand on: a database, the shop and its provider as processes, and a client.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::process::{Child, Command};
use std::time::Duration;

use ports::Port;
use reqwest::{Client, Method};
use serde_json::Value;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::time::{Instant, sleep};

/// Between two questions whether something is so.
const PAUSE: Duration = Duration::from_millis(50);
/// Longer than every lease of the shop.
const PATIENCE: Duration = Duration::from_mins(1);

pub const ALICE: &str = "Bearer alices-secret";

/// A database of a test's own, and where the shop and its provider serve.
pub struct Ground {
    pub pool: PgPool,
    pub url: String,
    pub client: Client,
    provider_url: String,
    provider: Option<Process>,
    ports: [Port; 2],
    database: Database,
}

/// A process that ends with its test, if not before.
pub struct Process(Child);

/// What a client saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub status: u16,
    /// The first word of `Idempotency-Status`.
    pub how: String,
    pub body: Value,
    asks_to_wait: bool,
}

struct Database {
    base: String,
    name: String,
}

impl Ground {
    /// Tables with so much tea.
    pub async fn new(tea: i64) -> Self {
        let database = Database::create().await;
        let pool = PgPoolOptions::new().max_connections(2).connect(&database.url()).await.expect("the server is there");
        sqlx::raw_sql(include_str!("../../src/tables.sql")).execute(&pool).await.expect("new tables");
        let update = "UPDATE products SET stock = $1 WHERE item = 'tea'";
        sqlx::query(update).bind(tea).execute(&pool).await.expect("there is tea");
        let client = client();
        let ports = [(); 2].map(|()| Port::reserve().expect("a free port"));
        let address = ports[0].address().to_string();
        let provider = Process::start(env!("CARGO_BIN_EXE_provider"), &[("LISTEN", &address)]);
        let provider_url = format!("http://{address}");
        until_answered(&client, &format!("{provider_url}/charges")).await;
        let url = format!("http://{}", ports[1].address());
        Self { pool, url, client, provider_url, provider: Some(provider), ports, database }
    }

    /// Days pass: the provider knows no number any more, nor the shop the answers it kept; and so long ago it was asked.
    pub async fn grow_old(&mut self) {
        drop(self.provider.take());
        let address = self.ports[0].address().to_string();
        self.provider = Some(Process::start(env!("CARGO_BIN_EXE_provider"), &[("LISTEN", &address)]));
        until_answered(&self.client, &format!("{}/charges", self.provider_url)).await;
        let sql = "UPDATE orders SET charged_at = charged_at - interval '50 hours'; \
                   DELETE FROM idempotency_keys WHERE status IS NOT NULL";
        sqlx::raw_sql(sql).execute(&self.pool).await.expect("time passes");
    }

    /// Starts the shop.
    pub async fn serve(&self) -> Process {
        let settings = self.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let process = Process::start(env!("CARGO_BIN_EXE_shop"), &settings);
        until_answered(&self.client, &format!("{}/products/tea", self.url)).await;
        process
    }

    /// A line of the shell that starts it.
    pub fn line(&self) -> String {
        let settings: Vec<_> = self.settings().iter().map(|(name, value)| format!("{name}='{value}'")).collect();
        format!("{} exec '{}'", settings.join(" "), env!("CARGO_BIN_EXE_shop"))
    }

    fn settings(&self) -> [(&'static str, String); 3] {
        let address = self.url.trim_start_matches("http://").to_owned();
        [("DATABASE_URL", self.database.url()), ("LISTEN", address), ("PROVIDER_URL", self.provider_url.clone())]
    }

    /// Sends a request once; nothing where no answer came.
    pub async fn send(&self, path: &str, credential: &str, key: &str, body: Option<&Value>) -> Option<Seen> {
        let request = self.client.request(Method::POST, format!("{}{path}", self.url));
        let request = request.header("authorization", credential).header("idempotency-key", key);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.ok()?;
        let header = |name: &str| response.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let how = header("idempotency-status").split(';').next().unwrap_or_default().to_owned();
        let asks_to_wait = !header("retry-after").is_empty();
        let status = response.status().as_u16();
        Some(Seen { status, how, asks_to_wait, body: response.json().await.ok()? })
    }

    /// Sends it until it is answered for good, as every client must.
    pub async fn settle(&self, path: &str, credential: &str, key: &str, body: Option<&Value>) -> Seen {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.send(path, credential, key, body).await {
                Some(seen) if seen.status < 500 && !seen.asks_to_wait => return seen,
                seen => assert!(Instant::now() < deadline, "{path} is not answered: {seen:?}"),
            }
            sleep(PAUSE).await;
        }
    }

    /// One number of the database.
    pub async fn number(&self, select: &'static str) -> i64 {
        sqlx::query_scalar(select).fetch_one(&self.pool).await.expect("a number")
    }

    /// How many charges the provider made, and what they come to.
    pub async fn charges(&self) -> (i64, i64) {
        let response = self.client.get(format!("{}/charges", self.provider_url)).send().await.expect("it is there");
        let total: Value = response.json().await.expect("JSON");
        (total["count"].as_i64().expect("a number"), total["amount_cents"].as_i64().expect("a number"))
    }

    /// The database stays as long as somebody is connected, so this comes last.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

impl Process {
    fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        Self(Command::new(program).envs(settings.iter().copied()).spawn().expect("it was built"))
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _killed_before = self.0.kill();
        let _reaped_before = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

impl Database {
    async fn create() -> Self {
        let base = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL is missing: run `cargo xtask test`, or `eval \"$(cargo xtask services env)\"` behind \
             `cargo xtask services up`",
        );
        let name = format!("mideng_test_{:016x}", RandomState::new().hash_one(std::process::id()));
        let database = Self { base: base.trim_end_matches('/').to_owned(), name };
        database.run(&format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    fn url(&self) -> String {
        format!("{}/{}", self.base, self.name)
    }

    async fn run(&self, statement: &str) {
        let mut nobody = PgConnection::connect(&format!("{}/postgres", self.base)).await.expect("the server is there");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut nobody).await.expect("the account may do this");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A runtime is not entered twice, so this is done on a thread that has one of its own.
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        std::thread::scope(|scope| {
            let removed = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(self.run(&statement));
            });
            assert!(removed.join().is_ok() || std::thread::panicking(), "the database {} is left behind", self.name);
        });
    }
}

/// A key that nobody had before.
pub fn key() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1))
}

/// A client that does nothing behind its user's back.
fn client() -> Client {
    let _known = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).retry(reqwest::retry::never());
    builder.no_proxy().build().expect("a client")
}

async fn until_answered(client: &Client, url: &str) {
    let deadline = Instant::now() + PATIENCE;
    while client.get(url).send().await.is_err() {
        assert!(Instant::now() < deadline, "nobody answers at {url}");
        sleep(PAUSE).await;
    }
}
