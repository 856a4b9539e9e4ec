//! Owns what the pure crates must not contain: the rules of the business know no clock, no chance and no world.

use super::Finding;
use super::repository::Repository;

const CRATES: &[&str] = &["crates/domain/src/", "crates/idempotency/src/"];

/// What `idempotency` brings with its features: it speaks with the world, for services that are not ours.
const TOOLKIT: &[&str] = &[
    "crates/idempotency/src/protocol",
    "crates/idempotency/src/store",
    "crates/idempotency/src/layer",
    "crates/idempotency/src/contract",
];

/// What must not stand there, and why.
const BANNED: &[(&str, &str)] = &[
    ("async", "a decision waits for nothing"),
    (". await", "a decision waits for nothing"),
    ("SystemTime", "time comes with the command"),
    ("Instant", "time comes with the command"),
    ("rand ::", "ids and chance come with the command"),
    ("getrandom", "ids and chance come with the command"),
    ("HashMap", "its order is chance; BTreeMap, or a listed file that only looks up"),
    ("HashSet", "its order is chance; BTreeSet"),
    ("f64", "money and quantities are whole numbers"),
    ("f32", "money and quantities are whole numbers"),
    ("tracing", "a decision does not log"),
    ("println !", "a decision does not print"),
    ("eprintln !", "a decision does not print"),
    ("panic !", "a refusal is an answer; a bug is an assert where it is"),
    ("std :: env", "the world is not known here"),
    ("std :: fs", "the world is not known here"),
    ("std :: io", "the world is not known here"),
    ("std :: net", "the world is not known here"),
    ("std :: thread", "the world is not known here"),
];

/// A file, what it may contain, and why.
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("crates/domain/src/state.rs", "HashMap", "the state is looked up by key and never iterated")];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let within = |path: &str, places: &[&str]| places.iter().any(|place| path.starts_with(place));
    let pure = repository.sources().filter(|(file, _)| within(&file.path, CRATES) && !within(&file.path, TOOLKIT));
    for (file, source) in pure {
        for (pattern, why) in BANNED {
            if EXCEPTIONS.iter().any(|(path, allowed, _)| *path == file.path && allowed == pattern) {
                continue;
            }
            let lines = source.find(pattern).filter(|&line| !source.is_test(line));
            findings.extend(
                lines.map(|line| Finding::error(format!("{}:{line}", file.path), format!("`{pattern}`: {why}"))),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&Repository::of(&[(path, text)])).len()
    }

    #[test]
    fn each_banned_thing_is_found() {
        for (text, expected) in [
            ("async fn decide() {}", 1),
            ("fn decide() { std::time::SystemTime::now(); }", 1),
            ("fn decide() { let id = rand::random::<u64>(); }", 1),
            ("use std::collections::HashMap;", 1),
            ("fn decide() { tracing::info!(\"decided\"); }", 1),
            ("fn decide() { panic!() }", 1),
            ("fn decide() { std::fs::read(\"a\"); }", 1),
            ("/// Not async, no SystemTime.\nfn decide() {}", 0),
            ("#[cfg(test)]\nmod tests { use std::collections::HashMap; }", 0),
        ] {
            assert_eq!(count("crates/domain/src/decide.rs", text), expected, "{text}");
        }
    }

    #[test]
    fn other_crates_and_listed_files_are_free() {
        assert_eq!(count("crates/engine/src/lib.rs", "async fn run() {}"), 0);
        assert_eq!(count("crates/idempotency/src/protocol.rs", "async fn begin() {}"), 0);
        assert_eq!(count("crates/idempotency/src/admit.rs", "async fn begin() {}"), 1);
        assert_eq!(count("crates/domain/src/state.rs", "use std::collections::HashMap;"), 0);
    }
}
