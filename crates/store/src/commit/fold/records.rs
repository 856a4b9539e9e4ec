//! Owns the statements over `key_records`.

use engine::Fault;

use super::{RecordRow, Rows, Written};
use crate::commit::write::Statement;
use crate::{dialect, hash};

/// Makes room for the records that take the place of older ones.
pub(super) fn replaced(rows: &Rows<'_>) -> Written {
    let replaced = rows.records.iter().filter(|(_, row)| row.replaces).map(|(scope, _)| *scope);
    let (tenants, hashes) = hash::parameters(replaced);
    Statement::over_bytes("key_records", dialect::RECORDS_DELETE, &tenants, hashes)
}

pub(super) fn new(rows: &Rows<'_>) -> Written {
    let mut bytes = Vec::new();
    let rows = rows
        .records
        .values()
        .map(|row| {
            let scope = &row.last.scope;
            let at = bytes.len() + 1;
            let headers = put(&mut bytes, row)?;
            Ok((
                scope.tenant.0,
                scope.principal.0,
                scope.key.as_str(),
                row.last.record.fingerprint.version,
                row.order_no.map(|order_no| order_no.to_string()),
                row.last.record.answer.status,
                row.last.completed_at.0,
                at,
                headers,
                row.last.record.answer.body.len(),
            ))
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Statement::over_bytes("key_records", dialect::RECORDS_INSERT, &rows, bytes)
}

/// Appends what a row has of bytes, and gives the length of its headers.
fn put(bytes: &mut Vec<u8>, row: &RecordRow<'_>) -> Result<usize, Fault> {
    let record = &row.last.record;
    bytes.extend(hash::of(&row.last.scope));
    bytes.extend(record.command.0.to_be_bytes());
    bytes.extend(record.fingerprint.digest);
    let at = bytes.len();
    serde_json::to_writer(&mut *bytes, &record.answer.headers)
        .map_err(|error| Fault::Rejected(format!("an answer's headers: {error}")))?;
    let headers = bytes.len() - at;
    bytes.extend_from_slice(&record.answer.body);
    Ok(headers)
}
