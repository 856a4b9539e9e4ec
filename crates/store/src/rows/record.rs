//! Owns the rows of keys.

use domain::{OrderNo, PrincipalId, TenantId};
use engine::Scope;
use idempotency::{Answer, CommandId, Fingerprint, Key, Record};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, bytes, number, text};

pub(crate) struct RecordRow {
    pub(crate) tenant_id: i64,
    pub(crate) principal_id: i64,
    pub(crate) idempotency_key: String,
    pub(crate) command_id: Vec<u8>,
    pub(crate) fingerprint_version: i64,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) order_no: Option<String>,
    pub(crate) status: Option<i64>,
    pub(crate) headers: Option<String>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) completed_at: Option<i64>,
    pub(crate) request: Option<String>,
    pub(crate) came_from: Option<String>,
}

impl Stored for RecordRow {
    const FIND: &'static Find = &Find {
        table: "key_records",
        key: &[number("tenant_id"), bytes("key_hash")],
        unique: Some("key_records_tenant_id_key_hash"),
        read: &[
            number("tenant_id"),
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
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            principal_id: fields.take()?,
            idempotency_key: fields.take()?,
            command_id: fields.take()?,
            fingerprint_version: fields.take()?,
            fingerprint: fields.take()?,
            order_no: fields.take()?,
            status: fields.take()?,
            headers: fields.take()?,
            body: fields.take()?,
            completed_at: fields.take()?,
            request: fields.take()?,
            came_from: fields.take()?,
        })
    }
}

impl RecordRow {
    /// Under which key it stands.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            tenant: TenantId(self.tenant_id),
            principal: PrincipalId(self.principal_id),
            key: Key::from_stored(&self.idempotency_key),
        }
    }

    /// The order that was placed under the key.
    pub(crate) fn order_no(&self) -> Result<Option<OrderNo>, Error> {
        let column = Column { table: "key_records", row: &self.idempotency_key };
        self.order_no.as_deref().map(|text| column.parse("order_no", text)).transpose()
    }

    /// The arrival that was executed.
    pub(crate) fn command(&self) -> Result<CommandId, Error> {
        let column = Column { table: "key_records", row: &self.idempotency_key };
        let bytes = <[u8; 16]>::try_from(self.command_id.as_slice())
            .map_err(|_| column.unreadable("command_id", format!("{} bytes", self.command_id.len())))?;
        Ok(CommandId(u128::from_be_bytes(bytes)))
    }

    /// The fingerprint of the request that used the key.
    pub(crate) fn asked(&self) -> Result<Fingerprint, Error> {
        let column = Column { table: "key_records", row: &self.idempotency_key };
        column.fingerprint(self.fingerprint_version, &self.fingerprint)
    }

    /// The record, unless its answer was purged.
    pub(crate) fn record(self) -> Result<Option<Record>, Error> {
        let command = self.command()?;
        let column = Column { table: "key_records", row: &self.idempotency_key };
        let (Some(status), Some(headers), Some(body), Some(completed_at_ms)) =
            (self.status, self.headers, self.body, self.completed_at)
        else {
            return Ok(None);
        };
        let headers = serde_json::from_str(&headers).map_err(|_| column.unreadable("headers", headers.clone()))?;
        Ok(Some(Record {
            command,
            fingerprint: column.fingerprint(self.fingerprint_version, &self.fingerprint)?,
            answer: Answer { status: column.small("status", status)?, headers, body: body.into() },
            completed_at_ms,
        }))
    }
}
