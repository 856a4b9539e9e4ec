//! Owns that docs/SECURITY.md is true of the tests: every promise names tests that are there, and files that are there.

use super::Finding;
use super::repository::{File, Repository};

const PAGE: &str = "docs/SECURITY.md";
/// The promises are numbered from 1 to this.
const LAST: usize = 34;
/// How a row begins to say that there is nothing yet that it could concern.
const NOT_YET: &str = "Not built yet:";

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let Some(text) = repository.text(PAGE) else { return vec![Finding::error(PAGE, "is missing")] };
    let rows: Vec<_> = text.lines().enumerate().filter_map(|(at, line)| Row::read(at + 1, line)).collect();
    let mut findings: Vec<_> = rows.iter().flat_map(|row| row.check(repository)).collect();
    for number in 1..=LAST {
        let count = rows.iter().filter(|row| row.number == number).count();
        if count != 1 {
            findings.push(Finding::error(PAGE, format!("S{number} has {count} rows; it has one")));
        }
    }
    findings
}

/// `| S1 | what is promised | where it is kept | what shows it |`.
struct Row<'a> {
    line: usize,
    number: usize,
    kept: &'a str,
    shown: &'a str,
}

impl<'a> Row<'a> {
    fn read(line: usize, text: &'a str) -> Option<Self> {
        let cells: Vec<_> = text.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let number = cells.first()?.strip_prefix('S')?.parse().ok()?;
        // A row that lost a cell keeps its number, and so is missed by nobody.
        Some(Self { line, number, kept: cells.get(2).copied()?, shown: cells.get(3).copied()? })
    }

    fn check(&self, repository: &Repository) -> Vec<Finding> {
        let found = |text: String| Finding::error(format!("{PAGE}:{}", self.line), text);
        let mut findings = Vec::new();
        for place in quoted(self.kept) {
            if !repository.files.iter().any(|file| file.path == whole(place)) {
                findings.push(found(format!("there is no file {place}")));
            }
        }
        let (mut file, mut tests) = (None, 0);
        for word in quoted(self.shown) {
            if word.contains('/') {
                file = repository.files.iter().find(|file| file.path == whole(word));
                if file.is_none() {
                    findings.push(found(format!("there is no file {word}")));
                }
            } else if let Some(file) = file {
                tests += 1;
                if !has_test(file, word) {
                    findings.push(found(format!("{} has no test {word}", file.path)));
                }
            }
        }
        if tests == 0 && !self.shown.starts_with(NOT_YET) {
            findings.push(found(format!("S{} names no test", self.number)));
        }
        findings
    }
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Files are named from `crates/`, or from `xtask/`.
fn whole(path: &str) -> String {
    if path.starts_with("xtask/") || !path.contains('/') { path.to_owned() } else { format!("crates/{path}") }
}

/// A function of test code that is a test itself, or that a test or the macro that makes tests names.
fn has_test(file: &File, name: &str) -> bool {
    let Some(source) = &file.source else { return file.text.contains(&format!("def {name}(")) };
    // Within a macro, such as that of properties, it is no function yet.
    let in_macro = format!("# [ test ] fn {name}");
    let is_there = source.functions.iter().any(|it| it.name == name && source.is_test(it.line));
    let is_test = source.tests_named(name) || source.find(name).count() > 1;
    (is_there && is_test) || source.find(&in_macro).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str =
        "#[test] fn one() {} fn two() {} fn three() {} on_each!(three); properties! { #[test] fn four() {} }";

    fn findings(row: &str) -> Vec<String> {
        let others = (2..=LAST).map(|number| format!("| S{number} | a | b | Not built yet: all |\n"));
        let page = format!("{row}\n{}", others.collect::<String>());
        let files = [(PAGE, page.as_str()), ("crates/a/src/lib.rs", "fn one() {}"), ("crates/a/tests/b.rs", TESTS)];
        check(&Repository::of(&files)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_row_is_true_of_the_tests() {
        let nothing: [&str; 0] = [];
        assert_eq!(findings("| S1 | a | `a/src/lib.rs` | `a/tests/b.rs`: `one`, `three`, `four` |"), nothing);
        for (row, wanted) in [
            ("| S1 | a | `a/src/lib.rs` | `a/tests/b.rs`: `five` |", "crates/a/tests/b.rs has no test five"),
            ("| S1 | a | `a/src/lib.rs` | `a/tests/b.rs`: `two` |", "crates/a/tests/b.rs has no test two"),
            ("| S1 | a | `a/src/lib.rs` | `a/src/lib.rs`: `one` |", "crates/a/src/lib.rs has no test one"),
            ("| S1 | a | `a/src/gone.rs` | `a/tests/b.rs`: `one` |", "there is no file a/src/gone.rs"),
            ("| S1 | a | `a/src/lib.rs` | by looking |", "S1 names no test"),
            ("| S1 | a | `a/src/lib.rs` |", "S1 has 0 rows; it has one"),
            ("| S2 | a | b | Not built yet: all |", "S1 has 0 rows; it has one"),
        ] {
            assert!(findings(row).iter().any(|text| text == wanted), "{row}: {:?}", findings(row));
        }
        assert_eq!(findings("| S1 | a | `a/src/lib.rs` | `a/tests/c.rs`: `one` |")[0], "there is no file a/tests/c.rs");
    }
}
