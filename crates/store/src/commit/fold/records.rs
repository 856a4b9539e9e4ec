//! Owns the statements over `key_records`.

use engine::Fault;

use super::{Rows, Written};
use crate::commit::write::Statement;
use crate::dialect;
use crate::rows::hex;

/// Makes room for the records that take the place of older ones.
pub(super) fn replaced(rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .records
        .iter()
        .filter(|(_, row)| row.replaces)
        .map(|(scope, _)| (scope.tenant.0, scope.principal.0, scope.key.as_str()))
        .collect();
    Statement::over("key_records", dialect::RECORDS_DELETE, &rows)
}

pub(super) fn new(rows: &Rows<'_>) -> Written {
    let rows = rows
        .records
        .values()
        .map(|row| {
            let new = row.last;
            let answer = &new.record.answer;
            let body = std::str::from_utf8(&answer.body)
                .map_err(|_| Fault::Rejected("an answer's body is not UTF-8".to_owned()))?;
            let headers = serde_json::to_string(&answer.headers)
                .map_err(|error| Fault::Rejected(format!("an answer's headers: {error}")))?;
            Ok((
                new.scope.tenant.0,
                new.scope.principal.0,
                new.scope.key.as_str(),
                hex(&new.record.command.0.to_be_bytes()),
                new.record.fingerprint.version,
                hex(&new.record.fingerprint.digest),
                answer.status,
                headers,
                body,
                new.completed_at.0,
            ))
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Statement::over("key_records", dialect::RECORDS_INSERT, &rows)
}
