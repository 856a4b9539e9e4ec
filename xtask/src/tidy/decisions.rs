//! Owns how decisions are numbered: `docs/decisions/0007-a-title.md`, each number used by one.

use std::collections::BTreeMap;

use super::Finding;
use super::repository::Repository;

const FOLDER: &str = "docs/decisions/";
/// About a page.
const LINES_MAX: usize = 80;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for file in repository.files.iter().filter(|file| file.path.starts_with(FOLDER) && file.name() != "README.md") {
        let Some(number) = number(file.name()) else {
            findings.push(Finding::error(&file.path, "a decision is named `0001-a-title.md`"));
            continue;
        };
        if let Some(other) = numbers.insert(number, &file.path) {
            findings.push(Finding::error(&file.path, format!("has the number of {other}")));
        }
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            findings.push(Finding::error(&file.path, format!("has {lines} lines; a decision is one page")));
        }
        if !file.text.starts_with("# ") {
            findings.push(Finding::error(&file.path, "does not begin with a title"));
        }
    }
    findings
}

fn number(name: &str) -> Option<&str> {
    let (number, title) = name.strip_suffix(".md")?.split_once('-')?;
    let named = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()) && !title.is_empty();
    named.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_titles_and_length_are_checked() {
        let count = |files: &[(&str, &str)]| check(&Repository::of(files)).len();
        let long = format!("# One\n{}", "line\n".repeat(80));
        assert_eq!(count(&[("docs/decisions/0001-one.md", "# One"), ("docs/decisions/0002-two.md", "# Two")]), 0);
        assert_eq!(count(&[("docs/decisions/0001-one.md", "# One"), ("docs/decisions/0001-two.md", "# Two")]), 1);
        assert_eq!(count(&[("docs/decisions/one.md", "# One")]), 1);
        assert_eq!(count(&[("docs/decisions/0001-one.md", "One")]), 1);
        assert_eq!(count(&[("docs/decisions/0001-one.md", &long)]), 1);
    }
}
