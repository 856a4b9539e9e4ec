//! Owns what of a provider's words may be kept: JSON or a form without what is secret or personal in it, of all else how long it
//! was. Here is every place where such words come in; it does not know who keeps them.

use std::borrow::Cow;
use std::fmt;

use domain::channel::RawAnswer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::form;

mod looks;
mod names;
#[cfg(test)]
mod tests;

use names::Told;

/// Stands where something is not shown.
const HIDDEN: &str = "…";
/// The most objects in each other, and texts that are JSON again, that are looked into; what lies deeper is not shown.
const DEPTH_MAX: usize = 24;

/// A provider's words as they may be kept. What is shown of them is byte for byte as it came; forms are shown as an object.
pub(crate) fn of(body: &[u8]) -> RawAnswer {
    let masked = std::str::from_utf8(body).ok().and_then(|text| json(text, 0).or_else(|| fields(text)));
    RawAnswer::of_masked(&masked.unwrap_or_else(|| format!("({} bytes, neither JSON nor a form)", body.len())))
}

/// An object or a list; a text or a number alone may be anything.
fn json(text: &str, depth: usize) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<&RawValue>(text).ok()?;
    let mut shown = Shown::default();
    shown.value(text, depth);
    Some(shown.text)
}

/// A form, as an object of its members.
fn fields(text: &str) -> Option<String> {
    let members = form::decode(text.trim().as_bytes()).ok().filter(|_| is_form(text.trim()))?;
    let mut shown = Shown::default();
    shown.list(['{', '}'], members, |shown, (name, value)| shown.member(&name, &quoted(&value), 0));
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
    fn value(&mut self, text: &str, depth: usize) {
        let text = text.trim();
        let is_deep = depth >= DEPTH_MAX;
        match text.as_bytes().first() {
            Some(b'{') if !is_deep => match serde_json::from_str::<Members<'_>>(text) {
                Ok(Members(members)) => self.list(['{', '}'], members, |shown, (name, value)| {
                    shown.member(&name, value.get(), depth + 1);
                }),
                Err(_) => self.hidden(),
            },
            Some(b'[') if !is_deep => match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(values) => self.list(['[', ']'], values, |shown, value| shown.value(value.get(), depth + 1)),
                Err(_) => self.hidden(),
            },
            Some(b'{' | b'[') => self.hidden(),
            Some(b'"') => self.words(text, depth),
            _ => match looks::masked(text) {
                Some(masked) => self.text.push_str(&quoted(&masked)),
                None => self.text.push_str(text),
            },
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

    /// That there is nothing is no secret.
    fn member(&mut self, name: &str, value: &str, depth: usize) {
        self.text.push_str(&quoted(name));
        self.text.push(':');
        let is_text = value.starts_with('"');
        match names::told(name, is_text) {
            _ if matches!(value, "null" | "\"\"") => self.text.push_str(value),
            Told::Whole => self.value(value, depth),
            Told::LastFour if !value.starts_with(['{', '[']) => self.text.push_str(&quoted(&looks::last_four(value))),
            Told::LastFour | Told::Hidden => self.hidden(),
        }
    }

    /// A text, which may be JSON or a form again.
    fn words(&mut self, text: &str, depth: usize) {
        let Ok(words) = serde_json::from_str::<Cow<'_, str>>(text) else { return self.hidden() };
        let inner = json(&words, depth + 1).or_else(|| fields(&words).filter(|shown| shown.contains(HIDDEN)));
        match inner.or_else(|| looks::masked(&words)) {
            Some(masked) => self.text.push_str(&quoted(&masked)),
            None => self.text.push_str(text),
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
