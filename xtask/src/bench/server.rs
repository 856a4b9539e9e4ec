//! Owns a server under measurement: its process, its folder, its memory, and the time until it is ready.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ports::Port;

use super::Bench;
use crate::clock::{self, Stopwatch};
use crate::shell::Command;

/// Good for these servers only: each is on a folder of its own and listens to this machine.
pub(super) const API_KEY: &str = "mk_measurements-on-this-machine-only";
/// A flag may be given once.
pub(super) const RETENTION: &str = "--key-retention";
const START_MAX: Duration = Duration::from_mins(1);
const STOP_MAX: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

pub(super) struct Server {
    process: Child,
    address: SocketAddr,
    _port: Port,
    ready_after: Duration,
    /// Removed when the server is stopped.
    fresh: Option<PathBuf>,
}

/// Resident memory.
pub(super) struct Memory {
    pub(super) resident_mb: f64,
    pub(super) peak_mb: f64,
}

impl Server {
    /// Starts on an empty database.
    pub(super) fn start_fresh(bench: &Bench, flags: &str) -> Result<Self> {
        let folder = bench.folder.join("fresh");
        clear(&folder)?;
        let mut server = Self::start(bench, &folder, flags)?;
        server.fresh = Some(folder);
        Ok(server)
    }

    /// Starts on a folder and waits until it is ready.
    pub(super) fn start(bench: &Bench, folder: &Path, flags: &str) -> Result<Self> {
        let port = Port::reserve()?;
        let address = port.address();
        // Nothing expires while it is measured, or between measurements.
        let retention = if flags.contains(RETENTION) { String::new() } else { format!("{RETENTION} 3650d") };
        let words = format!("serve --listen {address} --payment-timeout 3650d {retention} {flags} --data");
        let log = File::create(bench.folder.join("server.log")).context("making the server's log")?;
        let command = Command::of(&bench.binary).words(&words).path(folder).bare();
        let command = command.env("MIDENG_BOOTSTRAP_API_KEY", API_KEY).env("MIDENG_LOG", "warn");
        // All who log in come from one address.
        let command = command.env("MIDENG_LOGINS_PER_ADDRESS", "1000000");
        let stopwatch = Stopwatch::start();
        let process = command.start_in(&bench.folder, Stdio::null(), log.into())?;
        let mut server = Self { process, address, _port: port, ready_after: Duration::ZERO, fresh: None };
        while !server.is_ready() {
            if let Some(status) = server.process.try_wait()? {
                bail!("the server ended at its start with {status}; see {}", bench.folder.join("server.log").display());
            }
            if stopwatch.elapsed() > START_MAX {
                bail!("the server is not ready after {START_MAX:?}");
            }
            clock::pause(LOOK_AGAIN);
        }
        server.ready_after = stopwatch.elapsed();
        Ok(server)
    }

    /// Starts it again on the same folder.
    pub(super) fn start_again(mut self, bench: &Bench, flags: &str) -> Result<Self> {
        let folder = self.fresh.take().context("only a server on a folder of its own is started again")?;
        self.stop()?;
        let mut server = Self::start(bench, &folder, flags)?;
        server.fresh = Some(folder);
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From the start of the process until it said that it is ready.
    pub(super) const fn ready_after(&self) -> Duration {
        self.ready_after
    }

    pub(super) fn memory(&self) -> Result<Memory> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(&path).with_context(|| format!("reading {path}, which only Linux has"))?;
        let megabytes = |name: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .with_context(|| format!("{path} has no {name}"))?;
            let kibibytes: f64 = line.trim_start_matches(':').trim().trim_end_matches(" kB").parse()?;
            anyhow::Ok(kibibytes * 1_024.0 / 1e6)
        };
        Ok(Memory { resident_mb: megabytes("VmRSS")?, peak_mb: megabytes("VmHWM")? })
    }

    /// Asks it to stop, and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        Command::new(&format!("kill -TERM {}", self.process.id())).run_in(Path::new("."))?;
        let stopwatch = Stopwatch::start();
        while self.process.try_wait()?.is_none() {
            if stopwatch.elapsed() > STOP_MAX {
                bail!("the server does not stop within {STOP_MAX:?}");
            }
            clock::pause(LOOK_AGAIN);
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        self.ask_ready().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    fn ask_ready(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Server {
    /// A measurement that failed leaves no server behind.
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ended = self.process.kill();
            let _reaped = self.process.wait();
        }
        if let Some(folder) = &self.fresh {
            let _removed = fs::remove_dir_all(folder);
        }
    }
}

/// An empty folder.
pub(super) fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))
}
