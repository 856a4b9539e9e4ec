//! Owns the servers under fire: started, killed, frozen, and started again on the same port.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ports::Port;
use rustix::process::{Pid, Signal, kill_process};

use super::client::{API_KEY, Http, Outcome};
use crate::clock::{self, Stopwatch};
use crate::shell::Command;

const START_MAX: Duration = Duration::from_mins(1);
const STOP_MAX: Duration = Duration::from_secs(30);
const READY_ASKED: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where one server keeps its data: a folder of its own, or a database behind an address.
pub(super) struct Place {
    pub(super) data: PathBuf,
    pub(super) database_url: Option<String>,
}

/// All servers.
pub(super) struct Fleet {
    binary: PathBuf,
    /// Where their logs are.
    folder: PathBuf,
    nodes: Vec<Node>,
    http: Http,
}

struct Node {
    place: Place,
    port: Port,
    process: Option<Child>,
}

/// What `/readyz` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ready {
    Yes,
    /// It has stopped writing until it is started again.
    Stopped,
    No(String),
}

impl Fleet {
    /// Starts all at the same time, also where the database is empty, and waits until they are ready.
    pub(super) fn start(binary: &Path, folder: &Path, places: Vec<Place>) -> Result<Self> {
        let mut nodes = Vec::new();
        for place in places {
            nodes.push(Node { place, port: Port::reserve().context("looking for a free port")?, process: None });
        }
        let addresses: Vec<_> = nodes.iter().map(|node| node.port.address()).collect();
        let http = Http::new(&addresses);
        let mut fleet = Self { binary: binary.to_owned(), folder: folder.to_owned(), nodes, http };
        for node in 0..fleet.nodes.len() {
            fleet.run(node)?;
        }
        fleet.wait_until_ready(START_MAX)?;
        Ok(fleet)
    }

    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.port.address()).collect()
    }

    /// Starts a server that is not running. It ends with this thread, however that ends.
    pub(super) fn run(&mut self, index: usize) -> Result<()> {
        let node = &mut self.nodes[index];
        if node.process.is_some() {
            return Ok(());
        }
        let log = self.folder.join(format!("node-{index}.log"));
        let log = File::options().create(true).append(true).open(log).context("opening a server's log")?;
        // Orders that nobody touches expire in the middle of it all, and nobody waits long.
        let words = format!(
            "serve --listen {} --payment-timeout 5s --key-retention 3650d --answer-wait 3s --data",
            node.port.address()
        );
        let command = Command::new("setpriv --pdeathsig=KILL").path(&self.binary).words(&words).path(&node.place.data);
        let command = match &node.place.database_url {
            Some(url) => command.words("--database-url").text(url),
            None => command,
        };
        let command = command.bare().env("MIDENG_BOOTSTRAP_API_KEY", API_KEY).env("MIDENG_LOG", "info");
        let errors = log.try_clone().context("sharing a log")?;
        node.process = Some(command.start_in(&self.folder, log.into(), Stdio::from(errors))?);
        Ok(())
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self, index: usize) {
        if let Some(mut process) = self.nodes[index].process.take() {
            let _ended = (process.kill(), process.wait());
        }
    }

    /// SIGTERM, and waits until it has ended: whoever asked is answered.
    pub(super) fn stop(&mut self, index: usize) -> Result<()> {
        self.signal(index, Signal::TERM);
        let Some(mut process) = self.nodes[index].process.take() else { return Ok(()) };
        let stopwatch = Stopwatch::start();
        while process.try_wait()?.is_none() {
            if stopwatch.elapsed() > STOP_MAX {
                let _ended = (process.kill(), process.wait());
                bail!("node {index} does not stop within {STOP_MAX:?}");
            }
            clock::pause(LOOK_AGAIN);
        }
        Ok(())
    }

    /// SIGSTOP, SIGCONT.
    pub(super) fn freeze(&self, index: usize, is_frozen: bool) {
        self.signal(index, if is_frozen { Signal::STOP } else { Signal::CONT });
    }

    /// Servers that ended though nobody ended them, with how; they are started again.
    pub(super) fn fallen(&mut self) -> Result<Vec<String>> {
        let mut fallen = Vec::new();
        for index in 0..self.nodes.len() {
            let ended = self.nodes[index].process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            if let Some(status) = ended {
                fallen.push(format!("node {index} ended by itself: {status}"));
                self.nodes[index].process = None;
                self.run(index)?;
            }
        }
        Ok(fallen)
    }

    /// What a server says of itself.
    pub(super) fn ready(&self, index: usize) -> Ready {
        match self.http.look(index, "/readyz", READY_ASKED) {
            Outcome::Answered { answer, .. } if answer.status == 200 => Ready::Yes,
            Outcome::Answered { answer, .. } if answer.body.contains("\"stopped\"") => Ready::Stopped,
            Outcome::Answered { answer, .. } => Ready::No(format!("{} {}", answer.status, answer.body)),
            outcome @ Outcome::Silence(_) => Ready::No(outcome.class()),
        }
    }

    /// Waits until all are ready.
    pub(super) fn wait_until_ready(&mut self, most: Duration) -> Result<()> {
        let stopwatch = Stopwatch::start();
        for index in 0..self.nodes.len() {
            loop {
                let ready = self.ready(index);
                if ready == Ready::Yes {
                    break;
                }
                if stopwatch.elapsed() > most {
                    bail!("node {index} is not ready after {most:?}: {ready:?}; see {}", self.folder.display());
                }
                clock::pause(LOOK_AGAIN);
            }
        }
        Ok(())
    }

    /// Lines of the servers' logs that tell of a panic.
    pub(super) fn panics(&self) -> Vec<String> {
        let logs = (0..self.nodes.len()).map(|index| (index, self.folder.join(format!("node-{index}.log"))));
        let texts = logs.map(|(index, log)| (index, fs::read(log).unwrap_or_default()));
        let lines = texts.flat_map(|(index, text)| {
            let text = String::from_utf8_lossy(&text).into_owned();
            let lines = text.lines().filter(|line| line.contains("panicked"));
            lines.map(|line| format!("node {index} panicked: {line}")).collect::<Vec<_>>()
        });
        lines.collect()
    }

    fn signal(&self, index: usize, signal: Signal) {
        let process = self.nodes[index].process.as_ref().and_then(|process| i32::try_from(process.id()).ok());
        let _sent = process.and_then(Pid::from_raw).map(|pid| kill_process(pid, signal));
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for index in 0..self.nodes.len() {
            self.kill(index);
        }
    }
}
