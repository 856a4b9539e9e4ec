//! Owns a MariaDB of its own: made, started, with the tests' account.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::find::{self, Wanted};
use super::installed::Installed;
use super::process;
use super::{ACCOUNT, PASSWORD, quiet};
use crate::shell::Command;

const MARIADB: Wanted = Wanted {
    name: "MariaDB",
    programs: &[&["mariadbd", "mysqld"], &["mariadb-install-db", "mysql_install_db"], &["mariadb", "mysql"]],
    folders: &["/usr/sbin", "/usr/bin"],
    package: "mariadb-server",
};

/// Makes it in the folder.
pub(super) fn make(folder: &Path) -> Result<Installed> {
    let programs = find::programs(&MARIADB)?;
    let [mariadbd, install, client] = &programs[..] else { unreachable!("three were wanted") };
    let home = folder.join("mariadb");
    process::folder(&home)?;
    let made = process::unprivileged(install)?
        .words("--no-defaults --auth-root-authentication-method=normal --skip-test-db")
        .option("--datadir=", &home.join("data"));
    quiet(made, &home)?;
    // Read at every start.
    let sql = format!(
        "create user if not exists '{ACCOUNT}'@'127.0.0.1' identified by '{PASSWORD}';\n\
         grant all on *.* to '{ACCOUNT}'@'127.0.0.1';\n"
    );
    fs::write(home.join("account.sql"), sql).context("writing the tests' account")?;
    Ok(Installed {
        name: MARIADB.name,
        version: version(mariadbd)?,
        scheme: "mysql",
        port: process::port()?,
        log: home.join("log"),
        home,
        program: mariadbd.clone(),
        client: client.clone(),
        certificates: None,
        arguments,
    })
}

fn arguments(it: &Installed, command: Command) -> Command {
    let command = command
        .words(&format!("--no-defaults --bind-address=127.0.0.1 --port={} --max-connections=300", it.port))
        .words("--skip-name-resolve")
        .option("--socket=", &it.home.join("socket"))
        .option("--init-file=", &it.home.join("account.sql"))
        .option("--datadir=", &it.home.join("data"));
    match &it.certificates {
        // From 11.4 on it would offer TLS by itself, and the tests' networks look into what passes.
        None => command.words("--skip-ssl"),
        Some(own) => command
            .words("--require-secure-transport=ON")
            .option("--ssl-cert=", &own.certificate)
            .option("--ssl-key=", &own.key),
    }
}

/// `mariadbd  Ver 10.11.19-MariaDB-… for debian-linux-gnu …` without what everybody knows.
fn version(mariadbd: &Path) -> Result<String> {
    let text = Command::of(mariadbd).words("--no-defaults --version").output_in(Path::new("/"))?;
    Ok(text.split_whitespace().nth(2).unwrap_or_default().to_owned())
}
