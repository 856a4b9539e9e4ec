//! Owns the note of which services were left running, and where.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::process;
use crate::clock::{self, Stopwatch};

const STOP_MAX: Duration = Duration::from_secs(20);

/// What `services up` left behind.
#[derive(Deserialize, Serialize)]
pub(super) struct State {
    pub(super) folder: PathBuf,
    pub(super) processes: Vec<u32>,
    pub(super) variables: Vec<(String, String)>,
}

impl State {
    /// What is there now; a note of services that are gone is removed.
    pub(super) fn read() -> Result<Option<Self>> {
        let file = file();
        let Ok(text) = fs::read_to_string(&file) else { return Ok(None) };
        let state: Self = serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
        if state.processes.iter().any(|&process| process::runs(process)) {
            return Ok(Some(state));
        }
        state.forget();
        Ok(None)
    }

    pub(super) fn write(&self) -> Result<()> {
        let file = file();
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        fs::write(&file, serde_json::to_string_pretty(self)?).with_context(|| format!("writing {}", file.display()))
    }

    /// Stops them all.
    pub(super) fn stop(self) -> Result<()> {
        self.processes.iter().for_each(|&process| process::stop(process));
        let stopwatch = Stopwatch::start();
        while self.processes.iter().any(|&process| process::runs(process)) {
            if stopwatch.elapsed() > STOP_MAX {
                bail!("some of the processes {:?} do not end", self.processes);
            }
            clock::pause(Duration::from_millis(50));
        }
        self.forget();
        Ok(())
    }

    fn forget(&self) {
        let _gone = (fs::remove_dir_all(&self.folder), fs::remove_file(file()));
    }
}

fn file() -> PathBuf {
    crate::root().join("target/services.json")
}
