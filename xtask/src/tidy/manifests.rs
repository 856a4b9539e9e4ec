//! Owns what every crate's manifest must say.

use super::Finding;
use super::repository::Repository;

/// Lines that stand in each crate's `Cargo.toml`.
const LINES: &[(&str, &str)] = &[
    ("version.workspace = true", "versions are one"),
    ("edition.workspace = true", "editions are one"),
    ("rust-version.workspace = true", "the toolchain is one"),
    ("license.workspace = true", "the licence is one"),
    ("publish.workspace = true", "nothing is published by mistake"),
    ("[lints]\nworkspace = true", "each crate has the workspace's lints"),
    ("\ndescription = \"", "a crate says what it is"),
];

/// What the workspace's manifest must say.
const ROOT_LINES: &[(&str, &str)] = &[
    ("license = \"MIT OR Apache-2.0\"", "the licence"),
    ("default-members = [\"crates/app\"]", "`cargo run` means `mideng`"),
    ("unsafe_code = \"forbid\"", "no unsafe code"),
    ("resolver = \"3\"", "the resolver that knows the toolchain"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let manifests = repository.files.iter().filter(|file| file.name() == "Cargo.toml");
    manifests
        .flat_map(|file| {
            let lines = if file.path == "Cargo.toml" { ROOT_LINES } else { LINES };
            lines.iter().filter(|(line, _)| !file.text.contains(line)).map(|(line, why)| {
                Finding::error(&file.path, format!("`{}` is missing: {why}", line.trim().replace('\n', " ")))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\ndescription = \"A.\"\n\n\
        [lints]\nworkspace = true\n";

    #[test]
    fn each_missing_line_is_found() {
        assert_eq!(check(&Repository::of(&[("crates/a/Cargo.toml", FULL)])), []);
        for line in FULL.lines().filter(|line| line.contains("workspace") || line.contains("description")) {
            let text = FULL.replace(line, "");
            assert!(!check(&Repository::of(&[("crates/a/Cargo.toml", &text)])).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_workspace_without_its_rules_is_found() {
        assert_eq!(check(&Repository::of(&[("Cargo.toml", "[workspace]\n")])).len(), ROOT_LINES.len());
    }
}
