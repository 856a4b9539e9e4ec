//! Owns a database that was made in a folder: started there any number of times, on the same port, on the same data.

use std::path::PathBuf;

use anyhow::Result;
use ports::Port;

use super::certificates::Certificates;
use super::process::{self, As, Server};
use super::{ACCOUNT, PASSWORD};
use crate::shell::Command;

/// A database that is made; it runs where it was started.
pub(super) struct Installed {
    pub(super) name: &'static str,
    pub(super) version: String,
    /// What its addresses begin with.
    pub(super) scheme: &'static str,
    pub(super) home: PathBuf,
    pub(super) port: Port,
    pub(super) log: PathBuf,
    pub(super) program: PathBuf,
    /// The program that people speak to it with.
    pub(super) client: PathBuf,
    /// With these it speaks TLS, and nothing else.
    pub(super) certificates: Option<Certificates>,
    /// Adds what the program is started with.
    pub(super) arguments: fn(&Self, Command) -> Command,
}

impl Installed {
    /// Starts it, and waits until it takes connections.
    pub(super) fn start(&self, run: As) -> Result<Server> {
        let command = (self.arguments)(self, run(&self.program)?);
        let process = process::start(command, &self.home, &self.log)?;
        let mut server = Server::new(self.name, self.version.clone(), process);
        server.wait_until_ready(self.port.number(), &self.log)?;
        Ok(server)
    }

    /// Its address behind this port, which may be that of a proxy.
    pub(super) fn url(&self, port: u16) -> String {
        format!("{}://{ACCOUNT}:{PASSWORD}@127.0.0.1:{port}", self.scheme)
    }
}
