//! Owns what the fields of a record's hash mean, and how a name is spelled in a key and in a list.

use bytes::Bytes;

use crate::protocol::{Error, Name};
use crate::store::kept::{Kept, State};
use crate::store::stored::{broken, guarantee_of, headers_from_bytes};
use crate::{Answer, Fingerprint, Key};

/// Fields of a hash, as they come.
pub(super) type Fields = Vec<Option<Vec<u8>>>;

/// A name in one run of bytes; the scope's length keeps it and the key apart.
pub(super) fn member(name: &Name) -> Vec<u8> {
    format!("{}:{}{}", name.scope().len(), name.scope(), name.key()).into_bytes()
}

/// And back.
pub(super) fn from_member(member: &[u8]) -> Result<Name, Error> {
    let name = |member| {
        let (length, rest) = str::from_utf8(member).ok()?.split_once(':')?;
        let (scope, key) = rest.split_at_checked(length.parse().ok()?)?;
        Name::new(scope, Key::from_stored(key))
    };
    name(member).ok_or_else(|| broken("a doubt's name cannot be read"))
}

/// A record, from the fields that the script reads.
pub(super) fn kept(fields: Fields) -> Result<Kept, Error> {
    let [state, fence, guarantee, version, digest, left_us, status, headers, body]: [Option<Vec<u8>>; 9] =
        fields.try_into().map_err(|_| broken("a record has not all of its fields"))?;
    let state = State::from_number(number(state.as_deref())?)?;
    let answer = || {
        let missing = || broken("an answered record has no answer");
        Ok::<_, Error>(Answer {
            status: number(status.as_deref())?,
            headers: headers_from_bytes(&headers.ok_or_else(missing)?)?,
            body: Bytes::from(body.ok_or_else(missing)?),
        })
    };
    Ok(Kept {
        state,
        fence: number(fence.as_deref())?,
        guarantee: guarantee_of(number(guarantee.as_deref())?)?,
        fingerprint: Fingerprint {
            version: number(version.as_deref())?,
            digest: digest
                .and_then(|it| it.try_into().ok())
                .ok_or_else(|| broken("a fingerprint is not of 32 bytes"))?,
        },
        ended: number::<i64>(left_us.as_deref())? <= 0,
        answer: if state == State::Answered { Some(answer()?) } else { None },
    })
}

fn number<T: std::str::FromStr>(field: Option<&[u8]>) -> Result<T, Error> {
    let text = field.and_then(|field| str::from_utf8(field).ok());
    text.and_then(|text| text.parse().ok()).ok_or_else(|| broken("a number of a record cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_from_its_member() {
        for (scope, key) in [("", "k"), ("a:b", "c:d"), ("12:", "3"), ("账户\0", "k}")] {
            let name = Name::new(scope, Key::from_stored(key)).expect("a short scope");
            assert_eq!(from_member(&member(&name)).expect("what was written"), name);
        }
        for bad in [&b""[..], b"5", b"x:ab", b"9:ab", b"1:\xff"] {
            assert!(matches!(from_member(bad), Err(Error::Broken(_))), "{bad:?}");
        }
    }
}
