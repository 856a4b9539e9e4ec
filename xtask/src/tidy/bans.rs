//! Owns which calls and macros are banned in all crates.

use super::Finding;
use super::repository::Repository;
use super::source::Source;

enum Where {
    Everywhere,
    /// Outside of test code.
    Product,
    /// Within test code; elsewhere `clippy.toml` bans it.
    Tests,
}

const BANNED: &[(&str, Where, &str)] = &[
    (". unwrap ( )", Where::Product, "`.expect(\"why it cannot fail\")`, or an error"),
    ("todo !", Where::Everywhere, "nothing half done is committed"),
    ("unimplemented !", Where::Everywhere, "nothing half done is committed"),
    ("dbg !", Where::Everywhere, "it is for the moment"),
    ("thread :: sleep", Where::Tests, "wait for what you are waiting for; a clock of tests is advanced"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in repository.sources() {
        for (pattern, place, why) in BANNED {
            let lines = source.find(pattern).filter(|&line| applies(place, source, line));
            let text = format!("`{}`: {why}", pattern.replace(' ', ""));
            findings.extend(lines.map(|line| Finding::error(format!("{}:{line}", file.path), text.clone())));
        }
    }
    findings
}

fn applies(place: &Where, source: &Source, line: usize) -> bool {
    match place {
        Where::Everywhere => true,
        Where::Product => !source.is_test(line),
        Where::Tests => source.is_test(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_banned_call_is_found_where_it_is_banned() {
        for (text, product, tests) in [
            ("fn one() { two().unwrap(); }", 1, 0),
            ("fn one() { assert!(two().unwrap()); }", 1, 0),
            ("fn one() { todo!() }", 1, 1),
            ("fn one() { dbg!(two()); }", 1, 1),
            ("fn one() { std::thread::sleep(two()); }", 0, 1),
            ("fn one() { two().unwrap_or_default(); }", 0, 0),
            ("fn one() { say(\"todo!\"); }", 0, 0),
        ] {
            assert_eq!(check(&Repository::of(&[("crates/a/src/lib.rs", text)])).len(), product, "{text}");
            assert_eq!(check(&Repository::of(&[("crates/a/tests/all.rs", text)])).len(), tests, "{text}");
        }
    }
}
