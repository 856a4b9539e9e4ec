//! Owns a program of ours that runs in the background of a step, and says when it listens.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::clock::{self, Stopwatch};
use crate::shell::Command;

const START_MAX: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A program in the background, which ends with this.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, and waits until it says that it listens.
    pub(crate) fn start(command: Command, folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(format!("{name}.log"));
        let log = fs::File::options().create(true).append(true).open(&path);
        let log = log.with_context(|| format!("opening {}", path.display()))?;
        let said_before = usize::try_from(log.metadata()?.len())?;
        let errors = log.try_clone().context("sharing a log")?;
        let mut running = Self(command.start_in(folder, log.into(), errors.into())?);
        let stopwatch = Stopwatch::start();
        while !fs::read_to_string(&path)?.get(said_before..).is_some_and(|said| said.contains("listens on")) {
            let ended = running.0.try_wait()?;
            ensure!(ended.is_none(), "{name} ended by itself: {ended:?}; see {}", path.display());
            ensure!(stopwatch.elapsed() < START_MAX, "{name} does not start; see {}", path.display());
            clock::pause(LOOK_AGAIN);
        }
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = (self.0.kill(), self.0.wait());
    }
}
