//! Owns how what is kept is written down: numbers for states, microseconds for times, one run of bytes for headers. What
//! is here stands in databases, so that it only ever grows.

use std::time::Duration;

use super::kept::State;
use crate::protocol::{Error, Guarantee};

/// With which byte headers begin.
const HEADERS_VERSION: u8 = 1;

impl State {
    /// The number that is stored.
    pub(super) const fn number(self) -> i64 {
        self as i64
    }

    /// From what was stored.
    pub(super) fn from_number(number: i64) -> Result<Self, Error> {
        [Self::Free, Self::Running, Self::Answered, Self::Unknown]
            .into_iter()
            .find(|state| state.number() == number)
            .ok_or_else(|| broken(&format!("no record has the state {number}")))
    }
}

/// The number under which a guarantee is stored.
pub(super) const fn number_of(guarantee: Guarantee) -> i64 {
    match guarantee {
        Guarantee::Transactional => 0,
        Guarantee::AtMostOnce => 1,
    }
}

/// From what was stored.
pub(super) fn guarantee_of(number: i64) -> Result<Guarantee, Error> {
    match number {
        0 => Ok(Guarantee::Transactional),
        1 => Ok(Guarantee::AtMostOnce),
        other => Err(broken(&format!("no record has the guarantee {other}"))),
    }
}

/// A time that never comes is a century away.
pub(super) fn microseconds(length: Duration) -> i64 {
    const CENTURY: i64 = 36_525 * 24 * 3_600 * 1_000_000;
    i64::try_from(length.as_micros()).map_or(CENTURY, |length| length.min(CENTURY))
}

/// Names and values in order, each preceded by its length.
pub(super) fn headers_to_bytes(headers: &[(String, String)]) -> Vec<u8> {
    let length = headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum::<usize>();
    let mut bytes = Vec::with_capacity(length + 1);
    bytes.push(HEADERS_VERSION);
    for text in headers.iter().flat_map(|(name, value)| [name, value]) {
        let length = u32::try_from(text.len()).expect("headers were measured before");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// From what was stored.
pub(super) fn headers_from_bytes(bytes: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let unreadable = || broken("the headers of an answer cannot be read");
    let mut rest = bytes.strip_prefix(&[HEADERS_VERSION]).ok_or_else(unreadable)?;
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let name = text(&mut rest).ok_or_else(unreadable)?;
        let value = text(&mut rest).ok_or_else(unreadable)?;
        headers.push((name, value));
    }
    Ok(headers)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let (length, behind) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (text, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    String::from_utf8(text.to_vec()).ok()
}

pub(super) fn broken(text: &str) -> Error {
    Error::Broken(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn headers_come_back(headers in prop::collection::vec((".{0,20}", ".{0,200}"), 0..8)) {
            prop_assert_eq!(headers_from_bytes(&headers_to_bytes(&headers)).expect("what was written"), headers);
        }

        #[test]
        fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _either = headers_from_bytes(&bytes);
        }
    }

    /// Databases hold these bytes.
    #[test]
    fn the_form_of_headers_is_frozen() {
        let headers = vec![("a".to_owned(), "\u{e9}".to_owned())];
        assert_eq!(headers_to_bytes(&headers), b"\x01\0\0\0\x01a\0\0\0\x02\xc3\xa9");
        for cut_off in [&b""[..], b"\x02", b"\x01\0", b"\x01\0\0\0\x01a", b"\x01\0\0\0\x01a\0\0\0\x03\xc3\xa9"] {
            assert!(matches!(headers_from_bytes(cut_off), Err(Error::Broken(_))), "{cut_off:?}");
        }
    }

    #[test]
    fn no_time_is_too_long() {
        assert_eq!(microseconds(Duration::from_millis(3)), 3_000);
        assert_eq!(microseconds(Duration::MAX), 3_155_760_000_000_000);
    }
}
