//! Owns reading a message's row, and what is left of one that cannot be read. It does not know which rows are looked for.

use domain::outbox::{Message, Task};
use domain::{TenantId, Timestamp};
use sea_orm::QueryResult;

use super::{Due, LOOKING};
use crate::rows::Column;
use crate::{Doing as _, Error};

/// A row that this version cannot read.
#[derive(Debug)]
pub struct Illegible {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub tenant: TenantId,
    /// From when on it is wanted.
    pub wanted_at: Timestamp,
    /// How often it could not be performed, by who could read it.
    pub tries: u32,
    /// What cannot be read.
    pub error: Error,
}

/// What can be read all the same of a row that cannot be.
pub(super) fn not_read(row: &QueryResult, id: i64, error: Error) -> Result<Illegible, Error> {
    let number = |at: usize| row.try_get_by_index::<i64>(at).doing(LOOKING);
    let tries = u32::try_from(number(9)?).unwrap_or(0);
    Ok(Illegible { id, tenant: TenantId(number(1)?), wanted_at: Timestamp(number(8)?), tries, error })
}

/// A message.
pub(super) fn due(row: &QueryResult, id: i64) -> Result<Due, Error> {
    let text = |at: usize| row.try_get_by_index::<String>(at).doing(LOOKING);
    let number = |at: usize| row.try_get_by_index::<i64>(at).doing(LOOKING);
    let name = id.to_string();
    let column = Column { table: "outbox", row: &name };
    let (task, subject) = (text(4)?, text(5)?);
    let task = Task::from_parts(&task, &subject, column.small("number", number(6)?)?)
        .ok_or_else(|| column.unreadable("task", format!("{task} {subject}")))?;
    let wanted_at = Timestamp(number(8)?);
    let message = Message {
        tenant: TenantId(number(1)?),
        payment: column.parse("payment_id", &text(2)?)?,
        account: column.parse("account_id", &text(3)?)?,
        task,
        due_at: Timestamp(number(7)?),
        created_at: wanted_at,
    };
    Ok(Due { id, message, wanted_at, tries: column.small("tries", number(9)?)? })
}
