//! Owns what is kept of the measurements: the table in docs/BENCHMARKS.md, which a later run, on this machine or another,
//! changes line by line.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

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
#[derive(Debug, Default, PartialEq, Eq)]
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

/// Keeps a line in the page, in place of an older one of the same name. The others stay, whoever measured them.
pub(super) fn keep(root: &Path, line: Measured) -> Result<()> {
    let path = root.join(PAGE);
    let page = fs::read_to_string(&path).unwrap_or_else(|_| NEW_PAGE.to_owned());
    let page =
        with(&page, line).with_context(|| format!("{PAGE} has no `{BEGIN}` … `{END}`, or a row that is none"))?;
    fs::write(&path, page).with_context(|| format!("writing {PAGE}"))
}

/// The page with this line.
fn with(page: &str, line: Measured) -> Option<String> {
    let mut lines = lines(page)?;
    lines.retain(|older| older.name != line.name);
    lines.push(line);
    lines.sort_by_key(|line| ITEMS.iter().position(|item| item.name == line.name).unwrap_or(ITEMS.len()));
    between(page, &table(&lines))
}

fn table(lines: &[Measured]) -> String {
    let rows: String = lines.iter().map(Measured::line).collect();
    let mut places: Vec<&str> = Vec::new();
    for line in lines {
        if !places.contains(&line.surroundings.as_str()) {
            places.push(&line.surroundings);
        }
    }
    let measured_on = |place: &str| {
        let names: Vec<_> = lines.iter().filter(|line| line.surroundings == place).map(|line| &line.name[..]).collect();
        format!("\nMeasured on {place}: {}.\n", names.join(", "))
    };
    let places: String = places.into_iter().map(measured_on).collect();
    format!("{HEAD}{rows}{places}")
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

    /// A row of the table, as it was written.
    fn read(row: &str) -> Option<Self> {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, one, other, result, rounds, bound, holds] = cells[..] else { return None };
        let [name, one, other, result, bound] = [name, one, other, result, bound].map(str::to_owned);
        let rounds = rounds.split(", ").map(str::to_owned).collect();
        Some(Self { name, one, other, result, rounds, bound, holds: holds == "yes", surroundings: String::new() })
    }

    /// A row of the table.
    fn line(&self) -> String {
        let Self { name, one, other, result, bound, .. } = self;
        let (rounds, holds) = (self.rounds.join(", "), if self.holds { "yes" } else { "**no**" });
        format!("| {name} | {one} | {other} | {result} | {rounds} | {bound} | {holds} |\n")
    }
}

/// The lines of a page's table, each with where and when it was measured.
fn lines(page: &str) -> Option<Vec<Measured>> {
    let (_, rest) = page.split_once(BEGIN)?;
    let (table, _) = rest.split_once(END)?;
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut lines = rows.map(Measured::read).collect::<Option<Vec<_>>>()?;
    for place in table.lines().filter_map(|line| line.strip_prefix("Measured on ")) {
        let (place, names) = place.trim_end_matches('.').rsplit_once(": ")?;
        for name in names.split(", ") {
            for line in lines.iter_mut().filter(|line| line.name == name) {
                place.clone_into(&mut line.surroundings);
            }
        }
    }
    Some(lines)
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
    fn a_line_that_is_measured_anew_leaves_the_others_as_they_were() {
        let line = |name: &str, place: &str, holds| Measured {
            name: name.to_owned(),
            one: "one: 1,000 orders/s".to_owned(),
            other: "other".to_owned(),
            result: "1.50 ×".to_owned(),
            rounds: vec!["1.40".to_owned(), "1.50".to_owned()],
            bound: "at least 1 ×".to_owned(),
            holds,
            surroundings: place.to_owned(),
        };
        let put = |page: &str, line| with(page, line).expect("the page has markers");
        let page = put(NEW_PAGE, line("start", "here: 2 cores, commit a", true));
        let page = put(&page, line("million", "there, commit b", false));
        let page = put(&page, line("start", "there, commit b", false));
        let both = [line("million", "there, commit b", false), line("start", "there, commit b", false)];
        assert_eq!(lines(&page).as_deref(), Some(&both[..]));
        assert_eq!(page.matches("Measured on").count(), 1, "{page}");
        assert_eq!(put(&page, line("start", "there, commit b", false)), page);
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
