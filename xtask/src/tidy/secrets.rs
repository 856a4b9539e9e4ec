//! Owns how secrets are held: no type that has one in the open is shown by `Debug` or compared byte by byte, and no comparison
//! of one ends at its first wrong byte (ASVS 11.2.4).

use syn::visit::{self, Visit};

use super::Finding;
use super::repository::Repository;

/// What a member is called that holds a secret.
const NAMES: &[&str] = &[
    "access_token",
    "api_key",
    "bootstrap_api_key",
    "client_secret",
    "code_verifier",
    "cookie",
    "current_password",
    "database_url",
    "device_mark",
    "mac",
    "mark",
    "new_password",
    "one_time_token",
    "password",
    "pkcs8",
    "private_key",
    "recovery_codes",
    "redis_url",
    "refresh_token",
    "reset_token",
    "seal",
    "secret",
    "signature",
];

/// A file, a name in it, and why it is as it is.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("crates/store/src/factors.rs", "SecondFactor", "a row, which tests compare with a row; it is sealed"),
    ("crates/store/src/signing.rs", "SigningKey", "a row, which tests compare with a row; nobody sends one"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in repository.sources().filter(|(file, _)| file.path.starts_with("crates/")) {
        let Ok(parsed) = syn::parse_file(&file.text) else { continue };
        let mut reader = Reader::default();
        reader.visit_file(&parsed);
        for Held { line, name, text } in reader.found {
            let is_excepted = EXCEPTIONS.iter().any(|(path, it, _)| *path == file.path && *it == name);
            if !source.is_test(line) && !is_excepted {
                findings.push(Finding::error(format!("{}:{line}", file.path), text));
            }
        }
    }
    findings
}

struct Held {
    line: usize,
    name: String,
    text: String,
}

#[derive(Default)]
struct Reader {
    found: Vec<Held>,
}

impl<'a> Visit<'a> for Reader {
    fn visit_item_struct(&mut self, node: &'a syn::ItemStruct) {
        let derived = derived(&node.attrs);
        for field in &node.fields {
            let Some(name) = field.ident.as_ref() else { continue };
            if !derived.is_empty() && is_named(&name.to_string()) && is_open(&field.ty) {
                let text = format!(
                    "`{}.{name}` is a secret, and {} would show or compare it",
                    node.ident,
                    derived.join(" and ")
                );
                self.found.push(Held { line: node.ident.span().start().line, name: node.ident.to_string(), text });
            }
        }
        visit::visit_item_struct(self, node);
    }

    fn visit_expr_binary(&mut self, node: &'a syn::ExprBinary) {
        let is_comparison = matches!(node.op, syn::BinOp::Eq(_) | syn::BinOp::Ne(_));
        let secret = [&node.left, &node.right].into_iter().filter_map(|side| last(side)).find(|name| is_named(name));
        if let (true, Some(name)) = (is_comparison, secret) {
            let line = syn::spanned::Spanned::span(&node.op).start().line;
            let text = format!(
                "`{name}` is compared byte by byte; compare it in constant time, with `subtle` or `verify_slice`"
            );
            self.found.push(Held { line, name, text });
        }
        visit::visit_expr_binary(self, node);
    }
}

fn is_named(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Of what is derived, what shows or compares.
fn derived(attributes: &[syn::Attribute]) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let _read = attribute.parse_nested_meta(|meta| {
            found.extend(meta.path.segments.last().map(|last| last.ident.to_string()));
            Ok(())
        });
    }
    found.retain(|name| name == "Debug" || name == "PartialEq");
    found
}

/// A text, bytes, or several of them: anything can read it.
fn is_open(kind: &syn::Type) -> bool {
    match kind {
        syn::Type::Reference(reference) => is_open(&reference.elem),
        syn::Type::Array(array) => is_open(&array.elem),
        syn::Type::Slice(slice) => is_open(&slice.elem),
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
            syn::PathArguments::AngleBracketed(of) if last.ident != "Zeroizing" => {
                of.args.iter().any(|argument| matches!(argument, syn::GenericArgument::Type(inner) if is_open(inner)))
            }
            _ => matches!(last.ident.to_string().as_str(), "String" | "str" | "u8" | "Zeroizing"),
        }),
        _ => false,
    }
}

/// What an operand is called: a name, a member, or what a method such as `as_str` is asked of.
fn last(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        syn::Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => last(&field.base),
        },
        syn::Expr::MethodCall(call) => {
            // Whether there is one, and how long it is, is no secret.
            let tells_little = matches!(call.method.to_string().as_str(), "len" | "is_some" | "is_none" | "is_empty");
            if tells_little { None } else { last(&call.receiver) }
        }
        syn::Expr::Reference(reference) => last(&reference.expr),
        syn::Expr::Unary(unary) => last(&unary.expr),
        syn::Expr::Paren(inner) => last(&inner.expr),
        syn::Expr::Index(index) => last(&index.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s16_each_secret_in_the_open_is_found() {
        for (text, count) in [
            ("#[derive(Clone, Debug)] struct One { password: String }", 1),
            ("#[derive(PartialEq)] struct One { secret: Option<[u8; 32]> }", 1),
            ("#[derive(Debug)] struct One<'a> { refresh_token: &'a str }", 1),
            ("#[derive(Debug)] struct One { recovery_codes: Vec<String> }", 1),
            ("#[derive(Debug)] struct One { mac: Zeroizing<Vec<u8>> }", 1),
            ("#[derive(Clone)] struct One { password: String }", 0),
            ("#[derive(Debug)] struct One { password: Secret, name: String }", 0),
            ("fn one() -> bool { mac == other }", 1),
            ("fn one() -> bool { other != self.mac }", 1),
            ("fn one() -> bool { x && stored.secret.as_str() == typed }", 1),
            ("fn one() -> bool { &seal[..] == other }", 1),
            ("fn one() -> bool { secret.len() == 32 && name == other }", 0),
        ] {
            assert_eq!(check(&Repository::of(&[("crates/a/src/lib.rs", text)])).len(), count, "{text}");
            assert_eq!(check(&Repository::of(&[("crates/a/tests/all.rs", text)])).len(), 0, "{text}");
        }
    }
}
