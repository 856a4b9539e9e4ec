//! Owns the Node.js witnesses: the packages of `package-lock.json`, and a `node` that finds them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::services::{self, Wanted, quiet};
use crate::shell::Command;

const NODE: Wanted =
    Wanted { name: "Node.js with npm", programs: &[&["node"], &["npm"]], folders: &[], package: "nodejs npm" };
/// The oldest that the packages take.
const MAJOR_MIN: u32 = 18;

const MANIFEST: &str = include_str!("package.json");
const LOCK: &str = include_str!("package-lock.json");

/// The interpreter that finds them.
pub(super) fn ready(home: &Path) -> Result<PathBuf> {
    let found = services::programs(&NODE)?;
    let [node, npm] = &found[..] else { bail!("node and npm were wanted") };
    let version = Command::of(node).words("--version").output_in(Path::new("/"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    let version = version.trim();
    ensure!(major.is_some_and(|it| it >= MAJOR_MIN), "Node.js is {version}; the witnesses need {MAJOR_MIN} or newer");
    let pins = format!("{}: {version}\n{LOCK}", node.display());
    super::once(home, &pins, || install(node, npm, home))?;
    Ok(home.join("bin/node"))
}

/// Which version of a package is pinned.
pub(super) fn version(package: &str) -> Result<String> {
    let manifest: serde_json::Value = serde_json::from_str(MANIFEST).context("reading package.json")?;
    let version = manifest["dependencies"][package].as_str();
    Ok(version.with_context(|| format!("package.json does not name {package}"))?.to_owned())
}

/// Without the packages' scripts: nothing of theirs runs while it is installed.
fn install(node: &Path, npm: &Path, home: &Path) -> Result<()> {
    write(&home.join("package.json"), MANIFEST)?;
    write(&home.join("package-lock.json"), LOCK)?;
    quiet(Command::of(npm).words("ci --ignore-scripts --no-audit --no-fund --no-update-notifier"), home)?;
    let program = home.join("bin/node");
    fs::create_dir(home.join("bin")).context("making a folder for node")?;
    write(&program, &wrapper(node, &home.join("node_modules")))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).context("making node a program")
}

/// As the interpreter of a Python environment knows its packages, this one knows where `require` finds them, wherever the
/// script is.
fn wrapper(node: &Path, packages: &Path) -> String {
    let quote = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    format!("#!/bin/sh\nNODE_PATH={} exec {} \"$@\"\n", quote(packages), quote(node))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_quote_is_still_one_word() {
        let text = wrapper(Path::new("/usr/bin/node"), Path::new("/a b/it's"));
        assert_eq!(text, "#!/bin/sh\nNODE_PATH='/a b/it'\\''s' exec '/usr/bin/node' \"$@\"\n");
    }
}
