//! Owns that the two commands a stranger needs stand in each README and mean something.

use super::Finding;
use super::repository::Repository;

const START: &str = "cargo run --release -- demo";
const TEST: &str = "cargo xtask test";

/// A file and what it must contain for the commands to be true.
const LINES: &[(&str, &str)] = &[
    ("README.md", START),
    ("README.md", TEST),
    ("README.zh-CN.md", START),
    ("README.zh-CN.md", TEST),
    (".ci/run", TEST),
    (".cargo/config.toml", "xtask = \"run "),
    ("Cargo.toml", "default-members = [\"crates/app\"]"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    LINES
        .iter()
        .filter(|(path, line)| !repository.text(path).is_some_and(|text| text.contains(line)))
        .map(|(path, line)| Finding::error(*path, format!("`{line}` is missing")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_line_is_found() {
        let both = format!("{START}\n{TEST}\n");
        let files = [
            ("README.md", both.as_str()),
            ("README.zh-CN.md", &both),
            (".ci/run", TEST),
            (".cargo/config.toml", "xtask = \"run --package xtask\""),
            ("Cargo.toml", "default-members = [\"crates/app\"]"),
        ];
        assert_eq!(check(&Repository::of(&files)), []);
        for at in 0..files.len() {
            let mut less = files;
            less[at].1 = "";
            assert!(!check(&Repository::of(&less)).is_empty(), "{}", files[at].0);
        }
    }
}
