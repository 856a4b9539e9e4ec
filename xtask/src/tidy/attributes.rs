//! Owns which attributes are banned: those that switch a rule or a test off without anybody noticing.

use super::Finding;
use super::repository::Repository;

const BANNED: &[(&str, &str)] = &[
    ("# [ allow (", "`#[expect(…, reason = \"…\")]` tells when it is no longer needed"),
    ("# ! [ allow (", "`#![expect(…, reason = \"…\")]` tells when it is no longer needed"),
    ("# [ ignore", "a test runs or is deleted"),
    ("# [ should_panic", "assert on what is returned"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in repository.sources() {
        for (pattern, why) in BANNED {
            let place = |line| format!("{}:{line}", file.path);
            let text = format!("`{}`: {why}", pattern.replace(' ', ""));
            findings.extend(source.find(pattern).map(|line| Finding::error(place(line), text.clone())));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_banned_attribute_is_found() {
        for (text, expected) in [
            ("#[allow(dead_code)]\nfn one() {}", 1),
            ("#![allow(dead_code)]\nfn one() {}", 1),
            ("#[test]\n#[ignore]\nfn one() {}", 1),
            ("#[test]\n#[ignore = \"slow\"]\nfn one() {}", 1),
            ("#[test]\n#[should_panic(expected = \"no\")]\nfn one() {}", 1),
            ("#[expect(dead_code, reason = \"soon\")]\nfn one() {}", 0),
            ("// #[allow(dead_code)]\nfn one() {}", 0),
        ] {
            assert_eq!(check(&Repository::of(&[("crates/a/src/lib.rs", text)])).len(), expected, "{text}");
        }
    }
}
