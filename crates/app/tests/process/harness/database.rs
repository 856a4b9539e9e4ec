//! Owns a database for one test, of each kind, and several servers on it.

use std::process::{Command, Output, Stdio};

use ports::Port;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin};

use super::process::Ended;
use super::{Folder, PATIENCE, Server};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file. It has one server.
    Sqlite,
    Postgres,
    MariaDb,
}

/// Keeps rows locked. Its client ends with it, and the transaction with the client.
pub(crate) struct Holder {
    _input: ChildStdin,
    _child: Child,
}

const HELD_ON_MARIADB: &str = "begin;\nselect concat('held ', count(on_hand)) from stock_items for update;\n";

/// A database of its own, gone at the end of the test.
pub(crate) struct Database {
    kind: Kind,
    folder: Folder,
    name: String,
    /// The address of its server, without a database; a file has none.
    server: String,
    has_tls: bool,
    /// Where it is.
    pub(crate) url: String,
}

impl Database {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = Folder::new();
                let url = format!("sqlite:{}", folder.file("mideng.db").display());
                Self { kind, folder, name: String::new(), server: String::new(), has_tls: false, url }
            }
            Kind::Postgres => Self::on(kind, variable("TEST_POSTGRES_URL"), false),
            Kind::MariaDb => Self::on(kind, variable("TEST_MARIADB_URL"), false),
        }
    }

    /// One on a server that speaks TLS and nothing else.
    pub(crate) fn with_tls(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => panic!("a file speaks with nobody"),
            Kind::Postgres => Self::on(kind, variable("TEST_POSTGRES_TLS_URL"), true),
            Kind::MariaDb => Self::on(kind, variable("TEST_MARIADB_TLS_URL"), true),
        }
    }

    fn on(kind: Kind, server: String, has_tls: bool) -> Self {
        let name = format!("mideng_process_{}_{:x}", std::process::id(), rand::random::<u64>());
        let url = format!("{server}/{name}");
        let database = Self { kind, folder: Folder::new(), name, server, has_tls, url };
        database.administer("create");
        database
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// So many servers, or the one that a file can have.
    pub(crate) async fn nodes(&self, count: usize) -> Vec<Server> {
        // Beside each other, as when a whole fleet is started.
        let starts = (0..self.nodes_max(count)).map(|_| self.node(&self.url));
        futures_util::future::join_all(starts).await
    }

    /// So many, or one where there can be only one.
    pub(crate) fn nodes_max(&self, count: usize) -> usize {
        if self.kind == Kind::Sqlite { 1 } else { count }
    }

    /// A server that reaches the database under this address.
    pub(crate) async fn node(&self, url: &str) -> Server {
        self.folder.serve(&["--database-url", url]).await
    }

    /// A server that is started with these flags.
    pub(crate) async fn node_with(&self, flags: &[&str]) -> Server {
        self.folder.serve(&[&["--database-url", &self.url], flags].concat()).await
    }

    /// The same at this address.
    pub(crate) async fn node_at(&self, port: &Port, flags: &[&str]) -> Server {
        self.folder.serve_at(&port.address().to_string(), &[&["--database-url", &self.url], flags].concat()).await
    }

    /// What stands in the file of settings of the servers that are started from now on.
    pub(crate) fn settings(&self, text: &str) {
        std::fs::write(self.folder.file("mideng.yaml"), text).expect("the file is written");
    }

    /// A server on it, not started yet.
    pub(crate) fn serving(&self) -> tokio::process::Command {
        self.serving_by(&self.url)
    }

    /// One that reaches it under this address.
    pub(crate) fn serving_by(&self, url: &str) -> tokio::process::Command {
        self.folder.command(&["serve", "--listen", "127.0.0.1:0", "--database-url", url])
    }

    /// The name of the installation whose database it is.
    pub(crate) async fn installation(&self) -> u128 {
        let address = self.url.parse::<store::Address>().expect("an address");
        let store = store::Store::open_existing(&address).await.expect("a server has made it");
        let name = store.installation(0).await.expect("it has a name");
        store.close().await;
        name
    }

    /// Whether a question about a refund is on its way, which no answer tells.
    pub(crate) async fn is_asked_about(&self, refund: &str) -> bool {
        let address = self.url.parse::<store::Address>().expect("an address");
        let store = store::Store::open_existing(&address).await.expect("a server has made it");
        let tenant = store.tenant("default").await.expect("it is read").expect("every installation has it");
        let id: domain::RefundId = refund.parse().expect("a refund's id");
        let payments = store.payments_behind(tenant, Vec::new(), vec![id]).await.expect("it is read");
        store.close().await;
        payments[0].refund(id).expect("it is its payment").query_at.is_some()
    }

    /// A command beside its servers, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        self.folder.command(arguments)
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.folder.run(arguments).await
    }

    /// Stops the servers and asks every invariant.
    pub(crate) async fn close(self, nodes: Vec<Server>) {
        for node in nodes {
            node.stop().await;
        }
        let checked = self.folder.run(&["check", "--json", "--database-url", &self.url]).await;
        let report: Value = serde_json::from_str(&checked.out).unwrap_or_else(|_| panic!("{checked:?}"));
        assert_eq!(report["clean"], true, "{report:#}");
    }

    /// Locks all stock, as somebody in the middle of a transaction would, until it is dropped. A file is locked by nobody
    /// for so long.
    pub(crate) async fn hold_stock(&self) -> Option<Holder> {
        let mut command = match self.kind {
            Kind::Sqlite => return None,
            Kind::Postgres => {
                let mut command = tokio::process::Command::new("psql");
                command.args(["-qAt", "-v", "ON_ERROR_STOP=1"]).arg(&self.url);
                command
            }
            Kind::MariaDb => {
                let mut command = tokio::process::Command::new("mariadb");
                command.args(self.flags()).args(["-N", "-B", "--unbuffered", &self.name]);
                command
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the database's own client runs");
        let mut input = child.stdin.take().expect("it is piped");
        let sql = "begin;\nselect 'held ' || count(*) from (select on_hand from stock_items for update) held;\n";
        let sql = if self.kind == Kind::MariaDb { HELD_ON_MARIADB } else { sql };
        input.write_all(sql.as_bytes()).await.expect("it reads");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let told = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it answers in time");
        assert_eq!(told.expect("its answer is text").as_deref(), Some("held 1"));
        Some(Holder { _input: input, _child: child })
    }

    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }

    /// How MariaDB's own programs are told where the server is.
    pub(crate) fn flags(&self) -> Vec<String> {
        let (account, host) = self.server.trim_start_matches("mysql://").split_once('@').expect("an account");
        let (user, password) = account.split_once(':').expect("a password");
        let (host, port) = host.split_once(':').expect("a port");
        let mut flags = vec![format!("-h{host}"), format!("-P{port}"), format!("-u{user}"), format!("-p{password}")];
        if self.has_tls {
            flags.push(format!("--ssl-ca={}", authority()));
        }
        flags
    }

    fn administer(&self, verb: &str) {
        let Self { kind, name, server, .. } = self;
        let output = match kind {
            Kind::Sqlite => return,
            Kind::Postgres => {
                // Nothing of a test that failed may keep it.
                let force = if verb == "drop" { " with (force)" } else { "" };
                let sql = format!("{verb} database {name}{force}");
                run(Command::new("psql")
                    .args(["-q", "-v", "ON_ERROR_STOP=1", "-c", &sql])
                    .arg(format!("{server}/postgres")))
            }
            Kind::MariaDb => {
                let sql = format!("{verb} database {name}");
                run(Command::new("mariadb").args(self.flags()).args(["-e", &sql]))
            }
        };
        assert!(output.status.success() || std::thread::panicking(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.administer("drop");
    }
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}; it comes with the server"))
}

/// The file of the authority that those with TLS were signed by.
pub(crate) fn authority() -> String {
    variable("TEST_TLS_FOLDER") + "/authority.pem"
}

/// The file of one that signed nobody.
pub(crate) fn stranger() -> String {
    variable("TEST_TLS_FOLDER") + "/stranger.pem"
}

/// What a test is told of the servers.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run `cargo xtask test`, or `cargo xtask services up` and then \
             eval \"$(cargo xtask services env)\""
        )
    })
}
