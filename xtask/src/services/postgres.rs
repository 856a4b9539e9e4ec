//! Owns a PostgreSQL of its own: made, started, with the tests' account.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::find::{self, Wanted};
use super::process::{self, As, Server};
use super::{ACCOUNT, PASSWORD, quiet};
use crate::shell::Command;

const POSTGRES: Wanted = Wanted {
    name: "PostgreSQL",
    programs: &[&["postgres"], &["initdb"]],
    folders: &["/usr/lib/postgresql/*/bin", "/usr/pgsql/*/bin"],
    package: "postgresql",
};

/// Starts it in the folder; gives its address.
pub(super) fn start(folder: &Path, run: As) -> Result<(Server, String)> {
    let programs = find::programs(&POSTGRES)?;
    let [postgres, initdb] = &programs[..] else { unreachable!("two were wanted") };
    let home = folder.join("postgres");
    process::folder(&home)?;
    let password = home.join("password");
    fs::write(&password, PASSWORD).context("writing the tests' password")?;
    let init = process::unprivileged(initdb)?
        .words(&format!("--username={ACCOUNT} --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync"))
        .words("--pwfile")
        .path(&password)
        .words("--pgdata")
        .path(&home.join("data"));
    quiet(init, &home)?;
    let port = process::free_port()?;
    let log = home.join("log");
    let command = run(postgres)?
        .words(&format!("-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= "))
        .words("-c max_connections=300 -c log_min_messages=warning -D")
        .path(&home.join("data"));
    let mut server = Server::new(POSTGRES.name, version(postgres)?, process::start(command, &home, &log)?);
    server.wait_until_ready(port, &log)?;
    Ok((server, format!("postgres://{ACCOUNT}:{PASSWORD}@127.0.0.1:{port}")))
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` without what everybody knows.
fn version(postgres: &Path) -> Result<String> {
    let text = Command::of(postgres).words("--version").output_in(Path::new("/"))?;
    Ok(text.split_whitespace().nth(2).unwrap_or_default().to_owned())
}
