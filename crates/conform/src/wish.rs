//! Owns payloads: a new one for every wish, and with it another one that differs from it.

use bytes::Bytes;
use serde_json::Value;

use crate::Error;
use crate::profile::{Profile, wrong};

/// What a caller wants, and a different wish that looks alike.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) body: Bytes,
    pub(crate) other: Option<Bytes>,
}

/// What stands for the placeholders of one wish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    pub(crate) number: u64,
    pub(crate) random: u64,
}

impl Fill {
    pub(crate) fn fill(self, template: &str) -> String {
        template.replace("{{n}}", &self.number.to_string()).replace("{{random}}", &format!("{:016x}", self.random))
    }
}

impl Wish {
    /// A wish of this template.
    pub(crate) fn of(profile: &Profile, template: Option<&str>, fill: Fill) -> Result<Self, Error> {
        let body = fill.fill(template.unwrap_or_default());
        let other = match (&profile.other_body, &profile.vary) {
            // A slow wish's other one must differ from it alone, so a change of it is taken before a body of its own.
            (_, Some(pointer)) => Some(varied(&body, pointer)?),
            (Some(other), None) => Some(fill.fill(other)),
            (None, None) => None,
        };
        if other.as_ref() == Some(&body) {
            return Err(wrong("other_body", "it is the same as the body"));
        }
        Ok(Self { body: body.into(), other: other.map(Bytes::from) })
    }

    /// No payload at all.
    pub(crate) const fn nothing() -> Self {
        Self { body: Bytes::new(), other: None }
    }

    /// The other payload; a row that takes it has said that it needs it.
    pub(crate) fn other(&self) -> Bytes {
        self.other.clone().unwrap_or_default()
    }
}

/// The body with what stands there changed, and nothing else.
pub(crate) fn varied(body: &str, pointer: &str) -> Result<String, Error> {
    let mut value: Value =
        serde_json::from_str(body).map_err(|error| wrong("body", format!("it is not JSON: {error}")))?;
    let place = value.pointer_mut(pointer).ok_or_else(|| wrong("vary", format!("nothing stands at {pointer}")))?;
    match place {
        Value::Number(number) => {
            let more = number.as_i64().map(|number| number.wrapping_add(1).into());
            *place = more.or_else(|| Some(Value::from(number.as_f64()? + 1.0))).unwrap_or(Value::from(1));
        }
        Value::String(text) => text.push('x'),
        Value::Bool(flag) => *flag = !*flag,
        _ => return Err(wrong("vary", format!("{pointer} is no number, text or boolean"))),
    }
    Ok(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_and_the_other_differ_in_one_place() {
        let profile = Profile { vary: Some("/lines/0/quantity".to_owned()), ..Profile::default() };
        let template = r#"{"no": {{n}}, "name": "{{random}}", "lines": [{"quantity": 1}]}"#;
        let wish = Wish::of(&profile, Some(template), Fill { number: 7, random: 255 }).expect("a wish");
        assert_eq!(wish.body, r#"{"no": 7, "name": "00000000000000ff", "lines": [{"quantity": 1}]}"#);
        assert_eq!(wish.other(), r#"{"lines":[{"quantity":2}],"name":"00000000000000ff","no":7}"#);
    }

    #[test]
    fn what_cannot_be_changed_is_told() {
        for (body, pointer) in [("{}", "/a"), ("[", "/0"), (r#"{"a": null}"#, "/a"), (r#"{"a": []}"#, "/a")] {
            assert!(varied(body, pointer).is_err(), "{body} {pointer}");
        }
        assert_eq!(varied(r#"{"a": true}"#, "/a").expect("changed"), r#"{"a":false}"#);
        let same = Profile { other_body: Some("{}".to_owned()), ..Profile::default() };
        assert!(Wish::of(&same, Some("{}"), Fill { number: 0, random: 0 }).is_err());
    }
}
