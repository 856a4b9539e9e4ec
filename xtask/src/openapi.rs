//! Owns openapi.json at the root: the document that the API describes itself with, committed so that a change of the
//! contract is seen in review.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::Command;

const FILE: &str = "openapi.json";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only compare, and fail if the committed file is not what the code says
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let document = Command::new("cargo run --quiet -p app -- openapi").output_in(&root)?;
    if args.check { check(&root, &document) } else { write(&root, &document) }
}

/// Compares the committed file with what this binary says.
pub(crate) fn check_with(root: &Path, binary: &Path) -> Result<()> {
    check(root, &Command::of(binary).words("openapi").output_in(root)?)
}

fn write(root: &Path, document: &str) -> Result<()> {
    fs::write(root.join(FILE), document).with_context(|| format!("writing {FILE}"))?;
    println!("wrote {FILE}, {} bytes", document.len());
    Ok(())
}

fn check(root: &Path, document: &str) -> Result<()> {
    let committed = fs::read_to_string(root.join(FILE)).with_context(|| format!("reading {FILE}"))?;
    if let Some((at, ours, theirs)) = difference(&committed, document) {
        bail!(
            "{FILE} is not what the code says, from line {at} on; `cargo xtask openapi` writes it anew\n  \
             committed: {ours}\n  the code:  {theirs}"
        );
    }
    println!("{FILE} is up to date");
    Ok(())
}

/// The first line that differs.
fn difference<'a>(committed: &'a str, document: &'a str) -> Option<(usize, &'a str, &'a str)> {
    if committed == document {
        return None;
    }
    let end = "(the end)";
    let (mut ours, mut theirs) = (committed.lines(), document.lines());
    for at in 1.. {
        match (ours.next(), theirs.next()) {
            (None, None) => return Some((at, end, end)),
            (one, other) if one != other => return Some((at, one.unwrap_or(end), other.unwrap_or(end))),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_told() {
        for (committed, document, expected) in [
            ("a\nb\n", "a\nb\n", None),
            ("a\nb\n", "a\nc\n", Some((2, "b", "c"))),
            ("a\n", "a\nb\n", Some((2, "(the end)", "b"))),
            ("a\n", "a", Some((2, "(the end)", "(the end)"))),
        ] {
            assert_eq!(difference(committed, document), expected);
        }
    }
}
