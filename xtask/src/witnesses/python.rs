//! Owns the Python witnesses: an environment of their own, and the pinned packages in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::services::{self, Wanted, quiet};
use crate::shell::Command;

const PYTHON: Wanted =
    Wanted { name: "Python 3 with venv", programs: &[&["python3"]], folders: &[], package: "python3-venv" };

const WHEELS: &str = include_str!("requirements.txt");
const FROM_SOURCE: &str = include_str!("from-source.txt");

/// The interpreter that finds them.
pub(super) fn ready(home: &Path) -> Result<PathBuf> {
    let python = interpreter()?;
    let version = Command::of(&python).words("--version").output_in(Path::new("/"))?;
    let pins = format!("{}: {version}{WHEELS}{FROM_SOURCE}", python.display());
    super::once(home, &pins, || install(&python, home))?;
    Ok(home.join("bin/python"))
}

/// Debian's Python comes without what makes environments.
fn interpreter() -> Result<PathBuf> {
    let found = services::programs(&PYTHON)?;
    let makes_environments =
        |python: &Path| Command::of(python).words("-c").text("import ensurepip, venv").is_installed();
    match &found[..] {
        [python] if makes_environments(python) => Ok(python.clone()),
        _ => {
            services::install(&PYTHON)?;
            services::programs(&PYTHON)?.pop().context("Python was installed and not found")
        }
    }
}

/// Only files whose sums are pinned. One package comes as source, and its build is given what is there already, and nothing
/// of today.
fn install(python: &Path, home: &Path) -> Result<()> {
    quiet(Command::of(python).words("-m venv").path(home), home)?;
    let pip = |words: &str, requirements: &str| {
        let file = home.join("requirements.txt");
        fs::write(&file, requirements).with_context(|| format!("writing {}", file.display()))?;
        let pip = Command::of(&home.join("bin/python")).words("-m pip install --quiet --disable-pip-version-check");
        quiet(pip.words("--no-deps --require-hashes").words(words).words("--requirement").path(&file), home)
    };
    pip("--only-binary=:all:", WHEELS)?;
    pip("--no-build-isolation --use-pep517", FROM_SOURCE)
}
