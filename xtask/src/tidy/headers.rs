//! Owns the rule that each file begins with a sentence on what it owns.

use super::Finding;
use super::repository::Repository;
use super::source::is_test_path;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let files = repository.files.iter().filter(|file| file.is("rs") && !is_test_path(&file.path));
    files
        .filter_map(|file| {
            let first = file.text.lines().next().unwrap_or_default();
            let says = first.strip_prefix("//! ").is_some_and(|sentence| sentence.len() > 10);
            (!says).then(|| Finding::error(&file.path, "does not begin with a `//!` sentence on what it owns"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_its_sentence_is_found() {
        for (path, text, expected) in [
            ("crates/a/src/b.rs", "fn one() {}\n", 1),
            ("crates/a/src/b.rs", "\n//! Owns something.\n", 1),
            ("crates/a/src/b.rs", "//! tmp\n", 1),
            ("crates/a/src/b.rs", "//! Owns something.\nfn one() {}\n", 0),
            ("crates/a/src/b/tests.rs", "fn one() {}\n", 0),
        ] {
            assert_eq!(check(&Repository::of(&[(path, text)])).len(), expected, "{path} {text}");
        }
    }
}
