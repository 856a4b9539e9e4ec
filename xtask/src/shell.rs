//! Owns starting other programs: as one readable line, with a readable error.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A program with its arguments.
pub(crate) struct Command {
    line: String,
    inner: process::Command,
}

impl Command {
    /// From a line without quotes: words apart by spaces.
    pub(crate) fn new(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let program = words.next().unwrap_or_default();
        let mut inner = process::Command::new(program);
        inner.args(words);
        if program == "cargo" {
            forget_this_package(&mut inner);
        }
        Self { line: line.to_owned(), inner }
    }

    /// From a program's file.
    pub(crate) fn of(program: &Path) -> Self {
        Self { line: program.display().to_string(), inner: process::Command::new(program) }
    }

    /// Adds words.
    pub(crate) fn words(mut self, words: &str) -> Self {
        self.inner.args(words.split_whitespace());
        self.line = format!("{} {words}", self.line);
        self
    }

    /// Adds one text as it is, blanks and all.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.inner.arg(text);
        self.line = format!("{} '{text}'", self.line);
        self
    }

    /// Adds one argument as it is.
    pub(crate) fn path(mut self, path: &Path) -> Self {
        self.inner.arg(path);
        self.line = format!("{} {}", self.line, path.display());
        self
    }

    /// Adds one argument that ends in a path: `--datadir=/tmp/data`.
    pub(crate) fn option(mut self, name: &str, path: &Path) -> Self {
        let mut argument = OsString::from(name);
        argument.push(path);
        self.line = format!("{} {}", self.line, argument.display());
        self.inner.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Forgets the environment but for what every program needs, so that no setting of the developer's gets in.
    pub(crate) fn bare(mut self) -> Self {
        self.inner.env_clear();
        for name in ["PATH", "HOME", "TMPDIR", "LANG"] {
            if let Some(value) = std::env::var_os(name) {
                self.inner.env(name, value);
            }
        }
        self
    }

    /// Runs it, its output on the terminal.
    pub(crate) fn run_in(mut self, folder: &Path) -> Result<()> {
        let status = self.inner.current_dir(folder).status().with_context(|| format!("starting `{}`", self.line))?;
        if !status.success() {
            bail!("`{}` failed: {status}", self.line);
        }
        Ok(())
    }

    /// Runs it and gives what it wrote to standard output; the rest is shown.
    pub(crate) fn output_in(self, folder: &Path) -> Result<String> {
        let line = self.line.clone();
        let (text, succeeded) = self.output_of_any_end_in(folder)?;
        if !succeeded {
            bail!("`{line}` failed");
        }
        Ok(text)
    }

    /// The same, with whether it succeeded.
    pub(crate) fn output_of_any_end_in(mut self, folder: &Path) -> Result<(String, bool)> {
        self.inner.current_dir(folder).stderr(Stdio::inherit());
        let output = self.inner.output().with_context(|| format!("starting `{}`", self.line))?;
        let text = String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote no UTF-8", self.line))?;
        Ok((text, output.status.success()))
    }

    /// Runs it and gives all that it wrote, with whether it succeeded; nothing is shown.
    pub(crate) fn captured_in(mut self, folder: &Path) -> Result<(String, bool)> {
        let output = self.inner.current_dir(folder).output().with_context(|| format!("starting `{}`", self.line))?;
        let text = [output.stdout, output.stderr].concat();
        Ok((String::from_utf8_lossy(&text).into_owned(), output.status.success()))
    }

    /// What it runs, for people.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// Starts it in the background.
    pub(crate) fn start_in(mut self, folder: &Path, output: Stdio, errors: Stdio) -> Result<process::Child> {
        self.inner.current_dir(folder).stdin(Stdio::null()).stdout(output).stderr(errors);
        self.inner.spawn().with_context(|| format!("starting `{}`", self.line))
    }

    /// Whether it is there and says its version.
    pub(crate) fn is_installed(&mut self) -> bool {
        let status = self.inner.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }
}

/// What `cargo run` tells this program of its own package is not for what another cargo builds: build scripts that look at
/// it would be run again, and all that hangs on them built again, each time one builds by hand in between.
fn forget_this_package(cargo: &mut process::Command) {
    for (name, _) in std::env::vars_os() {
        let is_own =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if is_own {
            cargo.env_remove(name);
        }
    }
}

/// The release build of `mideng`, built if it is not up to date.
pub(crate) fn release_binary(root: &Path) -> Result<PathBuf> {
    binary(root, "release")
}

/// The build of `mideng` that is run for good, which takes longer to make.
pub(crate) fn dist_binary(root: &Path) -> Result<PathBuf> {
    binary(root, "dist")
}

/// Builds the examples that measure, as the binary for good is built; the folder in which they are.
pub(crate) fn dist_examples(root: &Path) -> Result<PathBuf> {
    let features = "idempotency/sqlite,idempotency/tower";
    let words = "cargo build --profile dist -p coord -p idempotency --example speed --example cost --features";
    Command::new(&format!("{words} {features}")).run_in(root)?;
    Ok(target(root)?.join("dist/examples"))
}

fn binary(root: &Path, profile: &str) -> Result<PathBuf> {
    Command::new(&format!("cargo build --profile {profile} -p app")).run_in(root)?;
    Ok(target(root)?.join(profile).join("mideng"))
}

/// Where cargo builds.
fn target(root: &Path) -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let metadata = Command::new("cargo metadata --no-deps --format-version 1").output_in(root)?;
    let metadata: Metadata = serde_json::from_str(&metadata).context("reading the output of `cargo metadata`")?;
    Ok(metadata.target_directory)
}
