use std::collections::BTreeSet;

use super::{Retry, kinds};

/// The table that clients read says what the table here says.
#[test]
fn the_readme_has_every_problem() {
    let readme = include_str!("../../README.md");
    for kind in kinds() {
        let next = match kind.retry {
            Retry::SameKey => "same key",
            Retry::NewKey => "new key",
            Retry::Correct => "correct it",
        };
        let row = format!("| `{}` | {} | {next} | {} |", kind.code, kind.status, kind.title);
        assert!(readme.contains(&row), "crates/api/README.md lacks the row\n{row}");
    }
    let rows = readme.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, kinds().count(), "crates/api/README.md has rows of problems that do not exist");
}

#[test]
fn codes_are_unique_and_those_that_pass_say_when_to_come_again() {
    let codes: BTreeSet<_> = kinds().map(|kind| kind.code).collect();
    assert_eq!(codes.len(), kinds().count());
    for kind in kinds().filter(|kind| matches!(kind.status, 429 | 503)) {
        assert!(kind.retry_after_s.is_some(), "{} must say when to come again", kind.code);
        assert_eq!(kind.retry, Retry::SameKey, "{}", kind.code);
    }
}
