//! Owns the browser that tests drive: Chromium, found or installed, with a font for what it is to show.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::services::{self, Wanted};
use crate::shell::Command;

const CHROMIUM: Wanted = Wanted {
    name: "Chromium",
    programs: &[&["chromium", "google-chrome", "google-chrome-stable"]],
    folders: &[],
    package: "chromium",
};

/// Pages are in Chinese, too, and pictures of them are looked at.
const FONT: Wanted =
    Wanted { name: "a font for Chinese", programs: &[], folders: &[], package: "fontconfig fonts-wqy-microhei" };

/// The browser's program.
pub(super) fn ready() -> Result<PathBuf> {
    let mut found = services::programs(&CHROMIUM)?;
    let Some(program) = found.pop() else { bail!("a browser was wanted") };
    let known = Command::new("fc-list :lang=zh family").output_in(Path::new("/")).unwrap_or_default();
    if known.trim().is_empty() {
        services::install(&FONT)?;
    }
    Ok(program)
}
