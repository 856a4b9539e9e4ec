//! Owns the rows of `key_records`.

use engine::Fault;

use super::Batch;
use crate::hash;
use crate::set::{Rows, Write, bytes, number, row, text};

static RECORDS: Write = Write::insert(
    "key_records",
    &[
        number("tenant_id"),
        bytes("key_hash"),
        number("principal_id"),
        text("idempotency_key"),
        bytes("command_id"),
        number("fingerprint_version"),
        bytes("fingerprint"),
        text("order_no"),
        number("status"),
        text("headers"),
        bytes("body"),
        number("completed_at"),
        text("request"),
        text("came_from"),
    ],
);

static REPLACED: Write = Write::delete("key_records", &[number("tenant_id"), bytes("key_hash")]);

/// Makes room for the records that take the place of older ones.
pub(super) fn replaced(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&REPLACED);
    for (scope, _) in batch.records.iter().filter(|(_, row)| row.replaces) {
        rows.add(row![scope.tenant.0, &hash::of(scope)[..]]);
    }
    rows
}

pub(super) fn new(batch: &Batch<'_>) -> Result<Rows, Fault> {
    let mut rows = Rows::of(&RECORDS);
    for (scope, record) in &batch.records {
        let order_no = record.order_no;
        let (origin, record) = (&record.last.origin, &record.last.record);
        let headers = serde_json::to_string(&record.answer.headers)
            .map_err(|error| Fault::Rejected(format!("an answer's headers: {error}")))?;
        rows.add(row![
            scope.tenant.0,
            &hash::of(scope)[..],
            scope.principal.0,
            scope.key.as_str(),
            &record.command.0.to_be_bytes()[..],
            u32::from(record.fingerprint.version),
            &record.fingerprint.digest[..],
            order_no.map(|order_no| order_no.to_string()),
            u32::from(record.answer.status),
            headers,
            &record.answer.body[..],
            record.completed_at_ms,
            origin.request.as_deref(),
            origin.from.as_deref(),
        ]);
    }
    Ok(rows)
}
