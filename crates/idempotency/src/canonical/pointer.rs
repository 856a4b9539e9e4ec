//! Owns places in a canonical text, as RFC 6901 names them: what stands there, and the text without it.

use thiserror::Error;

use super::reader::write_string;

/// A place in a JSON text, for example `/customer/id`. It names members and elements; never the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    steps: Vec<Step>,
}

/// One step of a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    /// The member's name as a canonical text spells it, in quotes.
    name: String,
    /// The element, where the step is a number.
    index: Option<usize>,
}

/// Why a text is no pointer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a JSON pointer: it begins with a slash, and a tilde in it is followed by 0 or 1")]
pub struct BadPointer(pub String);

/// One member or element within its canonical text.
struct Item<'a> {
    /// The member's name with its quotes; empty for an element.
    name: &'a str,
    value: &'a str,
}

impl Pointer {
    /// Reads an RFC 6901 pointer.
    pub fn new(text: &str) -> Result<Self, BadPointer> {
        let bad = || BadPointer(text.to_owned());
        let steps = text.strip_prefix('/').ok_or_else(bad)?.split('/');
        let steps = steps.map(|step| Step::new(step).ok_or_else(bad)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), steps })
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The canonical text of what stands there; `None` where nothing does. `text` is canonical.
    pub fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.steps.iter().try_fold(text, |text, step| {
            items(text).into_iter().enumerate().find(|(at, item)| step.names(*at, item)).map(|(_, item)| item.value)
        })
    }

    /// The text without what stands there. An element is replaced by `null`, so that the others keep their places.
    #[must_use]
    pub fn without(&self, text: &str) -> String {
        without(text, &self.steps)
    }
}

impl Step {
    fn new(step: &str) -> Option<Self> {
        let mut plain = String::with_capacity(step.len());
        let mut characters = step.chars();
        while let Some(character) = characters.next() {
            match character {
                '~' => match characters.next()? {
                    '0' => plain.push('~'),
                    '1' => plain.push('/'),
                    _ => return None,
                },
                other => plain.push(other),
            }
        }
        let mut name = String::with_capacity(plain.len() + 2);
        write_string(&plain, &mut name);
        let plain_number = plain == "0" || !plain.starts_with(['0', '+']);
        Some(Self { name, index: plain.parse().ok().filter(|_| plain_number) })
    }

    fn names(&self, at: usize, item: &Item<'_>) -> bool {
        if item.name.is_empty() { self.index == Some(at) } else { self.name == item.name }
    }
}

fn without(text: &str, steps: &[Step]) -> String {
    let Some((first, rest)) = steps.split_first() else { return "null".to_owned() };
    let kept = items(text).into_iter().enumerate().filter_map(|(at, item)| {
        let named = first.names(at, &item);
        if named && rest.is_empty() && !item.name.is_empty() {
            return None;
        }
        let value = if named { without(item.value, rest) } else { item.value.to_owned() };
        Some(if item.name.is_empty() { value } else { format!("{}:{value}", item.name) })
    });
    let kept = kept.collect::<Vec<_>>().join(",");
    match text.as_bytes().first() {
        Some(b'{') => format!("{{{kept}}}"),
        Some(b'[') => format!("[{kept}]"),
        _ => text.to_owned(),
    }
}

/// The members or elements of a canonical text, which has no blanks; none for what is neither object nor array.
fn items(text: &str) -> Vec<Item<'_>> {
    let is_object = text.starts_with('{');
    let Some(mut rest) = text.get(1..text.len().saturating_sub(1)).filter(|_| is_object || text.starts_with('['))
    else {
        return Vec::new();
    };
    let mut items = Vec::new();
    while !rest.is_empty() {
        let (name, behind) = if is_object { rest.split_at(value_length(rest)) } else { ("", rest) };
        let behind = behind.strip_prefix(':').unwrap_or(behind);
        let (value, behind) = behind.split_at(value_length(behind));
        items.push(Item { name, value });
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
    items
}

/// How many bytes the first value of a canonical text takes.
fn value_length(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' | b':' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{BadPointer, Pointer};
    use crate::canonical;

    fn pointer(text: &str) -> Pointer {
        Pointer::new(text).expect("a pointer")
    }

    #[test]
    fn r_04_what_stands_at_a_place_and_what_is_left_without_it() {
        let text =
            canonical::text(br#"{"a":{"b":[1,{"c":"x,]}"},3],"":0},"a/b":"\u0001\"","m~n":[],"nonce":"1:2","z":null}"#)
                .expect("it is JSON");
        for (place, found, left) in [
            ("/nonce", Some(r#""1:2""#), text.replace(r#""nonce":"1:2","#, "")),
            ("/z", Some("null"), text.replace(r#","z":null"#, "")),
            ("/a/b/1/c", Some(r#""x,]}""#), text.replace(r#"{"c":"x,]}"}"#, "{}")),
            ("/a/b/0", Some("1"), text.replace("[1,", "[null,")),
            ("/a/", Some("0"), text.replace(r#""":0,"#, "")),
            ("/a~1b", Some(r#""\u0001\"""#), text.replace(r#""a/b":"\u0001\"","#, "")),
            ("/m~0n", Some("[]"), text.replace(r#""m~n":[],"#, "")),
            ("/a/b/01", None, text.clone()),
            ("/a/b/7", None, text.clone()),
            ("/nonce/x", None, text.clone()),
            ("/absent", None, text.clone()),
        ] {
            assert_eq!(pointer(place).find(&text), found, "{place}");
            assert_eq!(pointer(place).without(&text), left, "{place}");
            assert_eq!(canonical::text(left.as_bytes()).as_deref(), Ok(left.as_str()), "{place} leaves canonical text");
        }
    }

    #[test]
    fn what_is_no_pointer() {
        for text in ["", "a", "/~2", "/~"] {
            assert_eq!(Pointer::new(text), Err(BadPointer(text.to_owned())));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_member_taken_out_is_gone_and_the_others_stay(names in proptest::collection::btree_set(".{0,6}", 1..6)) {
            let object = names.iter().map(|name| (name.clone(), serde_json::json!([name, {"a": name}]))).collect();
            let value = serde_json::Value::Object(object);
            let text = canonical::text(value.to_string().as_bytes()).expect("serde_json writes JSON");
            for name in &names {
                let place = pointer(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                proptest::prop_assert_eq!(
                    serde_json::from_str::<serde_json::Value>(place.find(&text).expect("it is there")).ok(),
                    value.get(name).cloned()
                );
                let mut less = value.clone();
                less.as_object_mut().expect("an object").remove(name);
                let expected = canonical::text(less.to_string().as_bytes()).expect("serde_json writes JSON");
                proptest::prop_assert_eq!(place.without(&text), expected);
            }
        }
    }
}
