//! Owns a running server: its process under an account without rights, the wait until it is ready, and its end.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ports::Port;
use rustix::process::{Pid, Signal, kill_process};

use crate::clock::{self, Stopwatch};
use crate::shell::Command;

const START_MAX: Duration = Duration::from_mins(1);
const STOP_MAX: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How a server's program is started.
pub(super) type As = fn(&Path) -> Result<Command>;

/// A server that runs until this is dropped.
pub(super) struct Server {
    pub(super) name: &'static str,
    pub(super) version: String,
    process: Option<Child>,
}

impl Server {
    pub(super) const fn new(name: &'static str, version: String, process: Child) -> Self {
        Self { name, version, process: Some(process) }
    }

    /// Waits until it takes connections on its port.
    pub(super) fn wait_until_ready(&mut self, port: u16, log: &Path) -> Result<()> {
        let stopwatch = Stopwatch::start();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            if ended.is_some() || stopwatch.elapsed() > START_MAX {
                let text = fs::read_to_string(log).unwrap_or_default();
                let last: Vec<_> = text.lines().rev().take(10).collect();
                let last: Vec<_> = last.into_iter().rev().collect();
                bail!("{} does not start; the end of its log:\n{}", self.name, last.join("\n"));
            }
            clock::pause(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| !matches!(process.try_wait(), Ok(None)))
    }

    /// Ends it as a power cut would, but for what the kernel has not written yet.
    pub(super) fn kill(mut self) {
        if let Some(mut process) = self.process.take() {
            let _ended = (process.kill(), process.wait());
        }
    }

    /// Lets it run; gives its number.
    pub(super) fn leave(mut self) -> u32 {
        self.process.take().map_or(0, |process| process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        stop(process.id());
        let stopwatch = Stopwatch::start();
        while matches!(process.try_wait(), Ok(None)) {
            if stopwatch.elapsed() > STOP_MAX {
                let _killed = process.kill();
            }
            clock::pause(LOOK_AGAIN);
        }
    }
}

/// Asks a process to end. SIGQUIT: to PostgreSQL it means at once, without waiting for clients or for the disk, and
/// MariaDB takes it for SIGTERM. What a shell starts in the background ignores it, and so do servers that were started by that
/// and do not handle it, such as Redis: SIGTERM ends those, and is nothing new to the others.
pub(super) fn stop(process: u32) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    let _sent = pid.map(|pid| [Signal::QUIT, Signal::TERM].map(|signal| kill_process(pid, signal)));
}

/// Whether a process runs. One that has ended is listed until its parent asks, and in a container nobody may.
pub(super) fn runs(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("State:")).is_some_and(|state| !state.trim().starts_with('Z'))
}

/// True where this runs as root, as it does in many containers; database servers refuse to.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|of| of.uid() == 0)
}

/// A folder of the account under which servers run.
pub(super) fn folder(path: &Path) -> Result<()> {
    fs::create_dir(path).with_context(|| format!("making {}", path.display()))?;
    give(path)
}

/// Gives a file or a folder to that account.
pub(super) fn give(path: &Path) -> Result<()> {
    if is_root() {
        let (user, group) = nobody()?;
        chown(path, Some(user), Some(group)).with_context(|| format!("giving {} away", path.display()))?;
    }
    Ok(())
}

/// The program under an account without rights, if this is root.
pub(super) fn unprivileged(program: &Path) -> Result<Command> {
    if !is_root() {
        return own(program);
    }
    let (user, group) = nobody()?;
    Ok(Command::new(&format!("setpriv --reuid={user} --regid={group} --clear-groups")).path(program))
}

/// The same, for a server that ends when this process does, however that ends.
pub(super) fn tied(program: &Path) -> Result<Command> {
    if !is_root() {
        return own_tied(program);
    }
    let (user, group) = nobody()?;
    Ok(Command::new(&format!("setpriv --reuid={user} --regid={group} --clear-groups --pdeathsig=QUIT")).path(program))
}

/// The program under the account of who runs this.
#[expect(clippy::unnecessary_wraps, reason = "it is an `As`, and others may not find their account")]
pub(super) fn own(program: &Path) -> Result<Command> {
    Ok(Command::of(program))
}

/// The same, for a server that ends when this process does, however that ends.
#[expect(clippy::unnecessary_wraps, reason = "it is an `As`, and others may not find their account")]
pub(super) fn own_tied(program: &Path) -> Result<Command> {
    Ok(Command::new("setpriv --pdeathsig=QUIT").path(program))
}

/// Starts a server in the background, with its output behind what the file has.
pub(super) fn start(command: Command, folder: &Path, log: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(log);
    let log = log.with_context(|| format!("making a log in {}", folder.display()))?;
    let errors = log.try_clone().context("sharing a log")?;
    command.start_in(folder, Stdio::from(log), Stdio::from(errors))
}

/// A port for a server, kept for it while it is not running.
pub(super) fn port() -> Result<Port> {
    Port::reserve().context("looking for a free port")
}

fn nobody() -> Result<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
    let line = accounts.lines().find(|line| line.starts_with("nobody:")).context("there is no account `nobody`")?;
    let mut fields = line.split(':').skip(2);
    let mut number = || fields.next().and_then(|text| text.parse().ok()).context("the account `nobody` is odd");
    Ok((number()?, number()?))
}
