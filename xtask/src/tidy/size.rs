//! Owns how long files and functions may be, and the list of functions that are longer, which only shrinks.

use super::Finding;
use super::repository::Repository;

const FILE_LINES_WARN: usize = 400;
const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

struct Exception {
    path: &'static str,
    function: &'static str,
    /// It may be as long as this, and not longer.
    lines: usize,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[Exception {
    path: "crates/store/src/schema/m0001_orders.rs",
    function: "orders",
    lines: 79,
    reason: "one table, a line for each column; a migration is never changed",
}];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = files(repository);
    findings.extend(functions(repository, EXCEPTIONS));
    findings
}

fn files(repository: &Repository) -> Vec<Finding> {
    let sources = repository.files.iter().filter(|file| file.is("rs"));
    sources
        .filter_map(|file| match file.text.lines().count() {
            lines if lines > FILE_LINES_MAX => {
                Some(Finding::error(&file.path, format!("has {lines} lines; {FILE_LINES_MAX} is the most")))
            }
            lines if lines > FILE_LINES_WARN => {
                Some(Finding::warning(&file.path, format!("has {lines} lines; aim at 60 to 250")))
            }
            _ => None,
        })
        .collect()
}

fn functions(repository: &Repository, exceptions: &[Exception]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in repository.sources() {
        for function in &source.functions {
            let exception = exceptions.iter().find(|it| it.path == file.path && it.function == function.name);
            let most = exception.map_or(FUNCTION_LINES_MAX, |it| it.lines);
            if function.lines > most {
                let reason = exception.map(|it| format!(" ({})", it.reason)).unwrap_or_default();
                let text = format!("`{}` has {} lines; {most} is the most{reason}", function.name, function.lines);
                findings.push(Finding::error(format!("{}:{}", file.path, function.line), text));
            }
        }
    }
    let stale = exceptions.iter().filter(|it| {
        let mut functions =
            repository.sources().filter(|(file, _)| file.path == it.path).flat_map(|(_, source)| &source.functions);
        !functions.any(|function| function.name == it.function && function.lines > FUNCTION_LINES_MAX)
    });
    findings
        .extend(stale.map(|it| Finding::error(it.path, format!("`{}` no longer needs its exception", it.function))));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/a/src/b.rs";

    fn function(lines: usize) -> Repository {
        Repository::of(&[(PATH, &format!("fn long() {{\n{}}}\n", "    one();\n".repeat(lines - 2)))])
    }

    #[test]
    fn long_files_are_found() {
        for (lines, warnings, errors) in [(400, 0, 0), (401, 1, 0), (600, 1, 0), (601, 0, 1)] {
            let found = files(&Repository::of(&[(PATH, &"//\n".repeat(lines))]));
            let count = |level| found.iter().filter(|it| it.level == level).count();
            assert_eq!((count(super::super::Level::Warning), count(super::super::Level::Error)), (warnings, errors));
        }
    }

    #[test]
    fn long_functions_are_found() {
        assert_eq!(functions(&function(70), &[]).len(), 0);
        assert_eq!(functions(&function(71), &[]).len(), 1);
    }

    #[test]
    fn an_exception_lets_a_function_stay_and_shrink_but_not_grow() {
        let exceptions = [Exception { path: PATH, function: "long", lines: 80, reason: "one table" }];
        for (lines, expected) in [(80, 0), (81, 1), (70, 1)] {
            assert_eq!(functions(&function(lines), &exceptions).len(), expected, "{lines}");
        }
    }

    #[test]
    fn every_exception_has_a_reason() {
        assert!(EXCEPTIONS.iter().all(|it| it.reason.len() > 10));
    }
}
