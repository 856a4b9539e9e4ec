//! Owns reading one Rust file: its tokens, functions, modules, and which of its lines are test code.

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

pub(super) struct Source {
    tokens: Vec<Token>,
    pub(super) functions: Vec<Function>,
    pub(super) modules: Vec<Module>,
    tests: Vec<RangeInclusive<usize>>,
}

/// A word, a sign or a literal, without the comments and spaces around it.
struct Token {
    text: String,
    line: usize,
}

pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    /// From the signature to the closing brace.
    pub(super) lines: usize,
    /// Whether it is a test itself.
    is_test: bool,
}

/// A module whose body is in another file.
pub(super) struct Module {
    /// Its name, after those of the inline modules around it.
    pub(super) names: Vec<String>,
    /// What `#[path]` says.
    pub(super) path: Option<String>,
}

impl Source {
    pub(super) fn parse(path: &str, text: &str) -> Option<Self> {
        let file = syn::parse_file(text).ok()?;
        let mut tokens = Vec::new();
        flatten(text.parse().ok()?, &mut tokens);
        let mut reader = Reader::default();
        reader.visit_file(&file);
        if is_test_path(path) || file.attrs.iter().any(is_test_attribute) {
            reader.tests.push(0..=usize::MAX);
        }
        Some(Self { tokens, functions: reader.functions, modules: reader.modules, tests: reader.tests })
    }

    /// The lines where this stands: words and signs apart by spaces, for example `thread :: sleep`.
    pub(super) fn find<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
        let pattern: Vec<_> =
            pattern.split(' ').flat_map(|word| if word == "::" { vec![":", ":"] } else { vec![word] }).collect();
        self.tokens
            .windows(pattern.len())
            .filter(move |window| window.iter().map(|token| token.text.as_str()).eq(pattern.iter().copied()))
            .filter_map(|window| window.first().map(|token| token.line))
    }

    /// Whether there is a test of this name.
    pub(super) fn tests_named(&self, name: &str) -> bool {
        self.functions.iter().any(|it| it.name == name && it.is_test)
    }

    /// Whether a line is test code.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&line))
    }
}

/// True for files that hold nothing but tests.
pub(super) fn is_test_path(path: &str) -> bool {
    let in_folder = path.split('/').any(|part| part == "tests" || part == "benches");
    in_folder || path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let push = |text: String, span: Span, tokens: &mut Vec<Token>| {
        tokens.push(Token { text, line: span.start().line });
    };
    for tree in stream {
        let TokenTree::Group(group) = tree else {
            push(tree.to_string(), tree.span(), tokens);
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        push(open.to_owned(), group.span_open(), tokens);
        flatten(group.stream(), tokens);
        push(close.to_owned(), group.span_close(), tokens);
    }
}

#[derive(Default)]
struct Reader {
    functions: Vec<Function>,
    modules: Vec<Module>,
    tests: Vec<RangeInclusive<usize>>,
    inside: Vec<String>,
}

impl Reader {
    fn item(&mut self, attributes: &[syn::Attribute], span: Span) {
        if attributes.iter().any(is_test_attribute) {
            self.tests.push(span.start().line..=span.end().line);
        }
    }

    fn function(&mut self, attributes: &[syn::Attribute], signature: &syn::Signature, span: Span) {
        let line = signature.span().start().line;
        let lines = span.end().line + 1 - line;
        let is_test = attributes.iter().any(is_test_attribute);
        self.functions.push(Function { name: signature.ident.to_string(), line, lines, is_test });
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_item_fn(&mut self, node: &'a syn::ItemFn) {
        self.item(&node.attrs, node.span());
        self.function(&node.attrs, &node.sig, node.span());
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'a syn::ImplItemFn) {
        self.item(&node.attrs, node.span());
        self.function(&node.attrs, &node.sig, node.span());
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_item_impl(&mut self, node: &'a syn::ItemImpl) {
        self.item(&node.attrs, node.span());
        visit::visit_item_impl(self, node);
    }

    fn visit_item_mod(&mut self, node: &'a syn::ItemMod) {
        self.item(&node.attrs, node.span());
        self.inside.push(node.ident.to_string());
        if node.content.is_none() {
            let path = node.attrs.iter().find_map(path_attribute);
            self.modules.push(Module { names: self.inside.clone(), path });
        }
        visit::visit_item_mod(self, node);
        self.inside.pop();
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`.
fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    let path = attribute.path();
    if path.segments.last().is_some_and(|segment| segment.ident == "test") {
        return true;
    }
    path.is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|argument| argument.is_ident("test"))
}

fn path_attribute(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(meta) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) = &meta.value else { return None };
    meta.path.is_ident("path").then(|| path.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "fn one() {\n    two();\n}\n\n#[cfg(test)]\nmod tests {\n    fn three() { two() }\n}\nmod four { mod five; }\n";

    #[test]
    fn tokens_are_found_with_their_lines_and_comments_are_not() {
        let source = Source::parse("a.rs", &format!("// two ()\n{TEXT}")).expect("it parses");
        assert_eq!(source.find("two ( )").collect::<Vec<_>>(), [3, 8]);
        assert!(!source.is_test(3) && source.is_test(8));
    }

    #[test]
    fn functions_and_modules_are_listed() {
        let source = Source::parse("a.rs", TEXT).expect("it parses");
        let functions: Vec<_> = source.functions.iter().map(|it| (it.name.as_str(), it.line, it.lines)).collect();
        assert_eq!(functions, [("one", 1, 3), ("three", 7, 1)]);
        let modules: Vec<_> = source.modules.iter().map(|it| it.names.join("/")).collect();
        assert_eq!(modules, ["four/five"]);
    }

    #[test]
    fn test_files_are_test_code_throughout() {
        for path in ["crates/a/src/b/tests.rs", "crates/a/tests/b.rs", "crates/a/src/b/tests/c.rs"] {
            assert!(Source::parse(path, TEXT).expect("it parses").is_test(1), "{path}");
        }
        assert!(!is_test_path("crates/a/src/contests.rs"));
    }
}
