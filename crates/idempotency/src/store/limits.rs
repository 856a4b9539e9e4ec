//! Owns how long what is kept may be. What is too long is refused before it is sent, because some databases would cut it
//! off without a word, and two keys would be one.

use std::time::Duration;

use crate::Answer;
use crate::key::LENGTH_MAX;
use crate::protocol::{Error, Name};

/// The longest body that a store keeps, where its owner sets nothing else: 1 MiB.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
/// The most bytes that the headers of an answer may have, names and values.
pub const HEADER_BYTES_MAX: usize = 64 << 10;

/// A transactional lease that ended so long ago left nothing behind, and nobody came for it: it is purged.
pub(super) const ABANDONED_AFTER: Duration = Duration::from_hours(24);

pub(super) fn check_name(name: &Name) -> Result<(), Error> {
    match name.key().as_str().len() {
        0 => Err(Error::Broken("an empty key names nothing".to_owned())),
        1..=LENGTH_MAX => Ok(()),
        length => Err(Error::Broken(format!("a key of {length} bytes is longer than {LENGTH_MAX}"))),
    }
}

pub(super) fn check_answer(answer: &Answer, body_bytes_max: usize) -> Result<(), Error> {
    let body = answer.body.len();
    if body > body_bytes_max {
        return Err(Error::Broken(format!("an answer of {body} bytes is longer than {body_bytes_max}")));
    }
    let headers: usize = answer.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers > HEADER_BYTES_MAX {
        return Err(Error::Broken(format!("headers of {headers} bytes are longer than {HEADER_BYTES_MAX}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    #[test]
    fn a_key_that_no_column_holds_is_refused() {
        let name = |text: &str| Name::new("s", Key::from_stored(text)).expect("a short scope");
        assert!(check_name(&name(&"k".repeat(255))).is_ok());
        assert!(matches!(check_name(&name(&"k".repeat(256))), Err(Error::Broken(_))));
        assert!(matches!(check_name(&name("")), Err(Error::Broken(_))));
    }

    #[test]
    fn headers_have_a_limit_of_their_own() {
        let answer = |length| Answer {
            status: 200,
            headers: vec![("x".to_owned(), "v".repeat(length))],
            body: bytes::Bytes::new(),
        };
        assert!(check_answer(&answer(HEADER_BYTES_MAX - 1), 0).is_ok());
        assert!(matches!(check_answer(&answer(HEADER_BYTES_MAX), 0), Err(Error::Broken(_))));
    }
}
