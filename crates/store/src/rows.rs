//! Owns turning rows into the domain's types and back into values. A text that this version does not know is an
//! error that names table, row and value.

mod api_key;
mod channel;
mod checkout;
mod desk;
mod event;
mod order;
mod payment;
mod people;
mod product;
mod record;
mod refund;
mod review;
mod session;
mod shipment;
mod slot;

use std::str::FromStr;

use domain::OrderNo;
use domain::order::Event;
use domain::stock::Holding;
use idempotency::Fingerprint;

use crate::Error;

pub(crate) use api_key::{AccountNameRow, ApiKeyRow, KEY_BY_NUMBER};
pub(crate) use channel::{AccountRow, ChannelEventRow, StandingOfChannel};
pub(crate) use checkout::{CHECKOUT_CHANGED, CHECKOUT_NEW, CheckoutRow, checkout_changed, checkout_new};
pub(crate) use desk::{RULES_CHANGED, RULES_NEW, RulesRow, StandingRow, rules_changed, rules_new};
pub(crate) use event::EventRow;
pub(crate) use order::{LineRow, OrderRow, ReservationRow, limit_from_number, limit_number};
pub(crate) use payment::{AttemptRow, PaymentRow, action_parts};
pub(crate) use people::{
    HeadRow, PERSON_BY_ID, PERSON_BY_LOGIN, PersonRow, TENANT_BY_NAME, TENANT_BY_PUBLIC_ID, TenantRow,
    status_of_tenant, tenant_status,
};
pub(crate) use product::{NumberRow, ProductRow, StockRow};
pub(crate) use record::RecordRow;
pub(crate) use refund::{Approval, RefundLineRow, RefundPolicyRow, RefundRow, stored_status};
pub(crate) use review::ReviewRow;
pub(crate) use session::{OPEN_OF, SessionRow};
pub(crate) use shipment::{ShipmentLineRow, ShipmentRow};
pub(crate) use slot::SlotRow;

/// Names the place of a value in an error.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
}

impl Column<'_> {
    pub(crate) fn parse<T: FromStr>(self, column: &'static str, text: &str) -> Result<T, Error> {
        text.parse().map_err(|_| self.unreadable(column, text.to_owned()))
    }

    pub(crate) fn name<T>(
        self,
        column: &'static str,
        text: &str,
        from_name: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Error> {
        from_name(text).ok_or_else(|| self.unreadable(column, text.to_owned()))
    }

    pub(crate) fn small<T: TryFrom<i64>>(self, column: &'static str, number: i64) -> Result<T, Error> {
        T::try_from(number).map_err(|_| self.unreadable(column, number.to_string()))
    }

    fn fingerprint(self, version: i64, digest: &[u8]) -> Result<Fingerprint, Error> {
        let digest =
            digest.try_into().map_err(|_| self.unreadable("fingerprint", format!("{} bytes", digest.len())))?;
        Ok(Fingerprint { version: self.small("fingerprint_version", version)?, digest })
    }

    /// 128 bits.
    pub(crate) fn bits(self, column: &'static str, bytes: &[u8]) -> Result<u128, Error> {
        let bytes = bytes.try_into().map_err(|_| self.unreadable(column, format!("{} bytes", bytes.len())))?;
        Ok(u128::from_be_bytes(bytes))
    }

    pub(crate) fn unreadable(self, column: &'static str, value: String) -> Error {
        Error::Unreadable { table: self.table, row: self.row.to_owned(), column, value }
    }
}

pub(crate) const fn holding_name(holding: Holding) -> &'static str {
    match holding {
        Holding::Held => "held",
        Holding::Committed => "committed",
        Holding::Released => "released",
    }
}

fn holding_from_name(name: &str) -> Option<Holding> {
    [Holding::Held, Holding::Committed, Holding::Released].into_iter().find(|&holding| holding_name(holding) == name)
}

pub(crate) fn event_from_name(name: &str) -> Option<Event> {
    Event::from_name(name)
}

pub(crate) fn parse_order_no(text: &str) -> Result<OrderNo, Error> {
    Column { table: "orders", row: text }.parse("order_no", text)
}
