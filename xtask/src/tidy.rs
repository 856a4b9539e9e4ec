//! Owns the list of house rules that no compiler knows, and runs them over the repository.

mod attributes;
mod bans;
mod dead;
mod decisions;
mod edges;
mod headers;
mod libraries;
mod manifests;
mod names;
mod pure;
mod queries;
mod readme;
mod repository;
mod secrets;
mod security;
mod size;
mod source;
mod status;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::Result;

use repository::Repository;

/// Something that breaks a rule, or will soon.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    level: Level,
    place: String,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Warning,
    Error,
}

/// One rule: a name, and a function from the repository to what breaks it.
struct Rule {
    name: &'static str,
    check: fn(&Repository) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule { name: "edges", check: edges::check },
    Rule { name: "libraries", check: libraries::check },
    Rule { name: "manifests", check: manifests::check },
    Rule { name: "pure", check: pure::check },
    Rule { name: "status", check: status::check },
    Rule { name: "attributes", check: attributes::check },
    Rule { name: "bans", check: bans::check },
    Rule { name: "headers", check: headers::check },
    Rule { name: "names", check: names::check },
    Rule { name: "size", check: size::check },
    Rule { name: "dead", check: dead::check },
    Rule { name: "words", check: words::check },
    Rule { name: "decisions", check: decisions::check },
    Rule { name: "readme", check: readme::check },
    Rule { name: "secrets", check: secrets::check },
    Rule { name: "queries", check: queries::check },
    Rule { name: "security", check: security::check },
];

/// What a run of all rules found, each with the rule's name.
pub(crate) struct Report {
    findings: Vec<(&'static str, Finding)>,
}

impl Report {
    /// How many findings are errors.
    pub(crate) fn errors(&self) -> usize {
        self.findings.iter().filter(|(_, finding)| finding.level == Level::Error).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, Finding { level, place, text }) in &self.findings {
            let level = match level {
                Level::Warning => "warning",
                Level::Error => "error",
            };
            writeln!(out, "{level}: {place}: {text} [{rule}]")?;
        }
        let errors = self.errors();
        write!(out, "{} rules: {errors} errors, {} warnings", RULES.len(), self.findings.len() - errors)
    }
}

/// Runs every rule over the repository at `root`.
pub(crate) fn run(root: &Path) -> Result<Report> {
    let repository = Repository::read(root)?;
    let findings = RULES.iter().flat_map(|rule| (rule.check)(&repository).into_iter().map(|found| (rule.name, found)));
    Ok(Report { findings: findings.collect() })
}

impl Finding {
    fn error(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { level: Level::Error, place: place.into(), text: text.into() }
    }

    fn warning(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { level: Level::Warning, place: place.into(), text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lint gate: everything that `cargo xtask tidy` checks.
    #[test]
    fn the_repository_is_tidy() {
        let report = run(&crate::root()).expect("the repository can be read");
        assert!(report.errors() == 0, "\n{report}");
    }
}
