//! Owns a MariaDB of its own: made, started, with the tests' account.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::find::{self, Wanted};
use super::process::{self, As, Server};
use super::{ACCOUNT, PASSWORD, quiet};
use crate::shell::Command;

const MARIADB: Wanted = Wanted {
    name: "MariaDB",
    programs: &[&["mariadbd", "mysqld"], &["mariadb-install-db", "mysql_install_db"]],
    folders: &["/usr/sbin", "/usr/bin"],
    package: "mariadb-server",
};

/// Starts it in the folder; gives its address.
pub(super) fn start(folder: &Path, run: As) -> Result<(Server, String)> {
    let programs = find::programs(&MARIADB)?;
    let [mariadbd, install] = &programs[..] else { unreachable!("two were wanted") };
    let home = folder.join("mariadb");
    process::folder(&home)?;
    let data = home.join("data");
    let made = process::unprivileged(install)?
        .words("--no-defaults --auth-root-authentication-method=normal --skip-test-db")
        .option("--datadir=", &data);
    quiet(made, &home)?;
    let account = home.join("account.sql");
    let sql = format!(
        "create user '{ACCOUNT}'@'127.0.0.1' identified by '{PASSWORD}';\n\
         grant all on *.* to '{ACCOUNT}'@'127.0.0.1';\n"
    );
    fs::write(&account, sql).context("writing the tests' account")?;
    let port = process::free_port()?;
    let log = home.join("log");
    let command = run(mariadbd)?
        .words(&format!("--no-defaults --bind-address=127.0.0.1 --port={port} --max-connections=300"))
        .words("--skip-name-resolve")
        .option("--socket=", &home.join("socket"))
        .option("--init-file=", &account)
        .option("--datadir=", &data);
    let mut server = Server::new(MARIADB.name, version(mariadbd)?, process::start(command, &home, &log)?);
    server.wait_until_ready(port, &log)?;
    Ok((server, format!("mysql://{ACCOUNT}:{PASSWORD}@127.0.0.1:{port}")))
}

/// `mariadbd  Ver 10.11.19-MariaDB-… for debian-linux-gnu …` without what everybody knows.
fn version(mariadbd: &Path) -> Result<String> {
    let text = Command::of(mariadbd).words("--no-defaults --version").output_in(Path::new("/"))?;
    Ok(text.split_whitespace().nth(2).unwrap_or_default().to_owned())
}
