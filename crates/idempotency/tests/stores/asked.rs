//! Owns that the layer keeps every promise that can be asked of it from outside, on each store and under each guarantee:
//! a service as a process, killed and stopped on the way. It knows the rows by their names only.

mod away;
mod orders;
mod service;

use std::collections::BTreeSet;
use std::path::Path;

use ::conform::Profile;
use ports::Port;
use tempfile::TempDir;

use crate::ground::redis::Server as RedisServer;
use crate::ground::{File, Server};

/// Rows of which the service has no means: it takes quoted and bare keys, its duplicates wait, it has a resolver that ends
/// every doubt, and nothing stands in front of its store.
const NO_MEANS: &[&str] = &["H-04", "C-01", "F-04", "F-14"];
/// Rows that nobody outside can ask.
const INSIDE: &[&str] = &["B-11", "R-07", "C-05", "F-09", "F-10", "F-11", "F-12", "F-15", "F-16"];
/// Rows for which the service is killed or stopped.
const KILLED: &[&str] = &["F-02", "F-03", "F-05", "F-13", "F-17"];

/// The variables that make a service of this program.
const ADDRESS: &str = "ASKED_ADDRESS";
const STORE: &str = "ASKED_STORE";
const URL: &str = "ASKED_URL";
const FOLDER: &str = "ASKED_FOLDER";
const TRANSACTIONAL: &str = "ASKED_TRANSACTIONAL";

/// How a service is set up.
pub struct Setup {
    pub address: String,
    /// `memory`, `sqlite`, `postgres`, `mariadb` or `redis`.
    pub store: String,
    /// Where it is; for Redis, with the prefix behind a blank.
    pub url: String,
    /// Where files stand: what was done, and whether the store is away.
    pub folder: String,
    pub transactional: bool,
}

impl Setup {
    fn new(store: &str, url: &str, (port, folder): (&Port, &TempDir), transactional: bool) -> Self {
        let folder = folder.path().to_str().expect("UTF-8").to_owned();
        Self {
            address: port.address().to_string(),
            store: store.to_owned(),
            url: url.to_owned(),
            folder,
            transactional,
        }
    }

    fn from_environment() -> Option<Self> {
        let variable = |name| std::env::var(name).expect("all are told");
        let address = std::env::var(ADDRESS).ok()?;
        let [store, url, folder] = [STORE, URL, FOLDER].map(variable);
        Some(Self { address, store, url, folder, transactional: variable(TRANSACTIONAL) == "yes" })
    }

    /// The means of the program.
    fn profile(&self) -> Profile {
        let text = include_str!("../../../conform/profiles/layer.json");
        let at = &self.folder;
        Profile {
            url: format!("http://{}", self.address),
            headers: vec!["Authorization: Bearer alice".to_owned()],
            other_headers: vec!["Authorization: Bearer bob".to_owned()],
            store_down: Some(format!("touch '{at}/away'")),
            store_up: Some(format!("rm '{at}/away'")),
            timeout_s: 20,
            // Each takes as long as a lease, and there is a storm for each store.
            kills: 2,
            ..Profile::from_json(text).expect("a profile")
        }
    }

    /// A line of the shell that runs this program as the service.
    fn line(&self) -> String {
        let Self { address, store, url, folder, transactional } = self;
        let program = std::env::current_exe().expect("this program");
        let transactional = if *transactional { "yes" } else { "no" };
        format!(
            "{ADDRESS}={address} {STORE}={store} {URL}='{url}' {FOLDER}='{folder}' {TRANSACTIONAL}={transactional} exec '{}' \
             asked::memory_at_most_once --exact --nocapture",
            program.display()
        )
    }

    /// Runs it as a process, and asks.
    async fn passes(self) {
        asked(&Profile { start: Some(self.line()), ..self.profile() }, NO_MEANS).await;
    }
}

/// Where a service is, and where its files are.
fn place() -> (Port, TempDir) {
    (Port::reserve().expect("a free port"), tempfile::tempdir().expect("a temporary folder"))
}

/// No row failed, and of those that can be asked only these were not.
async fn asked(profile: &Profile, left: &[&str]) {
    let report = ::conform::run(profile, &|_| {}).await.expect("it can be asked");
    let failed: Vec<_> = report.failed().collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let seen: BTreeSet<_> =
        report.not_applicable().map(|outcome| outcome.id).filter(|id| !INSIDE.contains(id)).collect();
    assert_eq!(seen, left.iter().copied().collect(), "{:#?}", report.outcomes);
}

/// A store that ends with its process, so that nothing is to be gained from killing it. Told an address, this test is the
/// service that the others start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_at_most_once() {
    if let Some(setup) = Setup::from_environment() {
        service::serve(&setup).await;
        return;
    }
    let (port, folder) = place();
    let setup = Setup::new("memory", "", (&port, &folder), false);
    let profile = setup.profile();
    let serving = tokio::spawn(async move { service::serve(&setup).await });
    while tokio::net::TcpStream::connect(profile.url.trim_start_matches("http://")).await.is_err() {
        assert!(!serving.is_finished(), "it does not serve");
        tokio::task::yield_now().await;
    }
    asked(&profile, &[NO_MEANS, KILLED].concat()).await;
    serving.abort();
}

async fn sqlite(transactional: bool) {
    let (file, (port, folder)) = (File::new(), place());
    let path = file.path();
    Setup::new("sqlite", Path::to_str(&path).expect("UTF-8"), (&port, &folder), transactional).passes().await;
}

async fn postgres(transactional: bool) {
    let (server, (port, folder)) = (Server::postgres().await, place());
    Setup::new("postgres", &server.url(), (&port, &folder), transactional).passes().await;
}

async fn mariadb(transactional: bool) {
    let (server, (port, folder)) = (Server::mariadb().await, place());
    Setup::new("mariadb", &server.url(), (&port, &folder), transactional).passes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_transactional() {
    sqlite(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_at_most_once() {
    sqlite(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_transactional() {
    postgres(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_at_most_once() {
    postgres(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_transactional() {
    mariadb(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_at_most_once() {
    mariadb(false).await;
}

/// The service is killed, and Redis is not: what Redis forgets, no layer knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_at_most_once() {
    let (server, (port, folder)) = (RedisServer::open().await, place());
    Setup::new("redis", &format!("{} {}", server.url, server.prefix), (&port, &folder), false).passes().await;
}
