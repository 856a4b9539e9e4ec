//! Owns the rows of refunds, their lines, and what shops ask of refunds. Whether one waits for a second person stands in a
//! column of its own beside the status, for versions that know of none.

use domain::payment::{Cause, Decision, Party, Refund, RefundLimits, RefundLine, RefundPolicy, RefundStatus};
use domain::text::{ActorId, ChannelNo, Code, Reason, RefundReason};
use domain::{Money, PrincipalId, TenantId, Timestamp};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, bytes, number, text};

/// Whether a refund waits, or did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approval {
    /// It never did.
    None,
    /// It does.
    Awaited,
    Given,
    Denied,
}

impl Approval {
    pub(crate) fn of(refund: &Refund) -> Self {
        match (refund.status, &refund.decision) {
            (RefundStatus::AwaitingApproval, _) => Self::Awaited,
            (_, Some(decision)) if decision.is_approved => Self::Given,
            (_, Some(_)) => Self::Denied,
            (_, None) => Self::None,
        }
    }

    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Awaited => 1,
            Self::Given => 2,
            Self::Denied => 3,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::None, Self::Awaited, Self::Given, Self::Denied].into_iter().find(|approval| approval.number() == number)
    }

    /// The status of the two columns.
    pub(crate) const fn status(self, stored: RefundStatus) -> RefundStatus {
        match (self, stored) {
            (Self::Awaited, RefundStatus::Created) => RefundStatus::AwaitingApproval,
            (Self::Denied, RefundStatus::Failed) => RefundStatus::Rejected,
            (_, other) => other,
        }
    }
}

/// What stands in the column of the status.
pub(crate) const fn stored_status(status: RefundStatus) -> RefundStatus {
    match status {
        RefundStatus::AwaitingApproval => RefundStatus::Created,
        RefundStatus::Rejected => RefundStatus::Failed,
        other => other,
    }
}

pub(crate) struct RefundRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) refund: Refund,
}

impl Stored for RefundRow {
    const FIND: &'static Find = &Find {
        table: "refunds",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("order_no"),
            number("number"),
            text("refund_id"),
            text("payment_id"),
            text("attempt_id"),
            bytes("provider_key"),
            number("amount_minor"),
            text("cause"),
            text("reason"),
            text("status"),
            text("channel_no"),
            text("code"),
            number("queries"),
            number("silences"),
            number("query_at"),
            number("created_at"),
            number("updated_at"),
            number("approval"),
            number("requester_principal_id"),
            text("requested_by"),
            number("decider_principal_id"),
            text("decided_by"),
            number("decided_at"),
            text("decision_reason"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let (tenant_id, order_no, number): (i64, String, i64) = (fields.take()?, fields.take()?, fields.take()?);
        let (id, _payment): (String, String) = (fields.take()?, fields.take()?);
        let column = Column { table: "refunds", row: &id };
        let mut refund = Refund {
            id: column.parse("refund_id", &id)?,
            number: column.small("number", number)?,
            attempt: column.parse("attempt_id", &fields.take::<String>()?)?,
            provider_key: column.bits("provider_key", &fields.take::<Vec<u8>>()?)?,
            amount: fields.take()?,
            cause: column.name("cause", &fields.take::<String>()?, Cause::from_name)?,
            reason: RefundReason::from_stored(&fields.take::<String>()?),
            lines: Vec::new(),
            status: column.name("status", &fields.take::<String>()?, RefundStatus::from_name)?,
            channel_no: fields.take::<Option<String>>()?.as_deref().map(ChannelNo::from_stored),
            code: fields.take::<Option<String>>()?.as_deref().map(Code::from_stored),
            queries: column.small("queries", fields.take()?)?,
            silences: column.small("silences", fields.take()?)?,
            query_at: fields.take::<Option<i64>>()?.map(Timestamp),
            requested_by: None,
            decision: None,
            created_at: Timestamp(fields.take()?),
            updated_at: Timestamp(fields.take()?),
        };
        let approval: i64 = fields.take()?;
        let approval =
            Approval::from_number(approval).ok_or_else(|| column.unreadable("approval", approval.to_string()))?;
        refund.status = approval.status(refund.status);
        refund.requested_by = party(fields)?;
        let (by, at, reason) = (party(fields)?, fields.take::<Option<i64>>()?, fields.take::<Option<String>>()?);
        refund.decision = by.zip(at).map(|(by, at)| Decision {
            is_approved: approval == Approval::Given,
            by,
            at: Timestamp(at),
            reason: reason.as_deref().map(Reason::from_stored),
        });
        Ok(Self { tenant_id, order_no, refund })
    }
}

fn party(fields: &mut Fields) -> Result<Option<Party>, Error> {
    let (principal, id): (Option<i64>, Option<String>) = (fields.take()?, fields.take()?);
    Ok(principal
        .zip(id)
        .map(|(principal, id)| Party { principal: PrincipalId(principal), id: ActorId::from_stored(&id) }))
}

pub(crate) struct RefundLineRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    /// Of which refund.
    pub(crate) number: u32,
    pub(crate) line: RefundLine,
}

impl Stored for RefundLineRow {
    const FIND: &'static Find = &Find {
        table: "refund_lines",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("order_no"),
            number("number"),
            number("line"),
            number("quantity"),
            number("restock"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let (tenant_id, order_no): (i64, String) = (fields.take()?, fields.take()?);
        let column = Column { table: "refund_lines", row: &order_no };
        let number = column.small("number", fields.take()?)?;
        let line = column.small("line", fields.take()?)?;
        let line = RefundLine { line, quantity: fields.take()?, restock: fields.take::<i64>()? != 0 };
        Ok(Self { tenant_id, order_no, number, line })
    }
}

/// What a shop asks of refunds.
pub(crate) struct RefundPolicyRow(pub(crate) RefundPolicy);

impl RefundPolicyRow {
    /// Limits as their column has them: a line each.
    pub(crate) fn limits(limits: &RefundLimits) -> String {
        let lines: Vec<_> = limits.iter().map(|limit| format!("{} {}", limit.currency, limit.minor)).collect();
        lines.join("\n")
    }

    fn parse(text: &str) -> Option<RefundLimits> {
        let limit = |line: &str| {
            let (currency, minor) = line.split_once(' ')?;
            Some(Money::new(minor.parse().ok()?, currency.parse().ok()?))
        };
        RefundLimits::new(text.lines().map(limit).collect::<Option<Vec<_>>>()?).ok()
    }
}

impl Stored for RefundPolicyRow {
    const FIND: &'static Find = &Find {
        table: "refund_policies",
        key: &[number("tenant_id")],
        unique: None,
        read: &[number("tenant_id"), text("limits"), number("version"), number("changed_at")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let (tenant, limits, version): (i64, String, i64) = (fields.take()?, fields.take()?, fields.take()?);
        let row = tenant.to_string();
        let column = Column { table: "refund_policies", row: &row };
        Ok(Self(RefundPolicy {
            tenant: TenantId(tenant),
            limits: column.name("limits", &limits, Self::parse)?,
            version: column.small("version", version)?,
            changed_at: Some(Timestamp(fields.take()?)),
        }))
    }
}
