//! Owns the JSON of the contract: what requests may say and what answers look like. Conversions to and from the
//! domain happen here and nowhere else.

mod answers;
mod api_keys;
mod audit;
mod channels;
mod checkout;
mod facts;
mod keys;
mod overview;
mod payments;
mod people;
mod policies;
mod proofs;
mod refunds;
mod requests;
mod reviews;
mod sessions;
mod stock;
mod tokens;

pub(crate) use answers::{
    HistoryEntry, List, Movement, Order, OrderNumber, Product, Ready, entity_tag, order_path, product_path,
};
pub(crate) use api_keys::{ApiKey, IssueApiKey, IssuedApiKey};
pub(crate) use audit::{AuditEntry, AuditHead};
pub(crate) use channels::{Channel, Health, SwitchChannel, Switched};
pub(crate) use checkout::{CheckoutPolicy, PutCheckoutPolicy};
pub(crate) use facts::Fact;
pub(crate) use keys::{Arrival, Arrivals, KeyRecord};
pub(crate) use overview::Overview;
pub(crate) use payments::{Noted, Payment, StartPayment, payment_path};
pub(crate) use people::{AddMember, AddStaff, AddTenant, NewPerson, Person, SetRole, Tenant, person_path, tenant_path};
pub(crate) use policies::{PutSessionRules, SessionRules, among};
pub(crate) use proofs::{
    ConfirmSecondFactor, RecoveryCodes, ResetAllowed, ResetPassword, SecondFactor, StepUp, StoredPerson,
};
pub(crate) use refunds::{PutRefundPolicy, Refund, RefundPolicy, StartRefund, refund_path};
pub(crate) use requests::{Buyer, CancelOrder, CorrectShipment, MoveStock, PlaceOrder, PutProduct, ShipOrder};
pub(crate) use reviews::{QueuedReview, ResolveReview, Review};
pub(crate) use sessions::{
    BeGuest, ChangePassword, LogIn, LogInDevice, Me, RefreshTokens, Register, Session, Tokens, by_cookie,
};
pub(crate) use stock::StockMovement;
pub(crate) use tokens::{IssueToken, Token, Wanted};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in the currency's minor unit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Money {
    /// Minor units: 1999 CNY is 19.99 yuan, 1999 JPY is 1999 yen.
    #[schema(example = 1999, minimum = 0)]
    pub(crate) amount: i64,
    /// ISO 4217.
    #[schema(example = "CNY", pattern = "^[A-Z]{3}$")]
    pub(crate) currency: String,
}

/// Units of one line in a parcel.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParcelLine {
    /// Which line of the order.
    #[schema(minimum = 1)]
    pub(crate) line: u32,
    /// How many units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub(crate) quantity: i64,
}

impl Money {
    pub(crate) fn of(money: domain::Money) -> Self {
        Self { amount: money.minor, currency: money.currency.code().to_owned() }
    }
}
