//! Owns which words no committed text contains: promises nobody can keep, and paths of one machine.

use super::Finding;
use super::repository::Repository;

/// Texts that are not ours, and the one that must name what it bans.
const FREE: &[&str] = &["Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT", "xtask/src/tidy/words.rs"];

/// "Exactly once" cannot be kept over a network; it may stand only in quotes, where it is said not to be said.
const PROMISES: &[&str] = &["恰好一次", "正好一次", "精确一次"];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.files.iter().filter(|file| !FREE.contains(&file.path.as_str()) && !file.is("csv")) {
        for line in promises(&file.text) {
            let text = "say \"applied at most once; answered the same every time\"";
            findings.push(Finding::error(format!("{}:{line}", file.path), text));
        }
        for (at, line) in file.text.lines().enumerate() {
            if machine_path(line) {
                findings.push(Finding::error(format!("{}:{}", file.path, at + 1), "names a path of one machine"));
            }
        }
    }
    findings
}

/// The lines where the promise stands, also where a line ends within it.
fn promises(text: &str) -> Vec<usize> {
    let words: Vec<_> = text
        .lines()
        .enumerate()
        .flat_map(|(at, line)| line.split_whitespace().map(move |word| (at + 1, word.to_lowercase())))
        .filter(|(_, word)| !matches!(word.as_str(), "//" | "///" | "//!" | "*" | "#" | ">" | "--"))
        .collect();
    let two = words.windows(2).filter_map(|pair| {
        let [(line, first), (_, second)] = pair else { return None };
        (bare(first).ends_with("exactly") && !opens(first) && bare(second).starts_with("once")).then_some(*line)
    });
    let one = words.iter().filter(|(_, word)| word.contains("exactly-once") && !opens(word)).map(|(line, _)| *line);
    let chinese = words.iter().filter(|(_, word)| {
        PROMISES.iter().any(|promise| {
            word.split(promise).next().is_some_and(|before| before.len() < word.len() && !ends_in_quote(before))
        })
    });
    two.chain(one).chain(chinese.map(|(line, _)| *line)).collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphanumeric())
}

fn opens(word: &str) -> bool {
    word.trim_start_matches(['(', '[', '*', '_']).starts_with(['"', '“', '`', '\''])
}

fn ends_in_quote(text: &str) -> bool {
    text.ends_with(['"', '“', '「', '`', '\''])
}

/// A folder at the root that only the machine of a developer has.
fn machine_path(line: &str) -> bool {
    ["work", "root", "Users"].map(|name| format!("/{name}/")).iter().any(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            !line[..at].ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '}'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promise_is_found_outside_of_quotes() {
        for (text, expected) in [
            ("Each order is made exactly once.", 1),
            ("An *Exactly-once* pipeline", 1),
            ("// exactly\n// once", 1),
            ("每个订单恰好一次", 1),
            ("Never write \"exactly once\".", 0),
            ("从不说「恰好一次」", 0),
            ("exactly one, once", 0),
            ("applied at most once", 0),
        ] {
            assert_eq!(promises(text).len(), expected, "{text}");
        }
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let path = ["/wo", "rk/main"].concat();
        for (text, expected) in [
            (format!("see {path}"), 1),
            (format!("file://{path}"), 1),
            (path.clone(), 1),
            (format!("mideng{path}"), 0),
            ("../shared/data".to_owned(), 0),
        ] {
            assert_eq!(check(&Repository::of(&[("README.md", &text)])).len(), expected, "{text}");
        }
    }
}
