//! Owns what an idempotency key is and how it is read from a request's header lines.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The longest key, in characters. 255 is also Stripe's limit.
pub const LENGTH_MAX: usize = 255;

/// The header that brings a key.
pub const HEADER: &str = "idempotency-key";

/// The header that says how an answer came to be: `executed`, `replayed` and others.
pub const STATUS_HEADER: &str = "idempotency-status";

/// The header that an answer has which was given before; its value is `true`.
pub const REPLAYED_HEADER: &str = "idempotent-replayed";

/// An idempotency key: 1 to 255 visible ASCII characters, compared byte by byte.
///
/// Keys that Mideng derives itself ([`Key::derived`]) begin with a space, which a client's key cannot hold, so
/// the two can never meet.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// Which header forms are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// An RFC 8941 string (`"abc"`) or the bare characters (`abc`); both name the same key.
    Either,
    /// Only an RFC 8941 string, as the IETF draft asks.
    Strict,
}

/// Why a header is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Invalid {
    /// More than one header line.
    #[error("the header Idempotency-Key was sent {0} times; send it once")]
    Repeated(usize),
    /// More than one value in the line, or an inner list.
    #[error("Idempotency-Key holds a list; send one key")]
    List,
    /// Nothing in it.
    #[error("Idempotency-Key is empty; send 1 to 255 visible ASCII characters")]
    Empty,
    /// Over 255 characters.
    #[error("Idempotency-Key is longer than 255 characters")]
    TooLong,
    /// A blank, a control character, or a byte outside ASCII.
    #[error("Idempotency-Key holds a blank, a control character or a non-ASCII byte at position {0}")]
    NotVisibleAscii(usize),
    /// A quoted string that does not end, or with something behind it that is not a parameter.
    #[error("Idempotency-Key begins with a quote but is not a well-formed RFC 8941 string")]
    BadString,
    /// A bare value where only strings are taken.
    #[error("Idempotency-Key must be an RFC 8941 string, for example \"8e03978e\" with the quotes")]
    NotAString,
}

impl Key {
    /// Reads the key from every `Idempotency-Key` line of a request; `Ok(None)` where there is none.
    ///
    /// Parameters behind a string (`"a";foo=1`) are taken and do not count for identity.
    pub fn from_header_lines<'a>(
        lines: impl IntoIterator<Item = &'a [u8]>,
        syntax: Syntax,
    ) -> Result<Option<Self>, Invalid> {
        let mut lines = lines.into_iter();
        let Some(line) = lines.next() else { return Ok(None) };
        let rest = lines.count();
        if rest > 0 {
            return Err(Invalid::Repeated(rest + 1));
        }
        let line = line.trim_ascii();
        let text = match line.first() {
            None => return Err(Invalid::Empty),
            Some(b'"') => Cow::Owned(string(line)?),
            Some(_) if syntax == Syntax::Strict => return Err(Invalid::NotAString),
            Some(_) => Cow::Borrowed(bare(line)?),
        };
        Self::checked(&text).map(Some)
    }

    /// A key from plain text, for callers that do not come over HTTP.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        Self::checked(text)
    }

    /// A key that Mideng makes for a command that came without one. `purpose` and `identity` must name the
    /// command for good, for example `("expire", order_no)`; they must be visible ASCII.
    pub fn derived(purpose: &str, identity: &str) -> Self {
        Self(format!(" {purpose}:{identity}").into())
    }

    /// A key as it was stored, client's or derived.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// True for a key that Mideng made itself.
    pub fn is_derived(&self) -> bool {
        self.0.starts_with(' ')
    }

    /// The key's characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn checked(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::Empty);
        }
        if let Some(at) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(Invalid::NotVisibleAscii(at));
        }
        if text.len() > LENGTH_MAX {
            return Err(Invalid::TooLong);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", &*self.0)
    }
}

/// The bare form. A comma would make it a list once a proxy joins two lines, and a quote or an opening
/// bracket is another structured type, so none of them is taken.
fn bare(line: &[u8]) -> Result<&str, Invalid> {
    if line.contains(&b',') || line[0] == b'(' {
        return Err(Invalid::List);
    }
    if line.contains(&b'"') {
        return Err(Invalid::BadString);
    }
    match line.iter().position(|byte| !byte.is_ascii_graphic()) {
        Some(at) => Err(Invalid::NotVisibleAscii(at)),
        None => std::str::from_utf8(line).map_err(|error| Invalid::NotVisibleAscii(error.valid_up_to())),
    }
}

/// An RFC 8941 string, section 4.2.5, with its parameters dropped.
fn string(line: &[u8]) -> Result<String, Invalid> {
    let mut text = String::with_capacity(line.len());
    let mut at = 1;
    loop {
        match line.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                at += 1;
                match line.get(at) {
                    Some(&escaped @ (b'"' | b'\\')) => text.push(char::from(escaped)),
                    _ => return Err(Invalid::BadString),
                }
            }
            Some(&byte) if byte.is_ascii_graphic() || byte == b' ' => text.push(char::from(byte)),
            Some(_) => return Err(Invalid::NotVisibleAscii(at)),
            None => return Err(Invalid::BadString),
        }
        at += 1;
    }
    let rest = line[at + 1..].trim_ascii_start();
    match rest.first() {
        None => Ok(text),
        Some(b';') if !rest.contains(&b',') => Ok(text),
        Some(b',') => Err(Invalid::List),
        Some(_) => Err(Invalid::BadString),
    }
}

#[cfg(test)]
mod tests;
