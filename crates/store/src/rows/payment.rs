//! Owns the rows that make a payment: its head and its attempts.

use domain::channel::{Kind, Method, NextAction};
use domain::payment::{self, Attempt, AttemptStatus};
use domain::text::{ChannelNo, Code};
use domain::{Money, Payment, TenantId, Timestamp};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, bytes, number, text};

pub(crate) struct PaymentRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    payment_id: String,
    amount_minor: i64,
    currency: String,
    status: String,
    captured_minor: i64,
    refund_reserved_minor: i64,
    refunded_minor: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl Stored for PaymentRow {
    const FIND: &'static Find = &Find {
        table: "payments",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("order_no"),
            text("payment_id"),
            number("amount_minor"),
            text("currency"),
            text("status"),
            number("captured_minor"),
            number("refund_reserved_minor"),
            number("refunded_minor"),
            number("version"),
            number("created_at"),
            number("updated_at"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            order_no: fields.take()?,
            payment_id: fields.take()?,
            amount_minor: fields.take()?,
            currency: fields.take()?,
            status: fields.take()?,
            captured_minor: fields.take()?,
            refund_reserved_minor: fields.take()?,
            refunded_minor: fields.take()?,
            version: fields.take()?,
            created_at: fields.take()?,
            updated_at: fields.take()?,
        })
    }
}

impl PaymentRow {
    /// The payment, still without attempts and refunds.
    pub(crate) fn head(&self) -> Result<Payment, Error> {
        let column = Column { table: "payments", row: &self.payment_id };
        Ok(Payment {
            tenant: TenantId(self.tenant_id),
            id: column.parse("payment_id", &self.payment_id)?,
            order_no: column.parse("order_no", &self.order_no)?,
            amount: Money::new(self.amount_minor, column.parse("currency", &self.currency)?),
            status: column.name("status", &self.status, payment::Status::from_name)?,
            captured: self.captured_minor,
            refund_reserved: self.refund_reserved_minor,
            refunded: self.refunded_minor,
            version: column.small("version", self.version)?,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            attempts: Vec::new(),
            refunds: Vec::new(),
        })
    }
}

pub(crate) struct AttemptRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) attempt: Attempt,
}

impl Stored for AttemptRow {
    const FIND: &'static Find = &Find {
        table: "payment_attempts",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("order_no"),
            number("number"),
            text("attempt_id"),
            text("payment_id"),
            text("account_id"),
            text("channel"),
            text("method"),
            bytes("provider_key"),
            number("amount_minor"),
            number("captured_minor"),
            text("status"),
            text("action_kind"),
            text("action"),
            text("return_url"),
            text("channel_no"),
            text("code"),
            number("queries"),
            number("silences"),
            number("query_at"),
            number("close_asked_at"),
            number("expires_at"),
            number("created_at"),
            number("updated_at"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let (tenant_id, order_no, number): (i64, String, i64) = (fields.take()?, fields.take()?, fields.take()?);
        let (id, _payment): (String, String) = (fields.take()?, fields.take()?);
        let column = Column { table: "payment_attempts", row: &id };
        let attempt = Attempt {
            id: column.parse("attempt_id", &id)?,
            number: column.small("number", number)?,
            account: column.parse("account_id", &fields.take::<String>()?)?,
            channel: column.name("channel", &fields.take::<String>()?, Kind::from_name)?,
            method: column.name("method", &fields.take::<String>()?, Method::from_name)?,
            provider_key: column.bits("provider_key", &fields.take::<Vec<u8>>()?)?,
            amount: fields.take()?,
            captured: fields.take()?,
            status: column.name("status", &fields.take::<String>()?, AttemptStatus::from_name)?,
            action: {
                let (kind, value): (Option<String>, Option<String>) = (fields.take()?, fields.take()?);
                match kind.zip(value) {
                    None => None,
                    Some((kind, value)) => {
                        Some(action_from(&kind, value).ok_or_else(|| column.unreadable("action_kind", kind.clone()))?)
                    }
                }
            },
            return_url: fields.take()?,
            channel_no: fields.take::<Option<String>>()?.as_deref().map(ChannelNo::from_stored),
            code: fields.take::<Option<String>>()?.as_deref().map(Code::from_stored),
            queries: column.small("queries", fields.take()?)?,
            silences: column.small("silences", fields.take()?)?,
            query_at: fields.take::<Option<i64>>()?.map(Timestamp),
            close_asked_at: fields.take::<Option<i64>>()?.map(Timestamp),
            expires_at: Timestamp(fields.take()?),
            created_at: Timestamp(fields.take()?),
            updated_at: Timestamp(fields.take()?),
        };
        Ok(Self { tenant_id, order_no, attempt })
    }
}

/// A payer's next step as its two columns.
pub(crate) fn action_parts(action: &NextAction) -> (&'static str, &str) {
    match action {
        NextAction::Redirect(url) => ("redirect", url),
        NextAction::QrCode(code) => ("qr_code", code),
        NextAction::ClientSecret(secret) => ("client_secret", secret),
    }
}

fn action_from(kind: &str, value: String) -> Option<NextAction> {
    match kind {
        "redirect" => Some(NextAction::Redirect(value)),
        "qr_code" => Some(NextAction::QrCode(value)),
        "client_secret" => Some(NextAction::ClientSecret(value)),
        _ => None,
    }
}
