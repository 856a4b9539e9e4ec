//! Owns a PostgreSQL of its own: made, started, with the tests' account.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::find::{self, Wanted};
use super::installed::Installed;
use super::process;
use super::{ACCOUNT, PASSWORD, quiet};
use crate::shell::Command;

const POSTGRES: Wanted = Wanted {
    name: "PostgreSQL",
    programs: &[&["postgres"], &["initdb"], &["psql"]],
    folders: &["/usr/lib/postgresql/*/bin", "/usr/pgsql/*/bin"],
    package: "postgresql",
};

/// Who may connect to one that speaks TLS only.
const WITH_TLS: &str = "with-tls.conf";

/// Makes it in the folder.
pub(super) fn make(folder: &Path) -> Result<Installed> {
    let programs = find::programs(&POSTGRES)?;
    let [postgres, initdb, client] = &programs[..] else { unreachable!("three were wanted") };
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
    fs::write(home.join(WITH_TLS), "hostssl all all 127.0.0.1/32 scram-sha-256\n")
        .context("writing who may connect")?;
    Ok(Installed {
        name: POSTGRES.name,
        version: version(postgres)?,
        scheme: "postgres",
        port: process::port()?,
        log: home.join("log"),
        home,
        program: postgres.clone(),
        client: client.clone(),
        certificates: None,
        arguments,
    })
}

fn arguments(it: &Installed, command: Command) -> Command {
    let command = command
        .words(&format!("-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= ", it.port))
        // Nobody removes a database while a connection has not said who it is, as one of a test that has just ended.
        .words("-c max_connections=300 -c log_min_messages=warning -c authentication_timeout=10s -D")
        .path(&it.home.join("data"));
    match &it.certificates {
        None => command,
        Some(own) => command
            .words("-c ssl=on -c")
            .option("ssl_cert_file=", &own.certificate)
            .words("-c")
            .option("ssl_key_file=", &own.key)
            .words("-c")
            .option("hba_file=", &it.home.join(WITH_TLS)),
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` without what everybody knows.
fn version(postgres: &Path) -> Result<String> {
    let text = Command::of(postgres).words("--version").output_in(Path::new("/"))?;
    Ok(text.split_whitespace().nth(2).unwrap_or_default().to_owned())
}
