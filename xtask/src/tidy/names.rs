//! Owns which names files may have, and that each crate links one integration test.

use std::collections::BTreeMap;

use super::Finding;
use super::repository::Repository;

const BANNED: &[(&str, &str)] = &[
    ("mod", "`order.rs` beside `order/`, so that a name tells the file"),
    ("utils", "name it after what it owns"),
    ("util", "name it after what it owns"),
    ("helpers", "name it after what it owns"),
    ("helper", "name it after what it owns"),
    ("common", "name it after what it owns"),
    ("misc", "name it after what it owns"),
    ("shared", "name it after what it owns"),
    ("manager", "name it after what it owns"),
    ("v2", "there is one version"),
];

/// Crates with more than one integration test, and why.
const SEVERAL: &[(&str, &str)] =
    &[("crates/idempotency", "the stores need databases and what speaks with them; the layer needs neither")];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut integration: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in repository.files.iter().filter(|file| file.is("rs")) {
        for part in file.path.trim_end_matches(".rs").split('/') {
            if let Some((name, why)) = BANNED.iter().find(|(name, _)| *name == part) {
                findings.push(Finding::error(&file.path, format!("no file or folder is named `{name}`: {why}")));
            }
        }
        if let Some((crate_folder, test)) = file.path.split_once("/tests/")
            && !crate_folder.contains("/src")
            && (!test.contains('/') || test.ends_with("/main.rs"))
        {
            integration.entry(crate_folder).or_default().push(test);
        }
    }
    for (folder, tests) in integration.iter().filter(|(folder, tests)| tests.len() > 1 && !excepted(folder)) {
        let text = format!("one integration test per crate, since each is linked by itself: {}", tests.join(", "));
        findings.push(Finding::error(*folder, text));
    }
    findings
}

fn excepted(folder: &str) -> bool {
    SEVERAL.iter().any(|(name, _)| *name == folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(paths: &[&str]) -> usize {
        let files: Vec<_> = paths.iter().map(|path| (*path, "")).collect();
        check(&Repository::of(&files)).len()
    }

    #[test]
    fn banned_names_are_found() {
        assert_eq!(count(&["crates/a/src/order/mod.rs"]), 1);
        assert_eq!(count(&["crates/a/src/utils.rs"]), 1);
        assert_eq!(count(&["crates/common/src/lib.rs"]), 1);
        assert_eq!(count(&["crates/a/src/order.rs", "crates/a/src/model.rs"]), 0);
    }

    #[test]
    fn a_second_integration_test_is_found() {
        assert_eq!(count(&["crates/a/tests/one.rs", "crates/a/tests/two.rs"]), 1);
        assert_eq!(count(&["crates/a/tests/all/main.rs", "crates/a/tests/all/two.rs"]), 0);
        assert_eq!(count(&["crates/a/src/b/tests/one.rs", "crates/a/src/b/tests/two.rs"]), 0);
        assert_eq!(count(&["crates/a/tests/one.rs", "crates/b/tests/two.rs"]), 0);
        assert_eq!(count(&["crates/idempotency/tests/a/main.rs", "crates/idempotency/tests/b/main.rs"]), 0);
    }
}
