//! Owns the rows of people, tenants and the ends of audit logs.

use domain::access::Role;
use domain::audit::Head;
use domain::person::{Kind, Login, Status};
use domain::text::{PersonName, TenantName};
use domain::{Person, PrincipalId, Tenant, TenantId, Timestamp, tenant};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{self, Find, bytes, number, text};

pub(crate) struct PersonRow {
    tenant_id: i64,
    principal_id: i64,
    pub(crate) public_id: String,
    pub(crate) kind: String,
    pub(crate) login: String,
    name: String,
    role: String,
    status: String,
    epoch: i64,
    factors_lost: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

const PERSON: &[set::Column] = &[
    number("tenant_id"),
    number("principal_id"),
    text("public_id"),
    text("kind"),
    text("login"),
    text("name"),
    text("role"),
    text("status"),
    number("epoch"),
    number("factors_lost"),
    number("version"),
    number("created_at"),
    number("updated_at"),
];

/// People as others name them.
pub(crate) static PERSON_BY_ID: Find = Find {
    table: "people",
    key: &[number("tenant_id"), text("public_id")],
    unique: Some("people_tenant_id_public_id"),
    read: PERSON,
};

/// People as they name themselves.
pub(crate) static PERSON_BY_LOGIN: Find = Find {
    table: "people",
    key: &[number("tenant_id"), text("kind"), text("login")],
    unique: Some("people_tenant_id_kind_login"),
    read: PERSON,
};

impl Stored for PersonRow {
    const FIND: &'static Find =
        &Find { table: "people", key: &[number("tenant_id"), number("principal_id")], unique: None, read: PERSON };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            principal_id: fields.take()?,
            public_id: fields.take()?,
            kind: fields.take()?,
            login: fields.take()?,
            name: fields.take()?,
            role: fields.take()?,
            status: fields.take()?,
            epoch: fields.take()?,
            factors_lost: fields.take()?,
            version: fields.take()?,
            created_at: fields.take()?,
            updated_at: fields.take()?,
        })
    }
}

impl PersonRow {
    pub(crate) fn person(&self) -> Result<Person, Error> {
        let column = Column { table: "people", row: &self.public_id };
        Ok(Person {
            tenant: TenantId(self.tenant_id),
            principal: PrincipalId(self.principal_id),
            id: column.parse("public_id", &self.public_id)?,
            kind: column.name("kind", &self.kind, Kind::from_name)?,
            login: Login::from_stored(&self.login),
            name: PersonName::from_stored(&self.name),
            role: column.name("role", &self.role, Role::from_name)?,
            status: column.name("status", &self.status, Status::from_name)?,
            epoch: column.small("epoch", self.epoch)?,
            factors_lost: column.small("factors_lost", self.factors_lost)?,
            version: column.small("version", self.version)?,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}

pub(crate) struct TenantRow {
    id: i64,
    public_id: String,
    name: String,
    created_at: i64,
    status: i64,
    changes: i64,
}

const TENANT: &[set::Column] =
    &[number("id"), text("public_id"), text("name"), number("created_at"), number("status"), number("changes")];

/// Tenants by name.
pub(crate) static TENANT_BY_NAME: Find =
    Find { table: "tenants", key: &[text("name")], unique: Some("tenants_name"), read: TENANT };

/// Tenants as others name them.
pub(crate) static TENANT_BY_PUBLIC_ID: Find =
    Find { table: "tenants", key: &[text("public_id")], unique: Some("tenants_public_id"), read: TENANT };

impl Stored for TenantRow {
    const FIND: &'static Find = &Find { table: "tenants", key: &[number("id")], unique: None, read: TENANT };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            id: fields.take()?,
            public_id: fields.take()?,
            name: fields.take()?,
            created_at: fields.take()?,
            status: fields.take()?,
            changes: fields.take()?,
        })
    }
}

impl TenantRow {
    pub(crate) fn tenant(&self) -> Result<Tenant, Error> {
        let column = Column { table: "tenants", row: &self.public_id };
        Ok(Tenant {
            id: TenantId(self.id),
            public_id: column.parse("public_id", &self.public_id)?,
            name: TenantName::from_stored(&self.name),
            status: status_of_tenant(self.status)
                .ok_or_else(|| column.unreadable("status", self.status.to_string()))?,
            version: column.small("changes", self.changes.saturating_add(1))?,
            created_at: Timestamp(self.created_at),
        })
    }
}

/// The number that stands for a tenant's status: 0 is what versions made that knew of none.
pub(crate) const fn tenant_status(status: tenant::Status) -> i64 {
    match status {
        tenant::Status::Active => 0,
        tenant::Status::Prepared => 1,
        tenant::Status::Suspended => 2,
    }
}

/// The status that a number stands for.
pub(crate) fn status_of_tenant(number: i64) -> Option<tenant::Status> {
    tenant::Status::ALL.into_iter().find(|status| tenant_status(*status) == number)
}

pub(crate) struct HeadRow {
    tenant_id: i64,
    length: i64,
    hash: Vec<u8>,
}

impl Stored for HeadRow {
    const FIND: &'static Find = &Find {
        table: "audit_heads",
        key: &[number("tenant_id")],
        unique: None,
        read: &[number("tenant_id"), number("length"), bytes("hash")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self { tenant_id: fields.take()?, length: fields.take()?, hash: fields.take()? })
    }
}

impl HeadRow {
    pub(crate) fn head(&self) -> Result<Head, Error> {
        let row = self.tenant_id.to_string();
        let column = Column { table: "audit_heads", row: &row };
        let hash = self.hash.as_slice().try_into();
        let hash = hash.map_err(|_| column.unreadable("hash", format!("{} bytes", self.hash.len())))?;
        Ok(Head { tenant: TenantId(self.tenant_id), length: self.length, hash })
    }
}
