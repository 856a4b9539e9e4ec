//! Owns what is kept of the measurements: a file beside the databases, and the table in docs/BENCHMARKS.md.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::items::ITEMS;

const PAGE: &str = "docs/BENCHMARKS.md";
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

const HEAD: &str = "\
| measured | one | other | result, median | each round | bound | holds |
|---|---|---|---|---|---|---|
";

/// The page around the table, where there is none yet.
const NEW_PAGE: &str = "\
# Benchmarks

Each figure is a ratio between two runs on the same machine, one behind the other, because orders per second alone say
more about a machine than about a program. `mideng bench` loads a server over HTTP from the same machine, and counts
the rows in the database afterwards: a figure without its rows is not one. The table is written by

    cargo xtask bench

which takes about an hour. It fills a database of a million orders in `target/bench` the first time, and `growth` one of
ten million in the temporary folder, 26 GB, each time.
`--only NAME` measures one line, `--rounds N` and `--seconds S` say how often and how long.

<!-- measured: begin -->
<!-- measured: end -->
";

/// One line of the table.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) one: String,
    pub(super) other: String,
    pub(super) result: String,
    pub(super) rounds: Vec<String>,
    pub(super) bound: String,
    pub(super) holds: bool,
    /// Where and when.
    pub(super) surroundings: String,
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, one, other, result, bound, .. } = self;
        let verdict = if self.holds { "holds" } else { "DOES NOT HOLD" };
        write!(out, "{name}: {result} ({bound}: {verdict})\n  {one}\n  {other}")
    }
}

/// All that was measured on this machine.
pub(super) struct Book {
    path: PathBuf,
    lines: Vec<Measured>,
}

impl Book {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("measured.json");
        let lines = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?,
            Err(_) => Vec::new(),
        };
        Ok(Self { path, lines })
    }

    /// Keeps a line, in place of an older one of the same name.
    pub(super) fn put(&mut self, line: Measured) -> Result<()> {
        self.lines.retain(|older| older.name != line.name);
        self.lines.push(line);
        self.lines.sort_by_key(|line| ITEMS.iter().position(|item| item.name == line.name).unwrap_or(ITEMS.len()));
        let text = serde_json::to_string_pretty(&self.lines)?;
        fs::write(&self.path, text).with_context(|| format!("writing {}", self.path.display()))
    }

    /// Writes the table into the page.
    pub(super) fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(PAGE);
        let page = fs::read_to_string(&path).unwrap_or_else(|_| NEW_PAGE.to_owned());
        let page = between(&page, &self.table()).with_context(|| format!("{PAGE} has no `{BEGIN}` … `{END}`"))?;
        fs::write(&path, page).with_context(|| format!("writing {PAGE}"))?;
        println!("\nwrote {PAGE}");
        Ok(())
    }

    fn table(&self) -> String {
        let lines: String = self.lines.iter().map(Measured::line).collect();
        let mut places: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !places.contains(&line.surroundings.as_str()) {
                places.push(&line.surroundings);
            }
        }
        let places: String = places.into_iter().map(|place| self.measured_on(place)).collect();
        format!("{HEAD}{lines}{places}")
    }

    fn measured_on(&self, place: &str) -> String {
        let lines = self.lines.iter().filter(|line| line.surroundings == place);
        let names: Vec<_> = lines.map(|line| line.name.as_str()).collect();
        format!("\nMeasured on {place}: {}.\n", names.join(", "))
    }
}

impl Measured {
    /// What one side does a second over what the other does, round by round: at least so much.
    pub(super) fn ratio(name: &str, sides: [String; 2], rounds: &[(f64, f64)], at_least: f64) -> Self {
        let [one, other] = sides;
        let side = |label: String, speeds: Vec<f64>| format!("{label}: {} orders/s", count(median(&speeds)));
        let ratios: Vec<f64> = rounds.iter().map(|(one, other)| one / other).collect();
        Self {
            name: name.to_owned(),
            one: side(one, rounds.iter().map(|round| round.0).collect()),
            other: side(other, rounds.iter().map(|round| round.1).collect()),
            result: format!("{:.2} ×", median(&ratios)),
            rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
            bound: format!("at least {at_least} ×"),
            holds: median(&ratios) >= at_least,
            surroundings: String::new(),
        }
    }

    /// A row of the table.
    fn line(&self) -> String {
        let Self { name, one, other, result, bound, .. } = self;
        let (rounds, holds) = (self.rounds.join(", "), if self.holds { "yes" } else { "**no**" });
        format!("| {name} | {one} | {other} | {result} | {rounds} | {bound} | {holds} |\n")
    }
}

/// The page with what is between the markers replaced.
fn between(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    match (sorted.get(low), sorted.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => 0.0,
    }
}

/// A count for people: 37,214.
pub(super) fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_replaces_what_is_between_the_markers() {
        let page = between(NEW_PAGE, "| one |\n").expect("the page has markers");
        assert!(page.contains("-->\n| one |\n<!--"), "{page}");
        let again = between(&page, "| two |\n").expect("the page has markers");
        assert!(again.contains("| two |") && !again.contains("| one |"), "{again}");
        assert_eq!(between("no markers", ""), None);
    }

    #[test]
    fn medians_and_counts_are_for_people() {
        for (values, expected) in [(vec![], "0"), (vec![3.0, 1.0, 2.0], "2"), (vec![1.0, 2_000_001.0], "1,000,001")] {
            assert_eq!(count(median(&values)), expected);
        }
        for (value, expected) in [(7.0, "7"), (999.4, "999"), (1_000.0, "1,000"), (37_214.0, "37,214")] {
            assert_eq!(count(value), expected);
        }
    }
}
