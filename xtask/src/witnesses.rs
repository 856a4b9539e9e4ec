//! Owns the libraries of other authors that tests are checked by or log in at, pinned, from their registries, in a folder of
//! their own, installed once for each set of pins; and a browser. It does not know what they are asked.

mod browser;
mod node;
mod python;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::clock::{Stopwatch, Took};

const FOLDER: &str = "target/witnesses";
/// Written last, so that half an installation is none.
const STAMP: &str = "pins";

/// Installs those that are not there, and gives the variables that tell tests where they are.
pub(crate) fn ready() -> Result<Vec<(String, String)>> {
    let (folder, _turn) = turn()?;
    let python = python::ready(&folder.join("python"))?;
    let node = node::ready(&folder.join("node"))?;
    let told = [("TEST_WITNESS_PYTHON", python), ("TEST_WITNESS_NODE", node), ("TEST_CHROMIUM", browser::ready()?)];
    Ok(told.into_iter().map(|(name, program)| (name.to_owned(), program.display().to_string())).collect())
}

/// The `node` that finds the packages, installed if it is not there.
pub(crate) fn node() -> Result<PathBuf> {
    let (folder, _turn) = turn()?;
    node::ready(&folder.join("node"))
}

/// The Python that finds the packages, installed if it is not there.
pub(crate) fn python() -> Result<PathBuf> {
    let (folder, _turn) = turn()?;
    python::ready(&folder.join("python"))
}

/// Which version of an npm package is pinned.
pub(crate) fn version(package: &str) -> Result<String> {
    node::version(package)
}

/// Two runs in one clone take turns; it is over when the file is closed.
fn turn() -> Result<(PathBuf, File)> {
    let folder = crate::root().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let turn = File::create(folder.join("lock")).context("making the witnesses' lock")?;
    turn.lock().context("waiting for another run to install the witnesses")?;
    Ok((folder, turn))
}

/// Installs into a new folder, unless what is there was installed from the same pins.
fn once(home: &Path, pins: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let stamp = home.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|text| text == pins) {
        return Ok(());
    }
    let stopwatch = Stopwatch::start();
    if home.exists() {
        fs::remove_dir_all(home).with_context(|| format!("removing {}", home.display()))?;
    }
    fs::create_dir(home).with_context(|| format!("making {}", home.display()))?;
    install()?;
    fs::write(&stamp, pins).with_context(|| format!("writing {}", stamp.display()))?;
    println!("witnesses installed in {}, in {}", home.display(), Took(stopwatch.elapsed()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_installed_stays_until_a_pin_changes() {
        let folder = std::env::temp_dir().join(format!("mideng-witnesses-{}", std::process::id()));
        let installed = Cell::new(0);
        let install = || {
            installed.set(installed.get() + 1);
            Ok(())
        };
        once(&folder, "a==1", install).expect("it is installed");
        once(&folder, "a==1", install).expect("it is there");
        assert_eq!(installed.get(), 1);
        once(&folder, "a==2", || anyhow::bail!("no network")).expect_err("it is not installed");
        once(&folder, "a==2", install).expect("it is installed again");
        assert_eq!(installed.get(), 2);
        fs::remove_dir_all(&folder).expect("the folder can go");
    }
}
