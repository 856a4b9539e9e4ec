use super::{Invalid, Key, Syntax};

fn read(lines: &[&str], syntax: Syntax) -> Result<Option<String>, Invalid> {
    Key::from_header_lines(lines.iter().map(|line| line.as_bytes()), syntax)
        .map(|key| key.map(|key| key.as_str().to_owned()))
}

fn check(line: &str, expected: Result<&str, Invalid>) {
    assert_eq!(read(&[line], Syntax::Either), expected.map(|key| Some(key.to_owned())), "header {line:?}");
}

#[test]
fn h_03_both_forms_name_the_same_key() {
    check("8e03978e-40d5", Ok("8e03978e-40d5"));
    check("\"8e03978e-40d5\"", Ok("8e03978e-40d5"));
    check("  \"8e03978e-40d5\"  ", Ok("8e03978e-40d5"));
}

#[test]
fn h_04_strict_takes_only_strings() {
    for line in ["abc", "42", ":YQ==:", "(\"a\")"] {
        assert_eq!(read(&[line], Syntax::Strict), Err(Invalid::NotAString), "header {line:?}");
    }
    assert_eq!(read(&["\"abc\""], Syntax::Strict), Ok(Some("abc".to_owned())));
    check("42", Ok("42"));
    check(":YQ==:", Ok(":YQ==:"));
    check("(\"a\")", Err(Invalid::List));
}

#[test]
fn h_05_two_lines_or_a_list_are_refused() {
    assert_eq!(read(&["a", "a"], Syntax::Either), Err(Invalid::Repeated(2)));
    check("\"a\", \"b\"", Err(Invalid::List));
    check("a, b", Err(Invalid::List));
    check("a,b", Err(Invalid::List));
    check("\"a\";x=1, \"b\"", Err(Invalid::BadString));
}

#[test]
fn h_06_what_is_not_a_key() {
    check("", Err(Invalid::Empty));
    check("   ", Err(Invalid::Empty));
    check("\"\"", Err(Invalid::Empty));
    check(&"k".repeat(256), Err(Invalid::TooLong));
    check(&"k".repeat(255), Ok(&"k".repeat(255)));
    check("a b", Err(Invalid::NotVisibleAscii(1)));
    check("\"a b\"", Err(Invalid::NotVisibleAscii(1)));
    check("a\u{7f}", Err(Invalid::NotVisibleAscii(1)));
    check("schlüssel", Err(Invalid::NotVisibleAscii(4)));
    check("\"abc", Err(Invalid::BadString));
    check("\"a\\n\"", Err(Invalid::BadString));
    check("\"a\"b", Err(Invalid::BadString));
    check("ab\"c", Err(Invalid::BadString));
}

#[test]
fn h_07_parameters_do_not_count() {
    check("\"a\";foo=1", Ok("a"));
    check("\"a\" ; foo", Ok("a"));
}

#[test]
fn h_08_escapes_are_decoded() {
    check("\"a\\\"b\"", Ok("a\"b"));
    check("\"a\\\\b\"", Ok("a\\b"));
}

#[test]
fn h_09_case_matters() {
    assert_ne!(Key::new("Abc"), Key::new("abc"));
}

#[test]
fn absent_is_not_an_error() {
    assert_eq!(read(&[], Syntax::Either), Ok(None));
}

#[test]
fn a_derived_key_cannot_be_sent_by_a_client() {
    let derived = Key::derived("expire", "ord_1");
    assert!(derived.is_derived());
    assert!(Key::new(derived.as_str()).is_err());
    assert_ne!(read(&[derived.as_str()], Syntax::Either), Ok(Some(derived.as_str().to_owned())));
}
