//! Owns one database by itself, for those who want to hurt it: killed, started again, its connections ended.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::installed::Installed;
use super::process::{self, Server};
use super::{ACCOUNT, PASSWORD, mariadb, postgres};
use crate::clock::{self, Stopwatch};
use crate::shell::Command;

/// The database inside of the server.
const NAME: &str = "mideng";
/// Processes of one that was killed still hold its memory for a moment.
const START_MAX: Duration = Duration::from_secs(30);

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Mariadb,
}

/// A database that runs until this is dropped, or is killed.
pub(crate) struct Alone {
    kind: Kind,
    installed: Installed,
    server: Option<Server>,
}

impl Alone {
    /// Makes it in the folder, starts it, and makes an empty database in it. Its log is kept elsewhere: the folder may
    /// become full.
    pub(crate) fn start(kind: Kind, folder: &Path, log: &Path) -> Result<Self> {
        let mut installed = match kind {
            Kind::Postgres => postgres::make(folder)?,
            Kind::Mariadb => mariadb::make(folder)?,
        };
        log.clone_into(&mut installed.log);
        let server = installed.start(process::tied)?;
        let alone = Self { kind, installed, server: Some(server) };
        let stopwatch = Stopwatch::start();
        while let Err(error) = alone.ask(&format!("create database {NAME}")) {
            // The port is open before the account is there.
            if stopwatch.elapsed() > START_MAX {
                return Err(error.context("making the database"));
            }
            clock::pause(Duration::from_millis(100));
        }
        Ok(alone)
    }

    /// For people: its name and version.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.installed.name, self.installed.version)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.installed.port.address()
    }

    /// The address of the database inside of it, behind this port.
    pub(crate) fn url(&self, port: u16) -> String {
        format!("{}/{NAME}", self.installed.url(port))
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// The address of the database inside of it.
    pub(crate) fn own_url(&self) -> String {
        self.url(self.installed.port.number())
    }

    /// Makes the database inside of it anew.
    pub(crate) fn empty(&self) -> Result<()> {
        let force = if self.kind == Kind::Postgres { " with (force)" } else { "" };
        self.ask(&format!("drop database {NAME}{force}"))?;
        self.ask(&format!("create database {NAME}")).map(|_| ())
    }

    /// How many rows a table of the database has.
    pub(crate) fn count(&self, table: &str) -> Result<u64> {
        let text = match self.kind {
            Kind::Postgres => {
                self.tool("psql", "-qAt -c")?.text(&format!("select count(*) from {table}")).text(&self.own_url())
            }
            Kind::Mariadb => self.tool("mariadb", "-N -B -e")?.text(&format!("select count(*) from {NAME}.{table}")),
        };
        let (text, _) = text.captured_in(Path::new("/")).context("counting rows")?;
        text.trim().parse().with_context(|| format!("counting {table}: {text}"))
    }

    /// One of the server's own programs, which stand beside its client, told where the server is; PostgreSQL's take the
    /// address as their last argument instead.
    pub(crate) fn tool(&self, name: &str, words: &str) -> Result<Command> {
        let program = self.installed.client.with_file_name(name);
        if !program.is_file() {
            bail!("{} is missing beside {}", name, self.installed.client.display());
        }
        let command = Command::of(&program);
        Ok(match self.kind {
            Kind::Postgres => command.words(words),
            Kind::Mariadb => {
                let port = &self.installed.port;
                command
                    .words(&format!("--no-defaults --protocol=tcp -h 127.0.0.1 -P {port} -u {ACCOUNT} {words}"))
                    .env("MYSQL_PWD", PASSWORD)
            }
        })
    }

    /// Whether its process is there.
    pub(crate) fn runs(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| !server.has_ended())
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
    }

    /// Starts it again where it is not running.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        if self.runs() {
            return Ok(());
        }
        self.server = None;
        let stopwatch = Stopwatch::start();
        loop {
            match self.installed.start(process::tied) {
                Ok(server) => {
                    self.server = Some(server);
                    return Ok(());
                }
                Err(error) if stopwatch.elapsed() > START_MAX => return Err(error),
                Err(_) => clock::pause(Duration::from_millis(200)),
            }
        }
    }

    /// Ends every connection that a server of ours has; how many there were.
    pub(crate) fn terminate_backends(&self) -> Result<usize> {
        match self.kind {
            Kind::Postgres => {
                let sql = format!(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{NAME}' \
                     and pid <> pg_backend_pid()"
                );
                Ok(self.ask(&sql)?.lines().count())
            }
            Kind::Mariadb => {
                let sql = "select id from information_schema.processlist where db = 'mideng' and id <> connection_id()";
                let ids = self.ask(sql)?;
                let kills: Vec<_> = ids.lines().map(|id| format!("kill {id}")).collect();
                // One that has ended by now is no reason to stop.
                let _gone = self.ask(&kills.join("; "));
                Ok(kills.len())
            }
        }
    }

    /// What the database's own client prints.
    pub(crate) fn ask(&self, sql: &str) -> Result<String> {
        let port = &self.installed.port;
        let command = Command::of(&self.installed.client);
        let command = match self.kind {
            Kind::Postgres => command
                .words(&format!("--no-psqlrc -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p {port} -U {ACCOUNT} postgres -c"))
                .env("PGPASSWORD", PASSWORD),
            Kind::Mariadb => command
                .words(&format!("--no-defaults -f -N -B --protocol=tcp -h 127.0.0.1 -P {port} -u {ACCOUNT} -e"))
                .env("MYSQL_PWD", PASSWORD),
        };
        let (text, succeeded) = command.text(sql).captured_in(Path::new("/")).context("asking a database")?;
        if !succeeded {
            bail!("`{sql}`: {text}");
        }
        Ok(text)
    }
}
