//! Owns the service as processes that were started here: a group of their own, so that all of them can be killed.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

/// How long the processes may take to be gone.
const GONE_MAX: Duration = Duration::from_secs(10);

/// A line of the shell and all that it began.
pub(crate) struct Process {
    child: Child,
    group: Option<u32>,
}

impl Process {
    /// Starts it. Its output is not read: a line that wants it writes it to a file.
    pub(crate) fn start(line: &str) -> Result<Self, String> {
        let mut command = shell(line);
        let child = command.process_group(0).kill_on_drop(true).spawn().map_err(|error| error.to_string())?;
        Ok(Self { group: child.id(), child })
    }

    /// How its line failed, if it has. One that ended well may have left a service behind it.
    pub(crate) fn failed(&mut self) -> Option<String> {
        let ended = self.child.try_wait().ok().flatten().filter(|status| !status.success());
        ended.map(|status| format!("the command that starts the service ended with {status}"))
    }

    /// Kills all of it, without any chance to tidy up, or as this line of the shell does, and waits until it is gone.
    /// True if it was killed so.
    pub(crate) async fn kill(mut self, line: Option<&str>) -> bool {
        let is_killed = match line {
            Some(line) => run(line).await,
            None => self.signal("KILL").await,
        };
        let is_gone = self.is_gone().await;
        if !is_gone {
            self.signal("KILL").await;
        }
        is_killed && is_gone
    }

    /// Asks it to end, and waits until it has. True if it did.
    pub(crate) async fn terminate(mut self) -> bool {
        let is_gone = self.signal("TERM").await && self.is_gone().await;
        // Nothing that it began may outlive it.
        self.signal("KILL").await;
        is_gone
    }

    async fn is_gone(&mut self) -> bool {
        tokio::time::timeout(GONE_MAX, self.child.wait()).await.is_ok()
    }

    async fn signal(&self, name: &str) -> bool {
        match self.group {
            Some(group) => run(&signal_line(name, group)).await,
            None => false,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = self.group.filter(|_| self.child.id().is_some()) {
            let line = signal_line("KILL", group);
            let _sent = std::process::Command::new("sh").args(["-c", &line]).stderr(Stdio::null()).status();
        }
    }
}

/// As POSIX has it; the shorter form is not understood by every shell.
fn signal_line(name: &str, group: u32) -> String {
    format!("kill -s {name} -- -{group}")
}

/// Runs a line of the shell to its end. True if it ended well.
pub(crate) async fn run(line: &str) -> bool {
    let ended = tokio::time::timeout(GONE_MAX, shell(line).kill_on_drop(true).status()).await;
    ended.is_ok_and(|status| status.is_ok_and(|status| status.success()))
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
