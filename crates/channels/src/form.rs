//! Owns form encoding, both ways. It does not know what the members mean.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::fact::Unreadable;

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The most members a form from outside may have.
const MEMBERS_MAX: usize = 200;

/// `application/x-www-form-urlencoded`.
pub(crate) fn encode<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in members {
        let and = if text.is_empty() { "" } else { "&" };
        let _ = write!(text, "{and}{}={}", escape(name), escape(value));
    }
    text
}

/// A piece of a path or a query.
pub(crate) fn escape(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, RESERVED)
}

/// Reads a form; each value is decoded once. A member that comes twice is refused: a signature covers only one.
pub(crate) fn decode(body: &[u8]) -> Result<BTreeMap<String, String>, Unreadable> {
    let body = std::str::from_utf8(body).map_err(|_| Unreadable::new("the form is no text"))?;
    let mut members = BTreeMap::new();
    for member in body.split('&').filter(|member| !member.is_empty()) {
        let (name, value) = member.split_once('=').unwrap_or((member, ""));
        if members.len() == MEMBERS_MAX || members.insert(unescape(name)?, unescape(value)?).is_some() {
            return Err(Unreadable::new("a member of the form comes twice, or there are too many"));
        }
    }
    Ok(members)
}

fn unescape(text: &str) -> Result<String, Unreadable> {
    let text = text.replace('+', " ");
    let text =
        percent_decode_str(&text).decode_utf8().map_err(|_| Unreadable::new("a value of the form is not UTF-8"))?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let members = [("a", "1&2=3+4 %25"), ("金额", "¥0.01~"), ("metadata[x]", "")];
        let text = encode(members);
        assert!(text.starts_with("a=1%262%3D3%2B4%20%2525&"), "{text}");
        let read = decode(text.as_bytes()).unwrap();
        assert_eq!(read.len(), 3);
        for (name, value) in members {
            assert_eq!(read[name], value);
        }
    }

    #[test]
    fn forms_from_outside() {
        assert_eq!(decode(b"a=b+c&&d").unwrap(), [("a", "b c"), ("d", "")].map(|(n, v)| (n.into(), v.into())).into());
        for bad in [&b"a=1&a=2"[..], b"a=%ff", b"\xff", b"a=1&%61=2"] {
            assert!(decode(bad).is_err(), "{bad:?}");
        }
        let many: Vec<String> = (0..300).map(|at| format!("k{at}=v")).collect();
        assert!(decode(many.join("&").as_bytes()).is_err());
    }
}
