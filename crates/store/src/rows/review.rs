//! Owns the rows of the human queue.

use domain::review::{Kind, Resolved, Review};
use domain::text::Resolution;
use domain::{TenantId, Timestamp};

use super::Column;
use crate::found::{Fields, Stored};
use crate::set::{Find, number, text};
use crate::{Error, entity};

/// What a person has to look at, or has.
pub(crate) struct ReviewRow(pub(crate) Review);

impl Stored for ReviewRow {
    const FIND: &'static Find = &Find {
        table: "reviews",
        key: &[number("tenant_id"), text("review_id")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("review_id"),
            text("kind"),
            text("subject"),
            text("detail"),
            number("raised_at"),
            number("resolved_at"),
            text("resolution"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Self::of(entity::review::Model {
            tenant_id: fields.take()?,
            review_id: fields.take()?,
            kind: fields.take()?,
            subject: fields.take()?,
            detail: fields.take()?,
            raised_at: fields.take()?,
            resolved_at: fields.take()?,
            resolution: fields.take()?,
        })
    }
}

impl ReviewRow {
    pub(crate) fn of(row: entity::review::Model) -> Result<Self, Error> {
        let column = Column { table: "reviews", row: &row.review_id };
        let resolution = Resolution::from_stored(row.resolution.as_deref().unwrap_or_default());
        Ok(Self(Review {
            tenant: TenantId(row.tenant_id),
            id: column.parse("review_id", &row.review_id)?,
            kind: column.name("kind", &row.kind, Kind::from_name)?,
            subject: row.subject,
            detail: row.detail,
            at: Timestamp(row.raised_at),
            resolved: row.resolved_at.map(|at| Resolved { at: Timestamp(at), resolution }),
        }))
    }
}
