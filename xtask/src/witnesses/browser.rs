//! Owns the browser that tests drive: Chromium, found or installed.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::services::{self, Wanted};

const CHROMIUM: Wanted = Wanted {
    name: "Chromium",
    programs: &[&["chromium", "google-chrome", "google-chrome-stable"]],
    folders: &[],
    package: "chromium",
};

/// The browser's program.
pub(super) fn ready() -> Result<PathBuf> {
    let mut found = services::programs(&CHROMIUM)?;
    let Some(program) = found.pop() else { bail!("a browser was wanted") };
    Ok(program)
}
