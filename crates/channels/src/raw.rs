//! Owns what of a provider's words may be kept: JSON or a form, with the values of those members that are listed as neither secret
//! nor personal; of all else how long it was. Here is every place where such words come in; it does not know who keeps them.

use std::fmt;

use domain::channel::RawAnswer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::form;

mod names;
#[cfg(test)]
mod tests;
mod words;

use names::Kind;

/// Stands where something is not shown.
const HIDDEN: &str = "…";
/// The most objects in each other that are looked into; what lies deeper is not shown.
const DEPTH_MAX: usize = 16;

/// A provider's words as they may be kept. Forms are shown as an object. A text that holds JSON or a form again is not looked into,
/// nor shown.
pub(crate) fn of(body: &[u8]) -> RawAnswer {
    let masked = std::str::from_utf8(body).ok().and_then(|text| json(text.trim()).or_else(|| fields(text.trim())));
    RawAnswer::of_masked(&masked.unwrap_or_else(|| format!("({} bytes, neither JSON nor a form)", body.len())))
}

/// An object or a list; a text or a number alone may be anything.
fn json(text: &str) -> Option<String> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<&RawValue>(text).ok()?;
    let mut shown = Shown::default();
    shown.value(text, None, 0);
    Some(shown.text)
}

/// A form, as an object of its members.
fn fields(text: &str) -> Option<String> {
    let members = form::decode(text.as_bytes()).ok().filter(|_| is_form(text))?;
    let mut shown = Shown::default();
    shown.list(['{', '}'], members, |shown, (name, value)| {
        // A form knows texts alone: what begins as an object is one, and is not looked into.
        shown.name(&name);
        shown.text(&value, names::kind(&name));
    });
    Some(shown.text)
}

/// Whether every member has a name that programs write, and a sign of equality: much else would pass for a form.
fn is_form(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_-.[]%".contains(letter);
    !text.is_empty()
        && text.split('&').all(|member| {
            member.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_letter))
        })
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What is shown so far; there is no use in more than is kept.
#[derive(Default)]
struct Shown {
    text: String,
}

impl Shown {
    /// A value, of a member of some kind.
    fn value(&mut self, text: &str, kind: Option<Kind>, depth: usize) {
        let text = text.trim();
        let is_deep = depth >= DEPTH_MAX;
        match text.as_bytes().first() {
            Some(b'{') if !is_deep => match serde_json::from_str::<Members<'_>>(text) {
                Ok(Members(members)) => self.list(['{', '}'], members, |shown, (name, value)| {
                    shown.name(&name);
                    shown.value(value.get(), names::kind(&name), depth + 1);
                }),
                Err(_) => self.hidden(),
            },
            Some(b'[') if !is_deep => match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(values) => {
                    self.list(['[', ']'], values, |shown, value| shown.value(value.get(), kind, depth + 1));
                }
                Err(_) => self.hidden(),
            },
            Some(b'"') => match serde_json::from_str::<String>(text) {
                Ok(words) => self.text(&words, kind),
                Err(_) => self.hidden(),
            },
            // That something is so, is not so, or is not there tells of nobody.
            Some(b't' | b'f' | b'n') => self.text.push_str(text),
            Some(b'-' | b'0'..=b'9') if kind == Some(Kind::Plain) => self.text.push_str(text),
            _ => self.hidden(),
        }
    }

    fn list<T>(&mut self, [open, close]: [char; 2], items: impl IntoIterator<Item = T>, show: impl Fn(&mut Self, T)) {
        self.text.push(open);
        for (at, item) in items.into_iter().enumerate() {
            if self.text.len() > RawAnswer::BYTES_MAX {
                return;
            }
            if at > 0 {
                self.text.push(',');
            }
            show(self, item);
        }
        self.text.push(close);
    }

    fn name(&mut self, name: &str) {
        let name = if names::is_plain(name) { name } else { HIDDEN };
        self.text.push_str(&quoted(name));
        self.text.push(':');
    }

    fn text(&mut self, text: &str, kind: Option<Kind>) {
        match kind {
            _ if text.is_empty() => self.text.push_str("\"\""),
            Some(Kind::Plain) if words::is_plain(text) => self.text.push_str(&quoted(text)),
            Some(Kind::Words) => self.text.push_str(&quoted(&words::told(text))),
            Some(Kind::Plain) | None => self.hidden(),
        }
    }

    fn hidden(&mut self) {
        self.text.push_str(&quoted(HIDDEN));
    }
}

/// An object's members in their order, each value as it was written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
