//! Owns what a run has to say: on the terminal, and between the marks of docs/RELIABILITY.md.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::database::Database;
use super::ledger::Classes;
use super::money::Money;
use super::plan::Fault;
use crate::shell::Command;

/// Of what was before, so much must be there again …
const BACK_LEAST: f64 = 0.9;
const PAGE: &str = "docs/RELIABILITY.md";

/// One run.
pub(super) struct Report {
    pub(super) database: Database,
    pub(super) title: String,
    pub(super) seed: u64,
    pub(super) took: Duration,
    pub(super) injected: BTreeMap<Fault, u32>,
    /// What the proxies really did, by name.
    pub(super) hits: Vec<(&'static str, u64)>,
    pub(super) classes: Classes,
    pub(super) counts: Counts,
    pub(super) speed: Speed,
    /// What broke a promise.
    pub(super) violations: Vec<String>,
}

/// What clients did.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) keys: usize,
    pub(super) orders: usize,
    pub(super) tries: u64,
    /// Keys of which a try ended in 5xx or in nothing.
    pub(super) dark: usize,
    /// Those among them that have their answer now.
    pub(super) explained: usize,
    pub(super) money: Money,
}

/// Answers a second, and how long they took to come back.
#[derive(Clone, Copy, Default)]
pub(super) struct Speed {
    pub(super) before: f64,
    pub(super) after: f64,
    pub(super) ready_after: Duration,
    /// From the healing to the end of the first window that is fast enough.
    pub(super) back_after: Option<Duration>,
}

impl Speed {
    pub(super) fn is_back(&self, rate: f64) -> bool {
        rate >= self.before * BACK_LEAST
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{}, seed {}, {:.0} s with the audit", self.title, self.seed, self.took.as_secs_f64())?;
        writeln!(out, "\n  faults")?;
        for (fault, times) in &self.injected {
            writeln!(out, "    {fault:<34} {times:>8}")?;
        }
        for (name, times) in &self.hits {
            writeln!(out, "      {name:<32} {times:>8}")?;
        }
        writeln!(out, "\n  tries by what came of them")?;
        for (class, times) in &self.classes {
            writeln!(out, "    {class:<34} {times:>8}")?;
        }
        let Counts { keys, orders, tries, dark, explained, money } = self.counts;
        writeln!(out, "\n  keys, tries, orders                  {keys}, {tries}, {orders}")?;
        writeln!(out, "  keys left in the dark, explained     {dark}, {explained}")?;
        writeln!(out, "  money                                {money}")?;
        writeln!(out, "  answers a second before and after    {}", self.speed)?;
        writeln!(out, "\n  promises broken                      {}", self.violations.len())
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.after / self.before.max(f64::MIN_POSITIVE);
        write!(out, "{:.0} and {:.0} ({share:.2}), ", self.before, self.after)?;
        let ready = self.ready_after.as_secs_f64();
        match self.back_after {
            Some(back) => write!(out, "ready after {ready:.1} s, as fast as before within {:.0} s", back.as_secs_f64()),
            None => write!(out, "ready after {ready:.1} s, not as fast as before in time"),
        }
    }
}

impl Report {
    /// Writes the run into the page.
    pub(super) fn record(&self, root: &Path) -> Result<()> {
        let file = root.join(PAGE);
        let page = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let say = |line: &str| Command::new(line).output_in(root).map(|text| text.trim().to_owned());
        let commit = format!("commit {}, {}", say("git rev-parse --short HEAD")?, say("date -u +%F")?);
        let page = between(&page, self.database.name(), &self.section(&commit))
            .with_context(|| format!("{PAGE} has no marks for {}", self.database.name()))?;
        fs::write(&file, page).with_context(|| format!("writing {}", file.display()))
    }

    fn section(&self, commit: &str) -> String {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut text = format!(
            "{}: seed {}, {:.0} s with the audit, {cores} cores, {commit}.\n\n| fault | times |\n|---|---|\n",
            self.title,
            self.seed,
            self.took.as_secs_f64()
        );
        let Counts { keys, orders, tries, dark, explained, money } = self.counts;
        let mut line = |line: fmt::Arguments<'_>| text.write_fmt(line).expect("a text takes text");
        self.injected.iter().for_each(|(fault, times)| line(format_args!("| {fault} | {times} |\n")));
        self.hits.iter().for_each(|(name, times)| line(format_args!("| … {name} | {times} |\n")));
        line(format_args!("\n{keys} keys in {tries} tries made {orders} orders. "));
        line(format_args!("{dark} keys were left in the dark at least once, {explained} of them have their answer.\n"));
        line(format_args!("Money: {money}.\n"));
        line(format_args!("Answers a second before and after: {}.\n", self.speed));
        line(format_args!("Promises broken: {}.\n", self.violations.len()));
        text
    }
}

/// The page with what is between the marks of this name replaced.
fn between(page: &str, name: &str, section: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- chaos {name}: begin -->"), format!("<!-- chaos {name}: end -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{section}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_what_is_between_its_own_marks() {
        let page = "# A\n<!-- chaos pg: begin -->\nold\n<!-- chaos pg: end -->\n<!-- chaos maria: begin -->\nkept\n\
                    <!-- chaos maria: end -->\n";
        let new = between(page, "pg", "new\n").expect("the page has marks");
        assert_eq!(new, page.replace("old\n", "new\n"));
        assert_eq!(between(page, "sqlite", "new\n"), None);
    }

    #[test]
    fn nine_tenths_are_back() {
        let speed = Speed { before: 100.0, ..Speed::default() };
        assert!(speed.is_back(90.0) && !speed.is_back(89.0));
    }
}
