//! Owns that no value becomes a part of an SQL text: a text between quotes in a statement is a parameter, or one of ours.

use syn::visit::{self, Visit};

use super::Finding;
use super::repository::Repository;

/// Words of which a statement has one at least.
const WORDS: &[&str] =
    &["select ", "insert into ", "update ", "delete from ", " where ", " values ", "show ", "alter "];

/// A file, and which texts of ours stand in its statements.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("crates/store/src/dialect/mysql/server.rs", "names of the server's settings, each written down there"),
    ("crates/store/src/dialect/postgres.rs", "names of tables, for a function that takes them as text"),
    ("crates/store/src/health.rs", "an account's id, which is written in letters and digits"),
    ("crates/store/src/installation.rs", "numbers, written in letters and digits"),
    ("crates/store/src/outbox.rs", "a node's name, which it makes of its own number"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in repository.sources().filter(|(file, _)| file.path.starts_with("crates/")) {
        if EXCEPTIONS.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        let Ok(parsed) = syn::parse_file(&file.text) else { continue };
        let mut reader = Reader::default();
        reader.visit_file(&parsed);
        for (line, value) in reader.quoted.into_iter().filter(|(line, _)| !source.is_test(*line)) {
            let text = format!("`{value}` would become a part of the statement; make it a parameter");
            findings.push(Finding::error(format!("{}:{line}", file.path), text));
        }
    }
    findings
}

#[derive(Default)]
struct Reader {
    quoted: Vec<(usize, String)>,
}

impl<'a> Visit<'a> for Reader {
    fn visit_macro(&mut self, node: &'a syn::Macro) {
        if let Some(literal) = node.tokens.clone().into_iter().find_map(literal) {
            let (text, line) = (literal.value(), literal.span().start().line);
            let lower = text.to_lowercase();
            if WORDS.iter().any(|word| lower.contains(word)) {
                self.quoted.extend(quoted(&text).map(|value| (line, value)));
            }
        }
        visit::visit_macro(self, node);
    }
}

/// The text that a macro such as `format!` fills in.
fn literal(token: proc_macro2::TokenTree) -> Option<syn::LitStr> {
    let proc_macro2::TokenTree::Literal(literal) = token else { return None };
    match syn::Lit::new(literal) {
        syn::Lit::Str(text) => Some(text),
        _ => None,
    }
}

/// Places between quotes that are filled in, with what.
fn quoted(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices("'{").filter_map(|(at, _)| {
        let inside = &text[at + 1..];
        let (value, behind) = inside.strip_prefix('{')?.split_once('}')?;
        (!inside.starts_with("{{") && behind.starts_with(['\'', '%'])).then(|| format!("{{{value}}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s25_a_value_between_quotes_is_found() {
        for (text, count) in [
            ("fn f() { format!(\"select id from people where login = '{login}'\"); }", 1),
            ("fn f() { format!(\"update t set a = '{}', b = '{}%'\", a, b); }", 2),
            ("fn f() { go(&format!(\"DELETE FROM t WHERE a = '{a:?}'\")); }", 1),
            ("fn f() { format!(\"select id from {table} where id = {} and a = 'open'\", id.0); }", 0),
            ("fn f() { format!(\"the login '{login}' is taken\"); }", 0),
        ] {
            assert_eq!(check(&Repository::of(&[("crates/a/src/lib.rs", text)])).len(), count, "{text}");
        }
    }
}
