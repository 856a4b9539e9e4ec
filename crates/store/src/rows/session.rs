//! Owns the rows of sessions.

use domain::session::{Device, Open};
use domain::{SessionId, Timestamp};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{self, Find, number, text};

pub(crate) struct SessionRow {
    pub(crate) tenant_id: i64,
    pub(crate) id: String,
    pub(crate) principal_id: i64,
    pub(crate) device: String,
    pub(crate) is_open: i64,
    pub(crate) epoch: i64,
    pub(crate) opened_at: i64,
    pub(crate) proved_at: i64,
    pub(crate) two_factors: i64,
    pub(crate) idle_until: i64,
    pub(crate) ends_at: i64,
    pub(crate) refresh_generation: i64,
    pub(crate) refreshed_at: i64,
    pub(crate) version: i64,
}

const COLUMNS: &[set::Column] = &[
    number("tenant_id"),
    text("id"),
    number("principal_id"),
    text("device"),
    number("is_open"),
    number("epoch"),
    number("opened_at"),
    number("proved_at"),
    number("two_factors"),
    number("idle_until"),
    number("ends_at"),
    number("refresh_generation"),
    number("refreshed_at"),
    number("version"),
];

/// The open sessions of people.
pub(crate) static OPEN_OF: Find = Find {
    table: "sessions",
    key: &[number("tenant_id"), number("principal_id"), number("is_open")],
    unique: Some("sessions_tenant_id_principal_id_is_open"),
    read: COLUMNS,
};

impl Stored for SessionRow {
    const FIND: &'static Find =
        &Find { table: "sessions", key: &[number("tenant_id"), text("id")], unique: None, read: COLUMNS };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            id: fields.take()?,
            principal_id: fields.take()?,
            device: fields.take()?,
            is_open: fields.take()?,
            epoch: fields.take()?,
            opened_at: fields.take()?,
            proved_at: fields.take()?,
            two_factors: fields.take()?,
            idle_until: fields.take()?,
            ends_at: fields.take()?,
            refresh_generation: fields.take()?,
            refreshed_at: fields.take()?,
            version: fields.take()?,
        })
    }
}

impl SessionRow {
    pub(crate) fn column(&self) -> Column<'_> {
        Column { table: "sessions", row: &self.id }
    }

    pub(crate) fn id(&self) -> Result<SessionId, Error> {
        self.column().parse("id", &self.id)
    }

    pub(crate) fn device(&self) -> Result<Device, Error> {
        self.column().name("device", &self.device, Device::from_name)
    }

    /// Whether its time is over.
    pub(crate) const fn is_past(&self, at: Timestamp) -> bool {
        self.idle_until <= at.0 || self.ends_at <= at.0
    }

    /// As the rules look at it.
    pub(crate) fn open(&self) -> Result<Open, Error> {
        Ok(Open { id: self.id()?, device: self.device()?, opened_at: Timestamp(self.opened_at) })
    }
}
