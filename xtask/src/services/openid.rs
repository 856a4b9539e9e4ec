//! Owns the OpenID provider of the tests: npm's oidc-provider, which is certified by the OpenID Foundation, with a script
//! that tells it of its clients. It does not know who logs in.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::process::{self, As, Server};
use crate::witnesses;

/// As npm and `package.json` call it.
const PACKAGE: &str = "oidc-provider";
const SCRIPT: &str = include_str!("openid.js");

/// A provider that runs, and its issuer.
pub(super) struct Provider {
    pub(super) server: Server,
    pub(super) issuer: String,
}

/// Starts it in the folder. Its packages stand where an account without rights may not look: it runs as the witnesses do.
pub(super) fn start(folder: &Path, run: As) -> Result<Provider> {
    let node = witnesses::node()?;
    let home = folder.join("openid");
    fs::create_dir(&home).with_context(|| format!("making {}", home.display()))?;
    let script = home.join("openid.js");
    fs::write(&script, SCRIPT).context("writing the provider's script")?;
    let port = process::port()?;
    let log = home.join("log");
    let process = process::start(run(&node)?.path(&script).words(&port.to_string()), &home, &log)?;
    let mut server = Server::new(PACKAGE, witnesses::version(PACKAGE)?, process);
    server.wait_until_ready(port.number(), &log)?;
    Ok(Provider { server, issuer: format!("http://127.0.0.1:{port}") })
}
