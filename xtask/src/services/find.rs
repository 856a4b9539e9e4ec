//! Owns finding programs that tests need, and installing their package where Debian or Ubuntu has it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::shell::Command;

/// What is wanted, for people and for the package manager.
pub(crate) struct Wanted {
    pub(crate) name: &'static str,
    /// Programs that must be there, each under one of its names.
    pub(crate) programs: &'static [&'static [&'static str]],
    /// Where they may be beside `PATH`; a `*` stands for a version, of which the newest is taken.
    pub(crate) folders: &'static [&'static str],
    /// Debian's package, or packages.
    pub(crate) package: &'static str,
}

/// The programs' files, in the order in which they are wanted.
pub(crate) fn programs(wanted: &Wanted) -> Result<Vec<PathBuf>> {
    if let Some(found) = all(wanted) {
        return Ok(found);
    }
    install(wanted)?;
    match all(wanted) {
        Some(found) => Ok(found),
        None => bail!("{} was installed from {}, but its programs were not found", wanted.name, wanted.package),
    }
}

fn all(wanted: &Wanted) -> Option<Vec<PathBuf>> {
    let folders = folders(wanted);
    let find = |names: &&[&str]| {
        folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name))).find(|file| file.is_file())
    };
    wanted.programs.iter().map(find).collect()
}

/// A package's own folders first: what is on the path may be a wrapper that asks for an account.
fn folders(wanted: &Wanted) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for folder in wanted.folders {
        match folder.split_once("/*") {
            None => folders.push(PathBuf::from(folder)),
            Some((before, behind)) => {
                let mut versions: Vec<_> = std::fs::read_dir(before)
                    .into_iter()
                    .flatten()
                    .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                    .collect();
                versions.sort_by_key(|version| std::cmp::Reverse(version.parse::<u32>().unwrap_or(0)));
                let inside = behind.trim_start_matches('/');
                folders.extend(versions.iter().map(|version| Path::new(before).join(version).join(inside)));
            }
        }
    }
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders
}

/// Installs the package, even where a program of that name is there.
pub(crate) fn install(wanted: &Wanted) -> Result<()> {
    let Wanted { name, package, .. } = wanted;
    if !Command::new("apt-get --version").is_installed() {
        bail!("{name} is missing; install it with your package manager (Debian calls it {package})");
    }
    if !super::process::is_root() {
        bail!("{name} is missing; install it with `sudo apt-get install {package}`");
    }
    println!("{name} is missing: installing {package}");
    let apt = |words: &str| {
        Command::new("apt-get").words(words).env("DEBIAN_FRONTEND", "noninteractive").run_in(Path::new("/"))
    };
    let install = format!("install --yes --quiet --no-install-recommends {package}");
    // A list of packages that is old, or not there, is the usual reason.
    apt(&install).or_else(|_| apt("update --quiet").and_then(|()| apt(&install)))
}
