//! Owns the rows of accounts with providers, and of what they said.

use domain::channel::{
    Account, ChannelEvent, Conditions, Digest, Fact, Kind, Method, RawAnswer, Standing, State, Subject, Verdict, Way,
};
use domain::text::{ChannelNo, Code, Reference};
use domain::{Money, TenantId, Timestamp};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, bytes, number, text};

/// An account as the rules look at it: without its settings.
pub(crate) struct AccountRow(pub(crate) Account);

impl Stored for AccountRow {
    const FIND: &'static Find = &Find {
        table: "channel_accounts",
        key: &[number("tenant_id"), text("account_id")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("account_id"),
            text("kind"),
            text("name"),
            number("is_enabled"),
            text("currency"),
            text("method"),
            number("amount_min"),
            number("amount_max"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let (tenant, id): (i64, String) = (fields.take()?, fields.take()?);
        let column = Column { table: "channel_accounts", row: &id };
        Ok(Self(Account {
            tenant: TenantId(tenant),
            id: column.parse("account_id", &id)?,
            kind: column.name("kind", &fields.take::<String>()?, Kind::from_name)?,
            name: fields.take()?,
            is_enabled: fields.take::<i64>()? != 0,
            conditions: Conditions {
                currency: match fields.take::<Option<String>>()? {
                    None => None,
                    Some(code) => Some(column.parse("currency", &code)?),
                },
                method: match fields.take::<Option<String>>()? {
                    None => None,
                    Some(name) => Some(column.name("method", &name, Method::from_name)?),
                },
                amount_min: fields.take()?,
                amount_max: fields.take()?,
            },
        }))
    }
}

/// An account that is to be changed.
pub(crate) struct StandingOfChannel(pub(crate) Standing);

impl Stored for StandingOfChannel {
    const FIND: &'static Find = &Find {
        table: "channel_accounts",
        key: AccountRow::FIND.key,
        unique: None,
        read: &[
            number("tenant_id"),
            text("account_id"),
            text("kind"),
            text("name"),
            number("is_enabled"),
            text("currency"),
            text("method"),
            number("amount_min"),
            number("amount_max"),
            number("version"),
            number("updated_at"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let AccountRow(account) = AccountRow::read(fields)?;
        Ok(Self(Standing { account, version: fields.take()?, changed_at: Timestamp(fields.take()?) }))
    }
}

/// What a channel said.
pub(crate) struct ChannelEventRow(pub(crate) ChannelEvent);

impl Stored for ChannelEventRow {
    const FIND: &'static Find = &Find {
        table: "channel_events",
        key: &[number("tenant_id"), bytes("digest")],
        unique: None,
        read: &[
            number("tenant_id"),
            bytes("digest"),
            text("account_id"),
            text("subject"),
            text("reference"),
            text("verdict"),
            number("amount_minor"),
            text("currency"),
            text("channel_no"),
            text("code"),
            text("stranger"),
            text("state"),
            number("received_at"),
            number("updated_at"),
            text("source"),
            text("raw"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        let (tenant, digest): (i64, Vec<u8>) = (fields.take()?, fields.take()?);
        let column = Column { table: "channel_events", row: "with a digest" };
        let digest = Digest(column.bits("digest", &digest)?.to_be_bytes());
        let account = column.parse("account_id", &fields.take::<String>()?)?;
        let (subject, reference): (String, String) = (fields.take()?, fields.take()?);
        let reference = Reference::from_stored(&reference);
        let subject = match subject.as_str() {
            "charge" => Subject::Charge(reference),
            "refund" => Subject::Refund(reference),
            _ => return Err(column.unreadable("subject", subject)),
        };
        let verdict = column.name("verdict", &fields.take::<String>()?, Verdict::from_name)?;
        let (minor, currency): (Option<i64>, Option<String>) = (fields.take()?, fields.take()?);
        let amount = match minor.zip(currency) {
            None => None,
            Some((minor, currency)) => Some(Money::new(minor, column.parse("currency", &currency)?)),
        };
        let fact = Fact {
            subject,
            verdict,
            amount,
            channel_no: fields.take::<Option<String>>()?.as_deref().map(ChannelNo::from_stored),
            code: fields.take::<Option<String>>()?.as_deref().map(Code::from_stored),
            stranger: fields.take::<Option<String>>()?.as_deref().map(Code::from_stored),
        };
        Ok(Self(ChannelEvent {
            tenant: TenantId(tenant),
            account,
            digest,
            fact,
            state: column.name("state", &fields.take::<String>()?, State::from_name)?,
            received_at: Timestamp(fields.take()?),
            updated_at: Timestamp(fields.take()?),
            source: match fields.take::<Option<String>>()? {
                None => None,
                Some(name) => Some(column.name("source", &name, Way::from_name)?),
            },
            raw: fields.take::<Option<String>>()?.as_deref().map(RawAnswer::from_stored),
        }))
    }
}
