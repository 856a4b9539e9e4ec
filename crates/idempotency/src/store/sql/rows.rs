//! Owns what the columns of a row mean. A row that cannot be is told, and never taken for none.

use bytes::Bytes;

use super::dialect::Dialect;
use crate::protocol::{Doubt, Error, Name};
use crate::store::kept::{Kept, State};
use crate::store::stored::{broken, guarantee_of, headers_from_bytes};
use crate::{Answer, Fingerprint, Key};

/// A record, from the columns of the statement that reads it.
pub(super) fn kept<D: Dialect>(row: &D::Row) -> Result<Kept, Error> {
    let digest = D::bytes(row, 4)?.unwrap_or_default();
    let version = D::int(row, 3)?;
    let state = State::from_number(D::int(row, 0)?)?;
    Ok(Kept {
        state,
        fence: D::int(row, 1)?,
        guarantee: guarantee_of(D::int(row, 2)?)?,
        fingerprint: Fingerprint {
            version: version.try_into().map_err(|_| broken(&format!("no recipe has the number {version}")))?,
            digest: digest.try_into().map_err(|_| broken("a fingerprint is not of 32 bytes"))?,
        },
        ended: D::int(row, 5)? <= 0,
        answer: if state == State::Answered { Some(answer::<D>(row)?) } else { None },
    })
}

fn answer<D: Dialect>(row: &D::Row) -> Result<Answer, Error> {
    let missing = || broken("an answered record has no answer");
    let status = D::int(row, 6)?;
    Ok(Answer {
        status: status.try_into().map_err(|_| broken(&format!("{status} is no status")))?,
        headers: headers_from_bytes(&D::bytes(row, 7)?.ok_or_else(missing)?)?,
        body: Bytes::from(D::bytes(row, 8)?.ok_or_else(missing)?),
    })
}

/// A doubt, from the columns of the statement that lists them.
pub(super) fn doubt<D: Dialect>(row: &D::Row) -> Result<Doubt, Error> {
    let text = |at| {
        let bytes = D::bytes(row, at)?.unwrap_or_default();
        String::from_utf8(bytes).map_err(|_| broken("a name is not UTF-8"))
    };
    let name = Name::new(&text(0)?, Key::from_stored(&text(1)?)).ok_or_else(|| broken("a scope is too long"))?;
    Ok(Doubt { name, fence: D::int(row, 2)? })
}
