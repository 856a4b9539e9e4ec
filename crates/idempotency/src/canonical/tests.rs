use proptest::prelude::*;

use super::{Malformed, text};

fn same(left: &str, right: &str) {
    assert_eq!(text(left.as_bytes()), text(right.as_bytes()), "{left} and {right} are the same request");
    text(left.as_bytes()).expect("both are JSON");
}

fn differ(left: &str, right: &str) {
    let left_text = text(left.as_bytes()).expect("left is JSON");
    let right_text = text(right.as_bytes()).expect("right is JSON");
    assert_ne!(left_text, right_text, "{left} and {right} are two requests");
}

#[test]
fn r_03_order_blanks_and_number_spelling_do_not_matter() {
    same(r#"{"a":1,"b":[1,2]}"#, " {\n\"b\" : [ 1 , 2 ],\t\"a\":1.0 } ");
    same("1.0", "1");
    same("100", "1e2");
    same("100", "1.00E+2");
    same("0.001", "1e-3");
    same("-0", "0");
    same("-0.0e5", "0");
    same("12345678901234567890.5", "1234567890123456789050e-2");
    same(r#""A\/\n""#, r#""\u0041/\u000a""#);
    same(r#""\ud83d\ude00""#, "\"😀\"");
}

#[test]
fn r_03_what_is_not_the_same() {
    differ("9007199254740992", "9007199254740993");
    differ("0.3", "0.30000000000000000001");
    differ("1e400", "1e401");
    differ(r#"{"a":null}"#, "{}");
    differ(r#""1""#, "1");
    differ("[1,2]", "[2,1]");
    differ(r#""é""#, "\"e\u{301}\"");
}

#[test]
fn r_09_two_readings_are_refused() {
    let twice = text(br#"{"a":1,"b":{"x":1,"\u0078":2}}"#);
    assert_eq!(twice, Err(Malformed::DuplicateMember { at: 29, name: "x".to_owned() }));
    assert_eq!(text(b"1e99999999999999999999"), Err(Malformed::NumberRange { at: 0 }));
}

#[test]
fn what_is_not_json() {
    let deep = "[".repeat(70);
    let bodies: &[&[u8]] = &[
        b"",
        b"  ",
        b"{",
        b"[1,]",
        b"{\"a\":1,}",
        b"{a:1}",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"1e",
        b"--1",
        b"NaN",
        b"tru",
        b"\"\\x\"",
        b"\"\\ud800\"",
        b"\"\\ud800\\u0041\"",
        b"\"\\udc00\"",
        b"\"\\u12\"",
        b"\"\\u+123\"",
        b"\"a\nb\"",
        b"\"abc",
        b"1 2",
        b"{} x",
        b"\xff\xfe",
        b"{\"a\" 1}",
        b"[1 2]",
        b"'a'",
        b"/*c*/1",
        deep.as_bytes(),
    ];
    for body in bodies {
        assert!(text(body).is_err(), "{:?} is not JSON", String::from_utf8_lossy(body));
    }
    assert_eq!(text(deep.as_bytes()), Err(Malformed::TooDeep { at: 64 }));
}

/// Any JSON value, as text with odd blanks and a chosen member order.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_text_means_the_same_and_is_a_fixed_point(value in any_json()) {
        let compact = text(value.to_string().as_bytes()).expect("serde_json writes JSON");
        let pretty = serde_json::to_string_pretty(&value).expect("it is a value");
        prop_assert_eq!(&compact, &text(pretty.as_bytes()).expect("serde_json writes JSON"));
        prop_assert_eq!(&compact, &text(compact.as_bytes()).expect("canonical text is JSON"));
        let back: serde_json::Value = serde_json::from_str(&compact).expect("canonical text is JSON");
        prop_assert_eq!(back, value);
    }

    #[test]
    fn no_input_panics_and_serde_agrees_on_what_is_json(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if text(&bytes).is_ok() {
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok());
        }
    }

    #[test]
    fn json_like_noise_does_not_panic(noise in "[\\[\\]{}:,\"\\\\u0-9a-fe.+ -]{0,40}") {
        let ours = text(noise.as_bytes());
        if serde_json::from_str::<serde::de::IgnoredAny>(&noise).is_err() {
            prop_assert!(ours.is_err(), "{noise:?} is not JSON but was taken as {ours:?}");
        }
    }
}
