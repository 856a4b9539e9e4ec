//! Owns the ways to write one JSON value, and texts that are hardly one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The same value with blanks, with its members the other way round, and with its numbers written otherwise. Each with
/// what was done.
pub(crate) fn spellings(body: &[u8]) -> Vec<(&'static str, String)> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let write = |style: Style| {
        let mut text = String::new();
        style.write(&value, &mut text);
        text
    };
    let plain = Style { blank: "", reversed: false, decimal: false };
    let mut all = vec![
        ("blanks", write(Style { blank: " \n\t", ..plain })),
        ("members the other way round", write(Style { reversed: true, ..plain })),
    ];
    let decimal = write(Style { decimal: true, ..plain });
    if decimal != write(plain) {
        all.push(("1.0 for 1", decimal));
    }
    all
}

/// A member that stands twice, with these two values, in both orders; nothing where the bodies are no objects that differ
/// in one.
pub(crate) fn doubled(body: &[u8], other: &[u8]) -> Option<[String; 2]> {
    let read = |bytes| serde_json::from_slice::<Map<String, Value>>(bytes).ok();
    let (one, two) = (read(body)?, read(other)?);
    let (name, value) = one.iter().find(|(name, value)| two.get(*name).is_some_and(|other| other != *value))?;
    let (name_text, other) = (Value::from(name.as_str()), two.get(name)?);
    let rest: String =
        one.iter().filter(|(member, _)| *member != name).fold(String::new(), |mut text, (name, value)| {
            let _written = write!(text, ",{}:{value}", Value::from(name.as_str()));
            text
        });
    let text = |first: &Value, second: &Value| format!("{{{name_text}:{first},{name_text}:{second}{rest}}}");
    Some([text(value, other), text(other, value)])
}

/// The texts in a value: what must not be found where they have no business.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// What stands at the ends of a value, by the way that leads there.
pub(crate) fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), value)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::Array(items) => {
                open.extend(items.iter().enumerate().map(|(at, item)| (format!("{place}/{at}"), item)));
            }
            Value::Object(members) => {
                open.extend(members.iter().map(|(name, value)| (format!("{place}/{name}"), value)));
            }
            value => _ = found.insert(place, value.clone()),
        }
    }
    found
}

#[derive(Clone, Copy)]
struct Style {
    blank: &'static str,
    reversed: bool,
    decimal: bool,
}

impl Style {
    fn write(self, value: &Value, text: &mut String) {
        let blank = self.blank;
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                if self.reversed {
                    members.reverse();
                }
                self.list(text, ['{', '}'], members, |text, (name, value)| {
                    let _written = write!(text, "{}{blank}:{blank}", Value::from(name.as_str()));
                    self.write(value, text);
                });
            }
            Value::Array(items) => {
                self.list(text, ['[', ']'], items.iter().collect(), |text, item: &Value| self.write(item, text));
            }
            Value::Number(number) if self.decimal && number.as_i64().is_some() => {
                let _written = write!(text, "{number}.0");
            }
            value => {
                let _written = write!(text, "{value}");
            }
        }
    }

    fn list<T>(self, text: &mut String, ends: [char; 2], items: Vec<T>, write: impl Fn(&mut String, T)) {
        text.push(ends[0]);
        for (at, item) in items.into_iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "," });
            text.push_str(self.blank);
            write(text, item);
            text.push_str(self.blank);
        }
        text.push(ends[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_written_in_several_ways() {
        let body = br#"{"a":{"b":1,"c":[true,null]},"d":"x"}"#;
        let all = spellings(body);
        assert_eq!(all.len(), 3);
        let value: Value = serde_json::from_slice(body).expect("JSON");
        for (what, text) in &all {
            assert_ne!(text.as_bytes(), body, "{what}");
            let read: Value = serde_json::from_str(&text.replace("1.0", "1")).expect("JSON");
            assert_eq!(read, value, "{what}");
        }
        assert_eq!(all[1].1, r#"{"d":"x","a":{"c":[true,null],"b":1}}"#);
        assert!(spellings(b"a=1").is_empty());
        assert_eq!(spellings(b"{}").len(), 2);
    }

    #[test]
    fn a_member_stands_twice() {
        let [one, two] = doubled(br#"{"a":1,"b":"x"}"#, br#"{"a":2,"b":"x"}"#).expect("they differ in one");
        assert_eq!((one.as_str(), two.as_str()), (r#"{"a":1,"a":2,"b":"x"}"#, r#"{"a":2,"a":1,"b":"x"}"#));
        assert!(doubled(b"[]", b"[1]").is_none());
    }
}
