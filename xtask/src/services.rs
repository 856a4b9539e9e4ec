//! Owns the servers that tests need, databases, Redis and login providers: found or installed, started in a temporary folder
//! on free ports of this machine, by a user without rights, and stopped again. Proxies are found or installed alike, and started
//! by the tests themselves.

mod alone;
mod certificates;
mod find;
mod fronts;
mod installed;
mod mariadb;
mod openid;
mod postgres;
mod process;
mod redis;
mod slapd;
mod state;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::shell::Command;
use crate::witnesses;
use installed::Installed;
use process::{As, Server};
use state::State;

pub(crate) use alone::{Alone, Kind};
pub(crate) use find::{Wanted, install, programs};
pub(crate) use redis::Single;

/// The account that the tests use in each database: it may make databases and nothing else is in there.
const ACCOUNT: &str = "mideng";
const PASSWORD: &str = "only-on-this-machine";

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Start the servers and leave them running
    Up,
    /// Stop them and remove what they wrote
    Down,
    /// Print where they and the witnesses are, for `eval "$(cargo xtask services env)"`
    Env,
}

/// `cargo xtask services`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match args.task {
        Task::Up => up(),
        Task::Down => down(),
        Task::Env => {
            let state = State::read()?.context("no services are up; start them with `cargo xtask services up`")?;
            state.variables.iter().for_each(|(name, value)| println!("export {name}='{value}'"));
            Ok(())
        }
    }
}

fn up() -> Result<()> {
    if let Some(state) = State::read()? {
        bail!("services are up already, in {}; stop them with `cargo xtask services down`", state.folder.display());
    }
    // First what may fail for want of a network: then nothing runs yet.
    let witnesses = witnesses::ready()?;
    let mut services = Services::start_as(process::unprivileged, process::own)?;
    services.variables.extend(witnesses);
    let state = services.leave()?;
    println!("the services are up, in {}", state.folder.display());
    println!("  eval \"$(cargo xtask services env)\"   tells tests where they are");
    println!("  cargo xtask services down            stops them");
    Ok(())
}

fn down() -> Result<()> {
    let Some(state) = State::read()? else {
        println!("no services are up");
        return Ok(());
    };
    let folder = state.folder.clone();
    state.stop()?;
    println!("the services in {} are stopped, and the folder is gone", folder.display());
    Ok(())
}

/// A new folder where the account without rights can get to its own.
pub(crate) fn folder(purpose: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("mideng-{purpose}-{}", std::process::id()));
    fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

/// Servers that run until this is dropped.
pub(crate) struct Services {
    folder: PathBuf,
    servers: Vec<Server>,
    variables: Vec<(String, String)>,
}

impl Services {
    /// Finds or installs every server, and starts them. They end with this process, however that ends.
    pub(crate) fn start() -> Result<Self> {
        Self::start_as(process::tied, process::own_tied)
    }

    fn start_as(run: As, run_own: As) -> Result<Self> {
        let folder = folder("services")?;
        let mut services = Self { folder, servers: Vec::new(), variables: Vec::new() };
        services.add("TEST_POSTGRES_URL", &postgres::make(&services.folder)?, run)?;
        services.add("TEST_MARIADB_URL", &mariadb::make(&services.folder)?, run)?;
        services.add("TEST_REDIS_URL", &redis::make(&services.folder)?, run)?;
        services.add_those_with_tls(run)?;
        services.add_redis_groups(run)?;
        services.add_openid(run_own)?;
        services.variables.extend(fronts::programs()?);
        Ok(services)
    }

    /// Beside those that most tests use: a client that may choose takes TLS, and a network of the tests' looks into what
    /// passes.
    fn add_those_with_tls(&mut self, run: As) -> Result<()> {
        let folder = self.folder.join("tls");
        fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        let certificates = certificates::make(&folder)?;
        let with = |installed: Installed| Installed { certificates: Some(certificates.clone()), ..installed };
        self.add("TEST_POSTGRES_TLS_URL", &with(postgres::make(&folder)?), run)?;
        self.add("TEST_MARIADB_TLS_URL", &with(mariadb::make(&folder)?), run)?;
        self.add("TEST_REDIS_TLS_URL", &redis::make_with_tls(&folder, &certificates)?, run)?;
        self.variables.push(("TEST_TLS_FOLDER".to_owned(), folder.display().to_string()));
        let directory = slapd::start(&folder, &certificates, run)?;
        println!("{} {}: {} and {}", directory.server.name, directory.server.version, directory.url, directory.tls_url);
        self.servers.push(directory.server);
        self.variables.push(("TEST_LDAP_URL".to_owned(), directory.url));
        self.variables.push(("TEST_LDAPS_URL".to_owned(), directory.tls_url));
        Ok(())
    }

    /// Asked who somebody is, by redirection.
    fn add_openid(&mut self, run: As) -> Result<()> {
        let provider = openid::start(&self.folder, run)?;
        println!("{} {}: {}", provider.server.name, provider.server.version, provider.issuer);
        self.servers.push(provider.server);
        self.variables.push(("TEST_OIDC_URL".to_owned(), provider.issuer));
        Ok(())
    }

    /// Several that work together, or have nothing to do with each other. Tests that hurt a Redis start one of their own.
    fn add_redis_groups(&mut self, run: As) -> Result<()> {
        let groups = [
            ("TEST_REDLOCK_URLS", redis::three(&self.folder, run)?),
            ("TEST_REDIS_SENTINEL_URL", redis::watched(&self.folder, run)?),
            ("TEST_REDIS_CLUSTER_URL", redis::cluster(&self.folder, run)?),
        ];
        for (variable, group) in groups {
            println!("{} Redis servers: {}", group.servers.len(), group.url);
            self.servers.extend(group.servers);
            self.variables.push((variable.to_owned(), group.url));
        }
        self.variables.push(("TEST_REDIS_SERVER".to_owned(), redis::program()?.display().to_string()));
        Ok(())
    }

    /// Tells a command where the servers are.
    pub(crate) fn tell(&self, command: Command) -> Command {
        self.variables.iter().fold(command, |command, (name, url)| command.env(name, url))
    }

    fn add(&mut self, variable: &str, installed: &Installed, run: As) -> Result<()> {
        let server = installed.start(run)?;
        let url = installed.url(installed.port.number());
        let how = if installed.certificates.is_some() { ", TLS only" } else { "" };
        println!("{} {}{how}: {url}", server.name, server.version);
        self.servers.push(server);
        self.variables.push((variable.to_owned(), url));
        Ok(())
    }

    /// Lets them run behind this process, and writes down where they are.
    fn leave(mut self) -> Result<State> {
        let processes = self.servers.drain(..).map(Server::leave).collect();
        let state = State { folder: std::mem::take(&mut self.folder), processes, variables: self.variables.clone() };
        state.write()?;
        Ok(state)
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // Each is stopped before its folder goes.
        self.servers.clear();
        if !self.folder.as_os_str().is_empty() {
            let _gone = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Runs a command, quiet unless it fails.
pub(crate) fn quiet(command: Command, folder: &Path) -> Result<()> {
    let line = command.line().to_owned();
    let (text, succeeded) = command.captured_in(folder)?;
    if !succeeded {
        bail!("`{line}` failed:\n{text}");
    }
    Ok(())
}
